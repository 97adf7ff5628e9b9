/* page.h - the dashboard as HTML: complete without scripts, and the fragments that live updates
 * replace in it. Control thread, or with the control lock held. */
#ifndef PROXY_STATS_PAGE_H
#define PROXY_STATS_PAGE_H

#include <stdbool.h>
#include <tandem/str.h>

struct cfg_stats;

struct page_options {
	bool is_admin;      /* show the buttons */
	bool hides_down;    /* ";up": without servers that are DOWN */
	struct str outcome; /* of an action: "DONE", as in ";st=DONE"; empty: none */
};

/* The whole document. */
void page_add(struct strbuf *out, const struct cfg_stats *st, const struct page_options *o);
/* The lines about the process and the sums over all servers. */
void page_add_summary(struct strbuf *out);
/* One event of the live stream (JSON): summary, pair, and the rows. hashes: of each row as it was
 * sent last, in the order of the rows, n of them; a row that did not change is left out, unless
 * is_full. Returns how many rows there are. */
unsigned page_add_event(struct strbuf *out, uint64_t *hashes, unsigned n, bool is_full);
/* Changes whenever rows came or went. */
void page_add_revision(struct strbuf *out);

#endif
