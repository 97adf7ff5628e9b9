/* test_cfg_model.c - what the model holds: inheritance from defaults, check requests, files. */
#include "../../lib/cfg_load.h"
#include "../../lib/fake_names.h"
#include "../../lib/unit.h"

#include <sys/stat.h>
#include <unistd.h>

static struct cfg *load(const char *text)
{
	struct diag d;

	diag_init(&d);
	struct cfg *c = cfg_load_text("cfg", str_from(text), &d);

	if (!c)
		diag_print(&d, stderr, DIAG_ERROR);
	ck_assert_ptr_nonnull(c);
	diag_fini(&d);
	return c;
}

static const struct cfg_proxy *find(const struct cfg *c, const char *name)
{
	const struct cfg_proxy *x = c->proxies;

	while (x && strcmp(x->name, name) != 0)
		x = x->next;
	ck_assert_ptr_nonnull(x);
	return x;
}

/* The requests as HAProxy 2.6 sends them, but for the case of header names. */
static const struct {
	const char *lines, *request;
} requests[] = {
	{ "option httpchk", "OPTIONS / HTTP/1.0\r\n\r\n" },
	{ "option httpchk /uri", "OPTIONS /uri HTTP/1.0\r\n\r\n" },
	{ "option httpchk GET /uri", "GET /uri HTTP/1.0\r\n\r\n" },
	{ "option httpchk GET /uri HTTP/1.1\\r\\nHost:\\ www\\r\\nUser-Agent:\\ x",
	  "GET /uri HTTP/1.1\r\nHost: www\r\nUser-Agent: x\r\nConnection: close\r\n\r\n" },
	{ "option httpchk\n http-check send meth POST uri /x ver HTTP/1.1 hdr Host www hdr X-Y "
	  "\"a b\" body hello",
	  "POST /x HTTP/1.1\r\nHost: www\r\nX-Y: a b\r\nContent-Length: 5\r\nConnection: "
	  "close\r\n\r\nhello" },
	{ "option httpchk GET /opt HTTP/1.1\n http-check send hdr Host www",
	  "GET /opt HTTP/1.1\r\nHost: www\r\nConnection: close\r\n\r\n" },
	{ "option httpchk GET /o HTTP/1.1\\r\\nHost:\\ www\\r\\n\\r\\nbody",
	  "GET /o HTTP/1.1\r\nHost: www\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody" },
	{ "option httpchk PUT /o HTTP/1.1\n http-check send body abc hdr Connection foo hdr "
	  "content-length 99",
	  "PUT /o HTTP/1.1\r\nConnection: foo\r\nContent-Length: 3\r\n\r\nabc" },
	{ "http-check send hdr X-First 1\n option httpchk GET /late",
	  "GET /late HTTP/1.0\r\nX-First: 1\r\n\r\n" },
	{ "option httpchk GET /a\n http-check send uri /b", "GET /b HTTP/1.0\r\n\r\n" },
	{ "option httpchk GET /x HTTP/1.0\\r\\nAuthorization:\\ Basic\\ Zm9v\n http-check send "
	  "hdr X-Z 1",
	  "GET /x HTTP/1.0\r\nX-Z: 1\r\n\r\n" },
};

static const struct cfg_step *step_of(const struct cfg_check *k, enum cfg_step_kind kind)
{
	const struct cfg_step *s = k->steps;

	while (s && s->kind != kind)
		s = s->next;
	ck_assert_ptr_nonnull(s);
	return s;
}

static const char *request_of(const struct cfg_check *k)
{
	static char text[1024];
	const struct cfg_step *s = step_of(k, CFG_STEP_SEND);

	snprintf(text, sizeof text, STR_FMT "\r\n" STR_FMT, STR_ARG(s->data),
		 STR_ARG(s->send.body));
	return text;
}

static unsigned expected_status(const struct cfg_check *k)
{
	const struct cfg_step *s = step_of(k, CFG_STEP_EXPECT);

	ck_assert_ptr_null(s->next);
	ck_assert_int_eq(s->what, CFG_EXPECT_STATUS);
	return s->statuses[0].lo;
}

START_TEST(a_check_sends_this)
{
	char text[1024];

	snprintf(text, sizeof text, "backend b\n %s\n", requests[_i].lines);
	struct cfg *c = load(text);
	const struct cfg_check *k = c->proxies->check;

	ck_assert_int_eq(k->kind, CFG_CHECK_HTTP);
	ck_assert_str_eq(request_of(k), requests[_i].request);
	cfg_free(c);
}
END_TEST

START_TEST(own_check_lines_replace_inherited_ones)
{
	struct cfg *c = load("defaults\n option httpchk GET /d HTTP/1.1\n"
			     " http-check send hdr Host d\n http-check expect status 234\n"
			     "backend same\n"
			     "backend option\n option httpchk\n"
			     "backend send\n http-check send hdr X-A 1\n"
			     "backend expect\n http-check expect status 200\n"
			     "backend tcp\n option tcp-check\n");
	const struct cfg_check *k = find(c, "same")->check;

	ck_assert_str_eq(request_of(k), "GET /d HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n");
	ck_assert_uint_eq(expected_status(k), 234);
	k = find(c, "option")->check;
	ck_assert_str_eq(request_of(k), "OPTIONS / HTTP/1.0\r\n\r\n");
	ck_assert_uint_eq(expected_status(k), 200);
	k = find(c, "send")->check;
	ck_assert_str_eq(request_of(k), "OPTIONS / HTTP/1.0\r\nX-A: 1\r\n\r\n");
	ck_assert_uint_eq(expected_status(k), 200);
	k = find(c, "expect")->check;
	ck_assert_str_eq(request_of(k), "GET /d HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n");
	ck_assert_uint_eq(expected_status(k), 200);
	ck_assert_int_eq(find(c, "tcp")->check->kind, CFG_CHECK_SCRIPT);
	cfg_free(c);
}
END_TEST

START_TEST(defaults_are_inherited_and_named)
{
	struct cfg *c = load("defaults base\n mode http\n timeout client 1s\n retries 7\n"
			     "defaults other from base\n timeout client 2s\n"
			     "frontend a from base\n bind :1\n"
			     "frontend b from other\n bind :2\n"
			     "defaults\n"
			     "frontend c\n bind :3\n");

	ck_assert_int_eq(find(c, "a")->mode, CFG_MODE_HTTP);
	ck_assert_int_eq(find(c, "a")->timeout.client_us, 1000000);
	ck_assert_int_eq(find(c, "b")->mode, CFG_MODE_HTTP);
	ck_assert_int_eq(find(c, "b")->timeout.client_us, 2000000);
	ck_assert_uint_eq(find(c, "b")->retries, 7);
	ck_assert_int_eq(find(c, "c")->mode, CFG_MODE_TCP);
	ck_assert_int_eq(find(c, "c")->timeout.client_us, 0);
	ck_assert_uint_eq(find(c, "c")->retries, 3);
	cfg_free(c);
}
END_TEST

static unsigned n_logs(const struct cfg_proxy *x)
{
	unsigned n = 0;

	for (const struct cfg_log *l = x->logs; l; l = l->next)
		n++;
	return n;
}

START_TEST(logs_of_proxies_do_not_mix)
{
	struct cfg *c = load("global\n log 127.0.0.1:1 local0\n log 127.0.0.1:2 local1\n"
			     "defaults\n log global\n"
			     "backend same\n"
			     "backend twice\n log global\n"
			     "backend more\n log 127.0.0.1:3 local2\n"
			     "backend none\n no log\n"
			     "backend own\n no log\n log 127.0.0.1:4 local3\n"
			     "backend last\n");

	ck_assert_uint_eq(n_logs(find(c, "same")), 2);
	ck_assert_uint_eq(n_logs(find(c, "twice")), 2);
	ck_assert_uint_eq(n_logs(find(c, "more")), 3);
	ck_assert_uint_eq(n_logs(find(c, "none")), 0);
	ck_assert_uint_eq(n_logs(find(c, "own")), 1);
	ck_assert_uint_eq(n_logs(find(c, "last")), 2);
	cfg_free(c);
}
END_TEST

START_TEST(own_stats_lines_start_anew)
{
	struct cfg *c = load("defaults\n mode http\n stats uri /d\n stats auth a:b\n"
			     "backend same\nbackend own\n stats realm x\n");

	ck_assert(find(c, "same")->stats.enabled);
	ck_assert(str_eq(find(c, "same")->stats.uri, STR("/d")));
	ck_assert_ptr_nonnull(find(c, "same")->stats.auth);
	ck_assert(find(c, "own")->stats.enabled);
	ck_assert(str_eq(find(c, "own")->stats.uri, STR("/haproxy?stats")));
	ck_assert_ptr_null(find(c, "own")->stats.auth);
	cfg_free(c);
}
END_TEST

START_TEST(numbers_and_defaults)
{
	struct cfg *c = load("frontend a\n bind :1\n id 2\nbackend b\n server x 127.0.0.1:1\n"
			     " server y 127.0.0.1:2 id 1\n server z 127.0.0.1:3\n"
			     "backend c\n");
	const struct cfg_proxy *b = find(c, "b");
	const struct cfg_server *s = b->servers;

	ck_assert_uint_eq(c->n_proxies, 3);
	ck_assert_uint_eq(find(c, "a")->id, 2);
	ck_assert_uint_eq(b->id, 1);
	ck_assert_uint_eq(find(c, "c")->id, 3);
	ck_assert_uint_eq(b->n_servers, 3);
	ck_assert_uint_eq(s->id, 2);
	ck_assert_uint_eq(s->next->id, 1);
	ck_assert_uint_eq(s->next->next->id, 3);
	ck_assert_uint_eq(s->weight, 1);
	ck_assert_uint_eq(s->rise, 2);
	ck_assert_uint_eq(s->fall, 3);
	ck_assert_int_eq(s->inter_us, 2000000);
	ck_assert_uint_eq(b->retries, 3);
	ck_assert_int_eq(b->balance, CFG_LB_ROUNDROBIN);
	ck_assert(!b->redispatch);
	ck_assert_int_eq(b->check->kind, CFG_CHECK_TCP);
	ck_assert_str_eq(c->global.log_tag, "haproxy");
	ck_assert_int_eq(c->global.stats_timeout_us, 10000000);
	ck_assert_uint_eq(c->global.bufsize, 16384);
	ck_assert(c->global.uid == (uid_t)-1 && c->global.gid == (gid_t)-1);
	cfg_free(c);
}
END_TEST

START_TEST(full_load_is_a_tenth_of_the_frontends)
{
	struct cfg *c = load("frontend a\n bind :1\n maxconn 100\n default_backend b\n"
			     "frontend c\n bind :2\n maxconn 300\n default_backend b\n"
			     "backend b\n server s 127.0.0.1:1 minconn 2 maxconn 9\n");

	ck_assert_uint_eq(find(c, "b")->fullconn, 40);
	ck_assert_ptr_eq(find(c, "a")->default_backend, find(c, "b"));
	cfg_free(c);
}
END_TEST

/* ---- files ---- */

static char dir[] = "/tmp/tandem-cfg-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[8][256];
	static unsigned i;

	i = (i + 1) % 8;
	snprintf(path[i], sizeof path[i], "%s/%s", dir, name);
	return path[i];
}

static void put_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void make_dir(void)
{
	strcpy(dir, "/tmp/tandem-cfg-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
	static const char *const names[] = { "b.cfg", "a.cfg", "B.cfg", ".c.cfg", "d.txt", "e" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(path_of(names[i]));
	rmdir(dir);
}

START_TEST(a_directory_stands_for_its_cfg_files)
{
	const char *paths[] = { dir };

	put_file("b.cfg", "frontend third\n bind :3\n timeout client 1s\n");
	put_file("a.cfg", "frontend second\n bind :2\n timeout client 1s\n");
	put_file("B.cfg", "frontend first\n bind :1\n timeout client 1s\n");
	put_file(".c.cfg", "nonsense\n");
	put_file("d.txt", "nonsense\n");
	struct loaded l = load_files(paths, 1);

	ck_assert_msg(l.ok, "%s", l.messages);
	const char *first = strstr(l.dump, "frontend first"), *second = strstr(l.dump, "second"),
		   *third = strstr(l.dump, "third");

	ck_assert(first && second && third && first < second && second < third);
	loaded_fini(&l);
}
END_TEST

START_TEST(defaults_hold_in_later_files_but_sections_end)
{
	const char *paths[] = { path_of("a.cfg"), path_of("b.cfg") };

	put_file("a.cfg", "defaults\n timeout client 7s\nfrontend f\n bind :1\n");
	put_file("b.cfg", "frontend g\n bind :2\n");
	struct loaded l = load_files(paths, 2);

	ck_assert_msg(l.ok, "%s", l.messages);
	ck_assert(strstr(strstr(l.dump, "frontend g"), "timeout client 7s"));
	loaded_fini(&l);
	put_file("b.cfg", " bind :2\n");
	l = load_files(paths, 2);
	ck_assert(!l.ok);
	ck_assert(strstr(l.messages, "/b.cfg:1:2: error: 'bind' stands before any section"));
	loaded_fini(&l);
}
END_TEST

START_TEST(unreadable_files_are_named)
{
	const char *paths[] = { path_of("nosuch.cfg"), path_of("e"), "/dev/null" };

	put_file("e", "");
	struct loaded l = load_files(paths, 1);

	ck_assert(!l.ok);
	ck_assert(strstr(l.messages, "/nosuch.cfg: error: the file cannot be read: No such file"));
	loaded_fini(&l);
	l = load_files(paths + 1, 1); /* empty: nothing wrong with it */
	ck_assert_msg(l.ok, "%s", l.messages);
	loaded_fini(&l);
	l = load_files(paths + 2, 1); /* not a regular file */
	ck_assert(l.messages != NULL);
	loaded_fini(&l);
}
END_TEST

START_TEST(error_pages_are_read)
{
	char text[512];

	put_file("e", "HTTP/1.1 503 Mine\r\nA: b\r\nConnection: keep-alive\nContent-Length: "
		      "6\n\nsorry\n");
	snprintf(text, sizeof text, "backend b\n errorfile 503 %s\n", path_of("e"));
	struct cfg *c = load(text);

	for (size_t i = 0; i < CFG_N_ERROR_PAGES; i++) {
		const struct cfg_error_page *page = &c->proxies->errors[i];

		if (cfg_error_codes[i] != 503) {
			ck_assert_uint_eq(page->head.len, 0);
			continue;
		}
		ck_assert(str_eq(page->head,
				 STR("HTTP/1.1 503 Mine\r\nA: b\r\nContent-Length: 6\r\n")));
		ck_assert(str_eq(page->body, STR("sorry\n")));
		ck_assert(page->is_framed);
	}
	cfg_free(c);
}
END_TEST

START_TEST(bad_error_pages_are_refused)
{
	static const struct {
		const char *page, *message;
	} rows[] = {
		{ "sorry\n", "is no HTTP response: it must begin with a status line" },
		{ "HTTP/1.0 503 Mine", "is no HTTP response: its status line has no end" },
		{ "HTTP/1.0 503 Mine\r\nA: b\r\n", "the empty line behind its head is missing" },
		{ "HTTP/1.0 503 Mine\r\nA b\r\n\r\n", "a line of its head is no header field" },
		{ "HTTP/1.0 503 Mine\r\n: b\r\n\r\n", "a line of its head is no header field" },
		{ "HTTP/1.1 503 Mine\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		  "a body in chunks is not possible there" },
		{ "HTTP/1.1 503 Mine\r\nContent-Length: x\r\n\r\n",
		  "its Content-Length is no number" },
		{ "HTTP/1.1 503 Mine\r\nContent-Length: 4\r\n\r\nsorry",
		  "announces a body of 4 bytes, but has 5" },
	};
	char text[512];

	snprintf(text, sizeof text, "backend b\n errorfile 503 %s\n", path_of("e"));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		put_file("e", rows[i].page);
		struct loaded l = load_text(text);

		ck_assert_msg(!l.ok && strstr(l.messages, rows[i].message), "%s: %s", rows[i].page,
			      l.messages);
		loaded_fini(&l);
	}
}
END_TEST

START_TEST(all_errors_are_collected)
{
	struct loaded l = load_text("global\n maxcon 1\n nbthread x\nfrontend f\n bind :x\n"
				    " timeout client never\n default_backend none\n");

	ck_assert_uint_eq(l.n_errors, 5);
	loaded_fini(&l);
}
END_TEST

START_TEST(passwords_are_not_shown)
{
	struct loaded l = load_text("backend b\n stats auth topsecret\n");

	ck_assert(!l.ok && !strstr(l.messages, "topsecret"));
	loaded_fini(&l);
}
END_TEST

START_TEST(keywords_are_listed)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	cfg_print_keywords(f);
	fclose(f);
	ck_assert(strstr(text, "timeout connect TIME\n"));
	ck_assert(strstr(text, "[no] option dontlognull\n"));
	ck_assert(strstr(text, "liveness-socket PATH"));
	ck_assert(strstr(text, "    slowstart TIME\n"));
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cfg_model");
	TCase *tc = tcase_create("model"), *files = tcase_create("files");

	tcase_add_loop_test(tc, a_check_sends_this, 0, ARRAY_LEN(requests));
	tcase_add_test(tc, own_check_lines_replace_inherited_ones);
	tcase_add_test(tc, defaults_are_inherited_and_named);
	tcase_add_test(tc, logs_of_proxies_do_not_mix);
	tcase_add_test(tc, own_stats_lines_start_anew);
	tcase_add_test(tc, numbers_and_defaults);
	tcase_add_test(tc, full_load_is_a_tenth_of_the_frontends);
	tcase_add_test(tc, all_errors_are_collected);
	tcase_add_test(tc, passwords_are_not_shown);
	tcase_add_test(tc, keywords_are_listed);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(files, make_dir, remove_dir);
	tcase_add_test(files, a_directory_stands_for_its_cfg_files);
	tcase_add_test(files, defaults_hold_in_later_files_but_sections_end);
	tcase_add_test(files, unreadable_files_are_named);
	tcase_add_test(files, error_pages_are_read);
	tcase_add_test(files, bad_error_pages_are_refused);
	suite_add_tcase(s, files);
	return unit_run(s);
}
