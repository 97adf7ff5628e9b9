/* test_board.c - the memory that worker and guardian share, as both see it. */
#include "board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/unit.h"

static struct vip vips[3];
static struct net_dest to;

static struct board_instance *plan_one(struct board *b, const char *name, unsigned n_vips)
{
	struct board_plan p;
	struct board_instance *bi;

	board_plan_begin(&p, b, 1);
	bi = board_plan_add(&p, name);
	board_plan_vips(&p, bi, vips, n_vips);
	board_plan_packet(&p, bi, &to, "zero-one", 8);
	board_plan_packet(&p, bi, &to, "zero-two!", 9);
	ck_assert_int_eq(board_plan_commit(&p), 0);
	return bi;
}

START_TEST(nothing_is_in_force_at_first)
{
	struct board *b = board_new();

	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_null(board_current(b));
}
END_TEST

START_TEST(what_was_written_is_read)
{
	struct board *b = board_new();
	struct board_half *h;
	const struct board_packet *k;
	uint32_t cursor = 0;
	size_t n;

	vips[1].prefix_len = 24;
	to.ifindex = 7;
	plan_one(b, "VI_1", 3);
	h = board_current(b);
	ck_assert_ptr_nonnull(h);
	ck_assert_uint_eq(h->n_instances, 1);
	ck_assert_str_eq(h->instances[0].name, "VI_1");
	ck_assert_ptr_nonnull(board_vips(h, &h->instances[0], &n));
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(board_vips(h, &h->instances[0], &n)[1].prefix_len, 24);
	k = board_next_packet(h, &h->instances[0], &cursor);
	ck_assert_uint_eq(k->len, 8);
	ck_assert_uint_eq(k->to.ifindex, 7);
	ck_assert(memcmp(board_packet_bytes(k), "zero-one", 8) == 0);
	k = board_next_packet(h, &h->instances[0], &cursor);
	ck_assert_uint_eq(k->len, 9);
	ck_assert(memcmp(board_packet_bytes(k), "zero-two!", 9) == 0);
	ck_assert_ptr_null(board_next_packet(h, &h->instances[0], &cursor));
}
END_TEST

START_TEST(a_new_plan_replaces_the_old_only_when_it_is_whole)
{
	struct board *b = board_new();
	struct board_plan p;

	plan_one(b, "old", 1);
	board_plan_begin(&p, b, 1);
	(void)board_plan_add(&p, "new"); /* and the writer dies here */
	ck_assert_str_eq(board_current(b)->instances[0].name, "old");
	plan_one(b, "newer", 1);
	ck_assert_str_eq(board_current(b)->instances[0].name, "newer");
	plan_one(b, "newest", 1);
	ck_assert_str_eq(board_current(b)->instances[0].name, "newest");
}
END_TEST

START_TEST(what_does_not_fit_leaves_the_old_plan)
{
	struct board *b = board_new();
	struct board_plan p;
	size_t n = BOARD_HALF_BYTES / sizeof(struct vip) + 1;
	struct vip *many = calloc(n, sizeof(*many));

	plan_one(b, "old", 1);
	board_plan_begin(&p, b, 1);
	board_plan_vips(&p, board_plan_add(&p, "huge"), many, n);
	ck_assert_int_eq(board_plan_commit(&p), -ENOSPC);
	ck_assert_str_eq(board_current(b)->instances[0].name, "old");
	free(many);
}
END_TEST

START_TEST(handover_is_whole_or_absent)
{
	struct board *b = board_new();
	struct board_instance *bi = plan_one(b, "VI_1", 1);
	uint8_t in[HANDOVER_LEN] = "claim", out[HANDOVER_MAX_LEN];
	struct net_dest where;

	ck_assert(!board_get_handover(bi, &where, out));
	board_set_handover(bi, &to, in, HANDOVER_LEN);
	ck_assert(board_get_handover(bi, &where, out));
	ck_assert(memcmp(in, out, sizeof(in)) == 0);
	atomic_store(&bi->handover_seq, 7); /* the writer died in the middle */
	ck_assert(!board_get_handover(bi, &where, out));
	board_set_handover(bi, &to, in, HANDOVER_LEN);
	ck_assert(board_get_handover(bi, &where, out));
	board_set_handover(bi, NULL, NULL, 0);
	ck_assert(!board_get_handover(bi, &where, out));
}
END_TEST

START_TEST(garbage_is_not_believed)
{
	struct board *b = board_new();
	struct board_instance *bi = plan_one(b, "VI_1", 2);
	struct board_half *h = board_current(b);
	uint32_t cursor = 0;
	size_t n;

	bi->vips_at = UINT32_MAX;
	ck_assert_ptr_null(board_vips(h, bi, &n));
	ck_assert_uint_eq(n, 0);
	bi->vips_at = h->used - 8;
	ck_assert_ptr_null(board_vips(h, bi, &n));
	bi->packets_at = h->used;
	ck_assert_ptr_null(board_next_packet(h, bi, &cursor));
	h->n_instances = UINT32_MAX;
	ck_assert_ptr_null(board_current(b));
	h->n_instances = 1;
	h->used = UINT32_MAX;
	ck_assert_ptr_null(board_current(b));
	atomic_store(&b->current, 99);
	ck_assert_ptr_null(board_current(b));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("board");
	TCase *tc = tcase_create("board");

	tcase_add_test(tc, nothing_is_in_force_at_first);
	tcase_add_test(tc, what_was_written_is_read);
	tcase_add_test(tc, a_new_plan_replaces_the_old_only_when_it_is_whole);
	tcase_add_test(tc, what_does_not_fit_leaves_the_old_plan);
	tcase_add_test(tc, handover_is_whole_or_absent);
	tcase_add_test(tc, garbage_is_not_believed);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
