/* test_arena.c - allocation that is freed as a whole. */
#include <tandem/arena.h>

#include <stdint.h>

#include "../../lib/unit.h"

static const size_t sizes[] = { 0, 1, 7, 16, 100, 4095, 4096, 4097, 16384, 16385, 1000000 };

static bool is_filled(const char *p, size_t len, char c)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != c)
			return false;
	return true;
}

START_TEST(memory_is_zeroed_aligned_and_apart)
{
	struct arena a = { 0 };
	char *p[50];

	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		p[i] = arena_alloc(&a, sizes[_i]);
		ck_assert_uint_eq((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		ck_assert(is_filled(p[i], sizes[_i], 0));
		memset(p[i], (int)i + 1, sizes[_i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		ck_assert(is_filled(p[i], sizes[_i], (char)(i + 1)));
	arena_fini(&a);
	arena_fini(&a); /* twice is legal */
}
END_TEST

START_TEST(a_large_piece_leaves_the_room_of_the_block)
{
	struct arena a = { 0 };
	char *small = arena_alloc(&a, 16), *next;

	(void)!arena_alloc(&a, 100000);
	next = arena_alloc(&a, 16);
	ck_assert_ptr_eq(next, small + 16);
	arena_fini(&a);
}
END_TEST

START_TEST(copies_are_terminated)
{
	struct arena a = { 0 };
	struct str s = arena_str(&a, (struct str){ "abcdef", 3 });
	char *z = arena_strdup(&a, "hello");

	ck_assert_str_eq(s.p, "abc");
	ck_assert_uint_eq(s.len, 3);
	ck_assert_str_eq(z, "hello");
	ck_assert_str_eq(arena_str(&a, (struct str){ NULL, 0 }).p, "");
	ck_assert_str_eq(arena_printf(&a, "%s-%d", "x", 42), "x-42");
	ck_assert_uint_eq(strlen(arena_printf(&a, "%50000d", 1)), 50000);
	arena_fini(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("arena");
	TCase *tc = tcase_create("arena");

	tcase_add_loop_test(tc, memory_is_zeroed_aligned_and_apart, 0, ARRAY_LEN(sizes));
	tcase_add_test(tc, a_large_piece_leaves_the_room_of_the_block);
	tcase_add_test(tc, copies_are_terminated);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
