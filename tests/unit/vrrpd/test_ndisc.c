/* test_ndisc.c - unsolicited neighbour advertisements: the bytes. */
#include "ndisc.h"

#include <arpa/inet.h>
#include <string.h>

#include "../../lib/unit.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0x2a };

static uint32_t sum_words(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return sum;
}

START_TEST(frame_is_an_advertisement_to_all_nodes)
{
	static const uint8_t head[22] = { 0x33, 0x33, 0,    0,    0, 0x01, 2, 0, 0,  0,  0,
					  0x2a, 0x86, 0xdd, 0x60, 0, 0,    0, 0, 32, 58, 255 };
	static const uint8_t option[8] = { 2, 1, 2, 0, 0, 0, 0, 0x2a };
	uint8_t frame[NDISC_LEN], ip[16], all[16];
	uint32_t sum;

	ck_assert_int_eq(inet_pton(AF_INET6, "fd00::9:100", ip), 1);
	ck_assert_int_eq(inet_pton(AF_INET6, "ff02::1", all), 1);
	ndisc_build(frame, mac, ip, _i == 1);
	ck_assert_mem_eq(frame, head, sizeof(head));
	ck_assert_mem_eq(frame + 22, ip, 16);  /* from the address itself */
	ck_assert_mem_eq(frame + 38, all, 16); /* to all nodes */
	ck_assert_uint_eq(frame[54], 136);
	ck_assert_uint_eq(frame[58], _i == 1 ? 0xa0 : 0x20); /* override, router */
	ck_assert_mem_eq(frame + 62, ip, 16);
	ck_assert_mem_eq(frame + 78, option, sizeof(option));
	sum = sum_words(frame + 22, 64, 32 + 58);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	ck_assert_uint_eq(sum, 0xffff);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ndisc");
	TCase *tc = tcase_create("bytes");

	tcase_add_loop_test(tc, frame_is_an_advertisement_to_all_nodes, 0, 2);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
