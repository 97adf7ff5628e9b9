/* fuzz_vrrp_drill.c - recordings of drills: whatever is read can be merged, measured and shown, and
 * no text of theirs becomes markup. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drill/report.h"
#include "drill/undo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct drill_report d;
	const struct str text = { (const char *)data, size };
	struct strbuf out = { 0 };
	struct undo_step step;
	unsigned line;

	(void)!undo_parse(text, &step);
	d = (struct drill_report){ .target_us = 1000 };
	if (record_decode(&d.record, text, &line) == 0) {
		struct record copy = { .mono_us = 5, .wall_us = 50 };

		(void)!record_merge(&copy, &d.record);
		record_fini(&copy);
		record_sort(&d.record);
		d.event_us = d.record.n_notes ? d.record.note[0].at_us : 0;
		report_html(&d, &out);
		if (strstr(strbuf_str(&out), "<script"))
			abort();
		strbuf_clear(&out);
		report_text(&d, &out);
		json_decref(report_json(&d));
		strbuf_clear(&out);
		record_encode(&d.record, &out);
	}
	strbuf_fini(&out);
	record_fini(&d.record);
	return 0;
}
