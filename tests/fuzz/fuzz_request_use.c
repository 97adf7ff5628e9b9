/* fuzz_request_use.c - what is taken out of a request that was accepted: keys for balancing,
 * captures, the lines about the client, the address and the credentials of the stats page. The
 * first two bytes choose what is configured. */
#include "../lib/cfg_load.h"

#include <stdint.h>

#include "http/capture.h"
#include "http/forwarded.h"
#include "http/h1_parse.h"
#include "http/h1_strict.h"
#include "http/lb_key.h"
#include "stats/base64.h"
#include "stats/dashboard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const balances[] = {
	"uri",         "uri depth 2",      "uri len 5 whole", "uri path-only",
	"url_param a", "url_param userid", "hdr(x)",          "hdr(host) use_domain_only",
};
#define N_BALANCES (sizeof(balances) / sizeof(balances[0]))

static const char rest[] =
	"frontend f\n mode http\n bind :8000\n capture request header X len 20\n"
	" capture request header Host len 100\n capture cookie SRV len 8\n"
	" unique-id-format %HM-%HU\n unique-id-header X-Id\n"
	" option forwardfor if-none\n option originalto\n default_backend b\n stats enable\n"
	" stats auth a:b\n stats admin if TRUE\n";

static const struct cfg *config_at(unsigned i)
{
	static struct cfg *loaded[N_BALANCES];
	char text[2048];
	struct diag d;

	if (loaded[i] != NULL)
		return loaded[i];
	snprintf(text, sizeof(text),
		 "%sbackend b\n mode http\n balance %s\n option forwarded\n server s 127.0.0.1:1\n",
		 rest, balances[i]);
	diag_init(&d);
	loaded[i] = cfg_load_text("cfg", str_from(text), &d);
	if (loaded[i] == NULL)
		diag_print(&d, stderr, DIAG_ERROR);
	ASSERT(loaded[i] != NULL);
	diag_fini(&d);
	return loaded[i];
}

static const struct cfg_proxy *backend_of(const struct cfg *c)
{
	const struct cfg_proxy *px = c->proxies;

	while (strcmp(px->name, "b") != 0)
		px = px->next;
	return px;
}

static void check_lines(const char *from, const char *to)
{
	ASSERT(to >= from);
	while (from < to) { /* whole lines, each with a name and nothing that ends it early */
		const char *cr = memchr(from, '\r', (size_t)(to - from));

		ASSERT(cr != NULL && cr + 1 < to && cr[1] == '\n' && cr > from);
		ASSERT(!memchr(from, '\n', (size_t)(cr - from)));
		ASSERT(memchr(from, ':', (size_t)(cr - from)) != NULL);
		from = cr + 2;
	}
}

static void take_apart(const struct cfg *c, const struct h1_head *h, struct str body,
		       struct str authorization)
{
	const struct cfg_proxy *fe = c->proxies, *be = backend_of(c);
	struct addr client;
	struct forwarded f = { .head = h, .client = &client, .local = &client };
	struct capture *k = capture_new();
	uint32_t hash = 0, again = 0;
	char lines[512];
	unsigned char plain[64];

	ASSERT(addr_parse_ip(STR("2001:db8::7"), &client) == 0);
	if (lb_key_of_request(be->balance, &be->lb, h, body, &hash))
		ASSERT(lb_key_of_request(be->balance, &be->lb, h, body, &again) && hash == again);
	capture_request(k, fe, h);
	if (k->id_line.len > 0)
		check_lines(strbuf_str(&k->id_line), strbuf_str(&k->id_line) + k->id_line.len);
	capture_free(k);
	for (size_t room = 0; room <= sizeof(lines); room += 64)
		check_lines(lines, forwarded_add(&f, fe, be, lines, lines + room));
	(void)stats_matches(&fe->stats, h1_target(h));
	ASSERT(base64_decode(authorization, plain, sizeof(plain)) <= (ssize_t)sizeof(plain));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct h1_field fields[101];
	struct h1_head h = { .fields = fields, .max_fields = 101 };
	char *copy;

	if (size < 1)
		return 0;
	size--;
	copy = malloc(size ? size : 1);
	memcpy(copy, data + 1, size);
	if (h1_parse_request(&h, copy, size) == H1_DONE && h1_check_request(&h) == H1_OK) {
		const struct h1_field *f = h.n_fields > 0 ? &h.fields[h.n_fields - 1] : NULL;

		take_apart(config_at(data[0] % N_BALANCES), &h,
			   (struct str){ copy + h.len, size - h.len },
			   f ? (struct str){ h.base + f->value, f->value_len } : STR(""));
	}
	free(copy);
	return 0;
}
