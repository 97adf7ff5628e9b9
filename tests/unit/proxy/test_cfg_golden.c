/* test_cfg_golden.c - tests/golden/proxy/NAME.cfg: its dump is NAME.ok, its messages are NAME.err.
 * An argument names one file; GOLDEN_UPDATE=1 writes what came out, to be read before a commit.
 * Also: the shipped examples parse without an error. */
#include "../../lib/cfg_load.h"
#include "../../lib/fake_names.h"
#include "../../lib/unit.h"

#include <glob.h>
#include <tandem/arena.h>
#include <tandem/lexer.h>
#include <unistd.h>

static glob_t goldens, examples;

static struct str read_file(struct arena *a, const char *path)
{
	struct str s = { NULL, 0 };

	return lexer_read_file(path, a, &s) == 0 ? s : (struct str){ "", 0 };
}

static void compare(const char *path, const char *suffix, const char *text)
{
	struct arena a = { 0 };
	char name[512];

	snprintf(name, sizeof name, "%.*s%s", (int)strlen(path) - 4, path, suffix);
	if (getenv("GOLDEN_UPDATE") && text[0] == '\0') {
		unlink(name);
	} else if (getenv("GOLDEN_UPDATE")) {
		FILE *f = fopen(name, "w");

		ck_assert_ptr_nonnull(f);
		fputs(text, f);
		fclose(f);
	} else {
		const struct str want = read_file(&a, name);

		ck_assert_msg(str_eq(want, str_from(text)),
			      "%s differs\n--- wanted:\n" STR_FMT "\n--- got:\n%s", name,
			      STR_ARG(want), text);
	}
	arena_fini(&a);
}

START_TEST(a_golden_file)
{
	const char *path = goldens.gl_pathv[_i], *base = strrchr(path, '/');
	struct arena a = { 0 };
	struct diag d;

	diag_init(&d);
	const struct str text = read_file(&a, path);
	struct loaded l = loaded_from(cfg_load_text(base ? base + 1 : path, text, &d), &d);

	compare(path, ".ok", l.dump);
	compare(path, ".err", l.messages);
	if (l.ok) {
		struct loaded again = load_text(l.dump);

		ck_assert_msg(again.ok, "%s", again.messages);
		ck_assert_str_eq(again.dump, l.dump);
		loaded_fini(&again);
	}
	loaded_fini(&l);
	arena_fini(&a);
}
END_TEST

START_TEST(an_example_parses)
{
	const char *paths[] = { examples.gl_pathv[_i] };
	struct loaded l = load_files(paths, 1);

	ck_assert_msg(l.ok, "%s", l.messages);
	loaded_fini(&l);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("cfg_golden");
	TCase *tc = tcase_create("files");

	setenv("GOLDEN_PORT", "8123", 1);
	glob(argc > 1 ? argv[1] : "tests/golden/proxy/*.cfg", 0, NULL, &goldens);
	tcase_add_loop_test(tc, a_golden_file, 0, (int)goldens.gl_pathc);
	if (argc == 1) {
		glob("deploy/examples/*/*.cfg", 0, NULL, &examples);
		tcase_add_loop_test(tc, an_example_parses, 0, (int)examples.gl_pathc);
	}
	suite_add_tcase(s, tc);
	const int rc = unit_run(s);

	globfree(&goldens);
	if (argc == 1)
		globfree(&examples);
	return rc;
}
