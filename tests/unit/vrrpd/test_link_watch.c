/* test_link_watch.c - interfaces and addresses as the kernel tells, in a namespace of our own. */
#include "link_watch.h"

#include <tandem/clock.h>

#include "../../lib/unit.h"
#include "netns.h"

static struct loop l;
static struct link_watch w;
static unsigned n_links, n_gone, n_addrs, n_addrs_gone;

static void on_link(void *arg, const struct link *k, bool is_gone)
{
	(void)arg, (void)k;
	n_links++;
	n_gone += is_gone;
}

static void on_addr(void *arg, const struct link *k, const struct link_addr *a, bool is_gone)
{
	(void)arg, (void)k, (void)a;
	n_addrs += !is_gone;
	n_addrs_gone += is_gone;
}

static void start(void)
{
	netns_enter();
	ck_assert_int_eq(loop_init(&l, 0), 0);
	ck_assert_int_eq(link_watch_init(&w, &l, on_link, on_addr, NULL), 0);
}

static void stop(void)
{
	link_watch_fini(&w);
	loop_fini(&l);
}

#define TURN_UNTIL(cond)                                                                           \
	do {                                                                                       \
		int64_t end_ = clock_mono_us() + 2 * US_PER_S;                                     \
		while (!(cond)) {                                                                  \
			ck_assert_msg(clock_mono_us() < end_, "never: " #cond);                    \
			ev_run(l.ev, EVRUN_NOWAIT);                                                \
			netns_nap_ms(1);                                                           \
		}                                                                                  \
	} while (0)

START_TEST(reads_the_table_silently)
{
	const struct link *k;
	struct addr a;

	start();
	k = link_find(&w, "veth0");
	ck_assert_ptr_nonnull(k);
	ck_assert_ptr_eq(k, link_find_index(&w, netns_ifindex("veth0")));
	ck_assert_ptr_null(link_find(&w, "veth9"));
	ck_assert_ptr_null(link_find_index(&w, 4711));
	ck_assert(!link_is_running(NULL));
	ck_assert_uint_eq(k->mac_len, 6);
	ck_assert_int_eq(addr_parse_ip(STR("10.9.0.1"), &a), 0);
	ck_assert(link_has_addr(k, &a));
	ck_assert(!link_has_addr(NULL, &a));
	ck_assert_uint_eq(n_links, 0);
	ck_assert_uint_eq(n_addrs, 0);
	TURN_UNTIL(link_is_running(link_find(&w, "veth0")));
	stop();
}
END_TEST

START_TEST(sees_a_cable_cut_at_the_far_end)
{
	start();
	TURN_UNTIL(link_is_running(link_find(&w, "veth0")));
	netns_sh("ip link set veth1 down");
	TURN_UNTIL(!link_is_running(link_find(&w, "veth0")));
	netns_sh("ip link set veth1 up");
	TURN_UNTIL(link_is_running(link_find(&w, "veth0")));
	stop();
}
END_TEST

START_TEST(sees_addresses_come_and_go)
{
	struct addr a;

	start();
	ck_assert_int_eq(addr_parse_ip(STR("10.9.0.9"), &a), 0);
	netns_sh("ip addr add 10.9.0.9/32 dev veth0");
	TURN_UNTIL(link_has_addr(link_find(&w, "veth0"), &a));
	n_addrs = 0;
	netns_sh("ip addr change 10.9.0.9/32 dev veth0 valid_lft 50 preferred_lft 50");
	netns_sh("ip addr del 10.9.0.9/32 dev veth0");
	TURN_UNTIL(!link_has_addr(link_find(&w, "veth0"), &a));
	ck_assert_uint_eq(n_addrs, 0); /* a renewal is no news */
	ck_assert_uint_ge(n_addrs_gone, 1);
	stop();
}
END_TEST

START_TEST(sees_an_interface_vanish_and_return)
{
	unsigned old;

	start();
	old = netns_ifindex("veth0");
	netns_sh("ip link del veth0");
	TURN_UNTIL(!link_find(&w, "veth0"));
	ck_assert_uint_ge(n_gone, 1);
	ck_assert_uint_ge(n_addrs_gone, 1);
	netns_sh("ip link add veth0 type veth peer name veth1 && ip link set veth0 up && "
		 "ip link set veth1 up");
	TURN_UNTIL(link_is_running(link_find(&w, "veth0")));
	ck_assert_uint_ne(link_find(&w, "veth0")->ifindex, old);
	stop();
}
END_TEST

START_TEST(a_rename_is_followed)
{
	start();
	netns_sh("ip link set veth0 down && ip link set veth0 name wan0 && ip link set wan0 up");
	TURN_UNTIL(link_find(&w, "wan0"));
	ck_assert_ptr_null(link_find(&w, "veth0"));
	stop();
}
END_TEST

START_TEST(lost_events_are_made_good)
{
	struct addr first, last;

	start();
	/* Far more than the socket holds, without a turn of the loop. */
	netns_sh("for i in $(seq 1 20); do for j in $(seq 1 250); do "
		 "echo addr add 10.10.$i.$j/32 dev veth0; done; done | ip -batch - && "
		 "for i in $(seq 1 19); do for j in $(seq 1 250); do "
		 "echo addr del 10.10.$i.$j/32 dev veth0; done; done | ip -batch -");
	ck_assert_int_eq(addr_parse_ip(STR("10.10.20.250"), &last), 0);
	ck_assert_int_eq(addr_parse_ip(STR("10.10.1.1"), &first), 0);
	TURN_UNTIL(link_has_addr(link_find(&w, "veth0"), &last));
	TURN_UNTIL(!link_has_addr(link_find(&w, "veth0"), &first));
	TURN_UNTIL(link_find(&w, "veth0")->n_addrs <= 252);
	stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("link_watch");
	TCase *tc = tcase_create("kernel");

	if (!netns_is_possible())
		return NETNS_SKIP;
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, reads_the_table_silently);
	tcase_add_test(tc, sees_a_cable_cut_at_the_far_end);
	tcase_add_test(tc, sees_addresses_come_and_go);
	tcase_add_test(tc, sees_an_interface_vanish_and_return);
	tcase_add_test(tc, a_rename_is_followed);
	tcase_add_test(tc, lost_events_are_made_good);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
