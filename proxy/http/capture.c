/* capture.c - what log lines keep of messages. */
#include "http/capture.h"

#include <stdlib.h>

#include "config/cfg_model.h"
#include "http/h1_parse.h"

bool capture_is_wanted(const struct cfg_proxy *fe)
{
	return fe->req_captures.n > 0 || fe->res_captures.n > 0 ||
	       fe->cookie_capture.name.len > 0 || fe->unique_id_format != NULL;
}

struct capture *capture_new(void)
{
	return calloc(1, sizeof(struct capture));
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	free(c->request.values);
	free(c->response.values);
	strbuf_fini(&c->request_cookie);
	strbuf_fini(&c->response_cookie);
	strbuf_fini(&c->unique_id);
	strbuf_fini(&c->id_line);
	free(c);
}

/* The last field of this name, at most max_len bytes of it. */
static struct str find_last(const struct h1_head *h, const struct cfg_capture *want)
{
	for (unsigned i = h->n_fields; i-- > 0;) {
		struct str value = h1_field_value(h, &h->fields[i]);

		if (!str_eq_nocase(h1_field_name(h, &h->fields[i]), want->name))
			continue;
		value.len = MIN(value.len, (size_t)want->max_len);
		return value;
	}
	return (struct str){ 0 };
}

static void take_fields(struct capture_list *l, const struct cfg_captures *wanted,
			const struct h1_head *h)
{
	size_t size = wanted->n * sizeof(struct str);
	char *bytes;

	if (wanted->n == 0)
		return;
	free(l->values);
	l->n = 0;
	for (unsigned i = 0; i < wanted->n; i++)
		size += find_last(h, &wanted->items[i]).len;
	l->values = malloc(size);
	if (!l->values)
		return;
	bytes = (char *)(l->values + wanted->n);
	for (; l->n < wanted->n; l->n++) {
		struct str value = find_last(h, &wanted->items[l->n]);

		if (value.len > 0)
			memcpy(bytes, value.p, value.len);
		l->values[l->n] = (struct str){ bytes, value.len };
		bytes += value.len;
	}
}

/* The first cookie in `text` ("a=b; c=d") whose name begins as wanted. */
static bool take_cookie(struct strbuf *out, const struct cfg_capture *want, struct str text,
			bool only_first)
{
	while (text.len > 0) {
		const char *end = memchr(text.p, ';', text.len);
		struct str one = { text.p, end ? (size_t)(end - text.p) : text.len };

		text.p += one.len + (end ? 1 : 0);
		text.len -= one.len + (end ? 1 : 0);
		one = str_trim(one);
		if (str_starts_with(one, want->name)) {
			strbuf_add(out, one.p, MIN(one.len, (size_t)want->max_len));
			return true;
		}
		if (only_first)
			return false;
	}
	return false;
}

static void take_cookies(struct strbuf *out, const struct cfg_capture *want,
			 const struct h1_head *h, struct str field, bool only_first)
{
	if (want->name.len == 0 || out->len > 0)
		return;
	for (unsigned i = 0; i < h->n_fields; i++) {
		if (str_eq_nocase(h1_field_name(h, &h->fields[i]), field) &&
		    take_cookie(out, want, h1_field_value(h, &h->fields[i]), only_first))
			return;
	}
}

void capture_request(struct capture *c, const struct cfg_proxy *fe, const struct h1_head *h)
{
	take_fields(&c->request, &fe->req_captures, h);
	take_cookies(&c->request_cookie, &fe->cookie_capture, h, STR("Cookie"), false);
}

void capture_response(struct capture *c, const struct cfg_proxy *fe, const struct h1_head *h)
{
	take_fields(&c->response, &fe->res_captures, h);
	take_cookies(&c->response_cookie, &fe->cookie_capture, h, STR("Set-Cookie"), true);
}
