/* test_vrrp_report.c - the report between two vrrpd: bytes, refusals, and what of two
 * configurations is said to differ. */
#include "vrrp_report.h"

#include <stdio.h>
#include <string.h>

#include "../../lib/unit.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"

static struct addr ip(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip(str_from(text), &a), 0);
	return a;
}

static struct vrrp_report make(int family)
{
	bool is_v6 = family == AF_INET6;

	return (struct vrrp_report){
		.head = { .vrid = 51, .priority = 150, .state = VRRP_ACTIVE, .adver_us = 250000 },
		.digest = { .version = 3,
			    .priority = 150,
			    .least_priority = 130,
			    .flags = 5,
			    .auth_type = 1,
			    .down_adverts = 3,
			    .n_keys = 2,
			    .n_vips = 300,
			    .n_excluded = 2,
			    .adver_cs = 25,
			    .vips = 0xdeadbeef,
			    .excluded = 7,
			    .keys = 0x80000001 },
		.n_heard = 2,
		.heard = { { .addr = ip(is_v6 ? "fe80::1" : "10.9.0.1"),
			     .priority = 100,
			     .what = HEARD_ADVERT | HEARD_HELLO,
			     .age_us = 120000 },
			   { .addr = ip(is_v6 ? "fe80::2" : "10.9.0.2"),
			     .priority = 0,
			     .what = HEARD_HELLO,
			     .age_us = 0 } },
	};
}

static const int families[] = { AF_INET, AF_INET6 };

START_TEST(survives_the_wire_format)
{
	struct vrrp_report in = make(families[_i]), out;
	uint8_t bytes[VRRP_REPORT_MAX_LEN];
	size_t len = vrrp_report_build(&in, bytes);

	ck_assert_uint_eq(len, HANDOVER_LEN + 2 * VRRP_REPORT_HEARD_LEN);
	ck_assert(vrrp_report_parse(bytes, len, families[_i], &out));
	ck_assert_uint_eq(out.head.vrid, 51);
	ck_assert_int_eq(out.head.state, VRRP_ACTIVE);
	ck_assert_int_eq(out.head.adver_us, 250000);
	ck_assert_mem_eq(&in.digest, &out.digest, sizeof(in.digest));
	ck_assert_uint_eq(out.n_heard, 2);
	for (unsigned k = 0; k < 2; k++) {
		ck_assert(addr_eq(&in.heard[k].addr, &out.heard[k].addr));
		ck_assert_uint_eq(in.heard[k].priority, out.heard[k].priority);
		ck_assert_uint_eq(in.heard[k].what, out.heard[k].what);
		ck_assert_int_eq(in.heard[k].age_us, out.heard[k].age_us);
	}
	ck_assert(vrrp_report_hears(&out, &in.heard[1].addr));
	in.heard[1].addr = ip(families[_i] == AF_INET6 ? "fe80::3" : "10.9.0.3");
	ck_assert(!vrrp_report_hears(&out, &in.heard[1].addr));
}
END_TEST

START_TEST(a_full_list_is_cut_and_ages_are_capped)
{
	struct vrrp_report in = make(AF_INET), out;
	uint8_t bytes[VRRP_REPORT_MAX_LEN];

	in.n_heard = VRRP_REPORT_MAX_HEARD + 9;
	for (unsigned k = 0; k < VRRP_REPORT_MAX_HEARD; k++)
		in.heard[k] = in.heard[0];
	in.heard[0].age_us = INT64_MAX;
	in.heard[1].age_us = -5;
	ck_assert_uint_eq(vrrp_report_build(&in, bytes), VRRP_REPORT_MAX_LEN);
	ck_assert(vrrp_report_parse(bytes, sizeof(bytes), AF_INET, &out));
	ck_assert_uint_eq(out.n_heard, VRRP_REPORT_MAX_HEARD);
	ck_assert_int_eq(out.heard[0].age_us, INT64_C(655350000));
	ck_assert_int_eq(out.heard[1].age_us, 0);
}
END_TEST

START_TEST(refuses_what_contradicts_itself)
{
	struct vrrp_report in = make(AF_INET), out = { 0 };
	uint8_t bytes[VRRP_REPORT_MAX_LEN];
	size_t len = vrrp_report_build(&in, bytes);

	ck_assert(!vrrp_report_parse(bytes, len - 1, AF_INET, &out)); /* cut */
	bytes[9] = VRRP_REPORT_MAX_HEARD + 1;
	ck_assert(!vrrp_report_parse(bytes, sizeof(bytes), AF_INET, &out));
	bytes[9] = 2;
	bytes[5] = HANDOVER_HELLO;
	ck_assert(!vrrp_report_parse(bytes, len, AF_INET, &out)); /* no report */
	ck_assert_uint_eq(out.n_heard, 0);
}
END_TEST

static const char base[] = " virtual_ipaddress {\n 10.9.0.100/24\n 10.9.0.101/24\n }\n";

static const struct {
	const char *name, *here, *there;
	unsigned differs;
} rows[] = {
	{ "the same", "", "", 0 },
	{ "another priority is no difference", "priority 150", "priority 100", 0 },
	{ "nopreempt is none either", "nopreempt", "", 0 },
	{ "interval", "advert_int 2", "", DIFFERS_INTERVAL },
	{ "version", "version 3", "version 2", DIFFERS_VERSION },
	{ "password", "authentication {\n auth_type PASS\n auth_pass x\n }", "", DIFFERS_AUTH },
	{ "another password cannot be seen", "authentication {\n auth_type PASS\n auth_pass x\n }",
	  "authentication {\n auth_type PASS\n auth_pass y\n }", 0 },
	{ "tolerance", "down_timer_adverts 5", "", DIFFERS_DOWN },
	{ "excluded", "virtual_ipaddress_excluded {\n 10.9.0.200\n }", "", DIFFERS_EXCLUDED },
	{ "unicast", "unicast_src_ip 10.9.0.1\n unicast_peer {\n 10.9.0.2\n }", "", DIFFERS_CAST },
	{ "two things", "advert_int 2\n down_timer_adverts 5", "",
	  DIFFERS_INTERVAL | DIFFERS_DOWN },
};

static struct cfg *load(const char *extra, const char *vips)
{
	struct strbuf text = { 0 };
	struct diag d;
	struct cfg *c;

	strbuf_addf(&text,
		    "vrrp_instance VI_1 {\n interface lo\n virtual_router_id 51\n %s\n %s }\n",
		    extra, vips);
	diag_init(&d);
	c = cfg_load_text("t", (struct str){ text.p, text.len }, NULL, &d);
	diag_print(&d, stderr, DIAG_ERROR);
	ck_assert_ptr_nonnull(c);
	diag_fini(&d);
	strbuf_fini(&text);
	return c;
}

START_TEST(says_what_differs)
{
	struct cfg *here = load(rows[_i].here, base), *there = load(rows[_i].there, base);
	struct vrrp_digest a, b;
	char text[512];
	unsigned mask;

	vrrp_digest_make(here->instances, 100, 100, &a);
	vrrp_digest_make(there->instances, 50, 50, &b);
	mask = vrrp_digest_compare(&a, &b);
	ck_assert_msg(mask == rows[_i].differs, "%s: %x", rows[_i].name, mask);
	vrrp_difference_explain(mask, &a, &b, text, sizeof(text));
	ck_assert_msg((mask == 0) == (text[0] == '\0'), "%s: %s", rows[_i].name, text);
	cfg_free(here);
	cfg_free(there);
}
END_TEST

START_TEST(addresses_are_a_set_with_prefixes)
{
	struct cfg *a = load("", base);
	struct cfg *turned = load("", " virtual_ipaddress {\n 10.9.0.101/24\n 10.9.0.100/24\n }\n");
	struct cfg *other = load("", " virtual_ipaddress {\n 10.9.0.101/24\n 10.9.0.100/25\n }\n");
	struct vrrp_digest d[3];
	char text[128], tiny[8];

	vrrp_digest_make(a->instances, 0, 0, &d[0]);
	vrrp_digest_make(turned->instances, 0, 0, &d[1]);
	vrrp_digest_make(other->instances, 0, 0, &d[2]);
	ck_assert_uint_eq(vrrp_digest_compare(&d[0], &d[1]), 0);
	ck_assert_uint_eq(vrrp_digest_compare(&d[0], &d[2]), DIFFERS_ADDRESSES);
	vrrp_difference_explain(DIFFERS_ADDRESSES, &d[0], &d[2], text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "virtual_ipaddress: 2 ("));
	vrrp_difference_explain(DIFFERS_ADDRESSES, &d[0], &d[2], tiny, sizeof(tiny));
	ck_assert_str_eq(tiny, "virtual");
	cfg_free(a);
	cfg_free(turned);
	cfg_free(other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vrrp_report");
	TCase *tc = tcase_create("wire");

	tcase_add_loop_test(tc, survives_the_wire_format, 0, ARRAY_LEN(families));
	tcase_add_test(tc, a_full_list_is_cut_and_ages_are_capped);
	tcase_add_test(tc, refuses_what_contradicts_itself);
	suite_add_tcase(s, tc);
	tc = tcase_create("digest");
	tcase_add_loop_test(tc, says_what_differs, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, addresses_are_a_set_with_prefixes);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
