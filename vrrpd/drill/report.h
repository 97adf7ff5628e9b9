/* report.h - the report of a drill: one JSON document and one page. Pure.
 *
 * The page is made to be shown to somebody who was not there: verdict first, then what was done in
 * plain words, a time line, tables, and the conditions of measurement. It is self-contained: no
 * script, no request to anywhere. */
#ifndef VRRPD_DRILL_REPORT_H
#define VRRPD_DRILL_REPORT_H

#include <jansson.h>

#include "outage.h"
#include "record.h"

struct drill_report {
	char id[32];    /* names the files: 20261125-061233-handover */
	char kind[16];  /* of the drill; "probe": nothing was done */
	char what[256]; /* one sentence */
	char instance[48];
	int64_t event_us;  /* in the record's clock; 0: no event */
	int64_t target_us; /* 0: none was set */
	char outcome[128]; /* empty, or why it did not end as it should */
	struct record record;
};

enum drill_verdict { DRILL_PASSED, DRILL_MISSED, DRILL_FAILED, DRILL_NO_TARGET };
/* Missed: measured, above the target. Failed: the outcome says why, or nothing was measured. */
enum drill_verdict report_verdict(const struct drill_report *d);

/* A new reference; NULL: out of memory. The probes themselves are not in it. */
json_t *report_json(const struct drill_report *d);
void report_html(const struct drill_report *d, struct strbuf *out);
/* A table of 80 columns for a terminal. */
void report_text(const struct drill_report *d, struct strbuf *out);

#endif
