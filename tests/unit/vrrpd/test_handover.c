/* test_handover.c - our own datagrams: bytes, refusals, and over a wire. */
#include "handover.h"

#include <arpa/inet.h>
#include <string.h>
#include <tandem/clock.h>
#include <unistd.h>

#include "../../lib/unit.h"
#include "netns.h"
#include "vrrp_sock.h"

static const struct handover_msg claim = {
	.kind = HANDOVER_CLAIM,
	.vrid = 51,
	.priority = 150,
	.state = VRRP_FAULT,
	.adver_us = 250000,
	.target = { .in = { .sin_family = AF_INET }, .len = sizeof(struct sockaddr_in) },
};

START_TEST(survives_the_wire_format)
{
	struct handover_msg in = claim, out;
	uint8_t bytes[HANDOVER_LEN];

	in.target.in.sin_addr.s_addr = inet_addr("10.9.0.2");
	in.lease_us = 1650000;
	handover_build(&in, bytes);
	ck_assert(handover_parse(bytes, sizeof(bytes), &out));
	ck_assert_int_eq(out.kind, HANDOVER_CLAIM);
	ck_assert_uint_eq(out.vrid, 51);
	ck_assert_uint_eq(out.priority, 150);
	ck_assert_int_eq(out.state, VRRP_FAULT);
	ck_assert_int_eq(out.adver_us, 250000);
	ck_assert_int_eq(out.lease_us, 1650000);
	ck_assert(addr_eq(&in.target, &out.target));
}
END_TEST

START_TEST(long_intervals_are_capped)
{
	struct handover_msg in = claim, out;
	uint8_t bytes[HANDOVER_LEN];

	in.adver_us = INT64_C(255) * 1000000 * 10;
	handover_build(&in, bytes);
	ck_assert(handover_parse(bytes, sizeof(bytes), &out));
	ck_assert_int_eq(out.adver_us, INT64_C(65535) * 10000);
}
END_TEST

static const struct {
	const char *name;
	size_t len;
	size_t at;     /* this byte ... */
	uint8_t value; /* ... becomes this */
	bool is_good;
} rows[] = {
	{ "as built", HANDOVER_LEN, 0, 'T', true },
	{ "one byte short", HANDOVER_LEN - 1, 0, 'T', false },
	{ "empty", 0, 0, 'T', false },
	{ "another magic", HANDOVER_LEN, 3, 'X', false },
	{ "another version", HANDOVER_LEN, 4, 2, false },
	{ "kind 0", HANDOVER_LEN, 5, 0, false },
	{ "hello", HANDOVER_LEN, 5, HANDOVER_HELLO, true },
	{ "an empty report", HANDOVER_LEN, 5, HANDOVER_REPORT, true },
	{ "kind 4", HANDOVER_LEN, 5, 4, false },
	{ "VRID 0", HANDOVER_LEN, 6, 0, false },
	{ "unknown state", HANDOVER_LEN, 8, 4, false },
	{ "reserved bytes are not looked at", HANDOVER_LEN, 39, 1, true },
};

START_TEST(refuses_what_it_does_not_know)
{
	struct handover_msg in = claim, out = { 0 };
	uint8_t bytes[HANDOVER_LEN];

	handover_build(&in, bytes);
	bytes[rows[_i].at] = rows[_i].value;
	ck_assert_msg(handover_parse(bytes, rows[_i].len, &out) == rows[_i].is_good, "%s",
		      rows[_i].name);
	if (!rows[_i].is_good)
		ck_assert_msg(out.vrid == 0, "%s: output touched", rows[_i].name);
}
END_TEST

static struct handover_msg heard;
static struct addr heard_from;
static unsigned heard_on, n_heard;

static void on_message(void *arg, unsigned ifindex, const struct addr *src,
		       const struct handover_msg *m)
{
	(void)arg;
	heard = *m;
	heard_from = *src;
	heard_on = ifindex;
	n_heard++;
}

static void turn_until(struct loop *l, const unsigned *n, unsigned wanted, int64_t limit_us)
{
	int64_t end = clock_mono_us() + limit_us;

	while (*n < wanted && clock_mono_us() < end) {
		ev_run(l->ev, EVRUN_NOWAIT);
		netns_nap_ms(1);
	}
}

START_TEST(multicast_is_heard_and_a_low_ttl_is_not)
{
	struct loop l;
	struct handover_sock s;
	struct addr group;
	struct net_dest to;
	uint8_t bytes[HANDOVER_LEN];
	int fd, ttl = 254;

	netns_enter();
	netns_sh("ip addr add 10.9.0.2/32 dev veth1; for i in all veth0 veth1; do echo 0 > "
		 "/proc/sys/net/ipv4/conf/$i/rp_filter; echo 1 > "
		 "/proc/sys/net/ipv4/conf/$i/accept_local; done");
	ck_assert_int_eq(loop_init(&l, 0), 0);
	ck_assert_int_eq(handover_open(&s, &l, on_message, NULL), 0);
	ck_assert_int_eq(addr_parse_ip(STR("224.0.0.18"), &group), 0);
	ck_assert_int_eq(handover_join(&s, netns_ifindex("veth1"), &group), 0);
	ck_assert_int_eq(handover_join(&s, netns_ifindex("veth1"), &group), 0);
	fd = handover_sender_open(AF_INET);
	ck_assert_int_ge(fd, 0);
	to = (struct net_dest){ .ifindex = netns_ifindex("veth0"), .dst = group };
	ck_assert_int_eq(addr_parse_ip(STR("10.9.0.1"), &to.src), 0);
	addr_set_port(&to.dst, HANDOVER_PORT);
	handover_build(&claim, bytes);

	ck_assert_int_eq(vrrp_send(fd, &to, bytes, sizeof(bytes)), 0);
	turn_until(&l, &n_heard, 1, US_PER_S);
	ck_assert_uint_eq(n_heard, 1);
	ck_assert_uint_eq(heard.vrid, 51);
	ck_assert_uint_eq(heard_on, netns_ifindex("veth1"));
	ck_assert(addr_eq(&heard_from, &to.src));

	ck_assert_int_eq(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)), 0);
	ck_assert_int_eq(vrrp_send(fd, &to, bytes, sizeof(bytes)), 0);
	for (int64_t end = clock_mono_us() + US_PER_S; !s.n_refused && clock_mono_us() < end;)
		ev_run(l.ev, EVRUN_NOWAIT);
	ck_assert_uint_eq(s.n_refused, 1);
	ck_assert_uint_eq(n_heard, 1);
	close(fd);
	handover_close(&s);
	loop_fini(&l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("handover");
	TCase *tc = tcase_create("bytes");

	tcase_add_test(tc, survives_the_wire_format);
	tcase_add_test(tc, long_intervals_are_capped);
	tcase_add_loop_test(tc, refuses_what_it_does_not_know, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	if (netns_is_possible()) {
		tc = tcase_create("wire");
		tcase_add_test(tc, multicast_is_heard_and_a_low_ttl_is_not);
		suite_add_tcase(s, tc);
	}
	return unit_run(s);
}
