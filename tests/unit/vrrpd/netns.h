/* netns.h - for tests that need a network of their own: a fresh namespace with a veth pair
 * veth0 (10.9.0.1/24) - veth1, both in it. Each test runs in its own process and enters first. */
#ifndef TESTS_NETNS_H
#define TESTS_NETNS_H

#include <check.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NETNS_SKIP 77

/* False, with a message, when this machine or user cannot make namespaces. */
static inline bool netns_is_possible(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) != 0);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "SKIP: needs a network namespace (run as root)\n");
		return false;
	}
	return true;
}

static inline void netns_sh(const char *command)
{
	ck_assert_msg(system(command) == 0, "failed: %s", command);
}

static inline void netns_enter(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	netns_sh("ip link set lo up && ip link add veth0 type veth peer name veth1 && "
		 "ip link set veth0 up && ip link set veth1 up && "
		 "ip addr add 10.9.0.1/24 dev veth0");
}

static inline unsigned netns_ifindex(const char *name)
{
	return if_nametoindex(name);
}

static inline bool netns_has_addr(const char *dev, const char *ip)
{
	struct ifaddrs *all, *i;
	size_t len = strlen(dev);
	bool found = false;

	ck_assert_int_eq(getifaddrs(&all), 0);
	for (i = all; i && !found; i = i->ifa_next) {
		char text[NI_MAXHOST];

		/* The name may be a label such as veth0:vip. */
		if (!i->ifa_addr || strncmp(i->ifa_name, dev, len) != 0 ||
		    (i->ifa_name[len] != '\0' && i->ifa_name[len] != ':') ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		if (getnameinfo(i->ifa_addr,
				i->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
								  : sizeof(struct sockaddr_in6),
				text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
			found = strcmp(text, ip) == 0;
	}
	freeifaddrs(all);
	return found;
}

static inline void netns_nap_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

#endif
