/* test_foreign.c - strangers with our virtual router id are known by name, a bounded number of
 * them. */
#include "foreign.h"

#include <tandem/clock.h>

#include "../../lib/unit.h"

static const uint8_t pdu[] = { 0x31, 51, 120, 1, 0, 100, 0, 0 };

static struct addr stranger(unsigned k)
{
	struct addr a = { .in = { .sin_family = AF_INET, .sin_port = 7 }, .len = sizeof(a.in) };

	a.in.sin_addr.s_addr = htonl(0x0a090000u + k);
	return a;
}

START_TEST(a_stranger_is_news_once)
{
	struct foreign_router t[FOREIGN_MAX] = { 0 };
	struct addr a = stranger(1), plain = a;
	const struct foreign_router *f;

	addr_set_port(&plain, 0);
	ck_assert(foreign_note(t, &a, pdu, sizeof(pdu), VRRP_PKT_TTL, US_PER_S));
	ck_assert(!foreign_note(t, &a, pdu, sizeof(pdu), VRRP_PKT_UNKNOWN_PEER, 2 * US_PER_S));
	f = foreign_find(t, &plain, 2 * US_PER_S);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->version, 3);
	ck_assert_uint_eq(f->priority, 120);
	ck_assert_uint_eq(f->n, 2);
	ck_assert_int_eq(f->cause, VRRP_PKT_UNKNOWN_PEER);
	ck_assert_int_eq(f->first_us, US_PER_S);
	ck_assert_uint_eq(foreign_count(t, 2 * US_PER_S), 1);
	ck_assert_uint_eq(foreign_count(t, 20 * US_PER_S), 0);
	ck_assert_ptr_null(foreign_find(t, &plain, 20 * US_PER_S));
	ck_assert(foreign_note(t, &a, pdu, sizeof(pdu), VRRP_PKT_TTL, 20 * US_PER_S)); /* again */
}
END_TEST

START_TEST(a_short_packet_tells_nothing)
{
	struct foreign_router t[FOREIGN_MAX] = { 0 };
	struct addr a = stranger(1);

	ck_assert(foreign_note(t, &a, pdu, 0, VRRP_PKT_TTL, US_PER_S));
	ck_assert_uint_eq(t[0].version, 0);
	ck_assert_uint_eq(t[0].priority, 0);
}
END_TEST

START_TEST(a_flood_replaces_the_oldest)
{
	struct foreign_router t[FOREIGN_MAX] = { 0 };

	for (unsigned k = 1; k <= 100; k++) {
		struct addr a = stranger(k);

		ck_assert(foreign_note(t, &a, pdu, sizeof(pdu), VRRP_PKT_TTL, US_PER_S + k));
	}
	ck_assert_uint_eq(foreign_count(t, US_PER_S + 100), FOREIGN_MAX);
	for (unsigned k = 93; k <= 100; k++) {
		struct addr a = stranger(k);

		addr_set_port(&a, 0);
		ck_assert_ptr_nonnull(foreign_find(t, &a, US_PER_S + 100));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("foreign");
	TCase *tc = tcase_create("foreign");

	tcase_add_test(tc, a_stranger_is_news_once);
	tcase_add_test(tc, a_short_packet_tells_nothing);
	tcase_add_test(tc, a_flood_replaces_the_oldest);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
