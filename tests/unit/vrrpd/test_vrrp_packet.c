/* test_vrrp_packet.c - adverts: captured ones, broken ones, and there and back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>

#include "../../lib/unit.h"
#include "vrrp_packet.h"

/* Whole IP packets as keepalived 2.4 sent them. */
static const struct {
	const char *name, *hex;
	unsigned version;
	int family;
	uint8_t vrid, priority;
	int64_t adver_us;
	unsigned n_vips, auth_type;
} wire[] = {
	{ "v3, two addresses, a trailer",
	  "45c0004000010000ff70d0170a620001e00000123133c802003206150a6200640a620065"
	  "010100006b03dc2823790000bf93ca7d2a90e69c5e05c89555e6ac42",
	  3, AF_INET, 51, 200, 500 * US_PER_MS, 2, 0 },
	{ "v3, unicast", "45c0002000010000ff70a5e60a6200010a6200023136640100324a790a620078", 3,
	  AF_INET, 54, 100, 500 * US_PER_MS, 1, 0 },
	{ "v2, a trailer",
	  "45c0004400010000ff70d0130a620001e00000122134c90100010af90a62006e0000000000000000"
	  "010700006b03dc29be7c0000c04c8757bf06e019df4588d4f811d3fe",
	  2, AF_INET, 52, 201, US_PER_S, 1, 0 },
	{ "v3 over IPv6, a trailer",
	  "6c04c5b7004470fffe800000000000005c7830fffe0c8f14ff0200000000000000000000000000123135"
	  "960200327adcfe800000000000000000000000980100fd980000000000000000000000000100010100006b"
	  "03dc29f92c0000fbeb735f7d01e48ddc337028b5e391ae",
	  3, AF_INET6, 53, 150, 500 * US_PER_MS, 2, 0 },
	{ "v2, PASS",
	  "45c0002800010000ff70d02f0a620001e000001221376401010132c80a6200827333637265740000", 2,
	  AF_INET, 55, 100, US_PER_S, 1, 1 },
	{ "v3 leaves, a trailer",
	  "45c00040000e0000ff70d00a0a620001e0000012313300020032ce150a6200640a620065"
	  "010100006b03dc2e83540000f4139d6e82b01a06c372c57fa4aa9acf",
	  3, AF_INET, 51, 0, 500 * US_PER_MS, 2, 0 },
	{ "v2 leaves, a trailer",
	  "45c0004400060000ff70d00e0a620001e0000012213400010001d3f90a62006e0000000000000000"
	  "010700006b03dc2e835c0000678ba2eb3cdb5968207b51338553a0d3",
	  2, AF_INET, 52, 0, US_PER_S, 1, 0 },
	{ "v3 over IPv6 leaves, a trailer",
	  "6c04c5b7004470fffe800000000000005c7830fffe0c8f14ff0200000000000000000000000000123135"
	  "000200328548fe800000000000000000000000980100fd980000000000000000000000000100010100006b"
	  "03dc2e835d0000d93165024be5164ed63524ca21f5a8cb",
	  3, AF_INET6, 53, 0, 500 * US_PER_MS, 2, 0 },
	{ "v3 unicast leaves", "45c00020000e0000ff70a5d90a6200010a620002313600010032ae790a620078",
	  3, AF_INET, 54, 0, 500 * US_PER_MS, 1, 0 },
	{ "v2 PASS leaves",
	  "45c0002800060000ff70d02a0a620001e00000122137000101"
	  "0196c80a6200827333637265740000",
	  2, AF_INET, 55, 0, US_PER_S, 1, 1 },
};

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; hex[0] && hex[1]; hex += 2) {
		char pair[3] = { hex[0], hex[1], '\0' };

		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

static struct addr make_addr(int family, const uint8_t *bytes)
{
	struct addr a = { 0 };

	if (family == AF_INET6) {
		a.in6.sin6_family = AF_INET6;
		memcpy(&a.in6.sin6_addr, bytes, 16);
		a.len = sizeof(a.in6);
	} else {
		a.in.sin_family = AF_INET;
		memcpy(&a.in.sin_addr, bytes, 4);
		a.len = sizeof(a.in);
	}
	return a;
}

/* Split an IP packet. Returns the length of the PDU. */
static size_t open_packet(const char *hex, int family, uint8_t *pdu, struct addr *src,
			  struct addr *dst)
{
	uint8_t ip[512];
	size_t len = unhex(hex, ip), head = family == AF_INET6 ? 40 : 20;

	*src = make_addr(family, ip + (family == AF_INET6 ? 8 : 12));
	*dst = make_addr(family, ip + (family == AF_INET6 ? 24 : 16));
	memcpy(pdu, ip + head, len - head);
	return len - head;
}

START_TEST(test_wire)
{
	uint8_t pdu[512];
	struct addr src, dst;
	struct vrrp_advert a;
	size_t len = open_packet(wire[_i].hex, wire[_i].family, pdu, &src, &dst);
	enum vrrp_parse_error e = vrrp_packet_parse(pdu, len, &src, &dst, &a);

	ck_assert_msg(e == VRRP_PKT_OK, "%s: %s", wire[_i].name, vrrp_parse_error_text(e));
	ck_assert_uint_eq(a.version, wire[_i].version);
	ck_assert_int_eq(a.family, wire[_i].family);
	ck_assert_uint_eq(a.vrid, wire[_i].vrid);
	ck_assert_uint_eq(a.priority, wire[_i].priority);
	ck_assert_int_eq(a.adver_us, wire[_i].adver_us);
	ck_assert_uint_eq(a.n_vips, wire[_i].n_vips);
	ck_assert_uint_eq(a.auth_type, wire[_i].auth_type);
	ck_assert(!a.is_plain_sum);
}
END_TEST

/* What was captured is what we would send (IPv6: without a trailer the checksum differs). */
START_TEST(test_build_gives_the_wire)
{
	uint8_t pdu[512], built[512];
	struct addr src, dst;
	struct vrrp_advert a;
	size_t len = open_packet(wire[_i].hex, wire[_i].family, pdu, &src, &dst);
	ssize_t n;

	ck_assert_int_eq(vrrp_packet_parse(pdu, len, &src, &dst, &a), VRRP_PKT_OK);
	n = vrrp_packet_build(&a, &src, &dst, built, sizeof(built));
	ck_assert_int_gt(n, 0);
	ck_assert_int_le(n, (ssize_t)len);
	if (wire[_i].family == AF_INET)
		ck_assert_msg(memcmp(built, pdu, (size_t)n) == 0, "%s", wire[_i].name);
	ck_assert_int_eq(vrrp_packet_parse(built, (size_t)n, &src, &dst, &a), VRRP_PKT_OK);
}
END_TEST

/* Damage to good adverts; the checksum is made right again where the row says so. */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order */
static const struct {
	const char *name;
	unsigned version;
	int at; /* byte to set; -1: none */
	uint8_t value;
	size_t len; /* of the PDU; 0: as it is */
	bool is_summed;
	enum vrrp_parse_error error;
} broken[] = {
	{ "whole v2", 2, -1, 0, 0, true, VRRP_PKT_OK },
	{ "whole v3", 3, -1, 0, 0, true, VRRP_PKT_OK },
	{ "nothing", 3, -1, 0, SIZE_MAX, false, VRRP_PKT_SHORT },
	{ "one byte", 3, -1, 0, 1, false, VRRP_PKT_SHORT },
	{ "seven bytes", 3, -1, 0, 7, false, VRRP_PKT_SHORT },
	{ "v3: header, one address missing", 3, -1, 0, 8, false, VRRP_PKT_LENGTH },
	{ "v3: an address cut", 3, -1, 0, 11, false, VRRP_PKT_LENGTH },
	{ "v2: no authentication data", 2, -1, 0, 12, false, VRRP_PKT_LENGTH },
	{ "v2: authentication data cut", 2, -1, 0, 19, false, VRRP_PKT_LENGTH },
	{ "v3: more addresses than bytes", 3, 3, 200, 0, true, VRRP_PKT_LENGTH },
	{ "v2: more addresses than bytes", 2, 3, 2, 0, true, VRRP_PKT_LENGTH },
	{ "padding behind v2", 2, -1, 0, 26, false, VRRP_PKT_OK },
	{ "padding behind v3", 3, -1, 0, 46, false, VRRP_PKT_OK },
	{ "version 0", 3, 0, 0x01, 0, true, VRRP_PKT_VERSION },
	{ "version 1", 3, 0, 0x11, 0, true, VRRP_PKT_VERSION },
	{ "version 4", 3, 0, 0x41, 0, true, VRRP_PKT_VERSION },
	{ "type 0", 3, 0, 0x30, 0, true, VRRP_PKT_TYPE },
	{ "type 2", 2, 0, 0x22, 0, true, VRRP_PKT_TYPE },
	{ "vrid 0", 3, 1, 0, 0, true, VRRP_PKT_VRID },
	{ "v2: a bit fell over", 2, 2, 99, 0, false, VRRP_PKT_CHECKSUM },
	{ "v3: a bit fell over", 3, 2, 99, 0, false, VRRP_PKT_CHECKSUM },
	{ "v3: an address changed", 3, 11, 99, 0, false, VRRP_PKT_CHECKSUM },
	{ "v2: the password changed", 2, 12, 'x', 0, false, VRRP_PKT_CHECKSUM },
	{ "v2: interval 0", 2, 5, 0, 0, true, VRRP_PKT_INTERVAL },
	{ "v3: interval 0", 3, 5, 0, 0, true, VRRP_PKT_INTERVAL },
	{ "v3: reserved bits are ignored", 3, 4, 0xf0, 0, true, VRRP_PKT_OK },
	{ "priority 0", 3, 2, 0, 0, true, VRRP_PKT_OK },
	{ "priority 255", 2, 2, 255, 0, true, VRRP_PKT_OK },
	{ "v3: no address", 3, 3, 0, 0, true, VRRP_PKT_OK },
};

static const uint8_t vip[4] = { 10, 0, 0, 100 };
static const uint8_t from[4] = { 10, 0, 0, 1 }, group[4] = { 224, 0, 0, 18 };

static struct vrrp_advert sample(unsigned version)
{
	return (struct vrrp_advert){ .version = version,
				     .vrid = 9,
				     .priority = 100,
				     .adver_us = US_PER_S,
				     .n_vips = 1,
				     .family = AF_INET,
				     .vips = vip };
}

static void sum_again(uint8_t *pdu, size_t len, unsigned version)
{
	uint32_t sum = 0;

	pdu[6] = pdu[7] = 0;
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)pdu[i] << (i % 2 ? 0 : 8);
	if (version == 3) {
		for (size_t i = 0; i < 4; i++)
			sum += (uint32_t)(from[i] + group[i]) << (i % 2 ? 0 : 8);
		sum += (uint32_t)len + 112;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	pdu[6] = (uint8_t)(~sum >> 8);
	pdu[7] = (uint8_t)~sum;
}

START_TEST(test_broken)
{
	const struct vrrp_advert good = sample(broken[_i].version);
	const struct addr src = make_addr(AF_INET, from), dst = make_addr(AF_INET, group);
	uint8_t pdu[64] = { 0 };
	ssize_t n = vrrp_packet_build(&good, &src, &dst, pdu, sizeof(pdu));
	size_t len = (size_t)n;
	struct vrrp_advert a;
	enum vrrp_parse_error e;

	ck_assert_int_eq(n, broken[_i].version == 2 ? 20 : 12);
	if (broken[_i].at >= 0)
		pdu[broken[_i].at] = broken[_i].value;
	if (broken[_i].at == 3 && broken[_i].value == 0)
		len = 8;
	if (broken[_i].is_summed)
		sum_again(pdu, len, broken[_i].version);
	if (broken[_i].len)
		len = broken[_i].len == SIZE_MAX ? 0 : broken[_i].len;
	e = vrrp_packet_parse(pdu, len, &src, &dst, &a);
	ck_assert_msg(e == broken[_i].error, "%s: %s", broken[_i].name, vrrp_parse_error_text(e));
}
END_TEST

START_TEST(test_every_cut_is_refused)
{
	for (unsigned version = 2; version <= 3; version++) {
		const struct vrrp_advert good = sample(version);
		uint8_t pdu[64];
		ssize_t n = vrrp_packet_build(&good, NULL, NULL, pdu, sizeof(pdu));
		struct vrrp_advert a;

		for (size_t len = 0; len < (size_t)n; len++)
			ck_assert_int_ne(vrrp_packet_parse(pdu, len, NULL, NULL, &a), VRRP_PKT_OK);
		ck_assert_int_eq(vrrp_packet_parse(pdu, (size_t)n, NULL, NULL, &a), VRRP_PKT_OK);
	}
}
END_TEST

START_TEST(test_sum_without_pseudo_header)
{
	struct vrrp_advert good = sample(3), a;
	const struct addr src = make_addr(AF_INET, from), dst = make_addr(AF_INET, group);
	uint8_t pdu[64], again[64];
	ssize_t n;

	good.is_plain_sum = true;
	n = vrrp_packet_build(&good, &src, &dst, pdu, sizeof(pdu));
	ck_assert_int_eq(vrrp_packet_parse(pdu, (size_t)n, &src, &dst, &a), VRRP_PKT_OK);
	ck_assert(a.is_plain_sum);
	ck_assert_int_eq(vrrp_packet_build(&a, &src, &dst, again, sizeof(again)), n);
	ck_assert_mem_eq(pdu, again, (size_t)n);
}
END_TEST

START_TEST(test_ipv6_needs_addresses)
{
	uint8_t pdu[512];
	struct addr src, dst;
	struct vrrp_advert a;
	size_t len = open_packet(wire[3].hex, AF_INET6, pdu, &src, &dst);

	ck_assert_int_eq(vrrp_packet_parse(pdu, len, &src, NULL, &a), VRRP_PKT_CHECKSUM);
	pdu[0] = 0x21;
	ck_assert_int_eq(vrrp_packet_parse(pdu, len, &src, &dst, &a), VRRP_PKT_VERSION);
}
END_TEST

START_TEST(test_limits_of_build)
{
	struct vrrp_advert a = sample(3), b;
	uint8_t buf[VRRP_MAX_LEN], many[4 * VRRP_MAX_VIPS] = { 0 };

	ck_assert_int_eq(vrrp_packet_build(&a, NULL, NULL, buf, 11), -EMSGSIZE);
	ck_assert_int_eq(vrrp_packet_build(&a, NULL, NULL, buf, 12), 12);
	a.vips = many;
	a.n_vips = VRRP_MAX_VIPS;
	ck_assert_int_eq(vrrp_packet_build(&a, NULL, NULL, buf, sizeof(buf)), 8 + 4 * 255);
	a.n_vips = VRRP_MAX_VIPS + 1;
	ck_assert_int_eq(vrrp_packet_build(&a, NULL, NULL, buf, sizeof(buf)), -EMSGSIZE);
	a = sample(3);
	a.adver_us = 100 * US_PER_S; /* 12 bits hold 40.95 s */
	ck_assert_int_eq(vrrp_packet_build(&a, NULL, NULL, buf, sizeof(buf)), 12);
	ck_assert_int_eq(vrrp_packet_parse(buf, 12, NULL, NULL, &b), VRRP_PKT_OK);
	ck_assert_int_eq(b.adver_us, 40950 * US_PER_MS);
	a.adver_us = 10 * US_PER_MS;
	ck_assert_int_eq(vrrp_packet_build(&a, NULL, NULL, buf, sizeof(buf)), 12);
	ck_assert_int_eq(vrrp_packet_parse(buf, 12, NULL, NULL, &b), VRRP_PKT_OK);
	ck_assert_int_eq(b.adver_us, 10 * US_PER_MS);
}
END_TEST

static const uint8_t two_vips[8] = { 10, 0, 0, 1, 10, 0, 0, 2 };
static const uint8_t swapped[8] = { 10, 0, 0, 2, 10, 0, 0, 1 };
static const uint8_t other[8] = { 10, 0, 0, 1, 10, 0, 0, 3 };

static const struct {
	const char *name;
	struct vrrp_advert a;
	struct vrrp_expect e;
	enum vrrp_parse_error error;
} matches[] = {
/* NOLINTBEGIN(bugprone-macro-parentheses): a string literal in parentheses initialises no array */
#define A(v, prio, adver, auth, pass, list, n)                                                     \
	{                                                                                          \
		.version = v, .vrid = 9, .priority = prio, .adver_us = adver, .auth_type = auth,   \
		.auth_data = pass, .n_vips = n, .family = AF_INET, .vips = list                    \
	}
#define E(v, adver, auth, pass, check, list, n)                                                    \
	{                                                                                          \
		.version = v, .vrid = 9, .adver_us = adver, .auth_type = auth, .auth_data = pass,  \
		.check_addrs = check, .n_vips = n, .vips = list                                    \
	}
	/* NOLINTEND(bugprone-macro-parentheses) */
	{ "as configured", A(2, 100, US_PER_S, 0, "", two_vips, 2),
	  E(2, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_OK },
	{ "another version", A(3, 100, US_PER_S, 0, "", two_vips, 2),
	  E(2, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_VERSION },
	{ "v2: another interval", A(2, 100, 2 * US_PER_S, 0, "", two_vips, 2),
	  E(2, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_INTERVAL },
	{ "v2: leaving with another interval", A(2, 0, 2 * US_PER_S, 0, "", two_vips, 2),
	  E(2, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_OK },
	{ "v3: intervals are learned", A(3, 100, 2 * US_PER_S, 0, "", two_vips, 2),
	  E(3, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_OK },
	{ "v2: password", A(2, 100, US_PER_S, 1, "secret", two_vips, 2),
	  E(2, US_PER_S, 1, "secret", true, two_vips, 2), VRRP_PKT_OK },
	{ "v2: wrong password", A(2, 100, US_PER_S, 1, "secreT", two_vips, 2),
	  E(2, US_PER_S, 1, "secret", true, two_vips, 2), VRRP_PKT_AUTH_DATA },
	{ "v2: longer password", A(2, 100, US_PER_S, 1, "secret1", two_vips, 2),
	  E(2, US_PER_S, 1, "secret", true, two_vips, 2), VRRP_PKT_AUTH_DATA },
	{ "v2: leaving with a wrong password", A(2, 0, US_PER_S, 1, "x", two_vips, 2),
	  E(2, US_PER_S, 1, "secret", true, two_vips, 2), VRRP_PKT_AUTH_DATA },
	{ "v2: no password", A(2, 100, US_PER_S, 0, "", two_vips, 2),
	  E(2, US_PER_S, 1, "secret", true, two_vips, 2), VRRP_PKT_AUTH_TYPE },
	{ "v2: a password too many", A(2, 100, US_PER_S, 1, "secret", two_vips, 2),
	  E(2, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_AUTH_TYPE },
	{ "v2: data without a type is ignored", A(2, 100, US_PER_S, 0, "junk", two_vips, 2),
	  E(2, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_OK },
	{ "addresses in another order", A(3, 100, US_PER_S, 0, "", swapped, 2),
	  E(3, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_OK },
	{ "another address", A(3, 100, US_PER_S, 0, "", other, 2),
	  E(3, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_ADDRS },
	{ "an address less", A(3, 100, US_PER_S, 0, "", two_vips, 1),
	  E(3, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_ADDRS },
	{ "addresses are not asked for", A(3, 100, US_PER_S, 0, "", other, 2),
	  E(3, US_PER_S, 0, "", false, two_vips, 2), VRRP_PKT_OK },
	{ "leaving with other addresses", A(3, 0, US_PER_S, 0, "", other, 2),
	  E(3, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_OK },
	{ "v2: the owner may list others (RFC 3768)", A(2, 255, US_PER_S, 0, "", other, 2),
	  E(2, US_PER_S, 0, "", true, two_vips, 2), VRRP_PKT_OK },
};

START_TEST(test_check)
{
	enum vrrp_parse_error e = vrrp_packet_check(&matches[_i].a, &matches[_i].e);

	ck_assert_msg(e == matches[_i].error, "%s: %s", matches[_i].name, vrrp_parse_error_text(e));
}
END_TEST

START_TEST(test_another_vrid)
{
	struct vrrp_advert a = sample(3);
	struct vrrp_expect e = { .version = 3, .vrid = 10 };

	ck_assert_int_eq(vrrp_packet_check(&a, &e), VRRP_PKT_VRID);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vrrp_packet");
	TCase *tc = tcase_create("packet");

	tcase_add_loop_test(tc, test_wire, 0, ARRAY_LEN(wire));
	tcase_add_loop_test(tc, test_build_gives_the_wire, 0, ARRAY_LEN(wire));
	tcase_add_loop_test(tc, test_broken, 0, ARRAY_LEN(broken));
	tcase_add_test(tc, test_every_cut_is_refused);
	tcase_add_test(tc, test_sum_without_pseudo_header);
	tcase_add_test(tc, test_ipv6_needs_addresses);
	tcase_add_test(tc, test_limits_of_build);
	tcase_add_loop_test(tc, test_check, 0, ARRAY_LEN(matches));
	tcase_add_test(tc, test_another_vrid);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
