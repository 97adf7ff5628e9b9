/* test_agent.c - what an agent's line means. */
#include "health/agent.h"

#include "../../lib/unit.h"

static const struct {
	const char *line;
	enum agent_admin admin;
	enum agent_state state;
	const char *word, *about;
	int weight;
	int maxconn;
} rows[] = {
	{ "up", AGENT_ADMIN_NONE, AGENT_UP, "up", "", -1, -1 },
	{ "UP", AGENT_ADMIN_NONE, AGENT_UP, "UP", "", -1, -1 },
	{ "ready up 50%", AGENT_READY, AGENT_UP, "up", "", 50, -1 },
	{ "75%,maxconn:30\tdrain", AGENT_DRAIN, AGENT_STATE_NONE, "", "", 75, 30 },
	{ "maint", AGENT_MAINT, AGENT_STATE_NONE, "", "", -1, -1 },
	{ "down", AGENT_ADMIN_NONE, AGENT_DOWN, "down", "", -1, -1 },
	{ "stopped", AGENT_ADMIN_NONE, AGENT_DOWN, "stopped", "", -1, -1 },
	{ "fail # the disk is full, up", AGENT_ADMIN_NONE, AGENT_DOWN, "fail",
	  "the disk is full, up", -1, -1 },
	{ "down#why", AGENT_ADMIN_NONE, AGENT_DOWN, "down", "why", -1, -1 },
	{ "10% down #x", AGENT_ADMIN_NONE, AGENT_DOWN, "down", "x", 10, -1 },
	{ "0%", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", 0, -1 },
	{ "100%", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", 100, -1 },
	{ "%", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", -1, -1 },
	{ "-5%", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", -1, -1 },
	{ "5x%", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", -1, -1 },
	{ "maxconn:", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", -1, -1 },
	{ "maxconn:x", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", -1, -1 },
	{ "maxconn:0", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", -1, 0 },
	{ "", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", -1, -1 },
	{ " ,\t ", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", -1, -1 },
	{ "upright # downwards", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", -1, -1 },
	{ "#", AGENT_ADMIN_NONE, AGENT_STATE_NONE, "", "", -1, -1 },
	{ "down #", AGENT_ADMIN_NONE, AGENT_DOWN, "down", "", -1, -1 },
};

START_TEST(test_line)
{
	struct agent_reply r;

	agent_parse(str_from(rows[_i].line), &r);
	ck_assert_int_eq(r.admin, rows[_i].admin);
	ck_assert_int_eq(r.state, rows[_i].state);
	ck_assert_msg(str_eq(r.state_word, str_from(rows[_i].word)), "%s", rows[_i].line);
	ck_assert_msg(str_eq(r.about, str_from(rows[_i].about)), "%s: '" STR_FMT "'", rows[_i].line,
		      STR_ARG(r.about));
	ck_assert_int_eq(r.weight_percent, rows[_i].weight);
	ck_assert_int_eq(r.maxconn, rows[_i].maxconn);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent");
	TCase *tc = tcase_create("lines");

	tcase_add_loop_test(tc, test_line, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
