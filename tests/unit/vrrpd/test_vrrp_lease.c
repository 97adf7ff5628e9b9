/* test_vrrp_lease.c - what a master's hellos promise, and what its silence means. */
#include "vrrp_lease.h"

#include <arpa/inet.h>
#include <tandem/clock.h>
#include <tandem/diag.h>

#include "../../lib/unit.h"
#include "config/cfg_parse.h"
#include "vrrp_instance.h"

#define LEASE_US (1650 * US_PER_MS)

static struct loop l;
static struct vrrp_env env;
static struct cfg *cfg;
static struct vrrp_instance *in;

static struct addr ip(const char *text)
{
	struct addr a = { .len = sizeof(a.in) };

	a.in.sin_family = AF_INET;
	a.in.sin_addr.s_addr = inet_addr(text);
	return a;
}

/* A backup that has heard a master, a quarter of a second ago. */
static void set_up(void)
{
	static const char text[] = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n"
				   " version 3\n virtual_ipaddress {\n 10.9.0.100/24\n }\n}\n";
	struct diag d;

	diag_init(&d);
	cfg = cfg_load_text("t", str_from(text), NULL, &d);
	ck_assert_ptr_nonnull(cfg);
	diag_fini(&d);
	ck_assert_int_eq(loop_init(&l, LOOP_DEFAULT), 0);
	env = (struct vrrp_env){ .loop = &l, .global = &cfg->global };
	in = vrrp_instance_new(&env, cfg->instances);
	in->is_started = true;
	in->fsm.state = VRRP_BACKUP;
	in->fsm.deadline_us = l.now_us + 3 * US_PER_S;
	in->master = ip("10.9.0.2");
}

static void tear_down(void)
{
	vrrp_instance_free(in);
	loop_fini(&l);
	cfg_free(cfg);
}

static void hello(const char *from, enum vrrp_state state, int64_t lease_us)
{
	struct handover_msg m = {
		.kind = HANDOVER_HELLO, .vrid = 51, .state = state, .lease_us = lease_us
	};
	struct addr src = ip(from);

	vrrp_lease_on_hello(in, &src, &m);
}

static const struct {
	enum vrrp_state state;
	bool holds_addrs;
	int64_t adver_us, lease_us;
} promises[] = {
	{ VRRP_ACTIVE, true, US_PER_S, 1650 * US_PER_MS },
	{ VRRP_ACTIVE, true, 10 * US_PER_S, 1650 * US_PER_MS },
	{ VRRP_ACTIVE, true, 400 * US_PER_MS, 650 * US_PER_MS },
	{ VRRP_ACTIVE, true, 210 * US_PER_MS, 0 }, /* silence ends sooner than the address */
	{ VRRP_ACTIVE, false, US_PER_S, 0 },
	{ VRRP_BACKUP, true, US_PER_S, 0 },
	{ VRRP_FAULT, false, US_PER_S, 0 },
};

START_TEST(a_master_promises_what_its_kernel_keeps)
{
	in->fsm.state = promises[_i].state;
	in->holds_addrs = promises[_i].holds_addrs;
	in->params.adver_us = promises[_i].adver_us;
	ck_assert_int_eq(vrrp_lease_own_us(in), promises[_i].lease_us);
}
END_TEST

START_TEST(silence_for_the_lease_is_enough)
{
	int64_t start = clock_mono_us(), lease_us = 500 * US_PER_MS;

	hello("10.9.0.2", VRRP_ACTIVE, lease_us);
	while (!in->fsm.lease_over && clock_mono_us() < start + 3 * US_PER_S)
		ev_run(l.ev, EVRUN_ONCE);
	ck_assert(in->fsm.lease_over);
	ck_assert_int_ge(clock_mono_us() - start, lease_us - 2 * US_PER_MS);
	ck_assert_int_le(in->fsm.deadline_us, l.now_us + 50 * US_PER_MS);
}
END_TEST

START_TEST(only_the_master_gives_a_lease)
{
	hello("10.9.0.3", VRRP_ACTIVE, LEASE_US);
	ck_assert(!ev_is_active(&in->lease));
	hello("10.9.0.2", VRRP_BACKUP, LEASE_US);
	ck_assert(!ev_is_active(&in->lease));
	hello("10.9.0.2", VRRP_ACTIVE, 10 * US_PER_MS); /* a lie that would make us claim at once */
	ck_assert(!ev_is_active(&in->lease));
	hello("10.9.0.2", VRRP_ACTIVE, LEASE_US);
	ck_assert(ev_is_active(&in->lease));
}
END_TEST

START_TEST(a_hello_without_a_lease_ends_it)
{
	hello("10.9.0.2", VRRP_ACTIVE, LEASE_US);
	hello("10.9.0.2", VRRP_ACTIVE, 0);
	ck_assert(!ev_is_active(&in->lease));
}
END_TEST

START_TEST(adverts_prolong_it_while_hellos_come)
{
	vrrp_lease_on_advert(in);
	ck_assert(!ev_is_active(&in->lease)); /* a keepalived */
	hello("10.9.0.2", VRRP_ACTIVE, LEASE_US);
	l.now_us += 300 * US_PER_MS;
	vrrp_lease_on_advert(in);
	ck_assert(ev_is_active(&in->lease));
	l.now_us += 400 * US_PER_MS; /* adverts, but no hellos any more: they are filtered */
	vrrp_lease_on_advert(in);
	ck_assert(!ev_is_active(&in->lease));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vrrp_lease");
	TCase *tc = tcase_create("lease");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, a_master_promises_what_its_kernel_keeps, 0, ARRAY_LEN(promises));
	tcase_add_test(tc, silence_for_the_lease_is_enough);
	tcase_add_test(tc, only_the_master_gives_a_lease);
	tcase_add_test(tc, a_hello_without_a_lease_ends_it);
	tcase_add_test(tc, adverts_prolong_it_while_hellos_come);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
