/* test_garp.c - gratuitous ARP: the bytes, and what reaches the wire. */
#include "garp.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <tandem/clock.h>
#include <unistd.h>

#include "../../lib/unit.h"
#include "netns.h"
#include "vip.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0x2a };

START_TEST(frame_is_what_keepalived_sends)
{
	/* Captured from keepalived 2.2.7 and entered by hand, with our addresses. */
	static const uint8_t want[GARP_LEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0, 0,
		0,    0x2a, 0x08, 0x06,                            /* Ethernet */
		0,    1,    8,    0,    6,    4,    0,  1,         /* request, Ethernet, IPv4 */
		2,    0,    0,    0,    0,    0x2a, 10, 9, 0, 100, /* sender */
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 9, 0, 100, /* target */
	};
	uint8_t frame[GARP_LEN];
	uint32_t ip = inet_addr("10.9.0.100");

	garp_build(frame, mac, &ip);
	ck_assert_mem_eq(frame, want, GARP_LEN);
}
END_TEST

static bool lookup(void *arg, unsigned ifindex, uint8_t out[6])
{
	if (ifindex != *(unsigned *)arg)
		return false;
	memcpy(out, mac, 6);
	return true;
}

START_TEST(all_addresses_reach_the_wire_repeated)
{
	struct vip v[70] = { 0 };
	unsigned ifindex, n_seen[70] = { 0 }, n = 0;
	int64_t end = clock_mono_us() + US_PER_S;
	struct sockaddr_ll here = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP) };
	int fd, tap;

	netns_enter();
	ifindex = netns_ifindex("veth0");
	here.sll_ifindex = (int)netns_ifindex("veth1");
	tap = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ARP));
	ck_assert_int_eq(bind(tap, (struct sockaddr *)&here, sizeof(here)), 0);
	for (unsigned i = 0; i < 70; i++) { /* more than one batch */
		char ip[32];

		snprintf(ip, sizeof(ip), i == 7 ? "2001:db8::%u" : "10.9.1.%u", i);
		ck_assert_int_eq(addr_parse_ip(str_from(ip), &v[i].addr), 0);
		v[i].ifindex = i == 8 ? 4711 : ifindex;
	}
	fd = garp_open();
	ck_assert_int_ge(fd, 0);
	/* IPv6 is not ARP's business, and an interface without hardware address has none. */
	ck_assert_uint_eq(garp_send(fd, v, 70, 3, lookup, &ifindex), 204);
	while (n < 3 * 68 && clock_mono_us() < end) {
		uint8_t frame[64];
		ssize_t len = recv(tap, frame, sizeof(frame), 0);

		if (len < GARP_LEN || memcmp(frame + 6, mac, 6) != 0)
			continue;
		ck_assert_uint_lt(frame[41], 70);
		n_seen[frame[41]]++;
		n++;
	}
	for (unsigned i = 0; i < 70; i++)
		ck_assert_msg(n_seen[i] == (i == 7 || i == 8 ? 0 : 3), "address %u: %u frames", i,
			      n_seen[i]);
	close(fd);
	close(tap);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("garp");
	TCase *tc = tcase_create("bytes");

	tcase_add_test(tc, frame_is_what_keepalived_sends);
	suite_add_tcase(s, tc);
	if (netns_is_possible()) {
		tc = tcase_create("wire");
		tcase_add_test(tc, all_addresses_reach_the_wire_repeated);
		suite_add_tcase(s, tc);
	}
	return unit_run(s);
}
