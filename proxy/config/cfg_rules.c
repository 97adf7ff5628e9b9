/* cfg_rules.c - rules with conditions: use_backend, use-server, monitor fail; and what they and
 * the fetches of acls name, looked up when all is read. */
#include "config/cfg_internal.h"

static void append(struct draft *d, const struct cfg_rule **head, struct cfg_rule *r)
{
	struct rule_tail *t = d->tails, *end = t + ARRAY_LEN(d->tails);

	while (t < end && t->head && t->head != head)
		t++;
	if (t < end && t->head) {
		t->last->next = r;
	} else {
		const struct cfg_rule **at = head;

		while (*at) /* inherited ones */
			at = (const struct cfg_rule **)&((struct cfg_rule *)*at)->next;
		*at = r;
	}
	if (t < end)
		*t = (struct rule_tail){ head, r };
}

struct cfg_rule *cfg_rule_add(struct cfg_parser *p, const struct cfg_rule **head, const char *what,
			      const struct acl_cond *cond, struct cfg_ref target)
{
	struct draft *d = p->cur;
	struct rule_draft *rd = arena_new(p->arena, struct rule_draft);
	struct cfg_rule *r = arena_new(p->arena, struct cfg_rule);

	*r = (struct cfg_rule){ .cond = cond, .pos = lex_pos(p->line, 0) };
	*rd = (struct rule_draft){ .rule = r, .what = what, .name = target };
	append(d, head, r);
	if (d->last_rule)
		d->last_rule->next = rd;
	else
		d->rules = rd;
	d->last_rule = rd;
	return r;
}

static bool is_dynamic(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (!cfg_arg(p, at).len || !memchr(cfg_argz(p, at), '%', cfg_arg(p, at).len))
		return false;
	cfg_error(p, at,
		  "'%s' with a computed name (%%[...]) is known to HAProxy, but not "
		  "supported yet",
		  kw->name);
	return true;
}

void cfg_parse_use_backend(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const struct cfg_ref ref = { cfg_argz(p, at), lex_pos(p->line, at) };
	const struct acl_cond *cond = NULL;

	if (is_dynamic(p, kw, at))
		return;
	if (at + 1 < p->line->n && !(cond = cfg_parse_cond(p, kw->name, at + 1)))
		return;
	cfg_rule_add(p, &p->cur->px->use_backends, kw->name, cond, ref);
}

void cfg_parse_use_server(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const struct cfg_ref ref = { cfg_argz(p, at), lex_pos(p->line, at) };
	const struct acl_cond *cond;

	if (is_dynamic(p, kw, at) || !(cond = cfg_parse_cond(p, kw->name, at + 1)))
		return;
	cfg_rule_add(p, &p->cur->px->use_servers, kw->name, cond, ref);
}

void cfg_parse_monitor_fail(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const struct acl_cond *cond = cfg_parse_cond(p, kw->name, at);

	if (cond)
		cfg_rule_add(p, &p->cur->px->monitor_fails, kw->name, cond, (struct cfg_ref){ 0 });
}

/* ---- when all is read ---- */

static const struct cfg_server *find_server(const struct cfg_proxy *x, struct str name)
{
	for (const struct cfg_server *s = x->servers; s; s = s->next)
		if (str_eq(str_from(s->name), name))
			return s;
	return NULL;
}

static const char *nth_server(const void *arg, size_t n)
{
	const struct cfg_server *s = ((const struct cfg_proxy *)arg)->servers;

	while (s && n--)
		s = s->next;
	return s ? s->name : NULL;
}

static void no_server(struct cfg_parser *p, struct diag_pos pos, const struct cfg_proxy *x,
		      struct str name)
{
	const char *best =
		x->n_servers < 1000 ? diag_nearest(name, nth_server, x, x->n_servers) : NULL;

	diag_error(p->diag, pos,
		   best ? "backend '%s' has no server '" STR_FMT "'; did you mean '%s'?"
			: "backend '%s' has no server '" STR_FMT "'",
		   x->name, STR_ARG(name), best);
}

static struct draft *find_frontend(struct cfg_parser *p, struct str name)
{
	return cfg_index_find(&p->index, cfg_side(true), name);
}

static void resolve_server(struct cfg_parser *p, struct sample_ref *ref)
{
	struct str name = ref->arg->text;
	const char *slash = name.len ? memchr(name.p, '/', name.len) : NULL;
	struct draft *be = ref->d;

	if (slash) {
		const struct cfg_ref be_ref = {
			arena_str(p->arena, (struct str){ name.p, (size_t)(slash - name.p) }).p,
			ref->pos
		};

		be = cfg_find_backend(p, be_ref.name);
		name = (struct str){ slash + 1, name.len - (size_t)(slash + 1 - name.p) };
		if (!be) {
			cfg_no_backend(p, &be_ref);
			return;
		}
	}
	ref->arg->srv = find_server(be->px, name);
	if (!ref->arg->srv)
		no_server(p, ref->pos, be->px, name);
}

static void resolve_ref(struct cfg_parser *p, struct sample_ref *ref)
{
	const bool wants_fe = ref->type == ARG_FRONTEND;
	struct draft *d = ref->d;

	if (ref->type == ARG_SERVER) {
		resolve_server(p, ref);
		return;
	}
	if (ref->arg->type == ARG_NONE) { /* this proxy */
		if (!(d->section & (unsigned)(wants_fe ? SEC_FE : SEC_BE)))
			diag_error(p->diag, ref->pos,
				   "'%s' needs the name of a %s here: '%s(NAME)'", ref->fetch,
				   wants_fe ? "frontend" : "backend", ref->fetch);
	} else if (wants_fe) {
		d = find_frontend(p, ref->arg->text);
		if (!d)
			diag_error(p->diag, ref->pos, "there is no frontend '" STR_FMT "'",
				   STR_ARG(ref->arg->text));
	} else {
		const struct cfg_ref be = { arena_str(p->arena, ref->arg->text).p, ref->pos };

		d = cfg_find_backend(p, be.name);
		if (!d)
			cfg_no_backend(p, &be);
	}
	if (d)
		ref->arg->px = d->px;
}

static void link_backend(struct cfg_parser *p, struct draft *d, struct rule_draft *rd)
{
	struct draft *be = cfg_find_backend(p, rd->name.name);

	if (!be) {
		cfg_no_backend(p, &rd->name);
		return;
	}
	if (cfg_modes_fit(p, d, be, "use_backend", rd->name.pos))
		rd->rule->backend = be->px;
}

/* What the lists of the condition need, at most. */
static const struct acl *needs_http(const struct acl_cond *cond)
{
	for (unsigned i = 0; cond && i < cond->n_terms; i++)
		if (cond->terms[i].acl->need >= SAMPLE_NEED_KEPT)
			return cond->terms[i].acl;
	return NULL;
}

static void check_rule(struct cfg_parser *p, struct draft *d, struct rule_draft *rd)
{
	const struct acl *acl;

	if (strcmp(rd->what, "use_backend") == 0) {
		link_backend(p, d, rd);
	} else if (strcmp(rd->what, "use-server") == 0) {
		rd->rule->server = find_server(d->px, str_from(rd->name.name));
		if (!rd->rule->server)
			no_server(p, rd->name.pos, d->px, str_from(rd->name.name));
	}
	acl = d->px->mode == CFG_MODE_TCP ? needs_http(rd->rule->cond) : NULL;
	if (acl && !p->has_errors)
		diag_warning(p->diag, rd->rule->pos,
			     "%s '%s' is in mode tcp: the acl '%s' looks at an HTTP request and "
			     "will never match",
			     cfg_section_name(d->section), d->name.name,
			     acl->name ? acl->name : "{ }");
}

void cfg_resolve_refs(struct cfg_parser *p)
{
	for (; p->refs; p->refs = p->refs->next)
		resolve_ref(p, p->refs);
}

void cfg_check_rules(struct cfg_parser *p)
{
	cfg_resolve_refs(p);
	for (struct draft *d = p->drafts; d; d = d->next)
		for (struct rule_draft *rd = d->rules; rd; rd = rd->next)
			check_rule(p, d, rd);
}
