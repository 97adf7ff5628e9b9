/* test_vrrp_auth.c - the auth_hmac trailer: adverts that keepalived 2.4 signed, and every way to
 * refuse one. */
#include "vrrp_auth.h"

#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>

#include "../../lib/unit.h"

/* Whole IP packets; the clock of a check is set to the trailer. */
static const struct {
	const char *name, *hex;
	int family;
	unsigned version;
	uint8_t vrid, key;
} wire[] = {
	{ "v3",
	  "45c0004000010000ff70d0170a620001e00000123133c802003206150a6200640a620065"
	  "010100006b03dc2823790000bf93ca7d2a90e69c5e05c89555e6ac42",
	  AF_INET, 3, 51, 1 },
	{ "v2",
	  "45c0004400010000ff70d0130a620001e00000122134c90100010af90a62006e0000000000000000"
	  "010700006b03dc29be7c0000c04c8757bf06e019df4588d4f811d3fe",
	  AF_INET, 2, 52, 7 },
	{ "v3 over IPv6",
	  "6c04c5b7004470fffe800000000000005c7830fffe0c8f14ff0200000000000000000000000000123135"
	  "960200327adcfe800000000000000000000000980100fd980000000000000000000000000100010100006b"
	  "03dc29f92c0000fbeb735f7d01e48ddc337028b5e391ae",
	  AF_INET6, 3, 53, 1 },
	{ "v3 leaves",
	  "45c00040000e0000ff70d00a0a620001e0000012313300020032ce150a6200640a620065"
	  "010100006b03dc2e83540000f4139d6e82b01a06c372c57fa4aa9acf",
	  AF_INET, 3, 51, 1 },
	{ "v2 leaves",
	  "45c0004400060000ff70d00e0a620001e0000012213400010001d3f90a62006e0000000000000000"
	  "010700006b03dc2e835c0000678ba2eb3cdb5968207b51338553a0d3",
	  AF_INET, 2, 52, 7 },
	{ "v3 over IPv6 leaves",
	  "6c04c5b7004470fffe800000000000005c7830fffe0c8f14ff0200000000000000000000000000123135"
	  "000200328548fe800000000000000000000000980100fd980000000000000000000000000100010100006b"
	  "03dc2e835d0000d93165024be5164ed63524ca21f5a8cb",
	  AF_INET6, 3, 53, 1 },
};

static struct vrrp_auth keys(void)
{
	struct vrrp_auth a = { .n_keys = 2, .active_key = 1, .window_s = 5 };

	a.keys[0].id = 1;
	a.keys[0].len = 32;
	for (unsigned i = 0; i < 32; i++)
		a.keys[0].bytes[i] = (uint8_t)i;
	a.keys[1].id = 7;
	a.keys[1].len = 32;
	memcpy(a.keys[1].bytes, "0123456789abcdef0123456789abcdef", 32);
	return a;
}

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; hex[0] && hex[1]; hex += 2) {
		char two[3] = { hex[0], hex[1], '\0' };

		out[n++] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

/* The message and trailer of a packet. */
static struct vrrp_auth_message take(unsigned row, uint8_t buf[256], struct addr *src,
				     uint8_t **trailer)
{
	size_t n = unhex(wire[row].hex, buf), head = wire[row].family == AF_INET6 ? 40 : 20;

	ck_assert_uint_gt(n, head + VRRP_AUTH_LEN);
	*src = (struct addr){ .len = wire[row].family == AF_INET6 ? sizeof(src->in6)
								  : sizeof(src->in) };
	src->sa.sa_family = (sa_family_t)wire[row].family;
	if (wire[row].family == AF_INET6)
		memcpy(&src->in6.sin6_addr, buf + 8, 16);
	else
		memcpy(&src->in.sin_addr, buf + 12, 4);
	*trailer = buf + n - VRRP_AUTH_LEN;
	return (struct vrrp_auth_message){ .version = wire[row].version,
					   .vrid = wire[row].vrid,
					   .src = src,
					   .pdu = buf + head,
					   .len = n - head - VRRP_AUTH_LEN,
					   .n_masked_at = 6 };
}

static int64_t time_of(const uint8_t *trailer)
{
	return (int64_t)((uint32_t)trailer[4] << 24 | (uint32_t)trailer[5] << 16 |
			 (uint32_t)trailer[6] << 8 | trailer[7]) *
	       US_PER_S;
}

START_TEST(what_keepalived_signed_is_accepted_once)
{
	struct vrrp_auth a = keys();
	struct vrrp_auth_replay r = { 0 };
	uint8_t buf[256], *t;
	struct addr src;
	struct vrrp_auth_message m = take((unsigned)_i, buf, &src, &t);

	ck_assert_int_eq(vrrp_auth_verify(&a, &r, 4, &m, t, time_of(t)), AUTH_OK);
	ck_assert_int_eq(vrrp_auth_verify(&a, &r, 4, &m, t, time_of(t)), AUTH_REPLAY);
}
END_TEST

START_TEST(our_signature_is_keepaliveds)
{
	struct vrrp_auth a = keys();
	uint8_t buf[256], *t, ours[VRRP_AUTH_LEN];
	struct addr src;
	struct vrrp_auth_message m = take((unsigned)_i, buf, &src, &t);
	uint64_t sequence = 0;

	for (int i = 0; i < 8; i++)
		sequence = sequence << 8 | t[4 + i];
	a.active_key = wire[_i].key;
	ck_assert(vrrp_auth_sign(&a, &m, sequence, ours));
	ck_assert_mem_eq(ours, t, VRRP_AUTH_LEN);
}
END_TEST

/* One changed bit anywhere, and it is refused. */
START_TEST(every_bit_counts)
{
	struct vrrp_auth a = keys();
	uint8_t buf[256], *t;
	struct addr src;
	struct vrrp_auth_message m = take((unsigned)_i, buf, &src, &t);
	int64_t now_us = time_of(t);
	uint8_t *pdu = buf + (m.pdu - buf);

	for (size_t bit = 0; bit < 8 * (m.len + VRRP_AUTH_LEN); bit++) {
		struct vrrp_auth_replay r = { 0 };

		if (bit / 8 == 6 || bit / 8 == 7) /* the checksum */
			continue;
		pdu[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_msg(vrrp_auth_verify(&a, &r, 4, &m, t, now_us) != AUTH_OK, "bit %zu",
			      bit);
		pdu[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

static const struct {
	const char *name;
	int type, key, reserved;
	int64_t clock_s; /* against the trailer */
	bool is_monotonic;
	enum vrrp_auth_result want;
} refusals[] = {
	{ "as sent", 1, 1, 0, 0, false, AUTH_OK },
	{ "another type", 2, 1, 0, 0, false, AUTH_FORMAT },
	{ "reserved is not 0", 1, 1, 1, 0, false, AUTH_FORMAT },
	{ "an unknown key", 1, 9, 0, 0, false, AUTH_KEY },
	{ "another key", 1, 7, 0, 0, false, AUTH_HMAC },
	{ "five seconds late", 1, 1, 0, 5, false, AUTH_OK },
	{ "six seconds late", 1, 1, 0, 6, false, AUTH_TIME },
	{ "six seconds early", 1, 1, 0, -6, false, AUTH_TIME },
	{ "time does not matter", 1, 1, 0, 100000, true, AUTH_OK },
	{ "time is asked before the key", 1, 9, 0, 60, false, AUTH_TIME },
};

START_TEST(test_refusals)
{
	struct vrrp_auth a = keys();
	struct vrrp_auth_replay r = { 0 };
	uint8_t buf[256], *t;
	struct addr src;
	struct vrrp_auth_message m = take(0, buf, &src, &t);

	a.is_monotonic = refusals[_i].is_monotonic;
	t[0] = (uint8_t)refusals[_i].type;
	t[1] = (uint8_t)refusals[_i].key;
	t[3] = (uint8_t)refusals[_i].reserved;
	ck_assert_msg(
		vrrp_auth_verify(&a, &r, 4, &m, t, time_of(t) + refusals[_i].clock_s * US_PER_S) ==
			refusals[_i].want,
		"%s", refusals[_i].name);
}
END_TEST

#define S(sec) ((uint64_t)(sec) << 32)
static const struct {
	const char *name;
	uint64_t last;
	int64_t real_us;
	bool is_monotonic;
	uint64_t want;
} sequences[] = {
	{ "the clock", 0, 100 * US_PER_S, false, S(100) },
	{ "half a second", S(99), 100 * US_PER_S + 500000, false, S(100) | UINT64_C(0x80000000) },
	{ "twice at once: the counter", S(100), 100 * US_PER_S, false, S(100) + 1 },
	{ "set back a little", S(103), 100 * US_PER_S, false, S(103) + 1 },
	{ "set back by more than the window", S(200), 100 * US_PER_S, false, S(100) },
	{ "monotonic never goes back", S(200), 100 * US_PER_S, true, S(200) + 1 },
};

START_TEST(test_sequences)
{
	struct vrrp_auth a = keys();

	a.is_monotonic = sequences[_i].is_monotonic;
	ck_assert_msg(vrrp_auth_next(&a, sequences[_i].last, sequences[_i].real_us) ==
			      sequences[_i].want,
		      "%s", sequences[_i].name);
}
END_TEST

START_TEST(the_silent_sender_is_forgotten_first)
{
	struct vrrp_auth a = keys();
	struct vrrp_auth_replay r = { 0 };
	uint8_t pdu[8] = { 0x31, 51, 100 }, t[5][VRRP_AUTH_LEN];
	struct addr src = { .len = sizeof(src.in) };
	struct vrrp_auth_message m = {
		.version = 3, .vrid = 51, .src = &src, .pdu = pdu, .len = 8
	};

	src.in.sin_family = AF_INET;
	for (unsigned k = 0; k < 5; k++) { /* five senders, four slots: the first is forgotten */
		src.in.sin_addr.s_addr = k;
		ck_assert(vrrp_auth_sign(&a, &m, S(100), t[k]));
		ck_assert_int_eq(vrrp_auth_verify(&a, &r, 4, &m, t[k], 100 * US_PER_S), AUTH_OK);
	}
	src.in.sin_addr.s_addr = 4;
	ck_assert_int_eq(vrrp_auth_verify(&a, &r, 4, &m, t[4], 100 * US_PER_S), AUTH_REPLAY);
	src.in.sin_addr.s_addr = 1;
	ck_assert_int_eq(vrrp_auth_verify(&a, &r, 4, &m, t[1], 100 * US_PER_S), AUTH_REPLAY);
	a.active_key = 9;
	ck_assert(!vrrp_auth_sign(&a, &m, S(101), t[0]));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vrrp_auth");
	TCase *tc = tcase_create("vrrp_auth");

	tcase_add_loop_test(tc, what_keepalived_signed_is_accepted_once, 0, ARRAY_LEN(wire));
	tcase_add_loop_test(tc, our_signature_is_keepaliveds, 0, ARRAY_LEN(wire));
	tcase_add_loop_test(tc, every_bit_counts, 0, ARRAY_LEN(wire));
	tcase_add_loop_test(tc, test_refusals, 0, ARRAY_LEN(refusals));
	tcase_add_loop_test(tc, test_sequences, 0, ARRAY_LEN(sequences));
	tcase_add_test(tc, the_silent_sender_is_forgotten_first);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
