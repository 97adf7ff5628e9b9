/* test_form.c - what the dashboard's buttons send. */
#include "stats/form.h"

#include <errno.h>

#include "../../lib/unit.h"

static const struct {
	const char *name, *body;
	int result;
	const char *action, *backend, *weight, *servers; /* servers with a blank between them */
} rows[] = {
	{ "one server", "s=s1&action=drain&b=app", 0, "drain", "app", "", "s1" },
	{ "several", "s=a&s=b&action=maint&b=%235", 0, "maint", "#5", "", "a b" },
	{ "a weight", "s=a&weight=50%25&action=weight&b=x", 0, "weight", "x", "50%", "a" },
	{ "blanks", "s=a+b%20c&action=ready&b=x", 0, "ready", "x", "", "a b c" },
	{ "unknown names are ignored", "foo=1&s=a&action=ready&b=x&bar", 0, "ready", "x", "", "a" },
	{ "nothing", "", 0, "", "", "", "" },
	{ "a name without a value", "s&action", 0, "", "", "", "" },
	{ "the last one counts", "action=ready&action=drain&s=a", 0, "drain", "", "", "a" },
	{ "a cut escape", "s=%2", -EINVAL, NULL, NULL, NULL, NULL },
	{ "no hexadecimal", "s=%zz", -EINVAL, NULL, NULL, NULL, NULL },
	{ "an escaped NUL", "s=a%00b", -EINVAL, NULL, NULL, NULL, NULL },
};

START_TEST(form_is_read)
{
	struct strbuf servers = { 0 };
	struct form f;

	ck_assert_int_eq(form_parse(&f, str_from(rows[_i].body)), rows[_i].result);
	if (rows[_i].result != 0)
		return;
	ck_assert_str_eq(f.action, rows[_i].action);
	ck_assert_str_eq(f.backend, rows[_i].backend);
	ck_assert_str_eq(f.weight, rows[_i].weight);
	for (unsigned i = 0; i < f.n_servers; i++)
		strbuf_addf(&servers, "%s%s", i ? " " : "", f.servers[i]);
	ck_assert_str_eq(strbuf_str(&servers), rows[_i].servers);
	strbuf_fini(&servers);
	form_fini(&f);
}
END_TEST

START_TEST(number_of_servers_is_limited)
{
	struct strbuf body = { 0 };
	struct form f;

	for (unsigned i = 0; i < FORM_MAX_SERVERS; i++)
		strbuf_addf(&body, "s=s%u&", i);
	ck_assert_int_eq(form_parse(&f, (struct str){ body.p, body.len }), 0);
	ck_assert_uint_eq(f.n_servers, FORM_MAX_SERVERS);
	form_fini(&f);
	strbuf_adds(&body, "s=one-more");
	ck_assert_int_eq(form_parse(&f, (struct str){ body.p, body.len }), -EINVAL);
	strbuf_fini(&body);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("form");
	TCase *tc = tcase_create("form");

	tcase_add_loop_test(tc, form_is_read, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, number_of_servers_is_limited);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
