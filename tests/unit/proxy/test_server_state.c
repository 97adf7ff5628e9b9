/* test_server_state.c - states of servers from `show servers state`: what is read, and what a new
 * backend takes of it (the rows were also given to HAProxy 2.6, with the same outcome but for
 * unchecked_server_does_not_stay_down). */
#include "pool/server_state.h"

#include <errno.h>

#include "../../lib/pool_fixture.h"
#include "../../lib/unit.h"

#define HEAD "1\n# be_id be_name srv_id srv_name ...\n"

static const struct {
	const char *name, *text;
	int result;
	unsigned n, n_bad;
} files[] = {
	{ "one row", HEAD "3 be 1 s1 127.0.0.1 2 0 5 10 100 1 0 2 0 0 0 0 - 80 - 0 0 - - 0\n", 0, 1,
	  0 },
	{ "empty lines and comments", "\n1 \n\n# x\n", 0, 0, 0 },
	{ "without the last columns", HEAD "3 be 1 s1 - 2 0 5 10 100 1 0 2 0 0 0 0 - -\n", 0, 1,
	  0 },
	{ "no version", "# x\n", -EPROTO, 0, 0 },
	{ "another version", "2\n", -EPROTO, 0, 0 },
	{ "nothing", "", -EPROTO, 0, 0 },
	{ "a short line", HEAD "3 be 1 s1 127.0.0.1 2 0 5\n", 0, 0, 1 },
	{ "a wrong state", HEAD "3 be 1 s1 - 9 0 5 10 100 1 0 2 0 0 0 0 - 80\n", 0, 0, 1 },
	{ "a wrong weight", HEAD "3 be 1 s1 - 2 0 257 10 100 1 0 2 0 0 0 0 - 80\n", 0, 0, 1 },
	{ "a wrong port", HEAD "3 be 1 s1 - 2 0 5 10 100 1 0 2 0 0 0 0 - 65536\n", 0, 0, 1 },
};

START_TEST(file_is_read)
{
	struct saved_states all;

	ck_assert_int_eq(server_state_parse(&all, str_from(files[_i].text)), files[_i].result);
	if (files[_i].result != 0)
		return;
	ck_assert_uint_eq(all.n, files[_i].n);
	ck_assert_uint_eq(all.n_bad, files[_i].n_bad);
	server_state_fini(&all);
}
END_TEST

START_TEST(rows_are_found_by_name)
{
	struct strbuf text = { 0 };
	struct saved_states all;
	char name[16];

	strbuf_adds(&text, HEAD);
	for (unsigned i = 0; i < 1000; i++)
		strbuf_addf(&text, "1 be%u 1 s%u - 2 0 %u 1 1 1 0 2 0 0 0 0 - 80\n", i % 7, i,
			    i % 256);
	ck_assert_int_eq(server_state_parse(&all, (struct str){ text.p, text.len }), 0);
	snprintf(name, sizeof(name), "be%u", 500 % 7);
	ck_assert_uint_eq(server_state_find(&all, str_from(name), STR("s500"))->weight, 500 % 256);
	ck_assert_ptr_null(server_state_find(&all, STR("be9"), STR("s500")));
	ck_assert_ptr_null(server_state_find(&all, str_from(name), STR("s5000")));
	server_state_fini(&all);
	strbuf_fini(&text);
}
END_TEST

/* op, admin, weight and first weight of a server of weight 10, and what it has afterwards */
static const struct {
	const char *name;
	bool is_checked, is_disabled;
	const char *row; /* from srv_op_state to the first weight */
	unsigned op, admin, weight;
} rows[] = {
	{ "weight", false, false, "2 0 5 10", 2, 0, 5 },
	{ "the file has another weight now", false, false, "2 0 5 20", 2, 0, 10 },
	{ "down", true, false, "0 0 10 10", 0, 0, 10 },
	{ "stopping", true, false, "3 0 10 10", 3, 0, 10 },
	{ "unchecked_server_does_not_stay_down", false, false, "0 0 10 10", 2, 0, 10 },
	{ "maintenance", false, false, "2 1 10 10", 0, 1, 10 },
	{ "drain", false, false, "2 8 10 10", 2, 8, 10 },
	{ "maintenance by the old file", false, false, "0 5 10 10", 2, 0, 10 },
	{ "maintenance by the new file", false, true, "2 0 10 10", 0, 5, 10 },
	{ "maintenance of another server", false, false, "2 2 10 10", 2, 0, 10 },
};

START_TEST(server_takes_its_state)
{
	struct fix_cfg f;
	struct strbuf text = { 0 };
	struct saved_states all;
	struct backend *be;
	const struct server *s;

	fix_init(&f, 1);
	f.servers[0].weight = 10;
	f.servers[0].check = rows[_i].is_checked;
	f.servers[0].disabled = rows[_i].is_disabled;
	be = backend_new(&f.px, 1);
	s = be->servers[0];
	strbuf_addf(&text, HEAD "3 %s 1 %s - %s 100 1 0 2 0 0 0 0 - 80\n", be->name, s->name,
		    rows[_i].row);
	ck_assert_int_eq(server_state_parse(&all, (struct str){ text.p, text.len }), 0);
	ck_assert_uint_eq(server_state_apply(&all, be), 1);
	ck_assert_msg(s->op == rows[_i].op, "%s: op %d", rows[_i].name, s->op);
	ck_assert_msg(s->admin == rows[_i].admin, "%s: admin %u", rows[_i].name, s->admin);
	ck_assert_msg(s->weight == rows[_i].weight, "%s: weight %u", rows[_i].name, s->weight);
	server_state_fini(&all);
	strbuf_fini(&text);
	fix_free_backend(be);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("server_state");
	TCase *tc = tcase_create("server_state");

	tcase_add_loop_test(tc, file_is_read, 0, ARRAY_LEN(files));
	tcase_add_test(tc, rows_are_found_by_name);
	tcase_add_loop_test(tc, server_takes_its_state, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
