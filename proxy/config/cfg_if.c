/* cfg_if.c - lines that begin with a dot: conditional blocks and messages. */
#include "config/cfg_expr.h"
#include "config/cfg_internal.h"

static const char *const directives[] = { ".if",     ".elif",    ".else",  ".endif",
					  ".notice", ".warning", ".alert", ".diag" };

static const char *nth_directive(const void *unused, size_t n)
{
	(void)unused;
	return directives[n];
}

/* The words behind the first, with one blank between them. */
static struct str rest_of_line(struct cfg_parser *p)
{
	struct strbuf b = { 0 };

	for (unsigned i = 1; i < p->line->n; i++)
		strbuf_addf(&b, "%s%s", i > 1 ? " " : "", cfg_argz(p, i));
	const struct str s = arena_str(p->arena, (struct str){ b.p, b.len });

	strbuf_fini(&b);
	return s;
}

static bool condition_holds(struct cfg_parser *p)
{
	struct strbuf err = { 0 };
	const int v = cfg_expr_eval(rest_of_line(p), p->getenv, &err);

	if (v < 0)
		cfg_error(p, 1, "'%s': %s", cfg_argz(p, 0), strbuf_str(&err));
	strbuf_fini(&err);
	return v > 0;
}

bool cfg_if_is_skipping(const struct cfg_parser *p)
{
	return p->n_blocks > 0 && p->blocks[p->n_blocks - 1].state != BLOCK_ACTIVE;
}

static void begin_if(struct cfg_parser *p)
{
	const bool is_skipped = cfg_if_is_skipping(p);
	struct cfg_block *b;

	if (p->n_blocks == CFG_MAX_BLOCKS) {
		cfg_error(p, 0, "more than %d blocks inside each other", CFG_MAX_BLOCKS);
		return;
	}
	b = &p->blocks[p->n_blocks];
	*b = (struct cfg_block){ .state = BLOCK_OVER, .pos = lex_pos(p->line, 0) };
	if (!is_skipped)
		b->state = condition_holds(p) ? BLOCK_ACTIVE : BLOCK_WAITING;
	p->n_blocks++;
}

static void begin_branch(struct cfg_parser *p, bool is_else)
{
	struct cfg_block *b = p->n_blocks ? &p->blocks[p->n_blocks - 1] : NULL;

	if (is_else)
		cfg_no_more_args(p, 1);
	if (!b || b->had_else) {
		cfg_error(p, 0,
			  b ? "'%s' stands behind '.else'"
			    : "'%s' stands outside of an '.if' block",
			  cfg_argz(p, 0));
		return;
	}
	b->had_else = is_else;
	if (b->state == BLOCK_ACTIVE)
		b->state = BLOCK_OVER;
	else if (b->state == BLOCK_WAITING && (is_else || condition_holds(p)))
		b->state = BLOCK_ACTIVE;
}

static void say(struct cfg_parser *p)
{
	const struct str text = rest_of_line(p);

	if (text.len == 0)
		cfg_error(p, 1, "'%s' expects a message", cfg_argz(p, 0));
	else if (cfg_arg_is(p, 0, ".notice"))
		cfg_notice(p, 0, STR_FMT, STR_ARG(text));
	else if (cfg_arg_is(p, 0, ".warning"))
		cfg_warning(p, 0, STR_FMT, STR_ARG(text));
	else if (cfg_arg_is(p, 0, ".alert"))
		cfg_error(p, 0, STR_FMT, STR_ARG(text));
}

static void unknown(struct cfg_parser *p)
{
	const char *best = diag_nearest(cfg_arg(p, 0), nth_directive, NULL, ARRAY_LEN(directives));

	if (best)
		cfg_error(p, 0, "unknown directive '%s'; did you mean '%s'?", cfg_argz(p, 0), best);
	else
		cfg_error(p, 0,
			  "unknown directive '%s': there are .if, .elif, .else, .endif, .notice, "
			  ".warning, .alert and .diag",
			  cfg_argz(p, 0));
}

bool cfg_if_line(struct cfg_parser *p)
{
	const struct str word = cfg_arg(p, 0);
	unsigned i = 0;

	if (word.len < 2 || word.p[0] != '.')
		return cfg_if_is_skipping(p);
	while (i < ARRAY_LEN(directives) && !cfg_arg_is(p, 0, directives[i]))
		i++;
	if (cfg_arg_is(p, 0, ".if")) {
		begin_if(p);
	} else if (cfg_arg_is(p, 0, ".elif") || cfg_arg_is(p, 0, ".else")) {
		begin_branch(p, cfg_arg_is(p, 0, ".else"));
	} else if (cfg_arg_is(p, 0, ".endif")) {
		cfg_no_more_args(p, 1);
		if (p->n_blocks == 0)
			cfg_error(p, 0, "'.endif' stands outside of an '.if' block");
		else
			p->n_blocks--;
	} else if (cfg_if_is_skipping(p)) {
		return true;
	} else if (i == ARRAY_LEN(directives)) {
		unknown(p);
	} else {
		say(p);
	}
	return true;
}

void cfg_if_end(struct cfg_parser *p)
{
	for (unsigned i = 0; i < p->n_blocks; i++)
		diag_error(p->diag, p->blocks[i].pos, "this '.if' has no '.endif'");
	p->n_blocks = 0;
}
