/* test_server.c - states of a server, and what is said about their changes. The sentences are those
 * of HAProxy 2.6 in the same situation. */
#include "pool/server.h"

#include <syslog.h>

#include "../../lib/pool_fixture.h"
#include "../../lib/unit.h"
#include "health/check.h"

static struct fix_cfg f;

/* Servers: s1 checked, s2 not, s3 a backup. What is done, in short:
 *   1d down 1u up 1s stopping   1m 1n 1r: maint, drain, ready, as the runtime commands set them */
static const struct {
	const char *done;
	const char *said; /* the last step's lines */
	int level;        /* of the first of them */
} rows[] = {
	{ "1d",
	  "Server web/s1 is DOWN, why. 1 active and 1 backup servers left. 0 sessions active, 0 "
	  "requeued, 0 remaining in queue.",
	  LOG_ALERT },
	{ "1d 1u",
	  "Server web/s1 is UP, why. 2 active and 1 backup servers online. 0 sessions requeued, 0 "
	  "total in queue.",
	  LOG_NOTICE },
	{ "1d 2d",
	  "Server web/s2 is DOWN, why. 0 active and 1 backup servers left. Running on backup. 0 "
	  "sessions active, 0 requeued, 0 remaining in queue.",
	  LOG_ALERT },
	{ "1d 2d 3d",
	  "Backup Server web/s3 is DOWN, why. 0 active and 0 backup servers left. 0 sessions "
	  "active, 0 requeued, 0 remaining in queue.|backend web has no server available!",
	  LOG_ALERT },
	{ "1d 2d 3d 3u",
	  "Backup Server web/s3 is UP, why. 0 active and 1 backup servers online. Running on "
	  "backup. 0 sessions requeued, 0 total in queue.",
	  LOG_NOTICE },
	{ "1d 1d", "", 0 },
	{ "1u", "", 0 },
	{ "1s",
	  "Server web/s1 is stopping, why. 1 active and 1 backup servers online. 0 sessions "
	  "requeued, 0 total in queue.",
	  LOG_NOTICE },
	{ "1s 1s", "", 0 },
	{ "1d 1s", "", 0 },
	{ "1s 1u",
	  "Server web/s1 is UP, why. 2 active and 1 backup servers online. 0 sessions requeued, 0 "
	  "total in queue.",
	  LOG_NOTICE },
	{ "1s 1d",
	  "Server web/s1 is DOWN, why. 1 active and 1 backup servers left. 0 sessions active, 0 "
	  "requeued, 0 remaining in queue.",
	  LOG_NOTICE },
	{ "1m",
	  "Server web/s1 is going DOWN for maintenance. 1 active and 1 backup servers left. 0 "
	  "sessions active, 0 requeued, 0 remaining in queue.",
	  LOG_ALERT },
	{ "1m 1r", "Server web/s1 is UP/READY (leaving forced maintenance).", LOG_NOTICE },
	{ "1d 1m", "Server web/s1 was DOWN and now enters maintenance.", LOG_NOTICE },
	{ "1d 1m 1r", "Server web/s1 is UP/READY (leaving forced maintenance).", LOG_NOTICE },
	{ "1m 1m", "", 0 },
	{ "1m 1d", "", 0 },
	{ "1m 1u", "", 0 },
	{ "1n",
	  "Server web/s1 enters drain state. 1 active and 1 backup servers online. 0 sessions "
	  "requeued, 0 total in queue.",
	  LOG_NOTICE },
	{ "1d 1n",
	  "Server web/s1 enters drain state. 1 active and 1 backup servers left. 0 sessions "
	  "active, 0 requeued, 0 remaining in queue.",
	  LOG_NOTICE },
	{ "1n 1r", "Server web/s1 is UP (leaving forced drain).", LOG_NOTICE },
	{ "1d 1n 1r", "Server web/s1 is DOWN (leaving forced drain).", LOG_NOTICE },
	{ "1n 1m",
	  "Server web/s1 is going DOWN for maintenance. 1 active and 1 backup servers left. 0 "
	  "sessions active, 0 requeued, 0 remaining in queue.",
	  LOG_ALERT },
	{ "1m 1n",
	  "Server web/s1 is UP/DRAIN (leaving forced maintenance).|Server web/s1 remains in "
	  "forced drain mode.",
	  LOG_NOTICE },
	{ "1m 2m 3m",
	  "Backup Server web/s3 is going DOWN for maintenance. 0 active and 0 backup servers "
	  "left. 0 sessions active, 0 requeued, 0 remaining in queue.|backend web has no server "
	  "available!",
	  LOG_ALERT },
	{ "1m 2m 3m 3r", "Backup Server web/s3 is UP/READY (leaving forced maintenance).",
	  LOG_NOTICE },
};

static void perform(struct backend *be, const char *step)
{
	struct server *s = be->servers[step[0] - '1'];

	switch (step[1]) {
	case 'd':
		server_set_down(s, "why");
		return;
	case 'u':
		server_set_up(s, "why");
		return;
	case 's':
		server_set_stopping(s, "why");
		return;
	case 'm':
		server_set_admin(s, SERVER_FMAINT, SERVER_FDRAIN, NULL);
		return;
	case 'n':
		server_set_admin(s, SERVER_FDRAIN, SERVER_FMAINT, NULL);
		return;
	case 'r':
		server_set_admin(s, 0, SERVER_FMAINT | SERVER_FDRAIN, NULL);
		return;
	default:
		ck_abort_msg("step %s", step);
	}
}

static struct backend *make(void)
{
	fix_init(&f, 3);
	f.servers[0].check = true;
	f.servers[2].backup = true;
	return backend_new(&f.px, 1);
}

START_TEST(test_sentences)
{
	struct backend *be = make();
	struct strbuf said = { 0 };

	for (const char *p = rows[_i].done; *p != '\0'; p += p[2] == ' ' ? 3 : 2) {
		fix_forget_lines();
		perform(be, p);
	}
	for (unsigned i = 0; i < fix_n_lines; i++) {
		strbuf_adds(&said, i > 0 ? "|" : "");
		strbuf_adds(&said, fix_lines[i]);
	}
	ck_assert_msg(strcmp(strbuf_str(&said), rows[_i].said) == 0, "%s: %s", rows[_i].done,
		      strbuf_str(&said));
	if (fix_n_lines > 0)
		ck_assert_int_eq(fix_levels[0], rows[_i].level);
	if (fix_n_lines > 0 && strstr(strbuf_str(&said), "no server available") != NULL)
		ck_assert_int_eq(fix_levels[fix_n_lines - 1], LOG_EMERG);
	strbuf_fini(&said);
	fix_free_backend(be);
}
END_TEST

static const struct {
	const char *done;
	unsigned server; /* 1.. */
	const char *text;
	bool is_usable, accepts;
} states[] = {
	{ "", 2, "no check", true, true },     { "2m", 2, "MAINT", false, false },
	{ "2n", 2, "DRAIN", false, true },     { "2m 2n", 2, "DRAIN", false, true },
	{ "2n 2m", 2, "MAINT", false, false }, { "2n 2r", 2, "no check", true, true },
	{ "2s", 2, "NOLB", false, true },      { "2d", 2, "DOWN", false, false },
	{ "2d 2n", 2, "DOWN", false, false },
};

START_TEST(test_states)
{
	struct backend *be = make();
	const struct server *s = be->servers[states[_i].server - 1];
	char buf[32];

	for (const char *p = states[_i].done; *p != '\0'; p += p[2] == ' ' ? 3 : 2)
		perform(be, p);
	ck_assert_str_eq(server_status_text(s, buf, sizeof(buf)), states[_i].text);
	ck_assert_int_eq(server_is_usable(s), states[_i].is_usable);
	ck_assert_int_eq(be->view->servers[s->index].usable, states[_i].is_usable);
	ck_assert_int_eq(be->view->servers[s->index].accepts, states[_i].accepts);
	fix_free_backend(be);
}
END_TEST

START_TEST(listen_section_is_called_proxy)
{
	struct backend *be;

	fix_init(&f, 1);
	f.px.is_frontend = true;
	be = backend_new(&f.px, 1);
	server_set_down(be->servers[0], NULL);
	ck_assert(fix_said("Server web/s1 is DOWN. 0 active"));
	ck_assert(fix_said("proxy web has no server available!"));
	fix_free_backend(be);
}
END_TEST

START_TEST(disabled_server_starts_in_maintenance)
{
	struct backend *be;
	char buf[32];

	fix_init(&f, 1);
	f.servers[0].disabled = true;
	be = backend_new(&f.px, 1);
	ck_assert_str_eq(server_status_text(be->servers[0], buf, sizeof(buf)), "MAINT");
	ck_assert_uint_eq(be->servers[0]->admin, 5); /* as HAProxy shows it */
	ck_assert_int_eq(be->servers[0]->op, SERVER_STOPPED);
	server_set_admin(be->servers[0], 0, SERVER_FMAINT | SERVER_FDRAIN, NULL);
	ck_assert(server_is_usable(be->servers[0]));
	fix_free_backend(be);
}
END_TEST

START_TEST(weight_is_bounded_and_published)
{
	struct backend *be = make();

	server_set_weight(be->servers[0], 1000);
	ck_assert_uint_eq(be->servers[0]->weight, 256);
	ck_assert_uint_eq(be->view->servers[0].weight, 256 * LB_WEIGHT_UNIT);
	server_set_weight(be->servers[0], 0);
	ck_assert(!server_is_usable(be->servers[0]));
	ck_assert(be->view->servers[0].accepts); /* for who is bound to it */
	fix_free_backend(be);
}
END_TEST

START_TEST(what_changes_nothing_publishes_nothing)
{
	struct backend *be = make();
	const struct backend_view *v = be->view;

	server_set_weight(be->servers[0], 1);
	server_set_maxconn(be->servers[0], 0);
	server_set_addr(be->servers[0], &f.servers[0].addr);
	server_set_up(be->servers[0], NULL);
	server_set_admin(be->servers[0], 0, SERVER_FMAINT, NULL);
	ck_assert_ptr_eq(be->view, v);
	fix_free_backend(be);
}
END_TEST

START_TEST(counts_falls_and_time_down)
{
	struct backend *be = make();
	struct server *s = be->servers[0];

	server_set_down(s, NULL);
	s->last_change_us -= 5000000; /* as if five seconds ago */
	server_set_up(s, NULL);
	server_set_down(s, NULL);
	ck_assert_uint_eq(s->n_check_down, 2);
	ck_assert_int_ge(s->down_time_us, 5000000);
	ck_assert_int_lt(s->down_time_us, 6000000);
	server_set_admin(s, SERVER_FMAINT, 0, NULL); /* was down: no fall */
	ck_assert_uint_eq(s->n_check_down, 2);
	server_set_admin(s, 0, SERVER_FMAINT, NULL);
	server_set_admin(s, SERVER_FMAINT, 0, NULL);
	ck_assert_uint_eq(s->n_check_down, 3);
	fix_free_backend(be);
}
END_TEST

START_TEST(long_causes_are_cut)
{
	struct backend *be = make();
	char cause[3000];

	memset(cause, 'x', sizeof(cause) - 1);
	cause[sizeof(cause) - 1] = '\0';
	server_set_down(be->servers[0], cause);
	ck_assert(fix_said("Server web/s1 is DOWN, xxx"));
	fix_free_backend(be);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("server");
	TCase *tc = tcase_create("server");
	int rc;

	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	tcase_add_loop_test(tc, test_sentences, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, test_states, 0, ARRAY_LEN(states));
	tcase_add_test(tc, listen_section_is_called_proxy);
	tcase_add_test(tc, disabled_server_starts_in_maintenance);
	tcase_add_test(tc, weight_is_bounded_and_published);
	tcase_add_test(tc, what_changes_nothing_publishes_nothing);
	tcase_add_test(tc, counts_falls_and_time_down);
	tcase_add_test(tc, long_causes_are_cut);
	suite_add_tcase(s, tc);
	rc = unit_run(s);
	urcu_qsbr_unregister_thread();
	return rc;
}
