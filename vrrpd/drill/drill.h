/* drill.h - `vrrpd drill`: rehearse a failover of a live pair, and say what it cost. */
#ifndef VRRPD_DRILL_DRILL_H
#define VRRPD_DRILL_DRILL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>

#include "record.h"

struct cfg;
struct drill_report;

enum drill_exit {
	DRILL_EXIT_GOOD = 0,   /* target met, or none was set */
	DRILL_EXIT_MISSED = 1, /* above the target */
	DRILL_EXIT_REFUSED = 2,
	DRILL_EXIT_FAILED = 3, /* begun, and did not end as it should */
};

enum drill_kind {
	DRILL_HANDOVER,
	DRILL_PROXY_KILL,
	DRILL_DAEMON_KILL,
	DRILL_FREEZE,
	DRILL_LINK_DOWN,
	DRILL_N_KINDS
};
const char *drill_kind_text(enum drill_kind k);

struct drill_options {
	enum drill_kind kind;
	const char *conf, *socket, *instance, *output, *path; /* path: of the GET */
	const char *probe; /* [ADDRESS:]PORT; NULL: port 80 of the first virtual address */
	const char *restart_proxy, *restart_vrrpd;
	bool is_tcp, is_sure, as_json;
	unsigned rate;
	int64_t target_us, return_us, for_us, timeout_us; /* return_us -1: stay */
};

/* What of the running vrrpd matters; from `show vrrp json`, the instance's part. Pure. */
struct drill_facts {
	const char *state; /* borrowed from the answer */
	const char *vip, *interface, *master, *fault;
	const char *peer, *peer_state; /* of the freshest vrrpd; NULL: none is heard */
	int vrid;
	double since_s, peer_heard_s;
	bool has_conflict, has_report, is_deaf, differs, is_handed_over, preempts;
};
void drill_read_facts(const json_t *instance, struct drill_facts *f);
/* Pure. Why it must not begin, in words; NULL: it may. */
const char *drill_refusal(const struct drill_facts *f);
/* Pure. One sentence: what the drill does. */
void drill_describe(const struct drill_options *o, const struct drill_facts *f, char *out,
		    size_t room);

/* Returns an exit status of enum drill_exit. */
int drill_run(const struct drill_options *o);
/* argv[0] is "drill". */
int drill_main(int argc, char **argv);

/* store.c: reports in a directory. Writes ID.json, ID.html and ID.jsonl, keeps the newest 100. 0 or
 * -errno. */
NODISCARD int store_report(const char *dir, const struct drill_report *d);
int store_history(const char *dir, bool as_json);

#endif
