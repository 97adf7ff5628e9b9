/* cfg_errors.c - pages for errors: errorfile, errorloc, errorfiles, and sections `http-errors`. */
#include "config/cfg_internal.h"

#include <errno.h>

#include "config/cfg_source.h"
#include "http/h1_chars.h"

/* The place of a status among the pages; CFG_N_ERROR_PAGES: it has none. */
static size_t page_of(unsigned status)
{
	size_t i = 0;

	while (i < CFG_N_ERROR_PAGES && cfg_error_codes[i] != status)
		i++;
	return i;
}

/* Read a status that has a page. */
static bool read_status(struct cfg_parser *p, const struct keyword *kw, unsigned at, size_t *page)
{
	unsigned code;

	if (!cfg_read_uint(p, at, kw->name, 200, 999, &code))
		return false;
	*page = page_of(code);
	if (*page < CFG_N_ERROR_PAGES)
		return true;
	cfg_warning(p, at, "there is no error page for status %u: '%s' is ignored", code, kw->name);
	return false;
}

static struct cfg_error_page *set_page(struct cfg_parser *p, size_t i,
				       const struct cfg_error_page *page)
{
	p->cur->px->errors[i] = *page;
	p->cur->error_order[i] = ++p->n_error_lines;
	return &p->cur->px->errors[i];
}

/* One line of *text without its end; false: it has none. */
static bool take_line(struct str *text, struct str *line)
{
	const char *lf = text->len ? memchr(text->p, '\n', text->len) : NULL;
	const size_t n = lf ? (size_t)(lf - text->p) : 0;

	if (!lf)
		return false;
	*line = (struct str){ text->p, n > 0 && lf[-1] == '\r' ? n - 1 : n };
	text->p += n + 1;
	text->len -= n + 1;
	return true;
}

static bool is_about_connection(struct str name)
{
	return str_eq_nocase(name, STR("connection")) || str_eq_nocase(name, STR("keep-alive")) ||
	       str_eq_nocase(name, STR("proxy-connection"));
}

/* Fields up to the empty line into head; those about the connection are ours to say. NULL: fine, or
 * what is wrong. */
static const char *take_fields(struct str *text, struct strbuf *head, int64_t *length,
			       bool *says_close)
{
	struct str line;

	while (take_line(text, &line)) {
		const char *colon = line.len ? memchr(line.p, ':', line.len) : NULL;
		const struct str name = { line.p, colon ? (size_t)(colon - line.p) : 0 };

		if (line.len == 0)
			return NULL;
		if (!h1_all(name.p, name.len, H1C_TOKEN) || name.len == 0 ||
		    !h1_all(line.p, line.len, H1C_TEXT))
			return "a line of its head is no header field";
		if (str_eq_nocase(name, STR("transfer-encoding")))
			return "a body in chunks is not possible there";
		if (str_eq_nocase(name, STR("content-length")) &&
		    str_parse_int(str_trim((struct str){ colon + 1, line.len - name.len - 1 }), 0,
				  INT32_MAX, length) < 0)
			return "its Content-Length is no number";
		if (str_eq_nocase(name, STR("connection")))
			*says_close = memmem(line.p, line.len, "close", 5) != NULL;
		if (!is_about_connection(name))
			strbuf_addf(head, STR_FMT "\r\n", STR_ARG(line));
	}
	return "the empty line behind its head is missing";
}

static bool split_page(struct cfg_parser *p, unsigned at, struct str text,
		       struct cfg_error_page *page)
{
	struct strbuf head = { 0 };
	struct str line;
	int64_t length = -1;
	const char *wrong = "its status line has no end";
	bool says_close = false;

	if (take_line(&text, &line)) {
		strbuf_addf(&head, STR_FMT "\r\n", STR_ARG(line));
		wrong = take_fields(&text, &head, &length, &says_close);
	}
	if (!wrong && length >= 0 && (size_t)length != text.len)
		cfg_error(p, at, "the error page '%s' announces a body of %lld bytes, but has %zu",
			  page->path, (long long)length, text.len);
	else if (wrong)
		cfg_error(p, at, "the error page '%s' is no HTTP response: %s", page->path, wrong);
	page->is_framed = length >= 0 && !says_close && str_starts_with(line, STR("HTTP/1.1"));
	page->head = arena_str(p->arena, (struct str){ head.p, head.len });
	page->body = text;
	strbuf_fini(&head);
	return !wrong && (length < 0 || (size_t)length == text.len);
}

static bool read_page(struct cfg_parser *p, unsigned at, struct cfg_error_page *page)
{
	const char *path = cfg_argz(p, at);
	struct str bytes = { 0 };

	page->path = path;
	page->is_empty = strcmp(path, "/dev/null") == 0;
	if (page->is_empty)
		return true;
	const int rc = cfg_source_read(path, p->arena, &bytes);

	if (rc < 0)
		cfg_error(p, at, "the error page '%s' cannot be read: %s", path,
			  rc == -EILSEQ ? "it contains a NUL byte" : strerror(-rc));
	else if (bytes.len == 0)
		page->is_empty = true; /* as /dev/null */
	else if (bytes.len > p->cfg->global.bufsize)
		cfg_error(p, at, "the error page '%s' has %zu bytes: more than 'tune.bufsize' (%u)",
			  path, bytes.len, p->cfg->global.bufsize);
	else if (!str_starts_with(bytes, STR("HTTP/1.")))
		cfg_error(p, at,
			  "the error page '%s' is no HTTP response: it must begin with a status "
			  "line such as 'HTTP/1.0 503 Service Unavailable'",
			  path);
	else
		return split_page(p, at, bytes, page);
	return rc == 0 && page->is_empty;
}

static void set_errorfile(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_error_page page = { .kind = CFG_ERROR_FILE };
	size_t i;

	if (read_status(p, kw, at, &i) && read_page(p, at + 1, &page))
		set_page(p, i, &page);
}

/* errorloc is errorloc302. */
static void set_errorloc(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const bool is_303 = str_ends_with(str_from(kw->name), STR("303"));
	struct cfg_error_page page = { .kind = is_303 ? CFG_ERROR_LOC303 : CFG_ERROR_LOC302,
				       .path = cfg_argz(p, at + 1) };
	size_t i;

	for (const char *c = page.path; *c; c++) {
		if ((unsigned char)*c > ' ' && *c != 0x7f)
			continue;
		cfg_error(p, at + 1, "the address in '%s' contains a blank or a control byte",
			  kw->name);
		return;
	}
	page.head = str_from(arena_printf(p->arena,
					  "HTTP/1.1 %s\r\ncache-control: no-cache\r\n"
					  "content-length: 0\r\nlocation: %s\r\n",
					  is_303 ? "303 See Other" : "302 Found", page.path));
	page.is_framed = true;
	if (read_status(p, kw, at, &i))
		set_page(p, i, &page);
}

/* errorfiles NAME [STATUS...]: looked up when all is read. */
static void set_errorfiles(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct errors_ref *ref = arena_new(p->arena, struct errors_ref), **end = &p->cur->errors;
	size_t i;

	*ref = (struct errors_ref){ .name = { cfg_argz(p, at), lex_pos(p->line, at) } };
	for (unsigned k = at + 1; k < p->line->n; k++)
		if (read_status(p, kw, k, &i))
			ref->pages |= 1u << i;
	ref->order = ++p->n_error_lines;
	/* inherited ones stay as they are: the list grows at its front, the order tells */
	ref->next = *end;
	*end = ref;
}

static const struct draft *find_section(const struct cfg_parser *p, const char *name)
{
	for (const struct draft *d = p->error_sections; d; d = d->next)
		if (strcmp(d->name.name, name) == 0)
			return d;
	return NULL;
}

static const char *nth_section(const void *arg, size_t n)
{
	const struct draft *d = ((const struct cfg_parser *)arg)->error_sections;

	while (d && n--)
		d = d->next;
	return d ? d->name.name : NULL;
}

static void apply(struct cfg_parser *p, struct draft *d, const struct errors_ref *ref)
{
	const struct draft *from = find_section(p, ref->name.name);

	if (!from) {
		const char *best =
			diag_nearest(str_from(ref->name.name), nth_section, p, p->n_error_sections);

		diag_error(p->diag, ref->name.pos,
			   best ? "there is no section 'http-errors %s'; did you mean '%s'?"
				: "there is no section 'http-errors %s'",
			   ref->name.name, best);
		return;
	}
	for (size_t i = 0; i < CFG_N_ERROR_PAGES; i++) {
		if ((ref->pages && !(ref->pages & 1u << i)) || d->error_order[i] > ref->order ||
		    !from->px->errors[i].path)
			continue;
		d->px->errors[i] = from->px->errors[i];
		d->error_order[i] = ref->order;
	}
}

void cfg_check_errors(struct cfg_parser *p, struct draft *d)
{
	for (const struct errors_ref *ref = d->errors; ref; ref = ref->next)
		apply(p, d, ref);
}

const struct keyword cfg_errors_keywords[] = {
	{ "errorfile", SEC_DEF_ALL, 2, 2, 0, set_errorfile, 0, "STATUS PATH",
	  "a whole HTTP response to send for this status; /dev/null: none" },
	{ "errorfile", SEC_HTTP_ERRORS, 2, 2, 0, set_errorfile, 0, "STATUS PATH",
	  "a page of this collection" },
	{ "errorloc302", SEC_DEF_ALL, 2, 2, 0, set_errorloc, 0, "STATUS URL",
	  "redirect to this address (302 Found) instead of this status" },
	{ "errorloc303", SEC_DEF_ALL, 2, 2, 0, set_errorloc, 0, "STATUS URL",
	  "... with 303 See Other" },
	{ "errorloc", SEC_DEF_ALL, 2, 2, 0, set_errorloc, 0, "STATUS URL", "as errorloc302" },
	{ "errorfiles", SEC_DEF_ALL, 1, ARGS_ANY, 0, set_errorfiles, 0, "NAME [STATUS...]",
	  "the pages of a section 'http-errors'" },
	{ 0 },
};
