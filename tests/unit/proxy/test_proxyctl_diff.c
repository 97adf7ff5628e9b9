/* test_proxyctl_diff.c - what a reload would change, from two canonical configurations. */
#include "cli/proxyctl.h"

#include <stdlib.h>
#include <string.h>

#include "../../lib/unit.h"

#define WEB "listen web\n\tmode http\n\tserver a 192.0.2.1:80\n\tserver b 192.0.2.2:80\n"

static const struct {
	const char *name, *now, *then;
	int n;
	const char *shown;
} rows[] = {
	{ "nothing", "global\n\n" WEB, "global\n" WEB, 0, "" },
	{ "order of sections does not matter", "global\nbackend x\n", "backend x\nglobal\n", 0,
	  "" },
	{ "a server more", WEB, WEB "\tserver c 192.0.2.3:80\n", 1,
	  "  listen web\n+ \tserver c 192.0.2.3:80\n" },
	{ "a server less", WEB, "listen web\n\tmode http\n\tserver b 192.0.2.2:80\n", 1,
	  "  listen web\n- \tserver a 192.0.2.1:80\n" },
	{ "a line changed", WEB,
	  "listen web\n\tmode tcp\n\tserver a 192.0.2.1:80\n\tserver b 192.0.2.2:80\n", 1,
	  "  listen web\n- \tmode http\n+ \tmode tcp\n" },
	{ "a section went", "global\n" WEB, "global\n", 1,
	  "- listen web\n- \tmode http\n- \tserver a 192.0.2.1:80\n- \tserver b 192.0.2.2:80\n" },
	{ "a section came", "global\n", "global\nbackend x\n\tmode tcp\n", 1,
	  "+ backend x\n+ \tmode tcp\n" },
	{ "two", "global\n\tmaxconn 1\nbackend x\n", "global\n\tmaxconn 2\n", 2,
	  "  global\n- \tmaxconn 1\n+ \tmaxconn 2\n- backend x\n" },
	{ "a password changed: which user, not which password",
	  "listen web\n\tstats auth ann:first\n", "listen web\n\tstats auth ann:second:x\n", 1,
	  "  listen web\n- \tstats auth ann:(hidden)\n+ \tstats auth ann:(hidden)\n" },
	{ "a key came with its section", "global\n",
	  "global\nbackend x\n\tdynamic-cookie-key s3cret\n\tmode http\n", 1,
	  "+ backend x\n+ \tdynamic-cookie-key (hidden)\n+ \tmode http\n" },
	{ "what a check sends to log in",
	  "backend x\n\thttp-check send meth GET hdr Authorization \"Basic abc\"\n", "backend x\n",
	  1, "  backend x\n- \thttp-check send meth GET hdr Authorization (hidden)\n" },
	{ "a line about the field is shown", "backend x\n",
	  "backend x\n\tacl a hdr(authorization) -m found\n", 1,
	  "  backend x\n+ \tacl a hdr(authorization) -m found\n" },
	{ "no configuration", "\tlost\n", "global\n", -1, "" },
};

START_TEST(difference_is_shown)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	ck_assert_msg(proxyctl_diff_texts(rows[_i].now, rows[_i].then, f) == rows[_i].n, "%s",
		      rows[_i].name);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_str_eq(text, rows[_i].shown);
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proxyctl_diff");
	TCase *tc = tcase_create("proxyctl_diff");

	tcase_add_loop_test(tc, difference_is_shown, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
