/* pair.h - what the dashboard and the metrics know of the pair: asked from vrrpd's control socket
 * (`vrrpd-socket PATH`), as any client of it would. Control thread, or with the control lock held.
 *
 * Asked once a second while somebody looks, every ten seconds otherwise; what is shown is the last
 * answer and its age. An answer is at most PAIR_ANSWER_MAX bytes. */
#ifndef PROXY_STATS_PAIR_H
#define PROXY_STATS_PAIR_H

#include <tandem/loop.h>
#include <tandem/str.h>

#define PAIR_ANSWER_MAX (4u << 20)

/* Control thread. Ask at path from now on (borrowed until the next call); NULL: nobody. */
void pair_watch(struct loop *loop, const char *path);
void pair_stop(void);
/* Somebody looks: ask every second for a while. */
void pair_wanted(void);
/* A section of the page; nothing when there is nobody to ask. */
void pair_add_html(struct strbuf *out);
/* vrrpd's own metrics, and whether it answers (tandem_vrrpd_up). */
void pair_add_metrics(struct strbuf *out);

/* The answer to `show vrrp json` and `show history json` as HTML. Pure but for the time zone. NULL
 * or wrong JSON: says so. For tests and fuzzing. */
void pair_render(struct strbuf *out, struct str status, struct str history);

#endif
