/* fuzz_haproxy_cfg.c - haproxy.cfg from arbitrary bytes: no crash, a message for each refusal, and
 * the dump of what was accepted parses to itself. */
#include "../lib/cfg_load.h"

#include <netdb.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No name service here: every name is 192.0.2.1, or ::1 when IPv6 is asked for. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **res)
{
	static struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { 0x010200c0 } };
	static struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
					   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	static struct addrinfo v4 = { .ai_family = AF_INET,
				      .ai_addrlen = sizeof in,
				      .ai_addr = (struct sockaddr *)&in };
	static struct addrinfo v6 = { .ai_family = AF_INET6,
				      .ai_addrlen = sizeof in6,
				      .ai_addr = (struct sockaddr *)&in6 };

	(void)node, (void)service;
	*res = hints->ai_family == AF_INET6 ? &v6 : &v4;
	return 0;
}

void freeaddrinfo(struct addrinfo *res)
{
	(void)res;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xcalloc(1, size + 1);

	memcpy(text, data, size);
	if (memchr(text, 0, size) || strstr(text, "errorfile") || strstr(text, "-f")) {
		free(text); /* NUL bytes are refused as a whole; and read no files here */
		return 0;
	}
	struct loaded l = load_text(text);

	ASSERT(l.ok == (l.n_errors == 0));
	if (l.ok) {
		struct loaded again = load_text(l.dump);

		if (!again.ok || strcmp(again.dump, l.dump) != 0) {
			fprintf(stderr, "first:\n%s\nthen:\n%s\n%s\n", l.dump, again.dump,
				again.messages);
			abort();
		}
		loaded_fini(&again);
	} else {
		ASSERT(l.messages[0] != '\0');
	}
	loaded_fini(&l);
	free(text);
	return 0;
}
