/* list.h - an intrusive, circular, doubly linked list. A node is in at most one list. */
#ifndef TANDEM_LIST_H
#define TANDEM_LIST_H

#include <stdbool.h>
#include <tandem/util.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_is_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_add_tail(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void list_add_head(struct list *head, struct list *node)
{
	list_add_tail(head->next, node);
}

/* The static analyzer cannot follow a node out of its list, and would take each list_first after a
 * free for a use of freed memory: to it the next node is a stranger. */
#ifdef __clang_analyzer__
struct list *list_next(const struct list *l);
#else
static inline struct list *list_next(const struct list *l)
{
	return l->next;
}
#endif

/* Unlink node and leave it as an empty list, so that deleting twice is legal. */
static inline void list_del(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first(head, type, member)                                                             \
	(list_is_empty(head) ? NULL : list_entry(list_next(head), type, member))
#define list_for_each(pos, head, member)                                                           \
	for (pos = list_entry(list_next(head), __typeof__(*pos), member); &pos->member != (head);  \
	     pos = list_entry(list_next(&pos->member), __typeof__(*pos), member))
/* pos may be unlinked or freed in the body. */
#define list_for_each_safe(pos, tmp, head, member)                                                 \
	for (pos = list_entry(list_next(head), __typeof__(*pos), member),                          \
	    tmp = list_entry(list_next(&pos->member), __typeof__(*pos), member);                   \
	     &pos->member != (head);                                                               \
	     pos = tmp, tmp = list_entry(list_next(&tmp->member), __typeof__(*tmp), member))

#endif
