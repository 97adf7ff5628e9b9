/* test_check.c - probes against real sockets on the loopback, and what follows from them: states,
 * sentences, intervals. Nothing sleeps: the loop turns until a condition holds or a deadline ends.
 */
#include "health/check.h"

#include <syslog.h>
#include <tandem/clock.h>

#include "../../lib/fake_server.h"
#include "../../lib/unit.h"
#include "health/observe.h"
#include "health/probe.h"

static struct loop loop;
static struct health *health;
static struct fix_cfg f;
static bool is_late;

/* --- the frame of a test --- */

/* One server, checked every 100 ms by HTTP. */
static void set_up(void)
{
	ck_assert_int_eq(loop_init(&loop, EVFLAG_AUTO), 0);
	health = health_new(&loop);
	is_late = false;
	fake = (struct fake){ .ev = loop.ev };
	fix_init(&f, 1);
	fix_check_http(&f, "GET /health HTTP/1.0\r\n");
	f.servers[0].check = true;
	f.servers[0].inter_us = 100 * US_PER_MS;
}

static struct backend *start(void)
{
	struct backend *be = backend_new(&f.px, 1);

	health_sync(health, be);
	return be;
}

static void tear_down(struct backend *be)
{
	health_free(health);
	fake_fini();
	loop_fini(&loop);
	fix_free_backend(be);
}

/* Only so that conditions on the clock are looked at. */
static void on_tick(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev, (void)w, (void)revents;
}

static void on_late(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev, (void)w, (void)revents;
	is_late = true;
}

/* Turn the loop until cond holds; fail after 5 s. */
#define UNTIL(cond)                                                                                \
	do {                                                                                       \
		ev_timer late, tick;                                                               \
		ev_timer_init(&late, on_late, 5., 0.);                                             \
		ev_timer_init(&tick, on_tick, .005, .005);                                         \
		ev_now_update(loop.ev);                                                            \
		ev_timer_start(loop.ev, &late);                                                    \
		ev_timer_start(loop.ev, &tick);                                                    \
		while (!(cond) && !is_late)                                                        \
			ev_run(loop.ev, EVRUN_ONCE);                                               \
		ev_timer_stop(loop.ev, &tick);                                                     \
		ev_timer_stop(loop.ev, &late);                                                     \
		ck_assert_msg(!is_late, "never: " #cond);                                          \
	} while (0)

static enum check_status status_of(const struct backend *be)
{
	struct check_result r;

	ck_assert(check_get_result(be->servers[0], &r));
	return r.status;
}

static bool is_decided(const struct backend *be)
{
	return health_is_settled(be);
}

/* --- outcomes --- */

static const struct {
	const char *name;
	enum cfg_check_kind kind;
	bool listens;
	enum manner manner;
	const char *answer;
	enum check_status status;
	int code;
	const char *said; /* begins the sentence; "": none */
} outcomes[] = {
	{ "tcp accepted", CFG_CHECK_TCP, true, CLOSE, NULL, CHECK_L4OK, 0, "" },
	{ "tcp refused", CFG_CHECK_TCP, false, CLOSE, NULL, CHECK_L4CON, 0,
	  "Server web/s1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", "
	  "check duration: " },
	{ "http refused", CFG_CHECK_HTTP, false, CLOSE, NULL, CHECK_L4CON, 0,
	  "Server web/s1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", "
	  "check duration: " },
	{ "200", CFG_CHECK_HTTP, true, ANSWER, OK_RESPONSE, CHECK_L7OK, 200, "" },
	{ "302", CFG_CHECK_HTTP, true, ANSWER, "HTTP/1.1 302 Found\r\n\r\n", CHECK_L7OK, 302, "" },
	{ "404", CFG_CHECK_HTTP, true, ANSWER, "HTTP/1.1 404 Not Found\r\n\r\n", CHECK_L7STS, 404,
	  "Server web/s1 is DOWN, reason: Layer7 wrong status, code: 404, info: \"Not Found\", "
	  "check duration: " },
	{ "quotes and controls", CFG_CHECK_HTTP, true, ANSWER,
	  "HTTP/1.0 500 a \"b\" \xc3\xa9 \x01 c, d\r\n\r\n", CHECK_L7STS, 500,
	  "Server web/s1 is DOWN, reason: Layer7 wrong status, code: 500, info: \"a <22>b<22> "
	  "<C3><A9> <01> c, d\", check duration: " },
	{ "no reason phrase", CFG_CHECK_HTTP, true, ANSWER, "HTTP/1.0 404\r\n\r\n", CHECK_L7STS,
	  404, "Server web/s1 is DOWN, reason: Layer7 wrong status, code: 404, check duration: " },
	{ "another protocol", CFG_CHECK_HTTP, true, ANSWER, "SSH-2.0-x\r\n\r\n", CHECK_L7RSP, 0,
	  "Server web/s1 is DOWN, reason: Layer7 invalid response, check duration: " },
	{ "closed without a word", CFG_CHECK_HTTP, true, CLOSE, NULL, CHECK_L7RSP, 0,
	  "Server web/s1 is DOWN, reason: Layer7 invalid response, check duration: " },
	{ "closed within the header", CFG_CHECK_HTTP, true, ANSWER, "HTTP/1.1 200 OK\r\nA: b\r\n",
	  CHECK_L7RSP, 0,
	  "Server web/s1 is DOWN, reason: Layer7 invalid response, check duration: " },
	{ "reset", CFG_CHECK_HTTP, true, RESET, NULL, CHECK_SOCKERR, 0,
	  "Server web/s1 is DOWN, reason: Socket error, info: \"Connection reset by peer\", check "
	  "duration: " },
	{ "silence", CFG_CHECK_HTTP, true, SILENT, NULL, CHECK_L7TOUT, 0,
	  "Server web/s1 is DOWN, reason: Layer7 timeout, check duration: 1" },
};

START_TEST(test_outcome)
{
	struct backend *be;
	struct check_result r;

	set_up();
	if (outcomes[_i].kind == CFG_CHECK_TCP)
		fix_check_tcp(&f);
	fake_listen(loop.ev, &f.servers[0].addr, outcomes[_i].answer);
	fake.manner = outcomes[_i].manner;
	if (!outcomes[_i].listens)
		fake_stop_listening();
	be = start();
	UNTIL(is_decided(be));
	ck_assert(check_get_result(be->servers[0], &r));
	ck_assert_msg(r.status == outcomes[_i].status, "%s: %s %s", outcomes[_i].name,
		      check_status_code(r.status), r.desc);
	ck_assert_int_eq(r.code, outcomes[_i].code);
	if (outcomes[_i].said[0] == '\0')
		ck_assert_uint_eq(fix_n_lines, 0);
	else
		ck_assert_msg(fix_said(outcomes[_i].said), "%s: %s", outcomes[_i].name,
			      fix_lines[0]);
	ck_assert_int_eq(server_is_usable(be->servers[0]), outcomes[_i].said[0] == '\0');
	if (outcomes[_i].kind == CFG_CHECK_HTTP && outcomes[_i].listens)
		ck_assert_str_eq(fake.request, "GET /health HTTP/1.0\r\n\r\n");
	tear_down(be);
}
END_TEST

/* A listener whose queue is full does not answer our SYN. */
START_TEST(connect_timeout_is_l4tout)
{
	struct addr a;
	struct backend *be;
	int fd, filler[4];

	set_up();
	fd = listen_anywhere(0, &a);
	for (size_t i = 0; i < ARRAY_LEN(filler); i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(filler[i], &a.sa, a.len);
	}
	f.servers[0].addr = a;
	be = start();
	UNTIL(is_decided(be));
	ck_assert_int_eq(status_of(be), CHECK_L4TOUT);
	ck_assert(fix_said("Server web/s1 is DOWN, reason: Layer4 timeout, check duration: 1"));
	for (size_t i = 0; i < ARRAY_LEN(filler); i++)
		close(filler[i]);
	close(fd);
	tear_down(be);
}
END_TEST

START_TEST(timeout_check_counts_after_connecting)
{
	struct backend *be;
	struct check_result r;

	set_up();
	f.px.timeout.check_us = 30 * US_PER_MS;
	f.servers[0].inter_us = 2 * US_PER_S;
	fake_listen(loop.ev, &f.servers[0].addr, NULL);
	fake.manner = SILENT;
	be = start();
	UNTIL(is_decided(be));
	ck_assert(check_get_result(be->servers[0], &r));
	ck_assert_int_eq(r.status, CHECK_L7TOUT);
	ck_assert_int_ge(r.duration_us, 29 * US_PER_MS);
	ck_assert_int_lt(r.duration_us, US_PER_S);
	tear_down(be);
}
END_TEST

START_TEST(connecting_is_bounded_by_timeout_connect)
{
	struct addr a;
	struct backend *be;
	struct check_result r;
	int fd, filler[4];

	set_up();
	fd = listen_anywhere(0, &a);
	for (size_t i = 0; i < ARRAY_LEN(filler); i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(filler[i], &a.sa, a.len);
	}
	f.px.timeout.check_us = 5 * US_PER_S;
	f.px.timeout.connect_us = 30 * US_PER_MS;
	f.servers[0].inter_us = 2 * US_PER_S;
	f.servers[0].addr = a;
	be = start();
	UNTIL(is_decided(be));
	ck_assert(check_get_result(be->servers[0], &r));
	ck_assert_int_eq(r.status, CHECK_L4TOUT);
	ck_assert_int_lt(r.duration_us, US_PER_S);
	for (size_t i = 0; i < ARRAY_LEN(filler); i++)
		close(filler[i]);
	close(fd);
	tear_down(be);
}
END_TEST

START_TEST(check_port_and_address_are_used)
{
	struct backend *be;
	uint16_t port;

	set_up();
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	port = addr_port(&f.servers[0].addr);
	f.servers[0].addr = fix_addr("127.0.0.2", 1); /* nobody there */
	f.servers[0].check_addr = fix_addr("127.0.0.1", 0);
	f.servers[0].check_port = port;
	be = start();
	UNTIL(is_decided(be));
	ck_assert_int_eq(status_of(be), CHECK_L7OK);
	tear_down(be);
}
END_TEST

START_TEST(unix_sockets_are_checked_too)
{
	char path[64];
	struct backend *be;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	set_up();
	snprintf(path, sizeof(path), "/tmp/tandem-test-check-%d.sock", (int)getpid());
	unlink(path);
	ck_assert_int_eq(addr_from_path(str_from(path), &f.servers[0].addr), 0);
	ck_assert_int_eq(bind(fd, &f.servers[0].addr.sa, f.servers[0].addr.len), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	fix_check_tcp(&f);
	be = start();
	UNTIL(is_decided(be));
	ck_assert_int_eq(status_of(be), CHECK_L4OK);
	unlink(path);
	close(fd);
	UNTIL(be->servers[0]->op == SERVER_STOPPED);
	ck_assert_int_eq(status_of(be), CHECK_L4CON);
	tear_down(be);
}
END_TEST

/* --- courses --- */

START_TEST(falls_and_rises_by_the_numbers)
{
	struct backend *be;
	struct server *s;
	char buf[32];

	set_up();
	f.servers[0].inter_us = 20 * US_PER_MS;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	be = start();
	s = be->servers[0];
	ck_assert_str_eq(server_status_text(s, buf, sizeof(buf)), "UP 1/3");
	ck_assert_int_eq(status_of(be), CHECK_INI);
	UNTIL(is_decided(be));
	ck_assert_str_eq(server_status_text(s, buf, sizeof(buf)), "UP");
	fake.answer = "HTTP/1.1 500 Oops\r\n\r\n";
	UNTIL(status_of(be) == CHECK_L7STS);
	ck_assert(server_is_usable(s));
	ck_assert_str_eq(server_status_text(s, buf, sizeof(buf)), "UP 2/3");
	UNTIL(s->op == SERVER_STOPPED);
	ck_assert_uint_eq(s->n_check_fail, 3);
	ck_assert_uint_eq(s->n_check_down, 1);
	ck_assert_uint_eq(backend_n_usable(be), 0);
	ck_assert_str_eq(server_status_text(s, buf, sizeof(buf)), "DOWN");
	ck_assert(fix_said("backend web has no server available!"));
	fake.answer = OK_RESPONSE;
	UNTIL(status_of(be) == CHECK_L7OK);
	ck_assert_int_eq(s->op, SERVER_STOPPED);
	ck_assert_str_eq(server_status_text(s, buf, sizeof(buf)), "DOWN 1/2");
	UNTIL(s->op == SERVER_RUNNING);
	ck_assert_uint_eq(backend_n_usable(be), 1);
	ck_assert(fix_said("Server web/s1 is UP, reason: Layer7 check passed, code: 200, check "
			   "duration: "));
	ck_assert_uint_eq(s->n_check_fail, 3); /* failures while down do not count */
	tear_down(be);
}
END_TEST

START_TEST(return_of_a_listener_is_noticed)
{
	struct backend *be;

	set_up();
	f.servers[0].inter_us = 10 * US_PER_MS;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	fake_stop_listening();
	be = start();
	UNTIL(be->servers[0]->op == SERVER_STOPPED);
	fake_listen_again();
	UNTIL(be->servers[0]->op == SERVER_RUNNING);
	tear_down(be);
}
END_TEST

START_TEST(log_health_checks_tells_each_check)
{
	struct backend *be;
	unsigned n_news = 0, n_same = 0;

	set_up();
	f.px.log_health_checks = true;
	f.servers[0].inter_us = 10 * US_PER_MS;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	be = start();
	UNTIL(fix_n_lines >= 3);
	for (unsigned i = 0; i < fix_n_lines; i++) {
		ck_assert(fix_starts(
			i, "Health check for server web/s1 succeeded, reason: Layer7 check "
			   "passed, code: 200, check duration: "));
		ck_assert_ptr_nonnull(strstr(fix_lines[i], "ms, status: 3/3 UP."));
		n_news += fix_levels[i] == LOG_NOTICE;
		n_same += fix_levels[i] == LOG_INFO;
	}
	ck_assert_uint_eq(n_news, 1); /* the first */
	ck_assert_uint_ge(n_same, 2);
	fix_forget_lines();
	fake.answer = "HTTP/1.1 503 Service Unavailable\r\n\r\n";
	UNTIL(be->servers[0]->op == SERVER_STOPPED);
	ck_assert(fix_said("Health check for server web/s1 failed, reason: Layer7 wrong status, "
			   "code: 503, info: \"Service Unavailable\", check duration: "));
	/* the reason is not repeated */
	ck_assert(fix_said("Server web/s1 is DOWN. 0 active and 0 backup servers left."));
	for (unsigned i = 0; i < fix_n_lines; i++)
		if (strstr(fix_lines[i], "failed") != NULL)
			ck_assert_int_eq(fix_levels[i], LOG_NOTICE);
	tear_down(be);
}
END_TEST

static const struct {
	const char *name;
	bool fails;
	int64_t inter_ms, fast_ms, down_ms;
	int64_t at_least_ms, at_most_ms; /* from the second to the fifth check */
} paces[] = {
	{ "up: inter", false, 40, 1, 1, 110, 1000 },
	{ "down: downinter", true, 1, 1, 40, 110, 1000 },
	{ "down without downinter: inter", true, 40, 1, 0, 110, 1000 },
};

START_TEST(test_pace)
{
	struct backend *be;
	int64_t from_us;

	set_up();
	f.servers[0].inter_us = paces[_i].inter_ms * US_PER_MS;
	f.servers[0].fastinter_us = paces[_i].fast_ms * US_PER_MS;
	f.servers[0].downinter_us = paces[_i].down_ms * US_PER_MS;
	f.px.timeout.check_us = US_PER_S;
	fake_listen(loop.ev, &f.servers[0].addr,
		    paces[_i].fails ? "HTTP/1.1 500 No\r\n\r\n" : OK_RESPONSE);
	be = start();
	UNTIL(fake.n_conns == 2);
	from_us = clock_mono_us();
	UNTIL(fake.n_conns == 5);
	ck_assert_msg(clock_mono_us() - from_us >= paces[_i].at_least_ms * US_PER_MS, "%s: fast",
		      paces[_i].name);
	ck_assert_msg(clock_mono_us() - from_us <= paces[_i].at_most_ms * US_PER_MS, "%s: slow",
		      paces[_i].name);
	tear_down(be);
}
END_TEST

START_TEST(falling_is_watched_at_fastinter)
{
	struct backend *be;
	int64_t from_us;

	set_up();
	f.servers[0].inter_us = US_PER_S;
	f.servers[0].fastinter_us = 10 * US_PER_MS;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	be = start();
	UNTIL(is_decided(be));
	fake.answer = "HTTP/1.1 500 Oops\r\n\r\n";
	UNTIL(status_of(be) == CHECK_L7STS);
	from_us = clock_mono_us();
	UNTIL(be->servers[0]->op == SERVER_STOPPED); /* two more checks */
	ck_assert_int_lt(clock_mono_us() - from_us, 900 * US_PER_MS);
	tear_down(be);
}
END_TEST

static unsigned n_checked(const struct backend *be)
{
	struct check_result r;
	unsigned n = 0;

	for (uint32_t i = 0; i < be->n_servers; i++)
		n += check_get_result(be->servers[i], &r) && r.status == CHECK_L4OK;
	return n;
}

START_TEST(first_probes_are_spread)
{
	struct backend *be;

	set_up();
	fix_init(&f, 8);
	fix_check_tcp(&f);
	fake_listen(loop.ev, &f.servers[0].addr, NULL);
	fake.manner = CLOSE;
	for (unsigned i = 0; i < 8; i++) {
		f.servers[i].addr = f.servers[0].addr;
		f.servers[i].check = true;
		f.servers[i].inter_us = 400 * US_PER_MS;
	}
	be = start();
	ck_assert(!health_is_settled(be));
	UNTIL(n_checked(be) >= 1); /* the first comes at once */
	ck_assert_uint_le(n_checked(be), 4);
	UNTIL(health_is_settled(be));
	ck_assert_uint_eq(n_checked(be), 8);
	ck_assert_uint_eq(fake.n_conns,
			  0); /* a reset came before the last packet of each handshake */
	tear_down(be);
}
END_TEST

START_TEST(maintenance_pauses_and_ready_probes_at_once)
{
	struct backend *be;
	struct server *s;
	unsigned n;

	set_up();
	f.servers[0].inter_us = 10 * US_PER_MS;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	be = start();
	s = be->servers[0];
	UNTIL(is_decided(be));
	server_set_admin(s, SERVER_FMAINT, 0, NULL);
	n = fake.n_conns;
	{
		int64_t until_us = clock_mono_us() + 60 * US_PER_MS;

		UNTIL(clock_mono_us() >= until_us);
	}
	ck_assert_uint_le(fake.n_conns, n + 1); /* one was perhaps on its way to accept() */
	fake.answer = "HTTP/1.1 500 Oops\r\n\r\n";
	fix_forget_lines();
	server_set_admin(s, 0, SERVER_FMAINT, NULL);
	ck_assert(server_is_usable(s)); /* it works until a check says otherwise */
	UNTIL(s->op == SERVER_STOPPED);
	ck_assert_uint_eq(s->n_check_fail, 1); /* the first failure was enough */
	tear_down(be);
}
END_TEST

START_TEST(state_set_by_the_operator_needs_full_counts)
{
	struct backend *be;
	struct server *s;
	struct check_result r;

	set_up();
	f.servers[0].inter_us = 10 * US_PER_MS;
	f.servers[0].rise = 3;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	be = start();
	s = be->servers[0];
	UNTIL(is_decided(be));
	server_set_down(s, "changed from CLI");
	ck_assert(check_get_result(s, &r));
	ck_assert_uint_eq(r.health, 0);
	UNTIL(s->op == SERVER_RUNNING);
	server_set_down(s, NULL);
	fake.answer = "HTTP/1.1 500 Oops\r\n\r\n";
	server_set_up(s, "changed from CLI");
	ck_assert(check_get_result(s, &r));
	ck_assert_uint_eq(r.health, r.rise + r.fall - 1);
	UNTIL(s->op == SERVER_STOPPED);
	tear_down(be);
}
END_TEST

START_TEST(reload_follows_check_parameters)
{
	static struct fix_cfg g;
	struct backend *be;
	struct check_result r;

	set_up();
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	be = start();
	UNTIL(is_decided(be));
	g = f;
	g.px.servers = &g.servers[0];
	g.px.check = &g.check;
	g.servers[0].rise = 5;
	g.servers[0].fall = 7;
	backend_reconfigure(be, &g.px);
	health_sync(health, be);
	ck_assert(check_get_result(be->servers[0], &r));
	ck_assert_uint_eq(r.health, 11);
	ck_assert_int_eq(r.status, CHECK_L7OK); /* results are kept */
	ck_assert(health_is_settled(be));
	g.servers[0].check = false;
	health_sync(health, be);
	ck_assert(!check_get_result(be->servers[0], &r));
	tear_down(be);
}
END_TEST

START_TEST(retired_servers_are_not_probed)
{
	static struct fix_cfg g;
	struct backend *be;

	set_up();
	fake_listen(loop.ev, &f.servers[0].addr, NULL);
	fake.manner = SILENT;
	f.servers[0].inter_us = 5 * US_PER_S;
	be = start();
	UNTIL(fake.n_conns == 1); /* a probe is under way */
	fix_init(&g, 0);
	backend_reconfigure(be, &g.px);
	health_sync(health, be);
	urcu_qsbr_barrier();
	ck_assert_uint_eq(backend_reap(be), 0);
	ck_assert(health_is_settled(be));
	tear_down(be);
}
END_TEST

START_TEST(probe_now_does_not_wait_for_the_interval)
{
	struct backend *be;
	struct server *s;
	int64_t from_us;

	set_up();
	f.servers[0].inter_us = 4 * US_PER_S;
	f.servers[0].fastinter_us = 10 * US_PER_MS;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	be = start();
	s = be->servers[0];
	UNTIL(is_decided(be));
	fake_stop_listening();
	from_us = clock_mono_us();
	UNTIL((health_probe_now(health, s),
	       s->op == SERVER_STOPPED || (ev_run(loop.ev, EVRUN_NOWAIT), false)));
	ck_assert_int_lt(clock_mono_us() - from_us, 2 * US_PER_S);
	tear_down(be);
}
END_TEST

START_TEST(nothing_to_check_is_settled)
{
	struct backend *be;
	struct check_result r;

	set_up();
	f.servers[0].check = false;
	be = start();
	ck_assert(health_is_settled(be));
	ck_assert(!check_get_result(be->servers[0], &r));
	health_probe_now(health, be->servers[0]); /* ignored */
	tear_down(be);
}
END_TEST

START_TEST(disabled_server_does_not_hold_up_the_start)
{
	struct backend *be;

	set_up();
	f.servers[0].disabled = true;
	be = start();
	ck_assert(health_is_settled(be));
	tear_down(be);
}
END_TEST

/* --- the probe alone --- */

static struct probe_outcome got;
static unsigned n_got;

static void on_outcome(struct probe *p, const struct probe_outcome *o)
{
	(void)p;
	got = *o;
	n_got++;
}

START_TEST(probe_reports_later_never_from_start)
{
	struct probe p;
	const struct addr nowhere = fix_addr("255.255.255.255", 80);
	const struct probe_spec spec = { .addr = &nowhere, .connect_timeout_us = US_PER_S };

	set_up();
	n_got = 0;
	probe_init(&p, loop.ev, on_outcome);
	ck_assert_int_eq(probe_start(&p, &spec), 0);
	ck_assert_uint_eq(n_got, 0);
	ck_assert(probe_is_running(&p));
	UNTIL(n_got == 1);
	ck_assert_int_eq(got.status, CHECK_L4CON);
	ck_assert(!probe_is_running(&p));
	probe_fini(&p);
	health_free(health);
	loop_fini(&loop);
}
END_TEST

START_TEST(cancelled_probe_is_silent)
{
	struct probe p;
	struct probe_spec spec = { .connect_timeout_us = 1000 };

	set_up();
	n_got = 0;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	spec.addr = &f.servers[0].addr;
	probe_init(&p, loop.ev, on_outcome);
	probe_cancel(&p); /* legal when idle */
	ck_assert_int_eq(probe_start(&p, &spec), 0);
	probe_cancel(&p);
	UNTIL(fake.n_conns == 1);
	ck_assert_uint_eq(n_got, 0);
	probe_fini(&p);
	fake_fini();
	health_free(health);
	loop_fini(&loop);
}
END_TEST

START_TEST(source_address_is_used_or_reported)
{
	struct probe p;
	const struct addr good = fix_addr("127.0.0.77", 0), bad = fix_addr("192.0.2.1", 0);
	struct probe_spec spec = { .connect_timeout_us = US_PER_S };

	set_up();
	n_got = 0;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	spec.addr = &f.servers[0].addr;
	probe_init(&p, loop.ev, on_outcome);
	spec.source = &good;
	ck_assert_int_eq(probe_start(&p, &spec), 0);
	UNTIL(n_got == 1);
	ck_assert_int_eq(got.status, CHECK_L4OK);
	spec.source = &bad; /* says nothing about the server */
	ck_assert_int_eq(probe_start(&p, &spec), -EADDRNOTAVAIL);
	ck_assert(!probe_is_running(&p));
	probe_fini(&p);
	fake_fini();
	health_free(health);
	loop_fini(&loop);
}
END_TEST

START_TEST(what_we_lack_is_not_the_servers_fault)
{
	struct backend *be;

	set_up();
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	f.servers[0].source = fix_addr("192.0.2.1", 0);
	f.servers[0].inter_us = 10 * US_PER_MS;
	be = start();
	{
		int64_t until_us = clock_mono_us() + 60 * US_PER_MS;

		UNTIL(clock_mono_us() >= until_us);
	}
	ck_assert(server_is_usable(be->servers[0]));
	ck_assert_int_eq(status_of(be), CHECK_INI);
	ck_assert(!health_is_settled(be));
	tear_down(be);
}
END_TEST

/* --- scripts, agents, traffic --- */

START_TEST(a_404_asks_for_no_new_sessions)
{
	struct backend *be;

	set_up();
	f.check.stops_on_404 = true;
	f.servers[0].inter_us = 20 * US_PER_MS;
	fake_listen(loop.ev, &f.servers[0].addr, "HTTP/1.1 404 Not Found\r\n\r\n");
	be = start();
	UNTIL(be->servers[0]->op == SERVER_STOPPING);
	ck_assert_int_eq(status_of(be), CHECK_L7OKC);
	fake.answer = OK_RESPONSE;
	UNTIL(be->servers[0]->op == SERVER_RUNNING);
	fake.answer = "HTTP/1.1 500 Oops\r\n\r\n";
	UNTIL(be->servers[0]->op == SERVER_STOPPED);
	fake.answer = "HTTP/1.1 404 Not Found\r\n\r\n"; /* a stopped server stays so */
	UNTIL(status_of(be) == CHECK_L7STS);
	ck_assert_int_eq(be->servers[0]->op, SERVER_STOPPED);
	tear_down(be);
}
END_TEST

/* An agent asked at the fake server's port; no check of its own. */
static struct backend *start_agent(struct cfg_check *k, struct cfg_step steps[2], const char *line)
{
	fix_check_tcp(&f);
	f.servers[0].check = false;
	f.servers[0].agent = true;
	f.servers[0].agent_inter_us = 10 * US_PER_MS;
	f.servers[0].weight = 40;
	steps[0] = (struct cfg_step){ .kind = CFG_STEP_CONNECT, .next = &steps[1] };
	steps[1] = (struct cfg_step){
		.kind = CFG_STEP_EXPECT, .what = CFG_EXPECT_LINE, .min_recv = -1, .number = 2
	};
	*k = (struct cfg_check){ .kind = CFG_CHECK_AGENT, .steps = &steps[0] };
	f.servers[0].agent_check = k;
	fake_listen(loop.ev, &f.servers[0].addr, line);
	fake.greets = true;
	f.servers[0].agent_port = addr_port(&f.servers[0].addr);
	return start();
}

START_TEST(an_agent_changes_weight_and_state)
{
	struct cfg_check k;
	struct cfg_step steps[2];
	struct backend *be;
	struct server *s;
	char buf[40];

	set_up();
	be = start_agent(&k, steps, "50% maxconn:9\n");
	s = be->servers[0];
	UNTIL(s->weight == 20 && s->maxconn == 9);
	fake.answer = "drain\n";
	UNTIL((s->admin & SERVER_FDRAIN) != 0);
	ck_assert_str_eq(server_status_text(s, buf, sizeof(buf)), "DRAIN (agent)");
	fake.answer = "maint\n";
	UNTIL((s->admin & SERVER_FMAINT) != 0);
	fake.answer = "ready down # broken\n";
	UNTIL(s->op == SERVER_STOPPED && s->admin == 0);
	ck_assert_str_eq(server_status_text(s, buf, sizeof(buf)), "DOWN (agent)");
	ck_assert(fix_said("Server web/s1 is DOWN, reason: Layer7 wrong status, code: 0, info: "
			   "\"via agent : down (broken)\", check duration: "));
	fake.answer = "up\n";
	UNTIL(s->op == SERVER_RUNNING);
	fake_stop_listening(); /* an agent that is gone changes nothing */
	{
		struct check_result r;

		UNTIL(agent_get_result(s, &r) && r.status == CHECK_L4CON);
	}
	ck_assert_int_eq(s->op, SERVER_RUNNING);
	tear_down(be);
}
END_TEST

START_TEST(trackers_follow_through_chains)
{
	struct backend *be;
	char buf[64];

	set_up();
	fix_init(&f, 3);
	be = start();
	server_track(be->servers[1], be->servers[0]);
	server_track(be->servers[2], be->servers[1]);
	server_set_down(be->servers[0], NULL);
	ck_assert_int_eq(be->servers[2]->op, SERVER_STOPPED);
	ck_assert(fix_said("Server web/s3 is DOWN via web/s2. 0 active"));
	server_set_up(be->servers[0], NULL);
	ck_assert_int_eq(be->servers[2]->op, SERVER_RUNNING);
	server_set_admin(be->servers[0], SERVER_FMAINT, 0, NULL);
	ck_assert_uint_eq(be->servers[2]->admin, SERVER_IMAINT);
	ck_assert_str_eq(server_status_text(be->servers[2], buf, sizeof(buf)),
			 "MAINT (via web/s2)");
	server_set_admin(be->servers[0], SERVER_FDRAIN, SERVER_FMAINT, NULL);
	ck_assert_uint_eq(be->servers[2]->admin, SERVER_IDRAIN);
	server_untrack(be->servers[1]);
	ck_assert_uint_eq(be->servers[1]->admin, 0);
	ck_assert_uint_eq(be->servers[2]->admin, 0);
	ck_assert_uint_eq(be->servers[0]->admin, SERVER_FDRAIN);
	tear_down(be);
}
END_TEST

static const struct {
	enum cfg_on_error on_error;
	unsigned reports; /* that take a server from the top down */
} traffic[] = { { CFG_ON_ERROR_MARK_DOWN, 1 },
		{ CFG_ON_ERROR_SUDDEN_DEATH, 2 },
		{ CFG_ON_ERROR_FAIL_CHECK, 3 } };

START_TEST(observed_errors_count_as_configured)
{
	struct backend *be;
	struct server *s;

	set_up();
	f.servers[0].inter_us = 60 * US_PER_S;
	f.servers[0].observe = CFG_OBSERVE_LAYER7;
	f.servers[0].error_limit = 2;
	f.servers[0].on_error = traffic[_i].on_error;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	be = start();
	s = be->servers[0];
	UNTIL(is_decided(be));
	observe(health, s, 0, OBSERVE_HTTP_STS);
	observe(health, s, 0, observe_status(200)); /* the count begins again */
	observe(health, s, 0, observe_status(503));
	ck_assert_uint_eq(atomic_load(&s->n_reports), 0);
	for (unsigned i = 1; i <= traffic[_i].reports; i++) {
		ck_assert_int_eq(s->op, SERVER_RUNNING);
		observe(health, s, 0, OBSERVE_HTTP_READ_TIMEOUT);
		if (i > 1)
			observe(health, s, 0, OBSERVE_HTTP_READ_TIMEOUT);
		UNTIL(s->n_failed_hana == i && atomic_load(&s->n_reports) == 0);
	}
	ck_assert_int_eq(s->op, SERVER_STOPPED);
	ck_assert_int_eq(status_of(be), CHECK_HANA);
	ck_assert(fix_said("Server web/s1 is DOWN, reason: Health analyze, info: \"Detected 2 "
			   "consecutive errors, last one was: Read timeout (http)\". 0 active"));
	tear_down(be);
}
END_TEST

START_TEST(a_refusal_makes_the_server_checked_now)
{
	struct backend *be;
	int64_t until_us;

	set_up();
	f.servers[0].inter_us = 60 * US_PER_S;
	f.servers[0].fall = 1;
	fake_listen(loop.ev, &f.servers[0].addr, OK_RESPONSE);
	be = start();
	UNTIL(is_decided(be));
	fake_stop_listening();
	until_us = clock_mono_us() + 110 * US_PER_MS; /* the pause after a probe */
	UNTIL(clock_mono_us() >= until_us);
	observe(health, be->servers[0], 0, OBSERVE_L4_ERR);
	observe(health, be->servers[0], 0, OBSERVE_L4_ERR);
	ck_assert_uint_eq(atomic_load(&be->servers[0]->n_reports), 1);
	UNTIL(be->servers[0]->op == SERVER_STOPPED);
	tear_down(be);
}
END_TEST

static const struct {
	enum cfg_init_state state;
	const char *text;
} begins[] = { { CFG_INIT_UP, "UP 1/3" },
	       { CFG_INIT_FULLY_UP, "UP" },
	       { CFG_INIT_DOWN, "DOWN 1/2" },
	       { CFG_INIT_FULLY_DOWN, "DOWN" } };

START_TEST(a_server_begins_as_configured)
{
	struct backend *be;
	char buf[40];

	set_up();
	f.servers[0].init_state = begins[_i].state;
	be = start();
	ck_assert_str_eq(server_status_text(be->servers[0], buf, sizeof(buf)), begins[_i].text);
	tear_down(be);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("check");
	TCase *tc = tcase_create("sockets");
	int rc;

	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	tcase_set_timeout(tc, 20);
	tcase_add_loop_test(tc, test_outcome, 0, ARRAY_LEN(outcomes));
	tcase_add_test(tc, connect_timeout_is_l4tout);
	tcase_add_test(tc, timeout_check_counts_after_connecting);
	tcase_add_test(tc, connecting_is_bounded_by_timeout_connect);
	tcase_add_test(tc, check_port_and_address_are_used);
	tcase_add_test(tc, unix_sockets_are_checked_too);
	tcase_add_test(tc, falls_and_rises_by_the_numbers);
	tcase_add_test(tc, return_of_a_listener_is_noticed);
	tcase_add_test(tc, log_health_checks_tells_each_check);
	tcase_add_loop_test(tc, test_pace, 0, ARRAY_LEN(paces));
	tcase_add_test(tc, falling_is_watched_at_fastinter);
	tcase_add_test(tc, first_probes_are_spread);
	tcase_add_test(tc, maintenance_pauses_and_ready_probes_at_once);
	tcase_add_test(tc, state_set_by_the_operator_needs_full_counts);
	tcase_add_test(tc, reload_follows_check_parameters);
	tcase_add_test(tc, retired_servers_are_not_probed);
	tcase_add_test(tc, probe_now_does_not_wait_for_the_interval);
	tcase_add_test(tc, nothing_to_check_is_settled);
	tcase_add_test(tc, disabled_server_does_not_hold_up_the_start);
	tcase_add_test(tc, probe_reports_later_never_from_start);
	tcase_add_test(tc, cancelled_probe_is_silent);
	tcase_add_test(tc, source_address_is_used_or_reported);
	tcase_add_test(tc, what_we_lack_is_not_the_servers_fault);
	tcase_add_test(tc, a_404_asks_for_no_new_sessions);
	tcase_add_test(tc, an_agent_changes_weight_and_state);
	tcase_add_test(tc, trackers_follow_through_chains);
	tcase_add_loop_test(tc, observed_errors_count_as_configured, 0, ARRAY_LEN(traffic));
	tcase_add_test(tc, a_refusal_makes_the_server_checked_now);
	tcase_add_loop_test(tc, a_server_begins_as_configured, 0, ARRAY_LEN(begins));
	suite_add_tcase(s, tc);
	rc = unit_run(s);
	urcu_qsbr_unregister_thread();
	return rc;
}
