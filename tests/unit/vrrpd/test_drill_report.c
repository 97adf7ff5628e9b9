/* test_drill_report.c - recordings of drills: reading, merging, outages, verdicts, the page. */
#include "drill/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/unit.h"

static const char hello[] = "{\"t\":\"hello\",\"node\":\"a\",\"mono_us\":1000,\"wall_us\":2000}\n";
static const char prober[] =
	"{\"t\":\"prober\",\"id\":0,\"kind\":\"http\",\"target\":\"192.0.2.1:80\",\"rate\":1000}\n";

static void read_record(struct record *r, const char *a, const char *b, const char *c)
{
	struct strbuf text = { 0 };
	unsigned line;

	strbuf_addf(&text, "%s%s%s", a, b, c);
	ck_assert_int_eq(record_decode(r, (struct str){ text.p, text.len }, &line), 0);
	record_sort(r);
	strbuf_fini(&text);
}

static const struct {
	const char *name, *line;
	int err;
} lines[] = {
	{ "not JSON", "{", -EINVAL },
	{ "no kind", "{}", -EINVAL },
	{ "unknown kinds are for newer readers", "{\"t\":\"later\"}", 0 },
	{ "hello without clocks", "{\"t\":\"hello\",\"node\":\"a\"}", -EINVAL },
	{ "probe of nobody",
	  "{\"t\":\"probe\",\"id\":0,\"at_us\":1,\"took_us\":1,\"result\":\"ok\"}", -EINVAL },
	{ "rate 0", "{\"t\":\"prober\",\"kind\":\"tcp\",\"target\":\"x\",\"rate\":0}", -EINVAL },
	{ "rate too high", "{\"t\":\"prober\",\"kind\":\"tcp\",\"target\":\"x\",\"rate\":1001}",
	  -EINVAL },
	{ "note before time began",
	  "{\"t\":\"note\",\"at_us\":-1,\"what\":\"event\",\"node\":\"a\",\"text\":\"\"}",
	  -EINVAL },
	{ "fact", "{\"t\":\"fact\",\"name\":\"a\",\"text\":\"b\"}", 0 },
};

START_TEST(lines_are_checked)
{
	struct record *r = calloc(1, sizeof(*r));
	const struct str line = { lines[_i].line, strlen(lines[_i].line) };

	ck_assert_msg(record_decode_line(r, line) == lines[_i].err, "%s", lines[_i].name);
	record_fini(r);
	free(r);
}
END_TEST

/* Probes of one a millisecond: '.' answered after 200 us, 'x' refused. */
static const struct {
	const char *probes;
	int64_t outage_us, worst_err;
	size_t n_lost;
	enum drill_verdict verdict; /* of 5 ms */
} rows[] = {
	{ "..........", 1000, 0, 0, DRILL_PASSED }, /* clean: what can be told at all */
	{ "...xxx....", 4000, 0, 3, DRILL_PASSED }, /* from good to good */
	{ "..xxxxx...", 6000, 0, 5, DRILL_MISSED }, /* above the target */
	{ ".x.x.x.x..", 2000, 0, 4, DRILL_PASSED }, /* losses apart do not add up */
	{ "xxxxxxx...", 7200, 0, 7, DRILL_MISSED }, /* from the first probe */
	{ "..xxxxxxxx", 7800, 0, 8, DRILL_MISSED }, /* until the last one */
	{ "", 0, -ENODATA, 0, DRILL_FAILED },       /* measured nothing: not passed */
};

START_TEST(outages_are_from_good_to_good)
{
	struct drill_report *d = calloc(1, sizeof(*d));
	struct outage o;
	int64_t worst_us;

	read_record(&d->record, hello, prober, "");
	for (size_t i = 0; i < strlen(rows[_i].probes); i++) {
		struct probe p = { .at_us = (int64_t)(1000 * i), .took_us = 200 };

		p.result = rows[_i].probes[i] == '.' ? PROBE_OK : PROBE_REFUSED;
		ck_assert_int_eq(record_add_probe(&d->record, &p), 0);
	}
	d->target_us = 5000;
	ck_assert_int_eq(outage_measure(&d->record, 0, &o), 0);
	ck_assert_int_eq(o.outage_us, rows[_i].outage_us);
	ck_assert_uint_eq(o.n_lost, rows[_i].n_lost);
	ck_assert_uint_eq(o.n_by_result[PROBE_REFUSED], rows[_i].n_lost);
	ck_assert_int_eq(outage_worst(&d->record, &worst_us), rows[_i].worst_err);
	ck_assert_int_eq(report_verdict(d), rows[_i].verdict);
	record_fini(&d->record);
	free(d);
}
END_TEST

START_TEST(merging_maps_clocks_and_survives_encoding)
{
	struct record *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
	struct record *again = calloc(1, sizeof(*again));
	struct strbuf text = { 0 };
	unsigned line;

	read_record(a, hello, prober, "");
	read_record(
		b, "{\"t\":\"hello\",\"node\":\"b\",\"mono_us\":500,\"wall_us\":2100}\n", prober,
		"{\"t\":\"probe\",\"id\":0,\"at_us\":510,\"took_us\":7,\"result\":\"reset\"}\n");
	ck_assert_int_eq(record_merge(a, b), 0);
	ck_assert_uint_eq(a->n_probers, 2);
	ck_assert_str_eq(a->prober[1].node, "b");
	ck_assert_uint_eq(a->probe[0].prober, 1);
	ck_assert_int_eq(a->probe[0].at_us, 1110); /* 10 us after wall 2100, which is 1100 here */
	record_encode(a, &text);
	ck_assert_int_eq(record_decode(again, (struct str){ text.p, text.len }, &line), 0);
	ck_assert_int_eq(again->probe[0].at_us, 1110);
	ck_assert_int_eq(again->probe[0].result, PROBE_RESET);
	ck_assert_str_eq(again->prober[1].node, "b");
	strbuf_fini(&text);
	record_fini(a);
	record_fini(b);
	record_fini(again);
	free(a);
	free(b);
	free(again);
}
END_TEST

START_TEST(no_text_of_a_recording_becomes_markup)
{
	struct drill_report *d = calloc(1, sizeof(*d));
	struct strbuf out = { 0 };

	read_record(&d->record, hello,
		    "{\"t\":\"prober\",\"kind\":\"tcp\",\"node\":\"<script>\",\"target\":\"<script>"
		    "\",\"rate\":1000}\n"
		    "{\"t\":\"probe\",\"id\":0,\"at_us\":1,\"took_us\":1,\"result\":\"ok\"}\n"
		    "{\"t\":\"probe\",\"id\":0,\"at_us\":9,\"took_us\":1,\"result\":\"ok\"}\n",
		    "{\"t\":\"note\",\"at_us\":2,\"what\":\"proxy\",\"node\":\"<script>\",\"text\":"
		    "\"<script>\"}\n"
		    "{\"t\":\"fact\",\"name\":\"<script>\",\"text\":\"<script>\"}\n");
	strcpy(d->what, "<script>");
	strcpy(d->instance, "<script>");
	report_html(d, &out);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&out), "Measured: "));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&out), "&lt;script"));
	ck_assert_ptr_null(strstr(strbuf_str(&out), "<script"));
	strbuf_fini(&out);
	record_fini(&d->record);
	free(d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("drill_report");
	TCase *tc = tcase_create("drill_report");

	tcase_add_loop_test(tc, lines_are_checked, 0, (int)ARRAY_LEN(lines));
	tcase_add_loop_test(tc, outages_are_from_good_to_good, 0, (int)ARRAY_LEN(rows));
	tcase_add_test(tc, merging_maps_clocks_and_survives_encoding);
	tcase_add_test(tc, no_text_of_a_recording_becomes_markup);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
