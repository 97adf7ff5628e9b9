/* dns_records.c - records over time, and who gets them. */
#include "dns/dns_records.h"

#include <stdlib.h>
#include <string.h>
#include <tandem/util.h>

#include "config/cfg_model.h"

/* --- over time --- */

static bool is_same(const struct dns_seen *s, const struct dns_answer *a, unsigned i)
{
	return a->type == DNS_SRV ? dns_target_eq(&s->target, &a->targets[i])
				  : dns_ip_eq(&s->ip, &a->ips[i]);
}

static struct dns_seen *find(struct dns_records *rs, const struct dns_answer *a, unsigned i)
{
	/* answers keep their order more often than not */
	if (i < rs->n && is_same(&rs->items[i], a, i))
		return &rs->items[i];
	for (unsigned j = 0; j < rs->n; j++)
		if (is_same(&rs->items[j], a, i))
			return &rs->items[j];
	return NULL;
}

/* Room for one more; the one that was not told for the longest time goes when there is none. */
static struct dns_seen *add(struct dns_records *rs)
{
	struct dns_seen *oldest;

	if (rs->n == rs->cap && rs->cap < DNS_MAX_RECORDS) {
		rs->cap = rs->cap > 0 ? 2 * rs->cap : 8;
		rs->items = xrealloc(rs->items, rs->cap * sizeof(*rs->items));
	}
	if (rs->n < rs->cap)
		return &rs->items[rs->n++];
	oldest = &rs->items[0];
	ASSERT(oldest != NULL);
	for (unsigned i = 1; i < rs->n; i++)
		if (rs->items[i].last_us < oldest->last_us)
			oldest = &rs->items[i];
	return oldest;
}

static void expire(struct dns_records *rs, int64_t now_us, int64_t obsolete_us)
{
	unsigned n = 0;

	for (unsigned i = 0; i < rs->n; i++) {
		const struct dns_seen *s = &rs->items[i];

		if (s->last_us != now_us && s->last_us <= now_us - obsolete_us)
			continue;
		if (n != i)
			rs->items[n] = *s;
		n++;
	}
	rs->n = n;
}

void dns_records_merge(struct dns_records *rs, const struct dns_answer *a, int64_t now_us,
		       int64_t obsolete_us)
{
	for (unsigned i = 0; i < a->n; i++) {
		struct dns_seen *s = find(rs, a, i);

		if (s == NULL) {
			s = add(rs);
			*s = (struct dns_seen){ 0 };
		}
		s->last_us = now_us;
		if (a->type == DNS_SRV)
			s->target = a->targets[i]; /* weights change */
		else
			s->ip = a->ips[i];
	}
	expire(rs, now_us, obsolete_us);
}

void dns_records_clear(struct dns_records *rs)
{
	rs->n = 0;
}

void dns_records_fini(struct dns_records *rs)
{
	free(rs->items);
	*rs = (struct dns_records){ 0 };
}

/* --- addresses --- */

/* HAProxy's weights: a better property counts more than all lesser ones together. */
enum { SCORE_CURRENT = 1, SCORE_FREE = 2, SCORE_NET = 4, SCORE_FAMILY = 8, SCORE_ALL = 15 };

static bool is_in_net(const struct dns_ip *ip, const struct cfg_net *net)
{
	struct dns_ip n;
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (!dns_ip_from_addr(&net->addr, &n) || n.is_v6 != ip->is_v6)
		return false;
	if (memcmp(n.bytes, ip->bytes, whole) != 0)
		return false;
	return rest == 0 || ((n.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest)) == 0;
}

static bool is_in_nets(const struct dns_ip *ip, const struct dns_slot *s)
{
	for (unsigned i = 0; i < s->n_nets; i++)
		if (is_in_net(ip, &s->nets[i]))
			return true;
	return false;
}

static struct dns_seen *find_ip(struct dns_records *rs, const struct dns_ip *ip)
{
	for (unsigned i = 0; i < rs->n; i++)
		if (dns_ip_eq(&rs->items[i].ip, ip))
			return &rs->items[i];
	return NULL;
}

static struct dns_seen *choose(struct dns_records *rs, const struct dns_slot *s,
			       const struct dns_seen *current)
{
	struct dns_seen *best = NULL;
	int best_score = -1;

	for (unsigned i = 0; i < rs->n; i++) {
		struct dns_seen *r = &rs->items[i];
		bool is_free = r->n_owners == (r == current ? 1u : 0u);
		int score = (is_free ? SCORE_FREE : 0) | (r == current ? SCORE_CURRENT : 0);

		if (!is_free && !s->allows_dup)
			continue;
		if ((r->ip.is_v6 != 0) == s->prefers_v6)
			score |= SCORE_FAMILY;
		if (s->n_nets > 0 && is_in_nets(&r->ip, s))
			score |= SCORE_NET;
		if (score <= best_score)
			continue;
		best = r;
		best_score = score;
		if (score == SCORE_ALL)
			break;
	}
	return best;
}

void dns_assign(struct dns_records *rs, struct dns_slot *slots, unsigned n)
{
	for (unsigned i = 0; i < rs->n; i++)
		rs->items[i].n_owners = 0;
	for (unsigned i = 0; i < n; i++) {
		struct dns_seen *r = slots[i].has_ip ? find_ip(rs, &slots[i].ip) : NULL;

		/* the first of several keeps it, unless they may share */
		if (r != NULL && (r->n_owners == 0 || slots[i].allows_dup))
			r->n_owners++;
		else
			slots[i].has_ip = false;
	}
	for (unsigned i = 0; i < n; i++) {
		struct dns_seen *current = slots[i].has_ip ? find_ip(rs, &slots[i].ip) : NULL;
		struct dns_seen *best = choose(rs, &slots[i], current);

		if (current != NULL)
			current->n_owners--;
		slots[i].has_ip = best != NULL;
		if (best == NULL)
			continue;
		best->n_owners++;
		slots[i].ip = best->ip;
	}
}

/* --- SRV --- */

void dns_assign_targets(struct dns_records *rs, struct dns_target_slot *slots, unsigned n)
{
	unsigned at = 0;

	for (unsigned i = 0; i < rs->n; i++)
		rs->items[i].n_owners = 0;
	for (unsigned i = 0; i < n; i++) {
		struct dns_seen *r = NULL;

		for (unsigned j = 0; slots[i].has_target && r == NULL && j < rs->n; j++)
			if (rs->items[j].n_owners == 0 &&
			    dns_target_eq(&rs->items[j].target, &slots[i].target))
				r = &rs->items[j];
		slots[i].has_target = r != NULL;
		if (r == NULL)
			continue;
		r->n_owners = 1;
		slots[i].target = r->target;
	}
	for (unsigned i = 0; i < n; i++) {
		if (slots[i].has_target)
			continue;
		while (at < rs->n && rs->items[at].n_owners > 0)
			at++;
		if (at == rs->n)
			return;
		slots[i].has_target = true;
		slots[i].target = rs->items[at++].target;
	}
}

unsigned dns_weight(uint16_t srv_weight)
{
	return (srv_weight + 255u) / 256u;
}
