/* fuzz_check.c - what servers answer to health checks. The first byte chooses the check (each
 * protocol, and steps of every kind), the second where the answer is cut: in two pieces it must
 * mean what it means in one. */
#include "../lib/cfg_load.h"

#include <stdint.h>

#include "health/expect.h"
#include "health/probe_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TCP  "option tcp-check\n tcp-check expect "
#define HTTP "option httpchk\n http-check expect "

static const char *const checks[] = {
	"option redis-check",
	"option mysql-check",
	"option mysql-check user joe",
	"option mysql-check user joe pre-41",
	"option pgsql-check user joe",
	"option ldap-check",
	"option smtpchk EHLO a",
	"option ssl-hello-chk",
	TCP "string PONG",
	TCP "! string ERR",
	TCP "min-recv 4 status-code res.payload(1,3) string x",
	TCP "on-success res.payload(1,0) on-error res.payload_lv(0,1) rstring ^a.*b$",
	TCP "binary 00ff",
	TCP "rbinary ^61(00)+FF$",
	"option httpchk",
	HTTP "! status 200-299,404",
	HTTP "rstatus ^2[0-9]4$",
	HTTP "string ok",
	HTTP "! rstring bad|worse",
	HTTP "hdr name x value b",
	HTTP "hdr name -m beg x- value -m end z",
	HTTP "hdr name -m reg ^x.y$ value -m reg ^v.*e$",
	HTTP "fhdr name x value -m sub 'a, b'",
};

#define N_CHECKS (sizeof(checks) / sizeof(checks[0]))

static const struct cfg_check *check_at(unsigned i)
{
	static struct cfg *loaded[N_CHECKS];
	char text[512];
	struct diag d;

	if (loaded[i] != NULL)
		return loaded[i]->proxies->check;
	snprintf(text, sizeof(text), "backend b\n mode http\n %s\n", checks[i]);
	diag_init(&d);
	loaded[i] = cfg_load_text("cfg", str_from(text), &d);
	if (loaded[i] == NULL)
		diag_print(&d, stderr, DIAG_ERROR);
	ASSERT(loaded[i] != NULL);
	diag_fini(&d);
	return loaded[i]->proxies->check;
}

/* Every step that expects something, on these bytes: the last word must be one. */
static void check_steps(const struct cfg_check *k, const struct expect_input *in)
{
	for (const struct cfg_step *s = k->steps; s != NULL; s = s->next) {
		struct expect_result r = { 0 }, later = { 0 };
		struct expect_input last = *in;
		enum expect_verdict v, w;

		if (s->kind != CFG_STEP_EXPECT)
			continue;
		v = expect_eval(k, s, in, &r);
		last.is_last = true;
		w = expect_eval(k, s, &last, &later);
		ASSERT(w != EXPECT_WAIT);
		if (v != EXPECT_WAIT)
			ASSERT(v == w && r.status == later.status && r.code == later.code);
		expect_describe_place(s, &r.text);
		ASSERT(r.text.len < 4096 + in->bytes.len);
		strbuf_fini(&r.text);
		strbuf_fini(&later.text);
	}
}

static void check_http(const struct cfg_check *k, const char *p, size_t size, size_t cut)
{
	struct probe_http whole = { 0 }, parts = { 0 };
	struct strbuf body = { 0 };
	enum probe_http_result r = probe_http_feed(&whole, p, size), r2;
	struct expect_input in = { .bytes = { p, size } };
	size_t at;

	r2 = probe_http_feed(&parts, p, cut);
	if (r2 == PROBE_HTTP_MORE)
		r2 = probe_http_feed(&parts, p + cut, size - cut);
	if (r == PROBE_HTTP_BAD || r2 == PROBE_HTTP_BAD) {
		ASSERT(r == r2);
		return;
	}
	if (r != PROBE_HTTP_DONE)
		return;
	ASSERT(whole.n_bytes <= size && whole.fields_at <= whole.n_bytes);
	ASSERT(whole.code >= 100 && whole.code <= 999 && whole.code == parts.code);
	at = whole.n_bytes;
	in.code = whole.code;
	in.reason = str_from(probe_http_reason(&whole));
	in.fields = (struct str){ p + whole.fields_at, at - whole.fields_at };
	in.body = (struct str){ p + at, size - at };
	if (whole.is_chunked) {
		in.is_last = expect_dechunk(in.body, &body);
		ASSERT(body.len <= size - at);
		in.body = str_from(strbuf_str(&body));
	}
	check_steps(k, &in);
	strbuf_fini(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cfg_check *k;
	char *copy;
	size_t cut;

	if (size < 2)
		return 0;
	k = check_at(data[0] % N_CHECKS);
	size -= 2;
	cut = size * data[1] / 256;
	copy = malloc(size ? size : 1);
	memcpy(copy, data + 2, size);
	if (k->kind == CFG_CHECK_HTTP) {
		check_http(k, copy, size, cut);
	} else {
		const struct expect_input part = { .bytes = { copy, cut } },
					  all = { .bytes = { copy, size } };
		check_steps(k, &part);
		check_steps(k, &all);
	}
	free(copy);
	return 0;
}
