/* record.h - what a recorder of a drill saw: probes and notes, in memory and as JSON lines. Pure.
 *
 * One object a line, times are CLOCK_MONOTONIC of the recorder in microseconds:
 *   {"t":"hello","node":"a","version":"0.3","mono_us":1,"wall_us":2}        first; links the clocks
 *   {"t":"prober","id":0,"kind":"http","target":"192.0.2.1:80","rate":500}  before its probes
 *   {"t":"probe","id":0,"at_us":5,"took_us":310,"result":"ok"}              at: when it was due
 *   {"t":"note","at_us":7,"what":"advert","node":"a","text":"priority 100"}
 *   {"t":"fact","name":"digest of a","text":"..."}
 * Lines of other kinds and members that are not known are ignored: newer recorders may say more. */
#ifndef VRRPD_DRILL_RECORD_H
#define VRRPD_DRILL_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/str.h>

#define RECORD_MAX_PROBES  600000 /* of one recording; more is refused */
#define RECORD_MAX_NOTES   20000
#define RECORD_MAX_PROBERS 16
#define RECORD_MAX_FACTS   64
#define RECORD_TEXT        160 /* longer texts are cut */

enum probe_kind { PROBE_TCP, PROBE_HTTP, PROBE_HELD };
enum probe_result {
	PROBE_OK,
	PROBE_REFUSED, /* nobody listens, or no way there */
	PROBE_RESET,   /* the connection broke */
	PROBE_CLOSED,  /* end of file before the whole answer */
	PROBE_TIMEOUT,
	PROBE_STATUS, /* an answer of 500 or above */
	PROBE_BAD,    /* not HTTP */
	PROBE_N_RESULTS
};
enum note_what { NOTE_EVENT, NOTE_ADVERT, NOTE_TRANSITION, NOTE_PROXY, NOTE_N };

struct probe {
	int64_t at_us;    /* when it was due */
	uint32_t took_us; /* until the answer or the failure */
	uint8_t prober, result;
};

struct prober_info {
	enum probe_kind kind;
	unsigned rate; /* a second */
	char target[RECORD_TEXT], node[RECORD_TEXT];
};

struct note {
	int64_t at_us;
	enum note_what what;
	char node[48], text[RECORD_TEXT];
};

struct fact {
	char name[48], text[RECORD_TEXT];
};

/* One recorder's, or several merged. Starts as {0}, ends with record_fini. */
struct record {
	char node[48], version[32];
	int64_t mono_us, wall_us; /* of one instant */
	struct prober_info prober[RECORD_MAX_PROBERS];
	unsigned n_probers;
	struct probe *probe; /* owned */
	size_t n_probes, cap_probes;
	struct note *note; /* owned */
	size_t n_notes, cap_notes;
	struct fact fact[RECORD_MAX_FACTS];
	unsigned n_facts;
};

/* For how long probes of so many a second fit into one recording. */
int64_t record_limit_us(unsigned rate);

const char *probe_kind_text(enum probe_kind k);
const char *probe_result_text(enum probe_result r);
const char *note_what_text(enum note_what w);

/* 0, or -ENOSPC at the limits above, -ENOMEM. */
NODISCARD int record_add_probe(struct record *r, const struct probe *p);
NODISCARD int record_add_note(struct record *r, int64_t at_us, enum note_what what,
			      const char *node, const char *text);
NODISCARD int record_add_fact(struct record *r, const char *name, const char *text);
/* Returns its number, or -ENOSPC. */
NODISCARD int record_add_prober(struct record *r, enum probe_kind kind, const char *node,
				const char *target, unsigned rate);

/* All of it as JSON lines. */
void record_encode(const struct record *r, struct strbuf *out);
/* Add one line. 0; -EINVAL: not JSON, or without what its kind must have; -ENOSPC, -ENOMEM. */
NODISCARD int record_decode_line(struct record *r, struct str line);
/* A whole file into an empty record. On failure *line is the number of the line; r is still to be
 * ended. -ENODATA: no hello. */
NODISCARD int record_decode(struct record *r, struct str text, unsigned *line);
/* Add what another recorder saw, its times mapped by the two wall clocks. 0; -ERANGE: the clocks
 * differ by more than the first machine is up; -ENOSPC, -ENOMEM. */
NODISCARD int record_merge(struct record *into, const struct record *from);
/* Order probes and notes by time. */
void record_sort(struct record *r);
void record_fini(struct record *r);

#endif
