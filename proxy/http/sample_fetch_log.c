/* sample_fetch_log.c - fetches of what is kept of a request and its response until their log line,
 * and of what identifies them: the clock, chance, names. */
#include "http/sample.h"

#include <stdio.h>

static bool set_text(struct sample *out, struct str s)
{
	*out = (struct sample){ .type = SAMPLE_STR, .s = s };
	return true;
}

static bool set_int(struct sample *out, int64_t v)
{
	*out = (struct sample){ .type = SAMPLE_INT, .i = v };
	return true;
}

static bool kept(struct sample_ctx *x, struct sample_kept *k)
{
	*k = (struct sample_kept){ 0 };
	return x->source->kept && x->source->kept(x->arg, k);
}

bool sample_kept_method(struct sample_ctx *x, struct str *out)
{
	struct sample_kept k;

	if (!kept(x, &k) || k.method.len == 0)
		return false;
	*out = k.method;
	return true;
}

enum { KEPT_METHOD, KEPT_URI, KEPT_VERSION, KEPT_RESPONSE_VERSION, KEPT_ID };

static bool get_kept(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		     struct sample *out)
{
	struct sample_kept k;
	struct str s = { 0 };

	it->is_over = true;
	if (!kept(x, &k))
		return false;
	switch (e->fetch->variant) {
	case KEPT_METHOD:
		s = k.method;
		break;
	case KEPT_URI:
		s = sample_path(k.uri);
		if (s.p) /* with the query */
			s.len = (size_t)(k.uri.p + k.uri.len - s.p);
		break;
	case KEPT_VERSION:
		if (k.method.len)
			s = k.minor ? STR("HTTP/1.1") : STR("HTTP/1.0");
		break;
	case KEPT_RESPONSE_VERSION:
		if (k.status)
			s = k.response_minor ? STR("HTTP/1.1") : STR("HTTP/1.0");
		break;
	case KEPT_ID:
		s = k.unique_id;
		break;
	default:
		UNREACHABLE();
	}
	return s.len > 0 && set_text(out, s);
}

static bool get_capture(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
			struct sample *out)
{
	const bool of_response = e->fetch->variant;
	const int64_t i = e->args[0].i;
	struct sample_kept k;
	unsigned n;

	it->is_over = true;
	if (!kept(x, &k))
		return false;
	n = of_response ? k.n_response_captures : k.n_request_captures;
	if (i < 0 || i >= n)
		return false;
	return set_text(out, (of_response ? k.response_captures : k.request_captures)[i]);
}

static bool get_status(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		       struct sample *out)
{
	struct sample_kept k;

	(void)e;
	it->is_over = true;
	return kept(x, &k) && k.status && set_int(out, k.status);
}

/* date([offset]): seconds since 1970. */
static bool get_date(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		     struct sample *out)
{
	it->is_over = true;
	return x->source->now_s && set_int(out, x->source->now_s(x->arg) + e->args[0].i);
}

/* rand([N]): 0 to N - 1 */
static bool get_rand(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		     struct sample *out)
{
	uint64_t n = e->args[0].type == ARG_INT && e->args[0].i > 0 ? (uint64_t)e->args[0].i
								    : UINT64_C(1) << 32;

	it->is_over = true;
	return x->source->chance &&
	       set_int(out, (int64_t)((x->source->chance(x->arg) & UINT32_MAX) * n >> 32));
}

/* RFC 9562, version 4 */
static bool get_uuid(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		     struct sample *out)
{
	char *p = sample_room(x, 37);
	uint64_t hi, lo;

	(void)e;
	it->is_over = true;
	if (!p || !x->source->chance)
		return false;
	hi = x->source->chance(x->arg);
	lo = x->source->chance(x->arg);
	snprintf(p, 37, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(hi >> 32),
		 (unsigned)(hi >> 16) & 0xffff, (unsigned)hi & 0xfff,
		 ((unsigned)(lo >> 48) & 0x3fff) | 0x8000,
		 (unsigned long long)lo & 0xffffffffffffULL);
	return set_text(out, (struct str){ p, 36 });
}

static bool get_name(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		     struct sample *out)
{
	const char *name;

	it->is_over = true;
	name = x->source->name ? x->source->name(x->arg, (enum sample_name)e->fetch->variant)
			       : NULL;
	return name && set_text(out, str_from(name));
}

#define FETCH(n, t, need, fn, v, h)                                                                \
	{                                                                                          \
		n, t, need, 0, { 0 }, fn, v, "", h, false                                          \
	}
#define NUMBERED(n, t, need, min, fn, v, u, h)                                                     \
	{                                                                                          \
		n, t, need, min, { ARG_INT }, fn, v, u, h, false                                   \
	}

const struct sample_fetch sample_log_fetches[] = {
	FETCH("capture.req.method", SAMPLE_STR, SAMPLE_NEED_KEPT, get_kept, KEPT_METHOD,
	      "the method, also when the request is gone"),
	FETCH("capture.req.uri", SAMPLE_STR, SAMPLE_NEED_KEPT, get_kept, KEPT_URI,
	      "path and query, also when the request is gone"),
	FETCH("capture.req.ver", SAMPLE_STR, SAMPLE_NEED_KEPT, get_kept, KEPT_VERSION,
	      "HTTP/1.0 or HTTP/1.1, of the request"),
	FETCH("capture.res.ver", SAMPLE_STR, SAMPLE_NEED_RESPONSE, get_kept, KEPT_RESPONSE_VERSION,
	      "HTTP/1.0 or HTTP/1.1, of the response"),
	NUMBERED("capture.req.hdr", SAMPLE_STR, SAMPLE_NEED_KEPT, 1, get_capture, 0, "(NUMBER)",
		 "what 'capture request header' number N (from 0) kept"),
	NUMBERED("capture.res.hdr", SAMPLE_STR, SAMPLE_NEED_RESPONSE, 1, get_capture, 1, "(NUMBER)",
		 "what 'capture response header' number N (from 0) kept"),
	FETCH("status", SAMPLE_INT, SAMPLE_NEED_RESPONSE, get_status, 0,
	      "the status of the response"),
	FETCH("unique-id", SAMPLE_STR, SAMPLE_NEED_KEPT, get_kept, KEPT_ID,
	      "what unique-id-format made"),
	NUMBERED("date", SAMPLE_INT, SAMPLE_NEED_NOTHING, 0, get_date, 0, "[(OFFSET)]",
		 "seconds since 1970"),
	NUMBERED("rand", SAMPLE_INT, SAMPLE_NEED_NOTHING, 0, get_rand, 0, "[(LIMIT)]",
		 "a random number below the limit"),
	FETCH("uuid", SAMPLE_STR, SAMPLE_NEED_NOTHING, get_uuid, 0, "a random UUID (version 4)"),
	FETCH("hostname", SAMPLE_STR, SAMPLE_NEED_NOTHING, get_name, SAMPLE_NAME_HOST,
	      "the name of this host"),
	FETCH("fe_name", SAMPLE_STR, SAMPLE_NEED_CLIENT, get_name, SAMPLE_NAME_FRONTEND,
	      "the name of the frontend"),
	FETCH("be_name", SAMPLE_STR, SAMPLE_NEED_CLIENT, get_name, SAMPLE_NAME_BACKEND,
	      "the name of the backend"),
	FETCH("srv_name", SAMPLE_STR, SAMPLE_NEED_CLIENT, get_name, SAMPLE_NAME_SERVER,
	      "the name of the server"),
	{ 0 },
};
