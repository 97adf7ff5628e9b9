/* test_dup_packet.c - probes for duplicate addresses, and what counts as an answer. */
#include "dup_packet.h"

#include <arpa/inet.h>
#include <string.h>

#include "../../lib/unit.h"
#include "garp.h"
#include "ndisc.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t ip4[4] = { 10, 9, 0, 100 };
static const uint8_t ip6[16] = { 0xfd, [13] = 0xab, [14] = 0xcd, [15] = 0xef };

START_TEST(an_arp_probe_teaches_nobody)
{
	static const uint8_t none[4];
	uint8_t frame[DUP_ARP_LEN], got[6];
	struct addr ip;

	dup_build_arp(frame, mac, ip4);
	ck_assert_mem_eq(frame, "\xff\xff\xff\xff\xff\xff", 6);
	ck_assert_mem_eq(frame + 6, mac, 6);
	ck_assert_mem_eq(frame + 12, "\x08\x06\0\x01\x08\0\x06\x04\0\x01", 10);
	ck_assert_mem_eq(frame + 28, none, 4);
	ck_assert_mem_eq(frame + 38, ip4, 4);
	ck_assert(!dup_read_arp(frame + 14, 28, &ip, got)); /* no claim */
}
END_TEST

START_TEST(a_solicitation_has_the_right_group_and_checksum)
{
	uint8_t frame[DUP_NS_LEN];
	uint32_t sum = 24 + 58;

	dup_build_ns(frame, mac, ip6);
	ck_assert_mem_eq(frame, "\x33\x33\xff\xab\xcd\xef", 6);
	ck_assert_uint_eq(frame[14 + 7], 255);
	ck_assert_mem_eq(frame + 14 + 24 + 11, "\x01\xff\xab\xcd\xef", 5);
	ck_assert_mem_eq(frame + 54 + 8, ip6, 16);
	for (unsigned k = 14 + 8; k < DUP_NS_LEN; k += 2)
		sum += (uint32_t)(frame[k] << 8 | frame[k + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	ck_assert_uint_eq(sum, 0xffff);
}
END_TEST

START_TEST(an_announcement_and_a_reply_are_claims)
{
	uint8_t frame[GARP_LEN], got[6];
	struct addr ip;

	garp_build(frame, mac, ip4);
	ck_assert(dup_read_arp(frame + 14, 28, &ip, got));
	ck_assert_mem_eq(got, mac, 6);
	ck_assert_mem_eq(&ip.in.sin_addr, ip4, 4);
	frame[14 + 7] = 2; /* a reply, to somebody else */
	frame[38] = 99;
	ck_assert(dup_read_arp(frame + 14, 28, &ip, got));
	frame[14 + 7] = 1; /* an ordinary request */
	ck_assert(!dup_read_arp(frame + 14, 28, &ip, got));
	garp_build(frame, mac, ip4);
	ck_assert(!dup_read_arp(frame + 14, 27, &ip, got)); /* cut */
	frame[14 + 1] = 6;                                  /* no Ethernet */
	ck_assert(!dup_read_arp(frame + 14, 28, &ip, got));
}
END_TEST

START_TEST(an_advertisement_is_a_claim)
{
	uint8_t frame[NDISC_LEN], got[6];
	struct addr ip;

	ndisc_build(frame, mac, ip6, false);
	ck_assert(dup_read_na(frame + 54, NDISC_LEN - 54, &ip, got));
	ck_assert_mem_eq(got, mac, 6);
	ck_assert_mem_eq(&ip.in6.sin6_addr, ip6, 16);
	ck_assert(!dup_read_na(frame + 54, 24, &ip, got)); /* does not say who */
	ck_assert(!dup_read_na(frame + 54, 30, &ip, got)); /* cut */
	frame[54 + 25] = 0;                                /* an option without length */
	ck_assert(!dup_read_na(frame + 54, NDISC_LEN - 54, &ip, got));
	frame[54] = 135;
	ck_assert(!dup_read_na(frame + 54, NDISC_LEN - 54, &ip, got));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dup_packet");
	TCase *tc = tcase_create("dup_packet");

	tcase_add_test(tc, an_arp_probe_teaches_nobody);
	tcase_add_test(tc, a_solicitation_has_the_right_group_and_checksum);
	tcase_add_test(tc, an_announcement_and_a_reply_are_claims);
	tcase_add_test(tc, an_advertisement_is_a_claim);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
