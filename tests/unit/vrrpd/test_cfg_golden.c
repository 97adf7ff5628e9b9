/* test_cfg_golden.c [FILE...] - files and what they parse to: FILE.ok is the canonical text,
 * FILE.err the messages (absent: none). Default: all of tests/golden/vrrpd. GOLDEN_UPDATE=1 writes
 * what is found; read the difference before you commit it. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/diag.h>
#include <tandem/lexer.h>
#include <tandem/str.h>
#include <unistd.h>

#include "../../lib/unit.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"

static char **files;
static int n_files;

/* "a/b.conf" and ".ok" to "a/b.ok" */
static const char *beside(const char *file, const char *suffix, char out[512])
{
	const char *dot = strrchr(file, '.');

	snprintf(out, 512, "%.*s%s", dot ? (int)(dot - file) : (int)strlen(file), file, suffix);
	return out;
}

static void compare(const char *path, const char *found)
{
	struct arena a = { 0 };
	struct str want = { 0 };
	FILE *f;

	if (getenv("GOLDEN_UPDATE")) {
		unlink(path);
		if (*found) {
			f = fopen(path, "w");
			ck_assert_ptr_nonnull(f);
			fputs(found, f);
			fclose(f);
		}
		return;
	}
	if (lexer_read_file(path, &a, &want) != 0)
		want = STR("");
	ck_assert_msg(str_eq(want, str_from(found)), "%s differs; found:\n%s", path, found);
	arena_fini(&a);
}

START_TEST(test_file)
{
	char ok[512], err[512], *text = NULL;
	struct strbuf dump = { 0 };
	struct diag d;
	struct cfg *c;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	diag_init(&d);
	c = cfg_load(files[_i], NULL, &d);
	diag_print(&d, f, DIAG_NOTICE);
	fclose(f);
	if (c)
		cfg_dump(c, &dump);
	compare(beside(files[_i], ".ok", ok), strbuf_str(&dump));
	compare(beside(files[_i], ".err", err), text);
	free(text);
	strbuf_fini(&dump);
	cfg_free(c);
	diag_fini(&d);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("cfg_golden");
	TCase *tc = tcase_create("golden");
	glob_t g = { 0 };
	int rc;

	files = argv + 1;
	n_files = argc - 1;
	if (n_files == 0 && glob("tests/golden/vrrpd/*.conf", 0, NULL, &g) == 0) {
		files = g.gl_pathv;
		n_files = (int)g.gl_pathc;
	}
	tcase_add_loop_test(tc, test_file, 0, n_files);
	suite_add_tcase(s, tc);
	rc = unit_run(s);
	globfree(&g);
	return rc;
}
