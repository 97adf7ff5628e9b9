/* test_backend.c - views, backups, reconfiguration, retirement. */
#include "pool/backend.h"

#include "../../lib/pool_fixture.h"
#include "../../lib/unit.h"

static struct fix_cfg f, g;

static const struct {
	const char *name;
	bool allbackups;
	const char *kinds; /* A: active, B: backup; lower case: down */
	const char *used;  /* numbers of the servers balanced over */
	unsigned n_active, n_backup;
} rows[] = {
	{ "actives only", false, "AAB", "12", 2, 1 },
	{ "one active is enough", false, "aAB", "2", 1, 1 },
	{ "first backup alone", false, "aaBB", "3", 0, 2 },
	{ "first usable backup", false, "aabB", "4", 0, 1 },
	{ "allbackups", true, "aaBB", "34", 0, 2 },
	{ "allbackups, one down", true, "aaBbB", "35", 0, 2 },
	{ "allbackups, but actives", true, "AaBB", "1", 1, 2 },
	{ "only backups there", false, "BB", "1", 0, 2 },
	{ "nobody", false, "aab", "", 0, 0 },
};

START_TEST(view_holds_who_is_balanced_over)
{
	const char *kinds = rows[_i].kinds;
	struct backend *be;
	char used[FIX_MAX] = "";
	unsigned n = (unsigned)strlen(kinds);

	fix_init(&f, n);
	f.px.allbackups = rows[_i].allbackups;
	for (unsigned i = 0; i < n; i++)
		f.servers[i].backup = (kinds[i] | 0x20) == 'b';
	be = backend_new(&f.px, 1);
	for (unsigned i = 0; i < n; i++)
		if (kinds[i] >= 'a')
			server_set_down(be->servers[i], NULL);
	for (unsigned i = 0; i < be->view->n_usable; i++)
		used[i] = (char)('1' + be->view->usable[i]->srv->index);
	ck_assert_msg(strcmp(used, rows[_i].used) == 0, "%s: %s", rows[_i].name, used);
	ck_assert_uint_eq(be->view->n_active, rows[_i].n_active);
	ck_assert_uint_eq(be->view->n_backup, rows[_i].n_backup);
	ck_assert_uint_eq(backend_n_usable(be), strlen(rows[_i].used));
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(be->view->servers[i].in_use,
				 strchr(rows[_i].used, (char)('1' + i)) != NULL);
	fix_free_backend(be);
}
END_TEST

START_TEST(servers_are_found_by_name_and_id)
{
	struct backend *be;

	fix_init(&f, 3);
	f.servers[1].id = 77;
	be = backend_new(&f.px, 1);
	ck_assert_ptr_eq(backend_find_server(be, STR("s2")), be->servers[1]);
	ck_assert_ptr_eq(backend_find_server(be, STR("#77")), be->servers[1]);
	ck_assert_ptr_null(backend_find_server(be, STR("77")));
	ck_assert_ptr_null(backend_find_server(be, STR("#2")));
	ck_assert_ptr_null(backend_find_server(be, STR("#")));
	ck_assert_ptr_null(backend_find_server(be, STR("s")));
	ck_assert_ptr_null(backend_find_server(be, STR("")));
	fix_free_backend(be);
}
END_TEST

START_TEST(reload_keeps_states_by_name)
{
	struct backend *be;
	struct server *s1, *s2, *s3;

	fix_init(&f, 3);
	f.servers[1].check = true;
	be = backend_new(&f.px, 1);
	s1 = be->servers[0], s2 = be->servers[1], s3 = be->servers[2];
	server_set_down(s2, NULL);
	server_set_admin(s3, SERVER_FDRAIN, 0, NULL);
	counter_add(&s1->counters[0].stot, 5);
	fix_init(&g, 3); /* other order */
	g.servers[0].name = "s3";
	g.servers[2].name = "s1";
	g.servers[1].check = true;
	backend_reconfigure(be, &g.px);
	ck_assert_ptr_eq(be->servers[0], s3);
	ck_assert_ptr_eq(be->servers[1], s2);
	ck_assert_ptr_eq(be->servers[2], s1);
	ck_assert_uint_eq(s3->index, 0);
	ck_assert_int_eq(s2->op, SERVER_STOPPED);
	ck_assert_uint_eq(s3->admin, SERVER_FDRAIN);
	ck_assert_uint_eq(counter_get(&s1->counters[0].stot), 5);
	ck_assert_uint_eq(backend_n_usable(be), 1);
	ck_assert(be->cfg == &g.px);
	ck_assert(list_is_empty(&be->retired));
	fix_free_backend(be);
}
END_TEST

static const struct {
	const char *name;
	unsigned file_before, run_time, file_after, expect;
} weights[] = {
	{ "nothing changed", 10, 10, 10, 10 },
	{ "file unchanged: run time stays", 10, 3, 10, 3 },
	{ "file changed: file wins", 10, 3, 20, 20 },
	{ "file changed to what runs", 10, 3, 3, 3 },
	{ "file changed, run time not", 10, 10, 20, 20 },
};

START_TEST(reload_weighs_file_against_run_time)
{
	struct backend *be;

	fix_init(&f, 1);
	f.servers[0].weight = f.servers[0].maxconn = weights[_i].file_before;
	be = backend_new(&f.px, 1);
	server_set_weight(be->servers[0], weights[_i].run_time);
	server_set_maxconn(be->servers[0], weights[_i].run_time);
	fix_init(&g, 1);
	g.servers[0].weight = g.servers[0].maxconn = weights[_i].file_after;
	backend_reconfigure(be, &g.px);
	ck_assert_msg(be->servers[0]->weight == weights[_i].expect, "%s", weights[_i].name);
	ck_assert_msg(be->servers[0]->maxconn == weights[_i].expect, "%s", weights[_i].name);
	ck_assert_uint_eq(be->view->servers[0].weight, LB_WEIGHT_UNIT * weights[_i].expect);
	fix_free_backend(be);
}
END_TEST

START_TEST(an_address_set_at_run_time_stays_until_the_file_changes_its_own)
{
	const struct addr other = fix_addr("127.0.0.9", 9);
	struct backend *be;

	fix_init(&f, 1);
	be = backend_new(&f.px, 1);
	server_set_addr(be->servers[0], &other);
	ck_assert(addr_eq(&be->view->servers[0].addr, &other));
	fix_init(&g, 1);
	backend_reconfigure(be, &g.px);
	ck_assert(addr_eq(&be->view->servers[0].addr, &other));
	fix_init(&f, 1);
	f.servers[0].addr = fix_addr("127.0.0.7", 7);
	backend_reconfigure(be, &f.px);
	ck_assert(addr_eq(&be->view->servers[0].addr, &f.servers[0].addr));
	fix_free_backend(be);
}
END_TEST

static const struct {
	const char *name;
	bool before, after;
	unsigned add, remove; /* by the operator in between */
	unsigned admin;
	bool is_usable;
} disabled[] = {
	{ "becomes disabled", false, true, 0, 0, SERVER_FMAINT | SERVER_CMAINT, false },
	{ "no longer disabled", true, false, 0, 0, 0, true },
	{ "stays disabled", true, true, 0, 0, SERVER_FMAINT | SERVER_CMAINT, false },
	{ "operator enabled it", true, true, 0, SERVER_FMAINT, SERVER_CMAINT, true },
	{ "operator's maintenance stays", false, false, SERVER_FMAINT, 0, SERVER_FMAINT, false },
	{ "operator's drain stays", false, false, SERVER_FDRAIN, 0, SERVER_FDRAIN, false },
};

START_TEST(reload_follows_disabled)
{
	struct backend *be;

	fix_init(&f, 1);
	f.servers[0].disabled = disabled[_i].before;
	be = backend_new(&f.px, 1);
	server_set_admin(be->servers[0], disabled[_i].add, disabled[_i].remove, NULL);
	fix_init(&g, 1);
	g.servers[0].disabled = disabled[_i].after;
	backend_reconfigure(be, &g.px);
	ck_assert_msg(be->servers[0]->admin == disabled[_i].admin, "%s: %u", disabled[_i].name,
		      be->servers[0]->admin);
	ck_assert_msg(server_is_usable(be->servers[0]) == disabled[_i].is_usable, "%s",
		      disabled[_i].name);
	fix_free_backend(be);
}
END_TEST

START_TEST(server_without_checks_any_more_is_up)
{
	struct backend *be;

	fix_init(&f, 1);
	f.servers[0].check = true;
	be = backend_new(&f.px, 1);
	server_set_down(be->servers[0], NULL);
	fix_init(&g, 1);
	backend_reconfigure(be, &g.px);
	ck_assert(server_is_usable(be->servers[0]));
	fix_free_backend(be);
}
END_TEST

START_TEST(reload_may_change_the_algorithm)
{
	struct backend *be;

	fix_init(&f, 2);
	be = backend_new(&f.px, 1);
	ck_assert_ptr_eq(be->view->algo, &lb_roundrobin);
	fix_init(&g, 2);
	g.px.balance = CFG_LB_LEASTCONN;
	backend_reconfigure(be, &g.px);
	ck_assert_ptr_eq(be->view->algo, &lb_leastconn);
	fix_free_backend(be);
}
END_TEST

START_TEST(removed_server_stays_until_unused)
{
	struct backend *be;
	struct server *s1;

	fix_init(&f, 2);
	be = backend_new(&f.px, 1);
	s1 = be->servers[0];
	gauge_inc(&s1->sess); /* a stream uses it */
	fix_init(&g, 1);
	g.servers[0].name = "s2";
	backend_reconfigure(be, &g.px);
	ck_assert(!list_is_empty(&be->retired));
	ck_assert(s1->is_retired);
	ck_assert(!backend_is_unused(be));
	urcu_qsbr_barrier(); /* a grace period: nobody new can find it */
	ck_assert_uint_eq(backend_reap(be), 1);
	backend_release(be, s1);
	ck_assert(backend_is_unused(be));
	ck_assert_uint_eq(backend_reap(be), 0);
	ck_assert(list_is_empty(&be->retired));
	fix_free_backend(be);
}
END_TEST

START_TEST(hidden_only_after_a_grace_period)
{
	struct backend *be;

	fix_init(&f, 2);
	be = backend_new(&f.px, 1);
	urcu_qsbr_thread_online(); /* as a reader inside a turn */
	fix_init(&g, 1);
	backend_reconfigure(be, &g.px);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(backend_reap(be), 1);
	urcu_qsbr_thread_offline();
	urcu_qsbr_barrier();
	ck_assert_uint_eq(backend_reap(be), 0);
	fix_free_backend(be);
}
END_TEST

START_TEST(same_name_after_removal_is_a_new_server)
{
	struct backend *be;
	struct server *old;

	fix_init(&f, 2);
	be = backend_new(&f.px, 1);
	old = be->servers[1];
	fix_init(&g, 1);
	backend_reconfigure(be, &g.px);
	fix_init(&f, 2);
	backend_reconfigure(be, &f.px);
	ck_assert_ptr_ne(be->servers[1], old);
	fix_free_backend(be);
}
END_TEST

START_TEST(backend_counts_its_own_falls)
{
	struct backend *be;

	fix_init(&f, 2);
	be = backend_new(&f.px, 1);
	server_set_down(be->servers[0], NULL);
	ck_assert_uint_eq(be->n_down, 0);
	server_set_down(be->servers[1], NULL);
	ck_assert_uint_eq(be->n_down, 1);
	server_set_up(be->servers[0], NULL);
	server_set_down(be->servers[0], NULL);
	ck_assert_uint_eq(be->n_down, 2);
	ck_assert_int_ge(be->down_time_us, 0);
	fix_free_backend(be);
}
END_TEST

START_TEST(assign_counts_and_release_gives_back)
{
	const struct view_server *vs = NULL;
	const struct lb_key key = { 0 };
	struct backend *be;

	fix_init(&f, 1);
	be = backend_new(&f.px, 1);
	ck_assert_int_eq(backend_assign(be, &key, NULL, &vs), ASSIGN_OK);
	ck_assert_ptr_eq(vs->srv, be->servers[0]);
	ck_assert_uint_eq(vs->srv->sess.cur, 1);
	backend_take(be, vs->srv);
	ck_assert_uint_eq(vs->srv->sess.max, 2);
	backend_release(be, vs->srv);
	backend_release(be, vs->srv);
	ck_assert_uint_eq(vs->srv->sess.cur, 0);
	server_set_down(be->servers[0], NULL);
	ck_assert_int_eq(backend_assign(be, &key, NULL, &vs), ASSIGN_NONE);
	fix_free_backend(be);
}
END_TEST

START_TEST(free_accepts_null)
{
	backend_free(NULL);
	server_free(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backend");
	TCase *tc = tcase_create("backend");
	int rc;

	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	tcase_add_loop_test(tc, view_holds_who_is_balanced_over, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, servers_are_found_by_name_and_id);
	tcase_add_test(tc, reload_keeps_states_by_name);
	tcase_add_loop_test(tc, reload_weighs_file_against_run_time, 0, ARRAY_LEN(weights));
	tcase_add_test(tc, an_address_set_at_run_time_stays_until_the_file_changes_its_own);
	tcase_add_loop_test(tc, reload_follows_disabled, 0, ARRAY_LEN(disabled));
	tcase_add_test(tc, server_without_checks_any_more_is_up);
	tcase_add_test(tc, reload_may_change_the_algorithm);
	tcase_add_test(tc, removed_server_stays_until_unused);
	tcase_add_test(tc, hidden_only_after_a_grace_period);
	tcase_add_test(tc, same_name_after_removal_is_a_new_server);
	tcase_add_test(tc, backend_counts_its_own_falls);
	tcase_add_test(tc, assign_counts_and_release_gives_back);
	tcase_add_test(tc, free_accepts_null);
	suite_add_tcase(s, tc);
	rc = unit_run(s);
	urcu_qsbr_unregister_thread();
	return rc;
}
