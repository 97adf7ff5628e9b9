/* test_dns_records.c - records over time, which server gets which, and the rounds of questions. */
#include "../../lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <tandem/addr.h>
#include <tandem/str.h>

#include "config/cfg_model.h"
#include "dns/dns_records.h"
#include "dns/resolution.h"

#define SEC INT64_C(1000000)

static struct dns_answer answer;

static struct dns_ip ip_of(const char *text)
{
	struct addr a;
	struct dns_ip ip;

	ck_assert_int_eq(addr_parse_ip(str_from(text), &a), 0);
	ck_assert(dns_ip_from_addr(&a, &ip));
	return ip;
}

/* "A,B,C" as the answer of a name server. */
static void hear(const char *list)
{
	char copy[256], *at = copy, *word;

	snprintf(copy, sizeof(copy), "%s", list);
	answer.type = DNS_A;
	answer.status = DNS_VALID;
	answer.n = 0;
	while ((word = strsep(&at, ",")) != NULL)
		if (word[0] != '\0')
			answer.ips[answer.n++] = ip_of(word);
}

static const char *text_of(const struct dns_ip *ip)
{
	static char text[ADDR_TEXT_LEN];
	struct addr a;

	dns_ip_to_addr(ip, 0, &a);
	return addr_format(&a, false, text);
}

/* What is known, as "A,B,C". */
static void known(const struct dns_records *rs, char *out, size_t size)
{
	out[0] = '\0';
	for (unsigned i = 0; i < rs->n; i++)
		snprintf(out + strlen(out), size - strlen(out), "%s%s", i > 0 ? "," : "",
			 text_of(&rs->items[i].ip));
}

/* ---- over time ---- */

static const struct {
	const char *name;
	int64_t obsolete_s;
	const char *first, *second, *third; /* answers, a second apart */
	const char *known;                  /* after them */
} times[] = {
	{ "what stays stays in its place", 0, "1.0.0.1,1.0.0.2", "1.0.0.2,1.0.0.1",
	  "1.0.0.2,1.0.0.1", "1.0.0.1,1.0.0.2" },
	{ "what is not told is gone", 0, "1.0.0.1,1.0.0.2", "1.0.0.2", "1.0.0.2", "1.0.0.2" },
	{ "... unless it is held", 3, "1.0.0.1,1.0.0.2", "1.0.0.2", "1.0.0.2", "1.0.0.1,1.0.0.2" },
	{ "... for that long", 2, "1.0.0.1,1.0.0.2", "1.0.0.2", "1.0.0.2", "1.0.0.2" },
	{ "what comes back counts anew", 2, "1.0.0.1,1.0.0.2", "1.0.0.1", "1.0.0.2",
	  "1.0.0.1,1.0.0.2" },
	{ "a part in each answer", 5, "1.0.0.1", "1.0.0.2", "1.0.0.3", "1.0.0.1,1.0.0.2,1.0.0.3" },
	{ "doubles are one", 0, "1.0.0.1,1.0.0.1", "1.0.0.1", "1.0.0.1,1.0.0.1", "1.0.0.1" },
};

START_TEST(records_come_and_go)
{
	const char *const answers[] = { times[_i].first, times[_i].second, times[_i].third };
	struct dns_records rs = { 0 };
	char out[256];

	for (unsigned t = 0; t < 3; t++) {
		hear(answers[t]);
		dns_records_merge(&rs, &answer, (10 + (int64_t)t) * SEC,
				  times[_i].obsolete_s * SEC);
	}
	known(&rs, out, sizeof(out));
	ck_assert_msg(strcmp(out, times[_i].known) == 0, "%s: %s", times[_i].name, out);
	dns_records_fini(&rs);
}
END_TEST

START_TEST(the_number_of_records_is_bounded)
{
	struct dns_records rs = { 0 };

	answer.type = DNS_A;
	for (unsigned t = 0; t < 3; t++) {
		answer.n = DNS_MAX_RECORDS;
		for (unsigned i = 0; i < answer.n; i++) {
			answer.ips[i] = ip_of("10.0.0.0");
			answer.ips[i].bytes[1] = (uint8_t)t;
			answer.ips[i].bytes[2] = (uint8_t)(i >> 8);
			answer.ips[i].bytes[3] = (uint8_t)i;
		}
		dns_records_merge(&rs, &answer, (int64_t)t * SEC, 100 * SEC);
	}
	ck_assert_uint_eq(rs.n, DNS_MAX_RECORDS);
	ck_assert_uint_eq(rs.items[0].ip.bytes[1], 2); /* the oldest went */
	dns_records_fini(&rs);
}
END_TEST

/* ---- addresses for servers ---- */

#define V4  1 /* prefers IPv4; else IPv6 */
#define DUP 2
#define NET 4 /* prefers 10.0.0.0/8 */

static const struct {
	const char *name;
	const char *records;
	const char *before; /* of each server, "-": none */
	const char *after;
	unsigned flags;
} assigned[] = {
	{ "the first get them", "1.0.0.1,1.0.0.2", "-,-,-", "1.0.0.1,1.0.0.2,-", 0 },
	{ "who has one keeps it", "1.0.0.1,1.0.0.2", "1.0.0.2,-", "1.0.0.2,1.0.0.1", 0 },
	{ "a later server keeps its own", "1.0.0.1,1.0.0.2", "-,1.0.0.1", "1.0.0.2,1.0.0.1", 0 },
	{ "what is gone is replaced", "1.0.0.2,1.0.0.3", "1.0.0.1,1.0.0.2", "1.0.0.3,1.0.0.2", 0 },
	{ "or not", "1.0.0.2", "1.0.0.1,1.0.0.2", "-,1.0.0.2", 0 },
	{ "no address twice", "1.0.0.1", "1.0.0.1,1.0.0.1", "1.0.0.1,-", 0 },
	{ "... but who may", "1.0.0.1", "-,-", "1.0.0.1,1.0.0.1", DUP },
	{ "who may prefers another", "1.0.0.1,1.0.0.2", "-,-", "1.0.0.1,1.0.0.2", DUP },
	{ "IPv6 first", "1.0.0.1,::1", "-,-", "::1,1.0.0.1", 0 },
	{ "IPv4 first", "::1,1.0.0.1", "-,-", "1.0.0.1,::1", V4 },
	{ "the family beats what it has", "1.0.0.1,::1", "1.0.0.1", "::1", 0 },
	{ "a network", "1.0.0.1,10.1.1.1", "-,-", "10.1.1.1,1.0.0.1", V4 | NET },
	{ "the network beats what it has", "1.0.0.1,10.1.1.1", "1.0.0.1", "10.1.1.1", V4 | NET },
	{ "the family beats the network", "::1,10.1.1.1", "-", "::1", NET },
	{ "no record", "", "1.0.0.1,-", "-,-", 0 },
};

static unsigned parse_slots(const char *list, struct dns_slot *slots, unsigned flags)
{
	static struct cfg_net net = { .bits = 8 };
	char copy[256], *at = copy, *word;
	unsigned n = 0;

	ck_assert_int_eq(addr_parse_ip(STR("10.0.0.0"), &net.addr), 0);
	snprintf(copy, sizeof(copy), "%s", list);
	while ((word = strsep(&at, ",")) != NULL) {
		slots[n] = (struct dns_slot){ .prefers_v6 = !(flags & V4),
					      .allows_dup = (flags & DUP) != 0,
					      .nets = &net,
					      .n_nets = flags & NET ? 1 : 0 };
		slots[n].has_ip = word[0] != '-';
		if (slots[n].has_ip)
			slots[n].ip = ip_of(word);
		n++;
	}
	return n;
}

START_TEST(servers_get)
{
	struct dns_records rs = { 0 };
	struct dns_slot slots[8];
	unsigned n = parse_slots(assigned[_i].before, slots, assigned[_i].flags);
	char out[256] = "";

	hear(assigned[_i].records);
	dns_records_merge(&rs, &answer, SEC, 0);
	dns_assign(&rs, slots, n);
	for (unsigned i = 0; i < n; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%s", i > 0 ? "," : "",
			 slots[i].has_ip ? text_of(&slots[i].ip) : "-");
	ck_assert_msg(strcmp(out, assigned[_i].after) == 0, "%s: %s", assigned[_i].name, out);
	dns_records_fini(&rs);
}
END_TEST

/* ---- SRV records for servers ---- */

static void hear_targets(struct dns_records *rs, const char *names, int64_t now_us)
{
	answer.type = DNS_SRV;
	answer.n = 0;
	for (const char *c = names; *c != '\0'; c++) {
		struct dns_target *t = &answer.targets[answer.n++];

		*t = (struct dns_target){ .port = 80, .weight = 256 };
		t->name[0] = *c;
	}
	dns_records_merge(rs, &answer, now_us, 0);
}

static const struct {
	const char *name, *records, *before, *after; /* a letter each; '-': none */
} targets[] = {
	{ "the first get them", "ab", "---", "ab-" },
	{ "who has one keeps it", "ab", "-a", "ba" },
	{ "capitals are the same", "AB", "-a", "BA" },
	{ "what is gone is replaced", "bc", "ab", "cb" },
	{ "none is left", "b", "ab", "-b" },
	{ "no record twice", "a", "aa", "a-" },
};

START_TEST(servers_get_targets)
{
	struct dns_records rs = { 0 };
	struct dns_target_slot slots[4] = { 0 };
	unsigned n = (unsigned)strlen(targets[_i].before);
	char out[8] = "";

	for (unsigned i = 0; i < n; i++) {
		slots[i].has_target = targets[_i].before[i] != '-';
		slots[i].target = (struct dns_target){ .port = 80 };
		slots[i].target.name[0] = targets[_i].before[i];
	}
	hear_targets(&rs, targets[_i].records, SEC);
	dns_assign_targets(&rs, slots, n);
	for (unsigned i = 0; i < n; i++)
		out[i] = slots[i].has_target ? slots[i].target.name[0] : '-';
	ck_assert_msg(strcmp(out, targets[_i].after) == 0, "%s: %s", targets[_i].name, out);
	dns_records_fini(&rs);
}
END_TEST

START_TEST(a_weight_follows_its_record)
{
	struct dns_records rs = { 0 };
	struct dns_target_slot slot = { 0 };

	hear_targets(&rs, "a", SEC);
	dns_assign_targets(&rs, &slot, 1);
	answer.targets[0].weight = 300;
	dns_records_merge(&rs, &answer, 2 * SEC, 0);
	dns_assign_targets(&rs, &slot, 1);
	ck_assert_uint_eq(slot.target.weight, 300);
	dns_records_fini(&rs);
	ck_assert_uint_eq(dns_weight(0), 0);
	ck_assert_uint_eq(dns_weight(1), 1);
	ck_assert_uint_eq(dns_weight(256), 1);
	ck_assert_uint_eq(dns_weight(257), 2);
	ck_assert_uint_eq(dns_weight(65535), 256);
}
END_TEST

/* ---- rounds ---- */

/* What happens, and what is to be done: "A" ask, "R" retry, "S" success, "F" failure, "." nothing.
 * Answers: v valid, e empty, n NX, r refused, t timeout, u unreachable, s error; '>' : asked again.
 */
static const struct {
	const char *name;
	enum dns_type preferred;
	unsigned n_nameservers, retries;
	const char *answers, *actions;
	enum dns_status error; /* of a failure */
	enum dns_type type;    /* asked for last */
} rounds[] = {
	{ "good", DNS_AAAA, 1, 3, "v", "S", 0, DNS_AAAA },
	{ "the first good one", DNS_AAAA, 2, 3, "vv", "S.", 0, DNS_AAAA },
	{ "no IPv6: IPv4", DNS_AAAA, 1, 3, "ev", "AS", 0, DNS_A },
	{ "no IPv4: IPv6", DNS_A, 1, 3, "ev", "AS", 0, DNS_AAAA },
	{ "empty is not waited for", DNS_AAAA, 2, 3, "e", "A", 0, DNS_A },
	{ "NX is: another may know", DNS_AAAA, 2, 3, "nv", ".S", 0, DNS_AAAA },
	{ "NX of all", DNS_AAAA, 2, 3, "nn", ".A", 0, DNS_A },
	{ "NX and silence", DNS_AAAA, 2, 3, "tn", ".A", 0, DNS_A },
	{ "silence is asked again", DNS_AAAA, 1, 3, "t", "R", 0, DNS_AAAA },
	{ "... as often as told", DNS_AAAA, 1, 3, "t>t>t", "R.R.F", DNS_TIMEOUT, DNS_AAAA },
	{ "NX as often", DNS_A, 1, 2, "nn>nn", "AR.AF", DNS_NX, DNS_AAAA },
	{ "the last error counts", DNS_A, 1, 1, "nr", "AF", DNS_REFUSED, DNS_AAAA },
	{ "silence at last", DNS_A, 1, 1, "nt", "AF", DNS_TIMEOUT, DNS_AAAA },
	{ "SRV has no other family", DNS_SRV, 1, 1, "n", "F", DNS_NX, DNS_SRV },
	{ "an error beats silence", DNS_SRV, 2, 1, "st", ".F", DNS_SERVER_ERROR, DNS_SRV },
	{ "nobody there", DNS_SRV, 1, 1, "u", "F", DNS_UNREACHABLE, DNS_SRV },
	{ "no retries are one try", DNS_SRV, 1, 0, "t", "F", DNS_TIMEOUT, DNS_SRV },
	{ "late answers", DNS_SRV, 1, 1, "tv", "F.", DNS_TIMEOUT, DNS_SRV },
};

static enum dns_status status_of(char c)
{
	switch (c) {
	case 'v':
		return DNS_VALID;
	case 'e':
		return DNS_EMPTY;
	case 'n':
		return DNS_NX;
	case 'r':
		return DNS_REFUSED;
	case 't':
		return DNS_TIMEOUT;
	case 'u':
		return DNS_UNREACHABLE;
	default:
		return DNS_SERVER_ERROR;
	}
}

START_TEST(a_round_goes)
{
	static const char letters[] = { [RESOLUTION_NOTHING] = '.',
					[RESOLUTION_ASK] = 'A',
					[RESOLUTION_RETRY] = 'R',
					[RESOLUTION_SUCCEEDED] = 'S',
					[RESOLUTION_FAILED] = 'F' };
	struct resolution r;
	char out[32] = "";

	ck_assert_int_eq(resolution_start(&r, rounds[_i].preferred, rounds[_i].n_nameservers,
					  rounds[_i].retries),
			 RESOLUTION_ASK);
	for (const char *c = rounds[_i].answers; *c != '\0'; c++) {
		enum resolution_action a = RESOLUTION_NOTHING;

		if (*c == '>')
			resolution_ask_again(&r);
		else
			a = resolution_answer(&r, status_of(*c));
		out[c - rounds[_i].answers] = letters[a];
	}
	ck_assert_msg(strcmp(out, rounds[_i].actions) == 0, "%s: %s", rounds[_i].name, out);
	ck_assert_msg(r.type == rounds[_i].type, "%s: type %d", rounds[_i].name, r.type);
	if (strchr(out, 'F') != NULL)
		ck_assert_msg(r.error == rounds[_i].error, "%s: error %d", rounds[_i].name,
			      r.error);
}
END_TEST

START_TEST(without_a_name_server_it_fails)
{
	struct resolution r;

	ck_assert_int_eq(resolution_start(&r, DNS_A, 0, 3), RESOLUTION_FAILED);
	ck_assert_int_eq(r.error, DNS_UNREACHABLE);
	ck_assert_int_eq(resolution_answer(&r, DNS_VALID), RESOLUTION_NOTHING);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dns_records");
	TCase *tc = tcase_create("records");

	tcase_add_loop_test(tc, records_come_and_go, 0, ARRAY_LEN(times));
	tcase_add_test(tc, the_number_of_records_is_bounded);
	tcase_add_loop_test(tc, servers_get, 0, ARRAY_LEN(assigned));
	tcase_add_loop_test(tc, servers_get_targets, 0, ARRAY_LEN(targets));
	tcase_add_test(tc, a_weight_follows_its_record);
	tcase_add_loop_test(tc, a_round_goes, 0, ARRAY_LEN(rounds));
	tcase_add_test(tc, without_a_name_server_it_fails);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
