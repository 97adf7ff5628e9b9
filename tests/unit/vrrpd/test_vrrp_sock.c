/* test_vrrp_sock.c - raw VRRP packets over a veth pair. */
#include "vrrp_sock.h"

#include <errno.h>
#include <string.h>
#include <tandem/clock.h>
#include <unistd.h>

#include "../../lib/unit.h"
#include "netns.h"
#include "vrrp_packet.h"

static struct loop l;
static struct vrrp_sock s;
static struct addr group, none;
static unsigned n;
static uint8_t last[64], last_ttl;
static size_t last_len;
static struct addr last_src, last_dst;

static void on_packet(void *arg, const struct vrrp_rx *rx)
{
	(void)arg;
	n++;
	last_ttl = rx->ttl;
	last_len = MIN(rx->len, sizeof(last));
	memcpy(last, rx->pdu, last_len);
	last_src = rx->src;
	last_dst = rx->dst;
}

static void start(void)
{
	netns_enter();
	netns_sh("ip addr add 10.9.0.2/32 dev veth1; for i in all veth0 veth1; do echo 0 > "
		 "/proc/sys/net/ipv4/conf/$i/rp_filter; echo 1 > "
		 "/proc/sys/net/ipv4/conf/$i/accept_local; done");
	ck_assert_int_eq(addr_parse_ip(STR("224.0.0.18"), &group), 0);
	ck_assert_int_eq(loop_init(&l, 0), 0);
}

/* Send from veth0 and turn the loop for a while, until `wanted` packets came. */
static void exchange(const struct addr *dst, const char *pdu, unsigned wanted)
{
	struct net_dest to = { .ifindex = netns_ifindex("veth0"), .dst = *dst };
	int64_t end = clock_mono_us() + (wanted ? US_PER_S : US_PER_S / 10);
	int fd = vrrp_sender_open(AF_INET);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(addr_parse_ip(STR("10.9.0.1"), &to.src), 0);
	ck_assert_int_eq(vrrp_send(fd, &to, pdu, strlen(pdu)), 0);
	while ((n < wanted || !wanted) && clock_mono_us() < end) {
		ev_run(l.ev, EVRUN_NOWAIT);
		netns_nap_ms(1);
	}
	close(fd);
	ck_assert_uint_eq(n, wanted);
}

START_TEST(multicast_arrives_with_ttl_and_origin)
{
	start();
	ck_assert_int_eq(vrrp_sock_open(&s, &l, AF_INET, netns_ifindex("veth1"), "veth1", &group,
					on_packet, NULL),
			 0);
	exchange(&group, "advert!!", 1);
	ck_assert_uint_eq(last_ttl, 255);
	ck_assert_uint_eq(last_len, 8);
	ck_assert(memcmp(last, "advert!!", 8) == 0);
	ck_assert(addr_eq(&last_dst, &group));
	ck_assert_uint_eq(last_src.in.sin_addr.s_addr, htonl(0x0a090001));
	vrrp_sock_close(&s);
	vrrp_sock_close(&s); /* twice is legal */
	loop_fini(&l);
}
END_TEST

START_TEST(without_the_group_multicast_is_not_heard)
{
	start();
	ck_assert_int_eq(vrrp_sock_open(&s, &l, AF_INET, netns_ifindex("veth1"), "veth1", &none,
					on_packet, NULL),
			 0);
	exchange(&group, "advert!!", 0);
	vrrp_sock_close(&s);
	loop_fini(&l);
}
END_TEST

START_TEST(own_multicast_does_not_come_back)
{
	start();
	ck_assert_int_eq(vrrp_sock_open(&s, &l, AF_INET, netns_ifindex("veth0"), "veth0", &group,
					on_packet, NULL),
			 0);
	exchange(&group, "advert!!", 0);
	vrrp_sock_close(&s);
	loop_fini(&l);
}
END_TEST

START_TEST(errors_are_returned)
{
	struct net_dest to = { .ifindex = 4711 };
	int fd;

	start();
	ck_assert_int_eq(vrrp_sock_open(&s, &l, AF_INET, 4711, "veth9", &group, on_packet, NULL),
			 -ENODEV);
	fd = vrrp_sender_open(AF_INET);
	to.dst = group;
	ck_assert_int_eq(addr_parse_ip(STR("10.9.0.1"), &to.src), 0);
	ck_assert_int_lt(vrrp_send(fd, &to, "x", 1), 0); /* no such interface */
	to.ifindex = netns_ifindex("veth0");
	ck_assert_int_eq(addr_parse_ip(STR("10.99.0.1"), &to.src), 0);
	ck_assert_int_lt(vrrp_send(fd, &to, "x", 1), 0); /* not our address */
	close(fd);
	loop_fini(&l);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vrrp_sock");
	TCase *tc = tcase_create("wire");

	if (!netns_is_possible())
		return NETNS_SKIP;
	tcase_add_test(tc, multicast_arrives_with_ttl_and_origin);
	tcase_add_test(tc, without_the_group_multicast_is_not_heard);
	tcase_add_test(tc, own_multicast_does_not_come_back);
	tcase_add_test(tc, errors_are_returned);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
