/* test_vip.c - addresses in the kernel, in a network namespace of our own. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>

#include "netns.h"
#include "vip.h"

static struct vip vip_of(const char *ip, unsigned prefix_len)
{
	struct vip v = { .ifindex = netns_ifindex("veth0"), .prefix_len = (uint8_t)prefix_len };

	ck_assert_int_eq(addr_parse_ip(str_from(ip), &v.addr), 0);
	return v;
}

START_TEST(adds_renews_and_deletes)
{
	struct vip_nl n = { 0 };
	struct vip v = vip_of("10.9.0.100", 32);

	netns_enter();
	v.ifindex = netns_ifindex("veth0");
	ck_assert_int_eq(vip_nl_open(&n), 0);
	ck_assert_int_eq(vip_set(&n, &v, 1, VIP_FOREVER, NULL), 0);
	ck_assert(netns_has_addr("veth0", "10.9.0.100"));
	ck_assert_int_eq(vip_set(&n, &v, 1, 2, NULL), 0); /* adopted */
	ck_assert_int_eq(vip_del(&n, &v, 1, NULL), 0);
	ck_assert(!netns_has_addr("veth0", "10.9.0.100"));
	ck_assert_int_eq(vip_del(&n, &v, 1, NULL), 0); /* not there: fine */
	vip_nl_close(&n);
}
END_TEST

START_TEST(expires_unless_renewed)
{
	struct vip_nl n = { 0 };
	struct vip v[2];
	int64_t end;

	netns_enter();
	v[0] = vip_of("10.9.0.100", 32);
	v[1] = vip_of("10.9.0.101", 32);
	ck_assert_int_eq(vip_nl_open(&n), 0);
	ck_assert_int_eq(vip_set(&n, v, 2, 1, NULL), 0);
	end = clock_mono_us() + 2 * US_PER_S;
	while (clock_mono_us() < end) { /* the first is renewed, without a gap */
		ck_assert_int_eq(vip_set(&n, v, 1, 1, NULL), 0);
		ck_assert(netns_has_addr("veth0", "10.9.0.100"));
		netns_nap_ms(100);
	}
	ck_assert(!netns_has_addr("veth0", "10.9.0.101"));
	end = clock_mono_us() + 2 * US_PER_S;
	while (netns_has_addr("veth0", "10.9.0.100")) {
		ck_assert(clock_mono_us() < end);
		netns_nap_ms(20);
	}
	vip_nl_close(&n);
}
END_TEST

START_TEST(a_thousand_are_one_batch)
{
	struct vip_nl n = { 0 };
	struct vip *v = xcalloc(1000, sizeof(*v));
	int *errs = xcalloc(1000, sizeof(*errs));
	int64_t start;

	netns_enter();
	ck_assert_int_eq(vip_nl_open(&n), 0);
	for (unsigned i = 0; i < 1000; i++) {
		char ip[32];

		snprintf(ip, sizeof(ip), "10.9.%u.%u", 10 + i / 250, 1 + i % 250);
		v[i] = vip_of(ip, 32);
	}
	start = clock_mono_us();
	ck_assert_int_eq(vip_set(&n, v, 1000, 30, NULL), 0);
	ck_assert_msg(clock_mono_us() - start < US_PER_S, "took %lld us",
		      (long long)(clock_mono_us() - start));
	ck_assert(netns_has_addr("veth0", "10.9.13.250"));
	ck_assert_int_eq(vip_del(&n, v, 1000, errs), 0);
	ck_assert(!netns_has_addr("veth0", "10.9.10.1"));
	ck_assert(!netns_has_addr("veth0", "10.9.13.250"));
	/* Every single one fails now, and is still "removed". */
	ck_assert_int_eq(vip_del(&n, v, 1000, errs), 0);
	vip_nl_close(&n);
	free(errs);
	free(v);
}
END_TEST

START_TEST(errors_name_the_address)
{
	struct vip_nl n = { 0 };
	struct vip v[3];
	int errs[3];

	netns_enter();
	v[0] = vip_of("10.9.0.100", 32);
	v[1] = vip_of("10.9.0.101", 32);
	v[1].ifindex = 4711;
	v[2] = vip_of("10.9.0.102", 32);
	ck_assert_int_eq(vip_nl_open(&n), 0);
	ck_assert_int_eq(vip_set(&n, v, 3, 30, errs), -ENODEV);
	ck_assert_int_eq(errs[0], 0);
	ck_assert_int_eq(errs[1], -ENODEV);
	ck_assert_int_eq(errs[2], 0);
	ck_assert(netns_has_addr("veth0", "10.9.0.102"));
	vip_nl_close(&n);
}
END_TEST

START_TEST(label_and_ipv6)
{
	struct vip_nl n = { 0 };
	struct vip v[2];

	netns_enter();
	v[0] = vip_of("10.9.0.100", 24);
	strcpy(v[0].label, "veth0:vip");
	ck_assert_int_eq(addr_parse_ip(str_from("10.9.0.255"), &v[0].brd), 0);
	v[1] = vip_of("2001:db8::100", 128);
	ck_assert_int_eq(vip_nl_open(&n), 0);
	ck_assert_int_eq(vip_set(&n, v, 2, 30, NULL), 0);
	ck_assert(netns_has_addr("veth0", "10.9.0.100"));
	ck_assert(netns_has_addr("veth0", "2001:db8::100"));
	ck_assert_int_eq(system("ip addr show dev veth0 | grep -q 'brd 10.9.0.255.*veth0:vip'"), 0);
	ck_assert_int_eq(vip_del(&n, v, 2, NULL), 0);
	ck_assert(!netns_has_addr("veth0", "2001:db8::100"));
	vip_nl_close(&n);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vip");
	TCase *tc = tcase_create("kernel");
	SRunner *r;
	int failed;

	if (!netns_is_possible())
		return NETNS_SKIP;
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, adds_renews_and_deletes);
	tcase_add_test(tc, expires_unless_renewed);
	tcase_add_test(tc, a_thousand_are_one_batch);
	tcase_add_test(tc, errors_name_the_address);
	tcase_add_test(tc, label_and_ipv6);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
