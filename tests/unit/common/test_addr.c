/* test_addr.c - socket addresses. */
#include <tandem/addr.h>

#include <errno.h>

#include "../../lib/unit.h"

static const struct {
	const char *text;
	int rc;
	const char *with_port, *bare; /* after addr_set_port(80) */
} ips[] = {
	{ "192.0.2.1", 0, "192.0.2.1:80", "192.0.2.1" },
	{ "0.0.0.0", 0, "0.0.0.0:80", "0.0.0.0" },
	{ "255.255.255.255", 0, "255.255.255.255:80", "255.255.255.255" },
	{ "2001:db8::1", 0, "[2001:db8::1]:80", "2001:db8::1" },
	{ "::", 0, "[::]:80", "::" },
	{ "::ffff:192.0.2.1", 0, "[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1" },
	{ "", -EINVAL, NULL, NULL },
	{ "192.0.2", -EINVAL, NULL, NULL },
	{ "192.0.2.256", -EINVAL, NULL, NULL },
	{ "192.0.2.1:80", -EINVAL, NULL, NULL },
	{ "[::1]", -EINVAL, NULL, NULL },
	{ "::1%lo", -EINVAL, NULL, NULL },
	{ "localhost", -EINVAL, NULL, NULL },
	{ "1:2:3:4:5:6:7:8:9", -EINVAL, NULL, NULL },
	{ "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", -EINVAL, NULL, NULL },
};

START_TEST(test_ip)
{
	struct addr a = { .len = 1 };
	char text[ADDR_TEXT_LEN], ip[INET6_ADDRSTRLEN];

	ck_assert_int_eq(addr_parse_ip(str_from(ips[_i].text), &a), ips[_i].rc);
	if (ips[_i].rc) {
		ck_assert_uint_eq(a.len, 1); /* untouched */
		return;
	}
	addr_set_port(&a, 80);
	ck_assert_uint_eq(addr_port(&a), 80);
	ck_assert_str_eq(addr_format(&a, true, text), ips[_i].with_port);
	ck_assert_str_eq(addr_format(&a, false, text), ips[_i].bare);
	ck_assert_uint_eq(addr_format_ip(&a, ip), strlen(ips[_i].bare));
	ck_assert_str_eq(ip, ips[_i].bare);
}
END_TEST

START_TEST(an_embedded_nul_is_no_address)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip((struct str){ "1.2.3.4\0x", 9 }, &a), -EINVAL);
}
END_TEST

START_TEST(test_unix)
{
	struct addr a, b;
	char text[ADDR_TEXT_LEN], ip[INET6_ADDRSTRLEN], longest[108];

	ck_assert_int_eq(addr_from_path(STR("/run/x.sock"), &a), 0);
	ck_assert_str_eq(addr_format(&a, true, text), "unix:/run/x.sock");
	ck_assert_uint_eq(addr_format_ip(&a, ip), 4);
	ck_assert_str_eq(ip, "unix");
	ck_assert_uint_eq(addr_port(&a), 0);
	addr_set_port(&a, 5);
	ck_assert_str_eq(a.un.sun_path, "/run/x.sock");
	ck_assert_int_eq(addr_from_path(STR("/run/y.sock"), &b), 0);
	ck_assert(!addr_eq(&a, &b));
	b = a;
	b.len = sizeof(b.un); /* as the kernel may report it */
	ck_assert(addr_eq(&a, &b));
	memset(longest, 'x', sizeof(longest));
	ck_assert_int_eq(addr_from_path((struct str){ longest, 108 }, &b), -ENAMETOOLONG);
	ck_assert_int_eq(addr_from_path((struct str){ longest, 107 }, &b), 0);
	ck_assert_uint_eq(strlen(addr_format(&b, true, text)), 112);
	ck_assert_int_eq(addr_from_path(STR(""), &b), -ENAMETOOLONG);
}
END_TEST

START_TEST(test_abstract_and_unnamed)
{
	struct addr a = { .un = { AF_UNIX, "" }, .len = sizeof(sa_family_t) };
	char text[ADDR_TEXT_LEN];

	ck_assert_str_eq(addr_format(&a, true, text), "unix:");
	memcpy(a.un.sun_path, "\0name", 5);
	a.len = sizeof(sa_family_t) + 5;
	ck_assert_str_eq(addr_format(&a, true, text), "unix:@name");
}
END_TEST

START_TEST(test_eq_and_any)
{
	struct addr none = { 0 }, v4, v6, other;
	char text[ADDR_TEXT_LEN];

	ck_assert_int_eq(addr_parse_ip(STR("0.0.0.0"), &v4), 0);
	ck_assert_int_eq(addr_parse_ip(STR("::"), &v6), 0);
	ck_assert(addr_is_any(&v4) && addr_is_any(&v6) && !addr_is_any(&none));
	ck_assert(!addr_eq(&v4, &v6) && !addr_eq(&v4, &none) && addr_eq(&none, &none));
	other = v4;
	ck_assert(addr_eq(&v4, &other));
	addr_set_port(&other, 1);
	ck_assert(!addr_eq(&v4, &other));
	other = v6;
	other.in6.sin6_scope_id = 2;
	ck_assert(!addr_eq(&v6, &other));
	ck_assert_int_eq(addr_parse_ip(STR("::1"), &other), 0);
	ck_assert(!addr_is_any(&other));
	ck_assert_str_eq(addr_format(&none, true, text), "");
}
END_TEST

START_TEST(test_loopback)
{
	static const char *const here[] = { "127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.2" };
	static const char *const elsewhere[] = { "128.0.0.1", "10.0.0.127",      "::2",
						 "::",        "::ffff:10.0.0.1", "7f00::1" };
	struct addr a = { 0 };

	ck_assert(!addr_is_loopback(&a));
	for (size_t i = 0; i < ARRAY_LEN(here); i++) {
		ck_assert_int_eq(addr_parse_ip(str_from(here[i]), &a), 0);
		ck_assert_msg(addr_is_loopback(&a), "%s", here[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
		ck_assert_int_eq(addr_parse_ip(str_from(elsewhere[i]), &a), 0);
		ck_assert_msg(!addr_is_loopback(&a), "%s", elsewhere[i]);
	}
	ck_assert_int_eq(addr_from_path(STR("/run/x"), &a), 0);
	ck_assert(!addr_is_loopback(&a));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("addr");
	TCase *tc = tcase_create("addr");

	tcase_add_loop_test(tc, test_ip, 0, ARRAY_LEN(ips));
	tcase_add_test(tc, an_embedded_nul_is_no_address);
	tcase_add_test(tc, test_unix);
	tcase_add_test(tc, test_abstract_and_unnamed);
	tcase_add_test(tc, test_eq_and_any);
	tcase_add_test(tc, test_loopback);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
