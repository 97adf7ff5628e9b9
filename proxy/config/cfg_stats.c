/* cfg_stats.c - the statistics page: `stats ...` in proxies and defaults. */
#include "config/cfg_internal.h"

#include <stddef.h>

#define S(field) offsetof(struct cfg_stats, field)

/* The statistics of the section. The first line of a section starts anew: it does not add to what
 * the defaults said, as in HAProxy. Every line turns the page on. */
static struct cfg_stats *own(struct cfg_parser *p)
{
	struct draft *d = p->cur;

	if (!d->own_stats) {
		d->px->stats = (struct cfg_stats){ .uri = STR("/haproxy?stats") };
		d->last_auth = NULL;
		d->own_stats = true;
	}
	d->px->stats.enabled = true;
	return &d->px->stats;
}

static void set_flag(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)at;
	*(bool *)((char *)own(p) + kw->offset) = true;
}

static void set_uri(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (cfg_arg(p, at).len == 0)
		cfg_error(p, at, "'%s' expects a path such as /stats", kw->name);
	else
		own(p)->uri = cfg_arg(p, at);
}

/* All words of the rest, with one blank between them. */
static struct str words(struct cfg_parser *p, unsigned at)
{
	struct strbuf b = { 0 };

	for (unsigned i = at; i < p->line->n; i++)
		strbuf_addf(&b, "%s%s", i > at ? " " : "", cfg_argz(p, i));
	const struct str s = arena_str(p->arena, str_from(strbuf_str(&b)));

	strbuf_fini(&b);
	return s;
}

static void set_realm(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw;
	own(p)->realm = words(p, at);
}

static void set_refresh(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	int64_t us;

	if (cfg_read_time_unit(p, at, kw->name, 1000000, &us))
		own(p)->refresh_s = (unsigned)(us / 1000000);
}

static void set_auth(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const struct str s = cfg_arg(p, at);

	if (s.len < 2 || s.p[0] == ':' || !memchr(s.p, ':', s.len)) {
		struct diag_pos pos = lex_pos(p->line, at);

		pos.text = STR(""); /* it may be a password: neither the word nor the line */
		diag_error(p->diag, pos, "'%s' expects USER:PASSWORD", kw->name);
		return;
	}
	struct cfg_stats *st = own(p);
	struct cfg_stats_auth *a = arena_new(p->arena, struct cfg_stats_auth);

	a->userpass = s;
	if (p->cur->last_auth)
		p->cur->last_auth->next = a;
	else
		st->auth = a;
	p->cur->last_auth = a;
}

static void set_node(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_stats *st = own(p);

	(void)kw;
	st->show_node = true;
	st->node = words(p, at);
}

static void set_desc(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_stats *st = own(p);

	(void)kw;
	st->show_desc = true;
	st->desc = words(p, at);
}

static void set_admin(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const struct acl_cond *cond = cfg_parse_cond(p, kw->name, at);

	if (!cond)
		return;
	struct cfg_stats *st = own(p);

	st->admin = true;
	cfg_rule_add(p, &st->admin_rules, kw->name, cond, (struct cfg_ref){ 0 });
}

const struct keyword cfg_stats_keywords[] = {
	{ "stats enable", SEC_DEF_ALL, 0, ARGS_ANY, 0, set_flag, S(enabled), "",
	  "serve the statistics page" },
	{ "stats uri", SEC_DEF_ALL, 1, ARGS_ANY, 0, set_uri, 0, "PREFIX",
	  "where; default /haproxy?stats" },
	{ "stats refresh", SEC_DEF_ALL, 1, 1, 0, set_refresh, 0, "SECONDS",
	  "the page reloads itself" },
	{ "stats auth", SEC_DEF_ALL, 1, 1, 0, set_auth, 0, "USER:PASSWORD",
	  "who may see it; repeat for more" },
	{ "stats realm", SEC_DEF_ALL, 1, ARGS_ANY, 0, set_realm, 0, "TEXT",
	  "what the browser shows when it asks" },
	{ "stats hide-version", SEC_DEF_ALL, 0, ARGS_ANY, 0, set_flag, S(hide_version), "",
	  "do not tell the version" },
	{ "stats show-legends", SEC_DEF_ALL, 0, ARGS_ANY, 0, set_flag, S(show_legends), "",
	  "details in tool tips" },
	{ "stats show-node", SEC_DEF_ALL, 0, ARGS_ANY, 0, set_node, 0, "[NAME]",
	  "show the name of the node" },
	{ "stats show-desc", SEC_DEF_ALL, 0, ARGS_ANY, 0, set_desc, 0, "[TEXT]",
	  "show a description" },
	{ "stats admin", SEC_PROXY, 1, ARGS_ANY, 0, set_admin, 0, "if|unless CONDITION",
	  "servers can be changed from the page" },
	{ 0 },
};
