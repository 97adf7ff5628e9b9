/* test_ctl_client.c - places of sockets, asking, tables. */
#include <tandem/ctl_client.h>

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <tandem/ctl.h>
#include <unistd.h>

#include "../../lib/unit.h"

static const struct {
	const char *text, *addr; /* NULL: refused */
} places[] = {
	{ "/run/x.sock", "unix:/run/x.sock" },
	{ "unix@/run/x.sock", "unix:/run/x.sock" },
	{ "unix@x", "unix:x" },
	{ "x.sock", "unix:x.sock" },
	{ "127.0.0.1:9999", "127.0.0.1:9999" },
	{ "[::1]:9999", "[::1]:9999" },
	{ "::1:9999", "[::1]:9999" },
	{ "./a:1", "unix:./a:1" },
	{ "127.0.0.1:0", NULL },
	{ "127.0.0.1:x", NULL },
	{ "host:1", NULL },
	{ ":1", NULL },
	{ "", NULL },
};

START_TEST(test_place)
{
	char text[ADDR_TEXT_LEN];
	struct addr a;
	int rc = ctl_client_parse_addr(str_from(places[_i].text), &a);

	if (places[_i].addr == NULL) {
		ck_assert_int_eq(rc, -EINVAL);
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_str_eq(addr_format(&a, true, text), places[_i].addr);
}
END_TEST

/* Answers one line of one connection with this much and closes. */
static size_t answer_len;

static void *serve(void *arg)
{
	int listener = *(int *)arg, fd = accept(listener, NULL, NULL);
	char line[64];
	ssize_t n = recv(fd, line, sizeof(line) - 1, 0);

	ck_assert_int_gt(n, 0);
	line[n] = '\0';
	ck_assert_str_eq(line, "show it\n");
	for (size_t left = answer_len; left > 0; left--)
		if (send(fd, "x", 1, MSG_NOSIGNAL) != 1)
			break;
	close(fd);
	return NULL;
}

START_TEST(an_answer_is_read_to_its_end)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	struct addr a = { .len = sizeof(a.in) };
	struct strbuf out = { 0 };
	pthread_t thread;

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, &a.sa, &a.len), 0);
	answer_len = 50000;
	ck_assert_int_eq(pthread_create(&thread, NULL, serve, &listener), 0);
	fd = ctl_client_connect(&a, 5000);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ctl_client_ask(fd, STR("show it"), &out), 0);
	ck_assert_uint_eq(out.len, answer_len);
	pthread_join(thread, NULL);
	/* nobody answers: the time is limited */
	fd = ctl_client_connect(&a, 50);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ctl_client_ask(fd, STR("show it"), &out), -ETIMEDOUT);
	close(listener);
	ck_assert_int_eq(ctl_client_connect(&a, 50), -ECONNREFUSED);
	strbuf_fini(&out);
}
END_TEST

START_TEST(columns_are_as_wide_as_they_must_be)
{
	static const char *const cells[] = { "name", "n", "what", "a", "5",  "x\ty",
					     "long", "-", "",     "b", "12", "z" };
	struct ctl_table t = { .n_columns = 3 };
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		ctl_table_add(&t, str_from(cells[i]));
	ctl_table_print(&t, f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_str_eq(text, "name   n  what\na      5  x?y\nlong   -  \nb     12  z\n");
	free(text);
	ctl_table_fini(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ctl_client");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_place, 0, (int)ARRAY_LEN(places));
	tcase_add_test(tc, an_answer_is_read_to_its_end);
	tcase_add_test(tc, columns_are_as_wide_as_they_must_be);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
