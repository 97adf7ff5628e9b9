/* fuzz_acl.c - conditions on requests: the input is the words of a condition, a line feed, and a
 * request. What was accepted is evaluated with much, little and no room, twice, and on a connection
 * without a request; the same question has the same answer. */
#include "../lib/cfg_load.h"

#include <stdint.h>

#include "http/acl.h"
#include "http/h1_parse.h"
#include "http/h1_strict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct addr client;

static const struct addr *ask_client(void *arg)
{
	(void)arg;
	return &client;
}
static bool ask_local(void *arg, struct addr *out)
{
	(void)arg;
	*out = client;
	return true;
}
static bool ask_number(void *arg, const struct cfg_proxy *px, int64_t *out)
{
	(void)arg, (void)px;
	*out = 7;
	return true;
}
static bool ask_connections(void *arg, const struct cfg_proxy *px, bool of_frontend, int64_t *out)
{
	(void)of_frontend;
	return ask_number(arg, px, out);
}
static bool ask_server_is_up(void *arg, const struct cfg_server *srv, bool *out)
{
	(void)arg, (void)srv;
	*out = true;
	return true;
}
static const struct sample_source source = { .client = ask_client,
					     .local = ask_local,
					     .connections = ask_connections,
					     .free_slots = ask_number,
					     .usable_servers = ask_number,
					     .server_is_up = ask_server_is_up };

static bool holds(const struct acl_cond *cond, const struct h1_head *head, size_t room)
{
	char *scratch = malloc(room ? room : 1);
	struct sample_ctx x = { .head = head,
				.source = &source,
				.scratch = { .p = scratch, .size = room } };
	bool r = acl_cond_holds(cond, &x);

	ASSERT(x.scratch.used <= room);
	free(scratch);
	return r;
}

static void evaluate(const struct acl_cond *cond, const char *p, size_t size)
{
	static struct h1_field fields[101];
	struct h1_head h = { .fields = fields, .max_fields = 101 };
	char *copy = malloc(size ? size : 1);

	memcpy(copy, p, size);
	(void)holds(cond, NULL, SAMPLE_SCRATCH_SIZE);
	if (h1_parse_request(&h, copy, size) == H1_DONE && h1_check_request(&h) == H1_OK) {
		ASSERT(holds(cond, &h, SAMPLE_SCRATCH_SIZE) ==
		       holds(cond, &h, SAMPLE_SCRATCH_SIZE));
		(void)holds(cond, &h, 5);
		(void)holds(cond, &h, 0);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *lf = size > 0 ? memchr(p, '\n', size) : NULL;
	char text[1024];
	struct diag d;
	struct cfg *c;

	/* no NUL bytes, as lexer_read_file promises; no files of this machine */
	if (lf == NULL || lf - p > 600 || memchr(p, '\0', (size_t)(lf - p)) ||
	    memmem(p, (size_t)(lf - p), "-f", 2))
		return 0;
	if (client.len == 0)
		ASSERT(addr_parse_ip(STR("192.0.2.7"), &client) == 0);
	snprintf(text, sizeof(text),
		 "frontend f\n mode http\n bind :8000\n acl a path /a\n acl a path_beg /b\n"
		 " use_backend b if %.*s\nbackend b\n mode http\n server s 127.0.0.1:1\n",
		 (int)(lf - p), p);
	diag_init(&d);
	c = cfg_load_text("cfg", str_from(text), &d);
	ASSERT((c == NULL) == (d.n_errors > 0));
	if (c != NULL && c->proxies->use_backends != NULL)
		evaluate(c->proxies->use_backends->cond, lf + 1, size - (size_t)(lf + 1 - p));
	cfg_free(c);
	diag_fini(&d);
	return 0;
}
