/* cfg_parse.c - files and sections of haproxy.cfg, and the life of a struct cfg. */
#include "config/cfg_parse.h"

#include <errno.h>
#include <stdlib.h>

#include "config/cfg_internal.h"
#include "config/cfg_source.h"

const uint16_t cfg_error_codes[CFG_N_ERROR_PAGES] = { 200, 400, 401, 403, 404, 405, 407, 408, 410,
						      413, 425, 429, 500, 501, 502, 503, 504 };

static const char *process_env(const char *name)
{
	return getenv(name);
}

/* ---- sections ---- */

static struct draft *draft_new(struct cfg_parser *p, enum cfg_section section,
			       const struct draft *from)
{
	struct draft *d = arena_new(p->arena, struct draft);
	struct cfg_proxy *px = arena_new(p->arena, struct cfg_proxy);

	if (from) {
		*d = *from;
		*px = *from->px;
	} else {
		cfg_server_init(&d->server_defaults);
		px->retries = 3;
		px->redispatch_interval = -1;
		px->stats.uri = STR("/haproxy?stats");
		px->forwardfor_header = STR("X-Forwarded-For");
	}
	d->next = NULL;
	d->px = px;
	d->section = section;
	d->is_named = d->is_followed = d->own_stats = d->explicit_id = false;
	d->timeouts_seen = 0;
	cfg_check_inherit(p, &d->check);
	d->acls = d->last_acl = NULL;
	d->rules = d->last_rule = NULL;
	d->last_log = NULL;
	px->logs = NULL;
	for (const struct cfg_log *l = from ? from->px->logs : NULL; l; l = l->next) {
		const struct log_node *node = container_of(l, struct log_node, log);

		cfg_log_add(p, &px->logs, &d->last_log, l, node->origin);
	}
	px->is_frontend = (section & SEC_FE) != 0;
	px->is_backend = (section & SEC_BE) != 0;
	px->pos = lex_pos(p->line, 0);
	return d;
}

static struct draft *find_defaults(struct cfg_parser *p, unsigned at, const char *for_what)
{
	struct draft *found = NULL;

	for (struct draft *d = p->defaults; d; d = d->next) {
		if (!cfg_arg_is(p, at, d->name.name))
			continue;
		if (found) {
			cfg_error(p, at,
				  "there are two 'defaults' sections named '%s', at lines %u and "
				  "%u: rename one",
				  d->name.name, found->name.pos.line, d->name.pos.line);
			return found;
		}
		found = d;
	}
	if (!found)
		cfg_error(p, at,
			  "there is no 'defaults' section named '%s' above this %s: declare it, or "
			  "remove 'from'",
			  cfg_argz(p, at), for_what);
	return found;
}

static void refuse_duplicate(struct cfg_parser *p, enum cfg_section section)
{
	const struct draft *d =
		cfg_index_find(&p->index, cfg_side(section & SEC_FE), cfg_arg(p, 1));

	if (d)
		cfg_error(p, 1, "%s '%s' has the same name as %s '%s' at %s:%u: rename one",
			  cfg_section_name(section), cfg_argz(p, 1), cfg_section_name(d->section),
			  d->name.name, d->name.pos.file, d->name.pos.line);
}

/* HAProxy refuses a defaults section that some proxies name and others just follow. */
static void refuse_mix(struct cfg_parser *p, struct draft *d, bool is_named)
{
	if (is_named ? d->is_followed : d->is_named)
		cfg_error(
			p, 0,
			"the 'defaults' section '%s' is named by 'from' in one place and just "
			"followed in another: use 'from' everywhere, or end the named ones with a "
			"last 'defaults'",
			d->name.name);
	d->is_named = d->is_named || is_named;
	d->is_followed = d->is_followed || !is_named;
}

static struct draft *implicit_defaults(struct cfg_parser *p)
{
	if (p->last_defaults)
		refuse_mix(p, p->last_defaults, false);
	return p->last_defaults;
}

/* The rest of a section line: [from NAME]. Returns the defaults to start from. */
static struct draft *parse_from(struct cfg_parser *p, enum cfg_section section, unsigned at)
{
	if (at >= p->line->n)
		return section == SEC_DEFAULTS ? NULL : implicit_defaults(p);
	if (cfg_arg_is(p, at, "from")) {
		if (at + 1 >= p->line->n) {
			cfg_error(p, at + 1, "'from' expects the name of a 'defaults' section");
			return NULL;
		}
		cfg_no_more_args(p, at + 2);
		struct draft *d = find_defaults(p, at + 1, cfg_section_name(section));

		if (d && section != SEC_DEFAULTS)
			refuse_mix(p, d, true);
		return d;
	}
	if (section == SEC_DEFAULTS || !memchr(cfg_argz(p, at), ':', cfg_arg(p, at).len))
		cfg_error(p, at,
			  "unexpected argument '%s' after the name: only 'from NAME' may follow",
			  cfg_argz(p, at));
	else
		cfg_error(p, at,
			  "an address is not permitted on the '%s' line: write 'bind %s' on a line "
			  "of its own",
			  cfg_section_name(section), cfg_argz(p, at));
	return section == SEC_DEFAULTS ? NULL : implicit_defaults(p);
}

static void refuse_second_errors(struct cfg_parser *p)
{
	for (const struct draft *d = p->error_sections; d; d = d->next)
		if (cfg_arg_is(p, 1, d->name.name))
			cfg_error(p, 1,
				  "there is a section 'http-errors %s' already, at %s:%u: rename "
				  "one",
				  d->name.name, d->name.pos.file, d->name.pos.line);
}

void cfg_section_start(struct cfg_parser *p, enum cfg_section section)
{
	p->section = section;
	p->cur = NULL;
	if (section == SEC_GLOBAL) {
		cfg_no_more_args(p, 1);
		return;
	}
	if (section == SEC_RESOLVERS) {
		cfg_resolvers_start(p);
		return;
	}
	const bool has_name =
		p->line->n > 1 && !(section == SEC_DEFAULTS && cfg_arg_is(p, 1, "from"));

	if (!has_name && section != SEC_DEFAULTS)
		cfg_error(p, 1, "'%s' expects a name: %s NAME", cfg_section_name(section),
			  cfg_section_name(section));
	if (has_name && cfg_check_name(p, 1, cfg_section_name(section)) && (section & SEC_PROXY))
		refuse_duplicate(p, section);
	if (section == SEC_HTTP_ERRORS && cfg_no_more_args(p, 2))
		refuse_second_errors(p);
	struct draft *d = draft_new(
		p, section,
		section == SEC_HTTP_ERRORS ? NULL : parse_from(p, section, has_name ? 2 : 1));

	d->name = (struct cfg_ref){ has_name ? cfg_argz(p, 1) : "",
				    lex_pos(p->line, has_name ? 1 : 0) };
	d->px->name = d->name.name;
	p->cur = d;
	if (section == SEC_HTTP_ERRORS) {
		d->next = p->error_sections;
		p->error_sections = d;
		p->n_error_sections++;
	} else if (section == SEC_DEFAULTS) {
		*p->defaults_end = d;
		p->defaults_end = &d->next;
		p->last_defaults = d;
	} else {
		*p->drafts_end = d;
		p->drafts_end = &d->next;
		for (int is_fe = 0; is_fe < 2; is_fe++)
			if (section & (unsigned)(is_fe ? SEC_FE : SEC_BE))
				cfg_index_add(&p->index, p->arena, cfg_side(is_fe),
					      str_from(d->name.name), d);
	}
}

static enum cfg_section section_of(struct str word)
{
	static const enum cfg_section all[] = { SEC_GLOBAL,   SEC_DEFAULTS, SEC_FRONTEND,
						SEC_LISTEN,   SEC_BACKEND,  SEC_HTTP_ERRORS,
						SEC_RESOLVERS };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (str_eq(word, str_from(cfg_section_name(all[i]))))
			return all[i];
	return SEC_NONE;
}

static bool start_unsupported(struct cfg_parser *p)
{
	for (const char *const *name = cfg_known_sections; *name; name++) {
		if (!cfg_arg_is(p, 0, *name))
			continue;
		cfg_error(p, 0,
			  "the section '%s' is known to HAProxy, but not supported yet; its lines "
			  "are skipped",
			  *name);
		p->section = SEC_SKIPPED;
		p->cur = NULL;
		return true;
	}
	return false;
}

static void parse_line(struct cfg_parser *p, struct lex_line line)
{
	p->line = &line;
	p->prefix = PREFIX_NONE;
	if (cfg_if_line(p)) {
		p->line = NULL;
		return;
	}
	if (line.n >= 2 &&
	    (str_eq(line.tok[0].text, STR("no")) || str_eq(line.tok[0].text, STR("default")))) {
		p->prefix = line.tok[0].text.len == 2 ? PREFIX_NO : PREFIX_DEFAULT;
		line.tok++;
		line.n--;
	}
	const enum cfg_section section = section_of(line.tok[0].text);

	if (section != SEC_NONE && p->prefix != PREFIX_NONE)
		cfg_error(p, 0, "'%s' begins a section: no word may stand before it",
			  cfg_argz(p, 0));
	else if (section != SEC_NONE)
		cfg_section_start(p, section);
	else if (start_unsupported(p) || p->section == SEC_SKIPPED)
		;
	else if (p->section == SEC_NONE)
		cfg_error(p, 0,
			  "'%s' stands before any section: begin with 'global', 'defaults', "
			  "'frontend', 'backend' or 'listen'",
			  cfg_argz(p, 0));
	else
		cfg_keyword_dispatch(p);
	p->line = NULL;
}

/* ---- files ---- */

static void parse_text(struct cfg_parser *p, const char *name, struct str text)
{
	struct lexer lx;
	struct lex_line line;
	struct diag_pos last = { .file = name };

	const bool is_truncated = text.len > 0 && text.p[text.len - 1] != '\n';

	/* our own copy: positions point into it as long as the configuration lives */
	text = str_from(
		arena_printf(p->arena, STR_FMT "%s", STR_ARG(text), is_truncated ? "\n" : ""));
	lexer_init(&lx, LEX_HAPROXY, name, text, p->arena, p->diag, p->getenv);
	p->section = SEC_NONE; /* a section does not go on in the next file */
	p->cur = NULL;
	while (lexer_next(&lx, &line)) {
		last = line.pos;
		parse_line(p, line);
	}
	cfg_if_end(p);
	if (is_truncated)
		diag_warning(p->diag, last,
			     "the last line does not end with a newline: the file may have been "
			     "truncated; if it is complete, add a newline");
}

static void parse_file(struct cfg_parser *p, const char *path)
{
	const char *name = arena_strdup(p->arena, path);
	struct str text;
	const int rc = cfg_source_read(path, p->arena, &text);

	if (rc == 0) {
		parse_text(p, name, text);
		return;
	}
	const struct diag_pos pos = { .file = name };

	if (rc == -EILSEQ)
		diag_error(p->diag, pos, "the file contains a NUL byte: it is not a text file");
	else if (rc == -EFBIG)
		diag_error(p->diag, pos, "the file is larger than 16 MiB");
	else
		diag_error(p->diag, pos, "the file cannot be read: %s", strerror(-rc));
}

/* names: each ends with NUL. */
static void parse_directory(struct cfg_parser *p, const char *path, struct str names)
{
	for (size_t at = 0; at < names.len; at += strlen(names.p + at) + 1)
		parse_file(p, arena_printf(p->arena, "%s/%s", path, names.p + at));
}

/* ---- the whole ---- */

static void parser_init(struct cfg_parser *p, struct cfg *c, struct diag *d)
{
	*p = (struct cfg_parser){ .cfg = c,
				  .arena = &c->arena,
				  .diag = d,
				  .getenv = process_env,
				  .drafts_end = &p->drafts,
				  .defaults_end = &p->defaults };
	cfg_global_init(&c->global);
}

static struct cfg *finish(struct cfg_parser *p, unsigned errors_before, unsigned warnings_before)
{
	p->has_errors = p->diag->n_errors > errors_before;
	cfg_check_all(p);
	if (p->zero_warning && p->diag->n_warnings > warnings_before)
		diag_error(p->diag, (struct diag_pos){ 0 },
			   "'zero-warning' is set and there are warnings: resolve them");
	if (p->diag->n_errors == errors_before)
		return p->cfg;
	cfg_free(p->cfg);
	return NULL;
}

struct cfg *cfg_load(const char *const *paths, unsigned n_paths, struct diag *d)
{
	struct cfg *c = xcalloc(1, sizeof *c);
	struct cfg_parser p;
	const unsigned errors = d->n_errors, warnings = d->n_warnings;
	struct str names;

	parser_init(&p, c, d);
	for (unsigned i = 0; i < n_paths; i++) {
		if (cfg_source_list(paths[i], p.arena, &names) == 0)
			parse_directory(&p, paths[i], names);
		else
			parse_file(&p, paths[i]);
	}
	return finish(&p, errors, warnings);
}

struct cfg *cfg_load_text(const char *name, struct str text, struct diag *d)
{
	struct cfg *c = xcalloc(1, sizeof *c);
	struct cfg_parser p;
	const unsigned errors = d->n_errors, warnings = d->n_warnings;

	parser_init(&p, c, d);
	name = arena_strdup(&c->arena, name);
	if (text.len > 0 && memchr(text.p, 0, text.len))
		diag_error(d, (struct diag_pos){ .file = name },
			   "the file contains a NUL byte: it is not a text file");
	else
		parse_text(&p, name, text);
	return finish(&p, errors, warnings);
}

void cfg_free(struct cfg *c)
{
	if (!c)
		return;
	struct arena arena = c->arena;

	for (const struct cfg_regex *r = c->regexes; r; r = r->next)
		regex_free(r->re);

	arena_fini(&arena);
	free(c);
}
