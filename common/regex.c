/* regex.c - regular expressions, by PCRE2. */
#include <tandem/regex.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* About a second of the worst patterns without them; with them a few milliseconds. */
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 10000
#define JIT_STACK   ((size_t)256 * 1024)

struct regex {
	pcre2_code *code;
};

/* What a match writes to: one set a thread, freed when the thread ends. */
struct scratch {
	pcre2_match_context *context;
	pcre2_jit_stack *stack; /* NULL: the machine's stack, 32 KiB of it */
	pcre2_match_data *data;
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static struct scratch *main_scratch; /* keeps the main thread's reachable at exit */

static void scratch_free(void *arg)
{
	struct scratch *s = arg;

	pcre2_match_data_free(s->data);
	pcre2_jit_stack_free(s->stack);
	pcre2_match_context_free(s->context);
	free(s);
}

static void make_key(void)
{
	ASSERT(pthread_key_create(&scratch_key, scratch_free) == 0);
}

/* NULL: out of memory. */
static struct scratch *scratch_get(void)
{
	struct scratch *s;

	pthread_once(&scratch_once, make_key);
	s = pthread_getspecific(scratch_key);
	if (LIKELY(s != NULL))
		return s;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->context = pcre2_match_context_create(NULL);
	s->data = pcre2_match_data_create(REGEX_MAX_GROUPS, NULL);
	if (s->context == NULL || s->data == NULL || pthread_setspecific(scratch_key, s) != 0) {
		scratch_free(s);
		return NULL;
	}
	pcre2_set_match_limit(s->context, MATCH_LIMIT);
	pcre2_set_depth_limit(s->context, DEPTH_LIMIT);
	s->stack = pcre2_jit_stack_create(32 * 1024, JIT_STACK, NULL);
	if (s->stack != NULL)
		pcre2_jit_stack_assign(s->context, NULL, s->stack);
	return s;
}

static __attribute__((destructor)) void free_last_scratch(void)
{
	/* destructors of keys run for threads that end, not for the one that calls exit() */
	pthread_once(&scratch_once, make_key);
	main_scratch = pthread_getspecific(scratch_key);
	if (main_scratch == NULL)
		return;
	(void)pthread_setspecific(scratch_key, NULL);
	scratch_free(main_scratch);
	main_scratch = NULL;
}

struct regex *regex_new(struct str pattern, unsigned flags, struct regex_error *e)
{
	const uint32_t options = (flags & REGEX_NOCASE) ? PCRE2_CASELESS : 0;
	struct regex *r = calloc(1, sizeof(*r));
	PCRE2_SIZE offset = 0;
	int error = PCRE2_ERROR_NOMEMORY;

	if (r != NULL)
		r->code = pcre2_compile((PCRE2_SPTR)(pattern.p != NULL ? pattern.p : ""),
					pattern.len, options, &error, &offset, NULL);
	if (r == NULL || r->code == NULL) {
		e->offset = offset;
		if (pcre2_get_error_message(error, (PCRE2_UCHAR *)e->text, sizeof(e->text)) < 0)
			snprintf(e->text, sizeof(e->text), "error %d", error);
		free(r);
		return NULL;
	}
	/* where the machine forbids it, the interpreter does the work */
	(void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	return r;
}

void regex_free(struct regex *r)
{
	if (r == NULL)
		return;
	pcre2_code_free(r->code);
	free(r);
}

static int match(const struct regex *r, struct str subject, struct scratch *s)
{
	if (s == NULL)
		return PCRE2_ERROR_NOMEMORY;
	return pcre2_match(r->code, (PCRE2_SPTR)(subject.p != NULL ? subject.p : ""), subject.len,
			   0, 0, s->data, s->context);
}

bool regex_matches(const struct regex *r, struct str subject)
{
	return match(r, subject, scratch_get()) >= 0; /* 0: more groups than we have room for */
}

bool regex_find(const struct regex *r, struct str subject, struct regex_group *groups, unsigned n)
{
	struct scratch *s = scratch_get();
	int rc = match(r, subject, s);
	const PCRE2_SIZE *at;
	unsigned n_set;

	if (rc < 0)
		return false;
	n_set = rc == 0 ? REGEX_MAX_GROUPS : (unsigned)rc;
	at = pcre2_get_ovector_pointer(s->data);
	for (unsigned i = 0; i < n; i++) {
		groups[i] = (struct regex_group){ -1, -1 };
		if (i < n_set && at[2 * (size_t)i] != PCRE2_UNSET)
			groups[i] = (struct regex_group){ (int)at[2 * (size_t)i],
							  (int)at[2 * (size_t)i + 1] };
	}
	return true;
}
