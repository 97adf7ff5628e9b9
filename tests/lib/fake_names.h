/* fake_names.h - name service for tests: localhost is known, all else is not, nothing is asked. A
 * program that includes it resolves with it, libraries and all. */
#ifndef TESTS_FAKE_NAMES_H
#define TESTS_FAKE_NAMES_H

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **res)
{
	static struct sockaddr_in in = { .sin_family = AF_INET };
	static struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
					   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	static struct addrinfo v4 = { .ai_family = AF_INET,
				      .ai_addrlen = sizeof in,
				      .ai_addr = (struct sockaddr *)&in };
	static struct addrinfo v6 = { .ai_family = AF_INET6,
				      .ai_addrlen = sizeof in6,
				      .ai_addr = (struct sockaddr *)&in6 };

	(void)service;
	if (!node || strcmp(node, "localhost") != 0)
		return EAI_NONAME;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*res = hints->ai_family == AF_INET6 ? &v6 : &v4;
	return 0;
}

void freeaddrinfo(struct addrinfo *res)
{
	(void)res; /* static */
}

#endif
