/* test_track_process.c - which processes match, and numbers in files. */
#include "track_process.h"

#include <string.h>

#include "../../lib/unit.h"
#include "config/cfg_model.h"
#include "track.h"
#include "track_file.h"

static const struct {
	const char *name;
	const char *argv[4];
	enum cfg_param_match match;
	bool full;
	const char *comm, *cmdline; /* words parted by '|' */
	bool is_match;
} rows[] = {
	{ "by its name", { "haproxy" }, MATCH_NAME, false, "haproxy", "", true },
	{ "another name", { "haproxy" }, MATCH_NAME, false, "haproxy2", "", false },
	{ "the kernel cuts at 15",
	  { "a-very-long-process" },
	  MATCH_NAME,
	  false,
	  "a-very-long-pro",
	  "",
	  true },
	{ "a path means its last part",
	  { "/usr/sbin/nginx" },
	  MATCH_NAME,
	  false,
	  "nginx",
	  "",
	  true },
	{ "full command", { "/bin/x" }, MATCH_NAME, true, "y", "/bin/x|-a", true },
	{ "full command, no path", { "x" }, MATCH_NAME, true, "y", "/bin/x|-a", true },
	{ "full command of a kernel thread", { "x" }, MATCH_NAME, true, "x", "", false },
	{ "exact parameters", { "x", "-a", "b" }, MATCH_EXACT, false, "x", "x|-a|b", true },
	{ "one too many", { "x", "-a" }, MATCH_EXACT, false, "x", "x|-a|b", false },
	{ "one too few", { "x", "-a", "b" }, MATCH_EXACT, false, "x", "x|-a", false },
	{ "partial", { "x", "-a" }, MATCH_PARTIAL, false, "x", "x|-a|b", true },
	{ "partial, other", { "x", "-c" }, MATCH_PARTIAL, false, "x", "x|-a|b", false },
	{ "initial", { "x", "-a", "bc" }, MATCH_INITIAL, false, "x", "x|-a|bcd", true },
	{ "initial, other", { "x", "-a", "bd" }, MATCH_INITIAL, false, "x", "x|-a|bcd", false },
};

START_TEST(test_match)
{
	struct cfg_process_track c = { .argv = (char *const *)rows[_i].argv,
				       .match = rows[_i].match,
				       .full_command = rows[_i].full };
	size_t len = strlen(rows[_i].cmdline);
	char buf[64];

	memcpy(buf, rows[_i].cmdline, len + 1);
	for (size_t k = 0; k < len; k++)
		if (rows[_i].cmdline[k] == '|')
			buf[k] = '\0';
	ck_assert_msg(track_process_matches(&c, rows[_i].comm, buf, len ? len + 1 : 0) ==
			      rows[_i].is_match,
		      "%s", rows[_i].name);
}
END_TEST

static const struct {
	const char *text;
	int64_t value;
} numbers[] = {
	{ "0\n", 0 },   { "5", 5 },      { "-20\n", -20 }, { "", 0 },
	{ "up\n", 0 },  { "  7  x", 7 }, { "+3", 3 },      { "99999999999", INT32_MAX },
	{ "\n12", 12 },
};

START_TEST(test_number)
{
	ck_assert_int_eq(track_file_parse(str_from(numbers[_i].text)), numbers[_i].value);
}
END_TEST

static const struct {
	const char *name;
	int weight;
	bool reverse;
	int64_t value;
	int priority; /* from 100 */
	bool is_fault;
} values[] = {
	{ "zero changes nothing", 1, false, 0, 100, false },
	{ "the number is added", 1, false, 20, 120, false },
	{ "times the weight", -2, false, 20, 60, false },
	{ "reverse turns the sign", 2, true, 20, 60, false },
	{ "above 253 is cut", 254, false, 2, 254, false },
	{ "below -253 is a fault", 254, false, -1, 1, true },
	{ "weight 0: a number is a fault", 0, false, 3, 100, true },
	{ "weight 0: zero is fine", 0, false, 0, 100, false },
	{ "weight 0 reverse: zero is a fault", 0, true, 0, 100, true },
	{ "a huge number does not overflow", -254, false, INT64_MAX, 1, true },
};

START_TEST(test_value)
{
	const struct cfg_track c = { .weight = values[_i].weight, .reverse = values[_i].reverse };
	struct track_sum sum;

	track_begin(&sum, 100);
	(void)track_add_value(&sum, &c, values[_i].value);
	ck_assert_msg(track_priority(&sum) == values[_i].priority, "%s: %u", values[_i].name,
		      track_priority(&sum));
	ck_assert_msg((sum.fault != NULL) == values[_i].is_fault, "%s: fault", values[_i].name);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("track_process");
	TCase *tc = tcase_create("track_process");

	tcase_add_loop_test(tc, test_match, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, test_number, 0, ARRAY_LEN(numbers));
	tcase_add_loop_test(tc, test_value, 0, ARRAY_LEN(values));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
