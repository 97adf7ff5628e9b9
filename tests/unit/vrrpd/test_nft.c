/* test_nft.c - our table of the packet filter, in a network namespace of our own. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "netns.h"
#include "nft.h"

static struct vip vip_of(const char *ip)
{
	struct vip v = { .prefix_len = 32 };

	ck_assert_int_eq(addr_parse_ip(str_from(ip), &v.addr), 0);
	return v;
}

/* Can 10.9.0.1 be reached over the loopback? */
static bool pings(const char *ip)
{
	char command[128];

	snprintf(command, sizeof(command), "ping -c 1 -W 1 -q %s >/dev/null 2>&1", ip);
	return system(command) == 0;
}

START_TEST(blocks_and_unblocks)
{
	struct nft t = { 0 };
	struct vip v[2] = { vip_of("10.9.0.1"), vip_of("2001:db8::1") };

	netns_enter();
	netns_sh("ip addr add 2001:db8::1/64 dev veth0 nodad");
	ck_assert_int_eq(nft_open(&t, "vrrpd"), 0);
	ck_assert_int_eq(nft_open(&t, "vrrpd"), 0); /* open already */
	ck_assert(pings("10.9.0.1"));
	ck_assert_int_eq(nft_block(&t, v, 2), 0);
	ck_assert_int_eq(nft_block(&t, v, 2), 0); /* again: fine */
	ck_assert(!pings("10.9.0.1"));
	ck_assert(!pings("2001:db8::1"));
	ck_assert_int_eq(nft_unblock(&t, v, 2), 0);
	ck_assert(pings("10.9.0.1"));
	ck_assert(pings("2001:db8::1"));
	ck_assert_int_eq(nft_add_vmac(&t, netns_ifindex("veth0")), 0);
	nft_close(&t);
	nft_close(&t);
}
END_TEST

START_TEST(a_thousand_addresses)
{
	struct nft t = { 0 };
	struct vip v[1000];

	netns_enter();
	for (size_t i = 0; i < 1000; i++) {
		char ip[32];

		snprintf(ip, sizeof(ip), "10.8.%zu.%zu", i / 250, i % 250);
		v[i] = vip_of(ip);
	}
	ck_assert_int_eq(nft_open(&t, "vrrpd"), 0);
	ck_assert_int_eq(nft_block(&t, v, 1000), 0);
	ck_assert_int_eq(nft_unblock(&t, v, 1000), 0);
	nft_close(&t);
}
END_TEST

START_TEST(table_ends_with_its_owner)
{
	struct nft t = { 0 }, other = { 0 };
	struct vip v = vip_of("10.9.0.1");
	int status;
	pid_t pid;

	netns_enter();
	pid = fork();
	if (pid == 0) { /* dies without a word */
		(void)!(nft_open(&t, "vrrpd") || nft_block(&t, &v, 1));
		_exit(pings("10.9.0.1"));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert(pings("10.9.0.1"));
	ck_assert_int_eq(nft_open(&t, "vrrpd"), 0);
	ck_assert_int_ne(nft_open(&other, "vrrpd"), 0); /* somebody else's */
	ck_assert_int_eq(nft_open(&other, "vrrpd2"), 0);
	nft_close(&other);
	nft_close(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nft");
	TCase *tc = tcase_create("nft");
	SRunner *r;
	int n_failed;

	if (!netns_is_possible())
		return NETNS_SKIP;
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, blocks_and_unblocks);
	tcase_add_test(tc, a_thousand_addresses);
	tcase_add_test(tc, table_ends_with_its_owner);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	n_failed = srunner_ntests_failed(r);
	srunner_free(r);
	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
