/* test_drill.c - drills: recordings, outages, refusals, undo steps, reports. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <tandem/clock.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/unit.h"

#include "drill/drill.h"
#include "drill/outage.h"
#include "drill/record.h"
#include "drill/report.h"
#include "drill/undo.h"
#include "drill/watch.h"

/* --- recordings ------------------------------------------------------------------------------ */

#define HELLO                                                                                      \
	"{\"t\":\"hello\",\"node\":\"a\",\"version\":\"1\",\"mono_us\":1000,\"wall_us\":5000}\n"
#define PROBER                                                                                     \
	"{\"t\":\"prober\",\"id\":0,\"kind\":\"http\",\"target\":\"192.0.2.1:80\",\"rate\":100}\n"

static const struct {
	const char *text;
	int err;
	unsigned line;
} files[] = {
	{ HELLO, 0, 1 },
	{ HELLO PROBER "{\"t\":\"probe\",\"id\":0,\"at_us\":5,\"took_us\":3,\"result\":\"ok\"}\n",
	  0, 3 },
	{ HELLO "{\"t\":\"later invention\"}\n", 0, 2 },
	{ HELLO "\n  \n", 0, 3 },
	{ "", -ENODATA, 0 },
	{ PROBER, -ENODATA, 1 },
	{ HELLO "nonsense\n", -EINVAL, 2 },
	{ HELLO "[]\n", -EINVAL, 2 },
	{ HELLO "{\"t\":\"probe\",\"id\":0,\"at_us\":5,\"took_us\":3,\"result\":\"ok\"}\n", -EINVAL,
	  2 },
	{ HELLO PROBER "{\"t\":\"probe\",\"id\":1,\"at_us\":5,\"took_us\":3,\"result\":\"ok\"}\n",
	  -EINVAL, 3 },
	{ HELLO PROBER "{\"t\":\"probe\",\"id\":-1,\"at_us\":5,\"took_us\":3,\"result\":\"ok\"}\n",
	  -EINVAL, 3 },
	{ HELLO PROBER "{\"t\":\"probe\",\"id\":0,\"at_us\":-5,\"took_us\":3,\"result\":\"ok\"}\n",
	  -EINVAL, 3 },
	{ HELLO PROBER
	  "{\"t\":\"probe\",\"id\":0,\"at_us\":5,\"took_us\":5000000000,\"result\":\"ok\"}\n",
	  -EINVAL, 3 },
	{ HELLO PROBER "{\"t\":\"probe\",\"id\":0,\"at_us\":5,\"took_us\":3,\"result\":\"fine\"}\n",
	  -EINVAL, 3 },
	{ HELLO "{\"t\":\"prober\",\"id\":0,\"kind\":\"http\",\"target\":\"x\",\"rate\":0}\n",
	  -EINVAL, 2 },
	{ HELLO "{\"t\":\"prober\",\"id\":0,\"kind\":\"icmp\",\"target\":\"x\",\"rate\":1}\n",
	  -EINVAL, 2 },
	{ HELLO "{\"t\":\"note\",\"at_us\":1,\"what\":\"advert\",\"node\":\"b\"}\n", -EINVAL, 2 },
	{ "{\"t\":\"hello\",\"node\":\"a\",\"mono_us\":9e18,\"wall_us\":1}\n", -EINVAL, 1 },
};

START_TEST(recordings_are_read)
{
	struct record r = { 0 };
	unsigned line;

	ck_assert_int_eq(record_decode(&r, str_from(files[_i].text), &line), files[_i].err);
	ck_assert_uint_eq(line, files[_i].line);
	record_fini(&r);
}
END_TEST

static void add(struct record *r, unsigned prober, int64_t at_us, uint32_t took_us,
		enum probe_result result)
{
	const struct probe p = { .at_us = at_us,
				 .took_us = took_us,
				 .prober = (uint8_t)prober,
				 .result = (uint8_t)result };

	ck_assert_int_eq(record_add_probe(r, &p), 0);
}

START_TEST(what_is_written_is_read)
{
	struct record r = { .node = "a \"b\"\n", .mono_us = 7, .wall_us = 9 }, back = { 0 };
	struct strbuf text = { 0 }, again = { 0 };
	unsigned line;

	ck_assert_int_eq(record_add_prober(&r, PROBE_HELD, "n", "192.0.2.1:80", 250), 0);
	add(&r, 0, 10, 20, PROBE_RESET);
	ck_assert_int_eq(record_add_note(&r, 11, NOTE_TRANSITION, "b", "BACKUP > MASTER"), 0);
	ck_assert_int_eq(record_add_fact(&r, "kernel", "<b>"), 0);
	record_encode(&r, &text);
	ck_assert_int_eq(record_decode(&back, (struct str){ text.p, text.len }, &line), 0);
	record_encode(&back, &again);
	ck_assert_str_eq(strbuf_str(&text), strbuf_str(&again));
	strbuf_fini(&text);
	strbuf_fini(&again);
	record_fini(&r);
	record_fini(&back);
}
END_TEST

START_TEST(long_texts_are_cut_between_characters)
{
	char text[2 * RECORD_TEXT + 2] =
		"x"; /* then two bytes each: the limit is in the middle of one */
	struct record r = { 0 };
	struct strbuf out = { 0 };

	for (int i = 0; i < RECORD_TEXT; i++)
		strcat(text, "\xc3\xa9");
	ck_assert_int_eq(record_add_note(&r, 1, NOTE_EVENT, "n", text), 0);
	ck_assert_int_eq(record_add_note(&r, 2, NOTE_EVENT, "n", text + 1), 0);
	ck_assert_uint_eq(strlen(r.note[0].text), RECORD_TEXT - 1);
	ck_assert_uint_eq(strlen(r.note[1].text), RECORD_TEXT - 2);
	record_encode(&r, &out);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&out), "\"at_us\":2"));
	strbuf_fini(&out);
	record_fini(&r);
}
END_TEST

START_TEST(clocks_too_far_apart_are_refused)
{
	struct record a = { .mono_us = 100, .wall_us = 1000000 },
		      b = { .mono_us = 50, .wall_us = 60 };

	ck_assert_int_eq(record_add_prober(&b, PROBE_TCP, "b", "x", 10), 0);
	add(&b, 0, 60, 1, PROBE_OK);
	ck_assert_int_eq(record_merge(&a, &b), -ERANGE);
	record_fini(&a);
	record_fini(&b);
}
END_TEST

START_TEST(merging_maps_clocks)
{
	struct record a = { .mono_us = 100, .wall_us = 1000 },
		      b = { .mono_us = 50, .wall_us = 1200 };

	ck_assert_int_eq(record_add_prober(&a, PROBE_HTTP, "a", "x", 10), 0);
	ck_assert_int_eq(record_add_prober(&b, PROBE_TCP, "b", "x", 10), 0);
	add(&a, 0, 100, 1, PROBE_OK);
	add(&b, 0, 60, 1, PROBE_OK); /* 10 after its hello: 1210 by the wall, 310 on a's clock */
	ck_assert_int_eq(record_merge(&a, &b), 0);
	ck_assert_uint_eq(a.n_probers, 2);
	ck_assert_int_eq(a.probe[1].at_us, 310);
	ck_assert_uint_eq(a.probe[1].prober, 1);
	record_fini(&a);
	record_fini(&b);
}
END_TEST

/* --- outages --------------------------------------------------------------------------------- */

static const struct {
	const char *shots; /* one every 10 ms: '.' answered in 1 ms, 's' in 45 ms, 'x' lost */
	int64_t outage_us;
	size_t n_lost;
} outages[] = {
	{ "..........", 10000, 0 },  { "...xxx....", 40000, 3 },
	{ "x.........", 11000, 1 }, /* from the first probe on */
	{ ".......xxx", 29000, 3 }, /* until the last one was due */
	{ "...s......", 20000, 0 }, /* a slow answer hides nothing: others came meanwhile */
	{ "...sxxx...", 50000, 3 }, /* its answer comes after the others: it ends nothing */
	{ "xxxxxxxxxx", 90000, 10 },
};

START_TEST(outage_is_the_longest_gap)
{
	struct record r = { 0 };
	struct outage o;

	ck_assert_int_eq(record_add_prober(&r, PROBE_HTTP, "n", "x", 100), 0);
	for (int i = 0; outages[_i].shots[i]; i++)
		add(&r, 0, 1000000 + i * 10000, outages[_i].shots[i] == 's' ? 45000 : 1000,
		    outages[_i].shots[i] == 'x' ? PROBE_REFUSED : PROBE_OK);
	ck_assert_int_eq(outage_measure(&r, 0, &o), 0);
	ck_assert_int_eq(o.outage_us, outages[_i].outage_us);
	ck_assert_uint_eq(o.n_lost, outages[_i].n_lost);
	ck_assert_uint_eq(o.n_sent, 10);
	ck_assert_int_eq(o.resolution_us, 10000);
	record_fini(&r);
}
END_TEST

START_TEST(nothing_measured_is_no_success)
{
	struct drill_report d = { .target_us = 100 };
	int64_t us;

	ck_assert_int_eq(outage_worst(&d.record, &us), -ENODATA);
	ck_assert_int_eq(report_verdict(&d), DRILL_FAILED);
}
END_TEST

/* --- refusals -------------------------------------------------------------------------------- */

#define PEER(s)                                                                                    \
	"\"peers\":[{\"address\":\"10.0.0.2\",\"state\":\"BACKUP\",\"heard_s_ago\":0.5," s "}]"
#define GOOD "\"reports\":true,\"hears_us\":true,\"differs\":[]"
#define HEAD "{\"state\":\"MASTER\",\"since_s\":60.5,\"addresses\":[{\"address\":\"10.0.0.9\"}],"

static const struct {
	const char *status, *refusal; /* NULL: none */
} refusals[] = {
	{ HEAD PEER(GOOD) "}", NULL },
	{ HEAD PEER("\"reports\":false,\"hears_us\":false,\"differs\":[]") "}", NULL },
	{ "{}", "not MASTER" },
	{ "{\"state\":\"BACKUP\"," PEER(GOOD) "}", "not MASTER" },
	{ "{\"state\":\"MASTER\",\"since_s\":60}", "no virtual address" },
	{ HEAD "\"peers\":[]}", "no other vrrpd" },
	{ HEAD "\"conflict\":{}," PEER(GOOD) "}", "CONFLICT" },
	{ HEAD "\"peers\":[{\"address\":\"10.0.0.2\",\"state\":\"FAULT\",\"heard_s_ago\":0.5}]}",
	  "not BACKUP" },
	{ HEAD "\"peers\":[{\"address\":\"10.0.0.2\",\"state\":\"BACKUP\",\"heard_s_ago\":9.5}]}",
	  "no other vrrpd" },
	{ HEAD PEER("\"reports\":true,\"hears_us\":false") "}", "does not hear us" },
	{ HEAD PEER(GOOD ",\"x\":1") ",\"handed_over\":true}", "handed over before" },
	{ HEAD PEER("\"reports\":true,\"hears_us\":true,\"differs\":[\"advert_int\"]") "}",
	  "differs" },
	{ "{\"state\":\"MASTER\",\"since_s\":2.5,\"addresses\":[{\"address\":\"10.0.0.9\"}]," PEER(
		  GOOD) "}",
	  "less than five seconds" },
};

START_TEST(drills_are_refused)
{
	json_t *o = json_loads(refusals[_i].status, 0, NULL);
	struct drill_facts f;
	const char *why;

	ck_assert_ptr_nonnull(o);
	drill_read_facts(o, &f);
	why = drill_refusal(&f);
	if (!refusals[_i].refusal)
		ck_assert_ptr_null(why);
	else
		ck_assert_msg(why && strstr(why, refusals[_i].refusal), "%s",
			      why ? why : "accepted");
	json_decref(o);
}
END_TEST

/* --- undo ------------------------------------------------------------------------------------ */

static const struct {
	const char *line;
	int err;
} steps[] = {
	{ "cont 123 456789", 0 }, { "link eth0", 0 },       { "run sleep 1; true", 0 },
	{ "resume web", 0 },      { "cont 123", -EINVAL },  { "cont 1 5", -EINVAL },
	{ "cont x 5", -EINVAL },  { "cont -4 5", -EINVAL }, { "link ", -EINVAL },
	{ "link", -EINVAL },      { "", -EINVAL },          { "reboot now", -EINVAL },
	{ "cont 5 0", -EINVAL },
};

START_TEST(a_killed_keeper_is_stood_in_for)
{
	char dir[] = "/tmp/test_drill.XXXXXX", path[64], made[64];
	const struct timespec nap = { .tv_nsec = 5 * 1000 * 1000 };
	struct undo_step s = { .kind = UNDO_RUN };
	struct undo u;
	int left = 1000;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/undo", dir);
	snprintf(made, sizeof(made), "%s/made", dir);
	snprintf(s.text, sizeof(s.text), ": >%s", made);
	ck_assert_int_eq(undo_start(&u, path, "/nowhere", 60 * US_PER_S), 0);
	ck_assert_int_eq(undo_start(&u, path, "/nowhere", 60 * US_PER_S), -EEXIST);
	ck_assert_int_eq(undo_add(&u, &s), 0);
	ck_assert_int_eq(kill(u.keeper, SIGKILL), 0);
	undo_finish(&u);
	ck_assert_int_ne(access(path, F_OK), 0);
	while (access(made, F_OK) != 0 && left-- > 0) /* it runs in the background */
		(void)nanosleep(&nap, NULL);
	ck_assert_int_eq(access(made, F_OK), 0);
	ck_assert_int_eq(unlink(made), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(undo_steps_are_read)
{
	struct undo_step s;
	char text[UNDO_MAX_LINE + 64];

	ck_assert_int_eq(undo_parse(str_from(steps[_i].line), &s), steps[_i].err);
	if (steps[_i].err)
		return;
	undo_format(&s, text);
	ck_assert_str_eq(text, steps[_i].line);
}
END_TEST

/* --- adverts --------------------------------------------------------------------------------- */

START_TEST(adverts_are_recognised)
{
	uint8_t p[28] = { 0x45, 0, 0, 28, 0,   0, 0, 0,  255,  112, 0,   0,
			  192,  0, 2, 7,  224, 0, 0, 18, 0x31, 51,  100, 1 };
	char src[48];
	unsigned priority = 0;

	ck_assert(watch_read_advert(p, sizeof(p), 51, src, &priority));
	ck_assert_str_eq(src, "192.0.2.7");
	ck_assert_uint_eq(priority, 100);
	ck_assert(!watch_read_advert(p, sizeof(p), 52, src, &priority));
	ck_assert(!watch_read_advert(p, 27, 51, src, &priority)); /* cut */
	p[0] = 0x4f; /* a head longer than the packet */
	ck_assert(!watch_read_advert(p, sizeof(p), 51, src, &priority));
	p[0] = 0x65;
	ck_assert(!watch_read_advert(p, sizeof(p), 51, src, &priority));
}
END_TEST

/* --- reports --------------------------------------------------------------------------------- */

static void fill(struct drill_report *d)
{
	ck_assert_int_eq(record_add_prober(&d->record, PROBE_HTTP, "<script>alert(1)</script>",
					   "192.0.2.1:80", 100),
			 0);
	for (int i = 0; i < 100; i++)
		add(&d->record, 0, 1000000 + i * 10000, 1000,
		    i >= 50 && i < 53 ? PROBE_REFUSED : PROBE_OK);
	ck_assert_int_eq(record_add_note(&d->record, 1400000, NOTE_TRANSITION, "<b>&", "x\"><i>"),
			 0);
	ck_assert_int_eq(record_add_fact(&d->record, "<u>", "'"), 0);
	d->event_us = 1500000;
	snprintf(d->kind, sizeof(d->kind), "freeze");
	snprintf(d->what, sizeof(d->what), "<em>");
}

static const struct {
	int64_t target_us;
	const char *outcome;
	enum drill_verdict verdict;
	const char *shown;
} verdicts[] = {
	{ 0, "", DRILL_NO_TARGET, "Measured: 40.0&nbsp;ms" },
	{ 50000, "", DRILL_PASSED, "Passed: 40.0&nbsp;ms of 50.0&nbsp;ms" },
	{ 40000, "", DRILL_PASSED, "Passed: 40.0&nbsp;ms of 40.0&nbsp;ms" },
	{ 39999, "", DRILL_MISSED, "Target missed: 40.0&nbsp;ms" },
	{ 50000, "the peer <s>", DRILL_FAILED, "Failed: the peer &lt;s&gt;" },
};

START_TEST(reports_say_the_verdict)
{
	struct drill_report *d = calloc(1, sizeof(*d));
	struct strbuf page = { 0 }, text = { 0 };
	json_t *o;

	fill(d);
	d->target_us = verdicts[_i].target_us;
	snprintf(d->outcome, sizeof(d->outcome), "%s", verdicts[_i].outcome);
	ck_assert_int_eq(report_verdict(d), verdicts[_i].verdict);
	report_html(d, &page);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&page), verdicts[_i].shown));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&page), "default-src 'none'"));
	ck_assert_ptr_null(strstr(strbuf_str(&page), "<script"));
	ck_assert_ptr_null(strstr(strbuf_str(&page), "<i>"));
	ck_assert_ptr_null(strstr(strbuf_str(&page), "<em>"));
	o = report_json(d);
	ck_assert_int_eq(json_integer_value(json_object_get(
				 json_array_get(json_object_get(o, "probers"), 0), "lost")),
			 3);
	json_decref(o);
	report_text(d, &text);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&text), "40.0"));
	strbuf_fini(&page);
	strbuf_fini(&text);
	record_fini(&d->record);
	free(d);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("drill");
	TCase *tc = tcase_create("drill");

	tcase_add_loop_test(tc, recordings_are_read, 0, ARRAY_LEN(files));
	tcase_add_test(tc, what_is_written_is_read);
	tcase_add_test(tc, long_texts_are_cut_between_characters);
	tcase_add_test(tc, clocks_too_far_apart_are_refused);
	tcase_add_test(tc, merging_maps_clocks);
	tcase_add_loop_test(tc, outage_is_the_longest_gap, 0, ARRAY_LEN(outages));
	tcase_add_test(tc, nothing_measured_is_no_success);
	tcase_add_loop_test(tc, drills_are_refused, 0, ARRAY_LEN(refusals));
	tcase_add_test(tc, a_killed_keeper_is_stood_in_for);
	tcase_add_loop_test(tc, undo_steps_are_read, 0, ARRAY_LEN(steps));
	tcase_add_test(tc, adverts_are_recognised);
	tcase_add_loop_test(tc, reports_say_the_verdict, 0, ARRAY_LEN(verdicts));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return unit_run(suite());
}
