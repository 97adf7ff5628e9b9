/* test_dns_answer.c - bytes of a DNS message to records. */
#include "../../lib/fake_dns.h"
#include "../../lib/unit.h"

#include "dns/dns_answer.h"

static struct dns_answer answer;

enum what {
	ONE_A,
	TWO_A,
	ONE_AAAA,
	CNAME_AND_A,
	CNAME_ALONE,
	TWO_SRV,
	SRV_ROOT,
	NO_RECORD,
	CUT,
	HEADER_CUT,
	BAD_LENGTH
};

static void make(struct message *m, enum what what, unsigned flags)
{
	unsigned type = what == ONE_AAAA                      ? FAKE_AAAA
			: what == TWO_SRV || what == SRV_ROOT ? FAKE_SRV
							      : FAKE_A;

	message_begin(m, 1, flags, "gw.test", type);
	switch (what) {
	case ONE_A:
		put_a(m, "gw.test", "10.0.0.1");
		return;
	case TWO_A:
		put_a(m, "gw.test", "10.0.0.1");
		put_a(m, "gw.test", "10.0.0.2");
		return;
	case ONE_AAAA:
		put_a(m, "gw.test", "fd00::1");
		return;
	case CNAME_AND_A:
		put_cname(m, "gw.test", "b.test");
		put_a(m, "b.test", "10.0.0.9");
		return;
	case CNAME_ALONE:
		put_cname(m, "gw.test", "b.test");
		return;
	case TWO_SRV:
		put_srv(m, "gw.test", 100, 8001, "a.test");
		put_srv(m, "gw.test", 65535, 8002, "b.test");
		return;
	case SRV_ROOT:
		put_srv(m, "gw.test", 0, 0, "");
		return;
	case NO_RECORD:
		return;
	case CUT:
		put_a(m, "gw.test", "10.0.0.1");
		m->len -= 3;
		return;
	case HEADER_CUT:
		m->len = 11;
		return;
	case BAD_LENGTH:
		put_record(m, "gw.test", FAKE_A, 9999);
		return;
	}
}

static const struct {
	const char *name;
	enum what what;
	unsigned flags;
	enum dns_type type;
	enum dns_status status;
	unsigned n;
} rows[] = {
	{ "an address", ONE_A, 0x8180, DNS_A, DNS_VALID, 1 },
	{ "two", TWO_A, 0x8180, DNS_A, DNS_VALID, 2 },
	{ "IPv6", ONE_AAAA, 0x8180, DNS_AAAA, DNS_VALID, 1 },
	{ "an alias is followed", CNAME_AND_A, 0x8180, DNS_A, DNS_VALID, 1 },
	{ "an alias that leads nowhere", CNAME_ALONE, 0x8180, DNS_A, DNS_OTHER, 0 },
	{ "services", TWO_SRV, 0x8180, DNS_SRV, DNS_VALID, 2 },
	{ "'.' is no service", SRV_ROOT, 0x8180, DNS_SRV, DNS_OTHER, 0 },
	{ "a name without addresses", NO_RECORD, 0x8180, DNS_A, DNS_EMPTY, 0 },
	{ "no such name", NO_RECORD, 0x8183, DNS_A, DNS_NX, 0 },
	{ "refused", NO_RECORD, 0x8185, DNS_A, DNS_REFUSED, 0 },
	{ "it failed", NO_RECORD, 0x8182, DNS_A, DNS_SERVER_ERROR, 0 },
	{ "it cannot read us", NO_RECORD, 0x8181, DNS_A, DNS_SERVER_ERROR, 0 },
	{ "truncated", ONE_A, 0x8380, DNS_A, DNS_TRUNCATED, 0 },
	{ "the record is cut", CUT, 0x8180, DNS_A, DNS_INVALID, 0 },
	{ "the header is cut", HEADER_CUT, 0x8180, DNS_A, DNS_INVALID, 0 },
	{ "longer than the message", BAD_LENGTH, 0x8180, DNS_A, DNS_INVALID, 0 },
	{ "of another type", ONE_A, 0x8180, DNS_AAAA, DNS_OTHER, 0 },
};

START_TEST(an_answer_means)
{
	struct message m;

	make(&m, rows[_i].what, rows[_i].flags);
	dns_answer_parse(m.b, m.len, rows[_i].type, &answer);
	ck_assert_msg(answer.status == rows[_i].status, "%s: status %d", rows[_i].name,
		      answer.status);
	ck_assert_msg(answer.n == rows[_i].n, "%s: %u records", rows[_i].name, answer.n);
}
END_TEST

START_TEST(records_are_read)
{
	struct message m;
	struct addr a;
	char text[ADDR_TEXT_LEN];

	make(&m, TWO_SRV, 0x8180);
	dns_answer_parse(m.b, m.len, DNS_SRV, &answer);
	ck_assert_str_eq(answer.targets[1].name, "b.test");
	ck_assert_uint_eq(answer.targets[1].port, 8002);
	ck_assert_uint_eq(answer.targets[1].weight, 65535);
	make(&m, ONE_AAAA, 0x8180);
	dns_answer_parse(m.b, m.len, DNS_AAAA, &answer);
	dns_ip_to_addr(&answer.ips[0], 80, &a);
	ck_assert_str_eq(addr_format(&a, true, text), "[fd00::1]:80");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dns_answer");
	TCase *tc = tcase_create("messages");

	tcase_add_loop_test(tc, an_answer_means, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, records_are_read);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
