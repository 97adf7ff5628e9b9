/* test_cfg_index.c - names are found in their space, and the first of a name stays. */
#include "config/cfg_index.h"

#include <stdio.h>
#include <tandem/util.h>

#include "../../lib/unit.h"

#define N 5000

START_TEST(thousands_are_found)
{
	static int things[N], other;
	static const char one, two;
	struct arena a = { 0 };
	struct cfg_index x = { 0 };

	ck_assert_ptr_null(cfg_index_find(&x, &one, STR("n0")));
	for (int round = 0; round < 2; round++) { /* the second time they are there already */
		for (int i = 0; i < N; i++) {
			char *name = arena_printf(&a, "n%d", i);

			cfg_index_add(&x, &a, &one, str_from(name), round ? &other : &things[i]);
		}
	}
	ck_assert_uint_eq(x.n, N);
	for (int i = 0; i < N; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		ck_assert_ptr_eq(cfg_index_find(&x, &one, str_from(name)), &things[i]);
		ck_assert_ptr_null(cfg_index_find(&x, &two, str_from(name)));
	}
	ck_assert_ptr_null(cfg_index_find(&x, &one, STR("n5000")));
	cfg_index_add(&x, &a, &two, STR("n7"), &other);
	ck_assert_ptr_eq(cfg_index_find(&x, &two, STR("n7")), &other);
	ck_assert_ptr_eq(cfg_index_find(&x, &one, STR("n7")), &things[7]);
	cfg_index_add(&x, &a, &one, STR(""), &other);
	ck_assert_ptr_eq(cfg_index_find(&x, &one, STR("")), &other);
	arena_fini(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cfg_index");
	TCase *tc = tcase_create("names");

	tcase_add_test(tc, thousands_are_found);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
