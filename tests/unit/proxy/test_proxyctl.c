/* test_proxyctl.c - `proxyd ctl`: reading CSV, finding sockets, exit statuses. */
#include "cli/proxyctl.h"

#include "../../lib/proxyd_run.h"
#include "../../lib/unit.h"

START_TEST(csv_has_quotes_and_empty_cells)
{
	struct csv c;

	ck_assert_int_eq(csv_parse("# a,b,c,\nx,,\"1,\"\"2\"\"\",\n,y\n\n", &c), 0);
	ck_assert_uint_eq(c.n_columns, 3);
	ck_assert_uint_eq(c.n_rows, 2);
	ck_assert_str_eq(csv_get(&c, 0, "a"), "x");
	ck_assert_str_eq(csv_get(&c, 0, "b"), "");
	ck_assert_str_eq(csv_get(&c, 0, "c"), "1,\"2\"");
	ck_assert_str_eq(csv_get(&c, 1, "a"), "");
	ck_assert_str_eq(csv_get(&c, 1, "b"), "y");
	ck_assert_str_eq(csv_get(&c, 1, "c"), "");
	ck_assert_str_eq(csv_get(&c, 1, "nope"), "");
	csv_fini(&c);
	ck_assert_int_eq(csv_parse("No such proxy.\n", &c), -EINVAL);
}
END_TEST

START_TEST(sockets_are_found_in_files_that_are_wrong_otherwise)
{
	struct addr places[PROXYCTL_MAX_PLACES];
	const char *files[2];
	char text[ADDR_TEXT_LEN];
	struct run r;

	run_init(&r);
	run_write(&r, "a.cfg",
		  "global\n\tnonsense\n\tstats socket /run/user.sock level user\n"
		  "\tstats  socket \"/run/op.sock\" # comment\n\tstats socket\n"
		  "# stats socket /run/no.sock\n\tstats timeout 1s\n\tstats socket fd@9\n");
	run_write(&r, "b.cfg", "global\n stats socket 127.0.0.1:99 level admin\n");
	files[0] = run_path(&r, "a.cfg");
	files[1] = run_path(&r, "b.cfg");
	ck_assert_uint_eq(proxyctl_find_places(files, 2, places), 3);
	ck_assert_str_eq(addr_format(&places[0], true, text), "127.0.0.1:99");
	ck_assert_str_eq(addr_format(&places[1], true, text), "unix:/run/user.sock");
	ck_assert_str_eq(addr_format(&places[2], true, text), "unix:/run/op.sock");
	/* the directory is the same */
	files[0] = r.dir;
	ck_assert_uint_eq(proxyctl_find_places(files, 1, places), 3);
	run_fini(&r);
}
END_TEST

static int ctl(const struct run *r, const char *words, char *out, size_t size)
{
	char command[8192];
	size_t len;
	FILE *p;

	snprintf(command, sizeof(command), "%s ctl -f %s/cfg %s 2>&1", run_program(), r->dir,
		 words);
	p = popen(command, "r");
	ck_assert_ptr_nonnull(p);
	len = fread(out, 1, size - 1, p);
	out[len] = '\0';
	return WEXITSTATUS(pclose(p));
}

START_TEST(status_and_reload_have_exit_statuses)
{
	static const char config[] =
		"global\n stats socket %s/sock level admin\ndefaults\n mode tcp\n"
		" timeout connect 1s\n timeout client 1s\n timeout server 1s\n"
		"listen l\n bind 127.0.0.1:%u\n server a 127.0.0.1:1\n"
		" server b 127.0.0.1:2 backup\n%s";
	unsigned port = run_free_port();
	char out[16384];
	struct run r;

	run_init(&r);
	run_write(&r, "cfg", config, r.dir, port, "");
	ck_assert_int_eq(ctl(&r, "status", out, sizeof(out)), CTL_DOWN);
	ck_assert_ptr_nonnull(strstr(out, "nobody answers"));
	run_start(&r, 0, (const char *[]){ "-db", "-f", "cfg", NULL });
	run_expect(&r, "started");
	ck_assert_int_eq(ctl(&r, "status", out, sizeof(out)), CTL_GOOD);
	ck_assert_ptr_nonnull(strstr(out, "2 of 2 servers up"));
	ck_assert_int_eq(ctl(&r, "set server l/a state maint", out, sizeof(out)), CTL_GOOD);
	ck_assert_int_eq(ctl(&r, "status", out, sizeof(out)), CTL_DEGRADED);
	ck_assert_ptr_nonnull(strstr(out, "on backup"));
	ck_assert_int_eq(ctl(&r, "'set server l/b health down'", out, sizeof(out)), CTL_GOOD);
	ck_assert_int_eq(ctl(&r, "status --json", out, sizeof(out)), CTL_DOWN);
	ck_assert_ptr_nonnull(strstr(out, "{\"state\":\"down\",\"backends\":[{\"name\":\"l\""));
	ck_assert_int_eq(ctl(&r, "--json show stat l 4 1", out, sizeof(out)), CTL_GOOD);
	ck_assert_ptr_nonnull(strstr(out, "\"svname\":\"a\""));
	ck_assert_int_eq(ctl(&r, "show table x", out, sizeof(out)), CTL_DEGRADED);
	ck_assert_int_eq(ctl(&r, "--bogus", out, sizeof(out)), CTL_DOWN);
	ck_assert_int_eq(ctl(&r, "reload", out, sizeof(out)), CTL_GOOD);
	ck_assert_ptr_nonnull(strstr(out, "Reloaded."));
	run_write(&r, "cfg", config, r.dir, port, " bogus line\n");
	ck_assert_int_eq(ctl(&r, "reload", out, sizeof(out)), CTL_DEGRADED);
	ck_assert_ptr_nonnull(strstr(out, "bogus"));
	/* what was set at run time is still there */
	ck_assert_int_eq(ctl(&r, "show servers state", out, sizeof(out)), CTL_GOOD);
	ck_assert_ptr_nonnull(strstr(out, "127.0.0.1"));
	ck_assert_int_eq(ctl(&r, "status", out, sizeof(out)), CTL_DEGRADED);
	kill(r.pid, SIGINT);
	ck_assert_int_eq(run_wait(&r), 0);
	run_fini(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proxyctl");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, csv_has_quotes_and_empty_cells);
	tcase_add_test(tc, sockets_are_found_in_files_that_are_wrong_otherwise);
	tcase_add_test(tc, status_and_reload_have_exit_statuses);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
