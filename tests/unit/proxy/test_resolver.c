/* test_resolver.c - servers that follow their names, with name servers that answer, fail, lie or
 * keep silent; the loop never waits for them. */
#include "../../lib/fake_dns.h"
#include "../../lib/pool_fixture.h"
#include "../../lib/unit.h"

#include <errno.h>
#include <tandem/clock.h>

#include "dns/resolver.h"
#include "dns/server_template.h"

#define LIMIT_US (5 * US_PER_S)

static struct loop loop;
static struct fix_cfg fx;
static struct cfg cfg;
static struct cfg_resolvers section;
static struct cfg_nameserver servers[2];
static struct fake_dns ns[2];
static struct dns *dns;
static struct backend *be;
static ev_timer tick;
static int64_t last_tick_us, longest_us; /* between two turns */

static void on_tick(struct ev_loop *ev, ev_timer *w, int revents)
{
	int64_t now_us = clock_mono_us();

	(void)ev, (void)w, (void)revents;
	longest_us = MAX(longest_us, now_us - last_tick_us);
	last_tick_us = now_us;
}

static void setup(void)
{
	ck_assert_int_eq(loop_init(&loop, EVBACKEND_EPOLL | EVFLAG_NOENV), 0);
	urcu_qsbr_register_thread();
	for (unsigned i = 0; i < 2; i++) {
		fake_dns_init(&ns[i], loop.ev);
		servers[i] = (struct cfg_nameserver){ .name = i ? "n2" : "n1", .addr = ns[i].at };
	}
	section = (struct cfg_resolvers){ .name = "r",
					  .nameservers = servers,
					  .n_nameservers = 1,
					  .resolve_us = 50000,
					  .retry_us = 60000,
					  .retries = 2,
					  .payload_size = 512 };
	cfg = (struct cfg){ .resolvers = &section };
	dns = dns_new(&loop);
	ev_timer_init(&tick, on_tick, 0., 0.005);
	ev_timer_start(loop.ev, &tick);
	last_tick_us = clock_mono_us();
	longest_us = 0;
}

static void follow(void)
{
	dns_servers_begin(dns, &cfg);
	dns_servers_follow(dns, be);
	dns_servers_end(dns);
}

/* n servers s1.. of this name, port 80, in section r. */
static void begin(unsigned n, const char *fqdn)
{
	fix_init(&fx, n);
	for (unsigned i = 0; i < n; i++) {
		struct cfg_server *s = &fx.servers[i];

		s->addr = (struct addr){ .len = 0 };
		s->fqdn = fqdn;
		s->is_srv = fqdn[0] == '_';
		s->is_unresolved = true;
		s->port = s->is_srv ? 0 : 80;
		s->resolve.resolvers = &section;
		s->resolve.family = AF_INET6;
	}
	be = backend_new(&fx.px, 1);
	follow();
}

static void teardown(void)
{
	for (unsigned i = 0; i < be->n_servers; i++)
		dns_forget(be->servers[i]);
	dns_free(dns);
	fix_free_backend(be);
	fake_dns_fini(&ns[0]);
	fake_dns_fini(&ns[1]);
	ev_timer_stop(loop.ev, &tick);
	urcu_qsbr_unregister_thread();
	loop_fini(&loop);
}

/* "1.0.0.1:80 - ..." */
static const char *addresses(void)
{
	static char out[512];
	char text[ADDR_TEXT_LEN];

	out[0] = '\0';
	for (unsigned i = 0; i < be->n_servers; i++) {
		const struct server *s = be->servers[i];
		bool is_out = (s->admin & SERVER_RMAINT) != 0;

		ck_assert_int_eq(is_out, s->addr.len == 0);
		ck_assert_int_eq(is_out, !be->view->servers[i].usable);
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%s", i ? " " : "",
			 is_out ? "-" : addr_format(&s->addr, true, text));
	}
	return out;
}

static void turn(void)
{
	ev_run(loop.ev, EVRUN_ONCE);
	urcu_qsbr_quiescent_state();
}

static void wait_for(const char *want)
{
	int64_t until_us = clock_mono_us() + LIMIT_US;

	while (strcmp(addresses(), want) != 0 && clock_mono_us() < until_us)
		turn();
	ck_assert_str_eq(addresses(), want);
}

/* While n further questions reach the name server, nothing changes. */
static void stays(struct fake_dns *d, unsigned n, const char *want)
{
	int64_t until_us = clock_mono_us() + LIMIT_US;

	n += d->n_udp;
	while (d->n_udp < n && clock_mono_us() < until_us) {
		turn();
		ck_assert_str_eq(addresses(), want);
	}
	ck_assert_uint_ge(d->n_udp, n);
}

static const struct dns_counters *counters(const char *name)
{
	const struct dns_section *s = dns_find_section(dns, "r");
	const struct dns_nameserver *n;

	list_for_each (n, &s->nameservers, node)
		if (strcmp(n->name, name) == 0)
			return &n->n;
	ck_abort_msg("no name server %s", name);
	return NULL;
}

START_TEST(servers_follow_their_name)
{
	fake_dns_add(&ns[0], "gw.test", "1.0.0.1");
	begin(3, "gw.test");
	ck_assert_str_eq(addresses(), "- - -");
	wait_for("1.0.0.1:80 - -");
	ck_assert_msg(fix_starts(0, "web/s1 changed its IP from (none) to 1.0.0.1 by r/n1."), "%s",
		      fix_lines[0]);
	ck_assert_msg(fix_starts(1, "Server web/s1 ('gw.test') is UP/READY (resolves again)."),
		      "%s", fix_lines[1]);
	ck_assert_msg(fix_starts(2, "Server web/s1 administratively READY thanks to valid DNS "
				    "answer."),
		      "%s", fix_lines[2]);
	fake_dns_add(&ns[0], "gw.test", "1.0.0.2");
	fake_dns_add(&ns[0], "GW.test", "1.0.0.3");
	wait_for("1.0.0.1:80 1.0.0.2:80 1.0.0.3:80");
	ck_assert(fix_said("web/s2 changed its IP from (none) to 1.0.0.2 by DNS cache."));
	fix_forget_lines();
	ns[0].records[0].ip = "1.0.0.9"; /* the first one moved */
	wait_for("1.0.0.9:80 1.0.0.2:80 1.0.0.3:80");
	ck_assert(fix_said("web/s1 changed its IP from 1.0.0.1 to 1.0.0.9 by r/n1."));
	fix_forget_lines();
	ns[0].n_records = 1;
	wait_for("1.0.0.9:80 - -");
	ck_assert(fix_said("Server web/s2 is going DOWN for maintenance (No IP for server ). "));
	ck_assert_uint_gt(counters("n1")->valid, 3);
	ck_assert_uint_gt(counters("n1")->any_err, 3); /* no IPv6 */
	ck_assert_uint_eq(counters("n1")->update, 2);
	ck_assert_int_eq(be->view->n_usable, 1);
}
END_TEST

static const struct {
	const char *name, *line;
	unsigned rcode;
	enum dns_manner manner;
	bool is_gone;
	enum cfg_hold hold;
} failures[] = {
	{ "no such name", " (DNS NX status)", 3, DNS_TELLS, false, CFG_HOLD_NX },
	{ "refused", " (DNS refused status)", 5, DNS_TELLS, false, CFG_HOLD_REFUSED },
	{ "failed", " (unspecified DNS error)", 2, DNS_TELLS, false, CFG_HOLD_OTHER },
	{ "nonsense", " (unspecified DNS error)", 0, DNS_TALKS_NONSENSE, false, CFG_HOLD_OTHER },
	{ "silent", " (DNS timeout status)", 0, DNS_SILENT, false, CFG_HOLD_TIMEOUT },
	{ "gone", " (DNS timeout status)", 0, DNS_TELLS, true, CFG_HOLD_TIMEOUT },
};

/* The address stays for the time of its `hold`, then the server waits; it comes back with the name.
 */
START_TEST(failures_are_held_against)
{
	char line[200];
	int64_t failed_us;

	section.hold_us[failures[_i].hold] = 400000;
	fake_dns_add(&ns[0], "gw.test", "1.0.0.1");
	begin(1, "gw.test");
	wait_for("1.0.0.1:80");
	fix_forget_lines();
	ns[0].rcode = failures[_i].rcode;
	ns[0].manner = failures[_i].manner;
	if (failures[_i].is_gone)
		fake_dns_fini(&ns[0]);
	failed_us = clock_mono_us();
	wait_for("-");
	ck_assert_msg(clock_mono_us() - failed_us > 300000, "%s: too early", failures[_i].name);
	snprintf(line, sizeof(line), "Server web/s1 is going DOWN for maintenance%s.",
		 failures[_i].line);
	ck_assert_msg(fix_said(line), "%s: %s", failures[_i].name, fix_lines[0]);
	ck_assert_msg(longest_us < 300000, "the loop stood for %lld us", (long long)longest_us);
	if (failures[_i].is_gone)
		return;
	ns[0].rcode = 0;
	ns[0].manner = DNS_TELLS;
	wait_for("1.0.0.1:80");
}
END_TEST

START_TEST(one_good_name_server_is_enough)
{
	static const struct {
		unsigned rcode;
		enum dns_manner manner;
	} bad[] = {
		{ 3, DNS_TELLS }, { 2, DNS_TELLS }, { 0, DNS_SILENT }, { 0, DNS_TALKS_NONSENSE }
	};

	section.n_nameservers = 2;
	servers[0].next = &servers[1];
	fake_dns_add(&ns[1], "gw.test", "1.0.0.1");
	ns[0].rcode = bad[_i].rcode;
	ns[0].manner = bad[_i].manner;
	begin(1, "gw.test");
	wait_for("1.0.0.1:80");
	ck_assert(fix_said("web/s1 changed its IP from (none) to 1.0.0.1 by r/n2."));
	stays(&ns[1], 10, "1.0.0.1:80");
}
END_TEST

START_TEST(a_truncated_answer_is_asked_again_over_tcp)
{
	fake_dns_add(&ns[0], "gw.test", "1.0.0.1");
	ns[0].manner = DNS_TRUNCATES;
	begin(1, "gw.test");
	wait_for("1.0.0.1:80");
	ck_assert_uint_gt(ns[0].n_tcp, 0);
	ck_assert_uint_gt(counters("n1")->truncated, 0);
}
END_TEST

START_TEST(a_name_server_over_tcp)
{
	fake_dns_add(&ns[0], "gw.test", "1.0.0.1");
	servers[0].is_tcp = true;
	begin(1, "gw.test");
	wait_for("1.0.0.1:80");
	ck_assert_uint_eq(ns[0].n_udp, 0);
	fake_dns_add(&ns[0], "gw.test", "1.0.0.2");
	ns[0].records[0].ip = "1.0.0.3";
	wait_for("1.0.0.3:80");
}
END_TEST

START_TEST(a_slow_answer_counts)
{
	fake_dns_add(&ns[0], "gw.test", "1.0.0.1");
	ns[0].delay_s = 0.04; /* of the 60 ms that it has */
	begin(1, "gw.test");
	wait_for("1.0.0.1:80");
	ns[0].delay_s = 0.1; /* too slow */
	section.hold_us[CFG_HOLD_TIMEOUT] = 100000;
	wait_for("-");
	ns[0].delay_s = 0;
	wait_for("1.0.0.1:80");
	ck_assert_msg(longest_us < 300000, "the loop stood for %lld us", (long long)longest_us);
}
END_TEST

START_TEST(services_have_ports_and_weights)
{
	const char *name = "_http._tcp.test";

	fake_dns_add(&ns[0], "a.test", "1.0.0.1");
	fake_dns_add(&ns[0], "b.test", "1.0.0.2");
	ns[0].records[2] = (struct fake_record){ name, NULL, 512, 8001, "a.test" };
	ns[0].records[3] = (struct fake_record){ name, NULL, 256, 8002, "b.test" };
	ns[0].n_records = 4;
	begin(3, name);
	wait_for("1.0.0.1:8001 1.0.0.2:8002 -");
	ck_assert_uint_eq(be->servers[0]->weight, 2);
	ck_assert_str_eq(be->servers[1]->fqdn, "b.test");
	ck_assert(fix_said("web/s1 changed its FQDN from (null) to a.test by 'SRV record'"));
	ck_assert_int_eq(dns_set_fqdn(dns, be->servers[0], "x.test", "a test"), -EBUSY);
	fix_forget_lines();
	ns[0].records[2].weight = 1024;
	ns[0].n_records = 3; /* b left */
	wait_for("1.0.0.1:8001 - -");
	ck_assert(fix_said("Server web/s2 is going DOWN for maintenance (entry removed from SRV "
			   "record)."));
	ck_assert_uint_eq(be->servers[0]->weight, 4);
	ns[0].n_records = 4;
	wait_for("1.0.0.1:8001 1.0.0.2:8002 -");
	ns[0].rcode = 3;
	wait_for("- - -");
}
END_TEST

START_TEST(an_operator_gives_another_name)
{
	fake_dns_add(&ns[0], "a.test", "1.0.0.1");
	fake_dns_add(&ns[0], "b.test", "1.0.0.2");
	begin(1, "a.test");
	wait_for("1.0.0.1:80");
	ck_assert_int_eq(dns_set_fqdn(dns, be->servers[0], "b.test", "'stats socket command'"), 0);
	ck_assert(fix_said(
		"web/s1 changed its FQDN from a.test to b.test by 'stats socket command'"));
	wait_for("1.0.0.2:80");
	follow(); /* a reload of the same file changes nothing */
	stays(&ns[0], 4, "1.0.0.2:80");
	ck_assert_int_eq(dns_set_fqdn(dns, be->servers[0], "", "x"), -EINVAL);
}
END_TEST

/* The section is "default", and one address is enough. */
START_TEST(without_resolvers_it_is_asked_until_there_is_an_answer)
{
	section.name = "default";
	section.is_implicit = true;
	section.ndots = 1;
	section.search[0] = STR("one.test");
	section.search[1] = STR("two.test");
	section.n_search = 2;
	ns[0].rcode = 3;
	begin(1, "gw");
	fx.servers[0].resolve.resolvers = NULL;
	dns_forget(be->servers[0]);
	follow();
	stays(&ns[0], 6, "-");
	ns[0].rcode = 0;
	fake_dns_add(&ns[0], "gw.two.test", "1.0.0.1");
	wait_for("1.0.0.1:80");
	ck_assert_ptr_null(be->servers[0]->dns);
	ns[0].n_udp = 0;
	for (int64_t until_us = clock_mono_us() + 200000; clock_mono_us() < until_us;)
		turn();
	ck_assert_uint_eq(ns[0].n_udp, 0);
	ck_assert_int_eq(dns_set_fqdn(dns, be->servers[0], "b.test", "x"), -ENOTSUP);
}
END_TEST

START_TEST(a_reload_keeps_what_is_known)
{
	struct fix_cfg next;

	fake_dns_add(&ns[0], "gw.test", "1.0.0.1");
	fake_dns_add(&ns[0], "gw.test", "1.0.0.2");
	begin(2, "gw.test");
	wait_for("1.0.0.1:80 1.0.0.2:80");
	next = fx;
	next.servers[0].next = &next.servers[1];
	next.px.servers = &next.servers[0];
	next.px.check = &next.check;
	next.servers[0].port = 81; /* another port, the same name */
	fix_forget_lines();
	backend_reconfigure(be, &next.px);
	follow();
	ck_assert_str_eq(addresses(), "1.0.0.1:81 1.0.0.2:80");
	stays(&ns[0], 4, "1.0.0.1:81 1.0.0.2:80");
	ck_assert_uint_eq(fix_n_lines, 0);
	ck_assert_uint_gt(counters("n1")->update, 0); /* counters too */
	next.servers[1].fqdn = NULL;                  /* an address is written now */
	next.servers[1].is_unresolved = false;
	next.servers[1].addr = fix_addr("1.0.0.7", 80);
	fx = next; /* what is in force must stay: a second copy for the next change */
	fx.servers[0].next = &fx.servers[1];
	fx.px.servers = &fx.servers[0];
	fx.px.check = &fx.check;
	backend_reconfigure(be, &fx.px);
	follow();
	ck_assert_str_eq(addresses(), "1.0.0.1:81 1.0.0.7:80");
	ck_assert_ptr_null(be->servers[1]->dns);
}
END_TEST

START_TEST(the_counters_are_shown)
{
	struct strbuf out = { 0 };

	fake_dns_add(&ns[0], "gw.test", "1.0.0.1");
	begin(1, "gw.test");
	wait_for("1.0.0.1:80");
	ck_assert(dns_show(dns, STR("r"), &out));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&out), "Resolvers section r\n nameserver n1:\n"
						       "  sent:        2\n"
						       "  snd_error:   0\n"
						       "  valid:       1\n"
						       "  update:      1\n"));
	ck_assert(!dns_show(dns, STR("s"), &out));
	strbuf_fini(&out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("resolver");
	TCase *tc = tcase_create("names");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, servers_follow_their_name);
	tcase_add_loop_test(tc, failures_are_held_against, 0, ARRAY_LEN(failures));
	tcase_add_loop_test(tc, one_good_name_server_is_enough, 0, 4);
	tcase_add_test(tc, a_truncated_answer_is_asked_again_over_tcp);
	tcase_add_test(tc, a_name_server_over_tcp);
	tcase_add_test(tc, a_slow_answer_counts);
	tcase_add_test(tc, services_have_ports_and_weights);
	tcase_add_test(tc, an_operator_gives_another_name);
	tcase_add_test(tc, without_resolvers_it_is_asked_until_there_is_an_answer);
	tcase_add_test(tc, a_reload_keeps_what_is_known);
	tcase_add_test(tc, the_counters_are_shown);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
