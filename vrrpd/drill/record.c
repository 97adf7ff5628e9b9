/* record.c - recordings of drills in memory and as JSON lines. */
#include "record.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_text[] = { "tcp", "http", "held" };
static const char *const result_text[PROBE_N_RESULTS] = {
	"ok", "refused", "reset", "closed", "timeout", "status", "bad",
};
static const char *const what_text[NOTE_N] = { "event", "advert", "transition", "proxy" };

int64_t record_limit_us(unsigned rate)
{
	return INT64_C(1000000) * (RECORD_MAX_PROBES / rate);
}

const char *probe_kind_text(enum probe_kind k)
{
	return kind_text[k];
}

const char *probe_result_text(enum probe_result r)
{
	return result_text[r];
}

const char *note_what_text(enum note_what w)
{
	return what_text[w];
}

/* Copy what fits, in whole characters: a torn one (RFC 3629) is no JSON. */
static void copy_text(char *out, size_t room, const char *text)
{
	size_t n = strnlen(text, room);

	if (n == room) {
		n = room - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, text, n);
	out[n] = '\0';
}

/* Room for one more of `size` bytes. */
static int grow(void **p, size_t n, size_t *cap, size_t size, size_t max)
{
	size_t wanted = *cap ? *cap * 2 : 256;
	void *more;

	if (n >= max)
		return -ENOSPC;
	if (n < *cap)
		return 0;
	more = reallocarray(*p, wanted, size);
	if (!more)
		return -ENOMEM;
	*p = more;
	*cap = wanted;
	return 0;
}

int record_add_probe(struct record *r, const struct probe *p)
{
	void *all = r->probe;
	int err = grow(&all, r->n_probes, &r->cap_probes, sizeof(*p), RECORD_MAX_PROBES);

	r->probe = all;
	if (!err)
		r->probe[r->n_probes++] = *p;
	return err;
}

int record_add_note(struct record *r, int64_t at_us, enum note_what what, const char *node,
		    const char *text)
{
	void *all = r->note;
	int err = grow(&all, r->n_notes, &r->cap_notes, sizeof(*r->note), RECORD_MAX_NOTES);
	struct note *n;

	r->note = all;
	if (err)
		return err;
	n = &r->note[r->n_notes++];
	*n = (struct note){ .at_us = at_us, .what = what };
	copy_text(n->node, sizeof(n->node), node);
	copy_text(n->text, sizeof(n->text), text);
	return 0;
}

int record_add_fact(struct record *r, const char *name, const char *text)
{
	struct fact *f;

	for (unsigned i = 0; i < r->n_facts; i++) {
		if (strcmp(r->fact[i].name, name) == 0 && strcmp(r->fact[i].text, text) == 0)
			return 0;
	}
	if (r->n_facts == RECORD_MAX_FACTS)
		return -ENOSPC;
	f = &r->fact[r->n_facts++];
	copy_text(f->name, sizeof(f->name), name);
	copy_text(f->text, sizeof(f->text), text);
	return 0;
}

int record_add_prober(struct record *r, enum probe_kind kind, const char *node, const char *target,
		      unsigned rate)
{
	struct prober_info *p;

	if (r->n_probers == RECORD_MAX_PROBERS)
		return -ENOSPC;
	p = &r->prober[r->n_probers];
	*p = (struct prober_info){ .kind = kind, .rate = rate };
	copy_text(p->target, sizeof(p->target), target);
	copy_text(p->node, sizeof(p->node), node);
	return (int)r->n_probers++;
}

/* --- JSON lines ----------------------------------------------------------------------------- */

static void add_line(struct strbuf *out, json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	if (text)
		strbuf_addf(out, "%s\n", text);
	free(text);
	json_decref(o);
}

void record_encode(const struct record *r, struct strbuf *out)
{
	add_line(out, json_pack("{s:s, s:s, s:s, s:I, s:I}", "t", "hello", "node", r->node,
				"version", r->version, "mono_us", (json_int_t)r->mono_us, "wall_us",
				(json_int_t)r->wall_us));
	for (unsigned i = 0; i < r->n_facts; i++)
		add_line(out, json_pack("{s:s, s:s, s:s}", "t", "fact", "name", r->fact[i].name,
					"text", r->fact[i].text));
	for (unsigned i = 0; i < r->n_probers; i++)
		add_line(out,
			 json_pack("{s:s, s:i, s:s, s:s, s:s, s:i}", "t", "prober", "id", (int)i,
				   "kind", kind_text[r->prober[i].kind], "node", r->prober[i].node,
				   "target", r->prober[i].target, "rate", (int)r->prober[i].rate));
	for (size_t i = 0; i < r->n_notes; i++)
		add_line(out,
			 json_pack("{s:s, s:I, s:s, s:s, s:s}", "t", "note", "at_us",
				   (json_int_t)r->note[i].at_us, "what", what_text[r->note[i].what],
				   "node", r->note[i].node, "text", r->note[i].text));
	for (size_t i = 0; i < r->n_probes; i++) { /* many: no detour over objects */
		const struct probe *p = &r->probe[i];

		strbuf_addf(out,
			    "{\"t\":\"probe\",\"id\":%u,\"at_us\":%lld,\"took_us\":%u,"
			    "\"result\":\"%s\"}\n",
			    p->prober, (long long)p->at_us, p->took_us, result_text[p->result]);
	}
}

/* The place of a text in a table, or -1. */
static int find(const char *const *table, int n, const char *text)
{
	for (int i = 0; text && i < n; i++) {
		if (strcmp(table[i], text) == 0)
			return i;
	}
	return -1;
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* A time that arithmetic cannot overflow: within a hundred years of 0. */
static bool time_of(const json_t *o, const char *key, int64_t *out)
{
	const json_t *t = json_object_get(o, key);
	const int64_t limit = INT64_C(100) * 366 * 86400 * 1000000;

	*out = json_integer_value(t);
	return json_is_integer(t) && *out >= 0 && *out < limit;
}

static int decode_hello(struct record *r, const json_t *o)
{
	const char *node = text_of(o, "node"), *version = text_of(o, "version");
	int64_t mono_us, wall_us;

	if (!node || !time_of(o, "mono_us", &mono_us) || !time_of(o, "wall_us", &wall_us))
		return -EINVAL;
	copy_text(r->node, sizeof(r->node), node);
	copy_text(r->version, sizeof(r->version), version ? version : "");
	r->mono_us = mono_us;
	r->wall_us = wall_us;
	return 0;
}

static int decode_prober(struct record *r, const json_t *o)
{
	int kind = find(kind_text, ARRAY_LEN(kind_text), text_of(o, "kind"));
	json_int_t rate = json_integer_value(json_object_get(o, "rate"));
	const char *target = text_of(o, "target"), *node = text_of(o, "node");

	if (kind < 0 || !target || rate < 1 || rate > 1000)
		return -EINVAL;
	kind = record_add_prober(r, (enum probe_kind)kind, node ? node : r->node, target,
				 (unsigned)rate);
	return kind < 0 ? kind : 0;
}

static int decode_probe(struct record *r, const json_t *o)
{
	int result = find(result_text, PROBE_N_RESULTS, text_of(o, "result"));
	json_int_t id = json_integer_value(json_object_get(o, "id"));
	int64_t at_us, took_us;
	struct probe p;

	if (result < 0 || id < 0 || id >= (json_int_t)r->n_probers ||
	    !time_of(o, "at_us", &at_us) || !time_of(o, "took_us", &took_us) ||
	    took_us > UINT32_MAX)
		return -EINVAL;
	p = (struct probe){ .at_us = at_us,
			    .took_us = (uint32_t)took_us,
			    .prober = (uint8_t)id,
			    .result = (uint8_t)result };
	return record_add_probe(r, &p);
}

static int decode_note(struct record *r, const json_t *o)
{
	int what = find(what_text, NOTE_N, text_of(o, "what"));
	const char *node = text_of(o, "node"), *text = text_of(o, "text");
	int64_t at_us;

	if (what < 0 || !node || !text || !time_of(o, "at_us", &at_us))
		return -EINVAL;
	return record_add_note(r, at_us, (enum note_what)what, node, text);
}

static int decode_fact(struct record *r, const json_t *o)
{
	const char *name = text_of(o, "name"), *text = text_of(o, "text");

	return name && text ? record_add_fact(r, name, text) : -EINVAL;
}

static const struct {
	const char *t;
	int (*decode)(struct record *r, const json_t *o);
} decoders[] = {
	{ "hello", decode_hello }, { "prober", decode_prober }, { "probe", decode_probe },
	{ "note", decode_note },   { "fact", decode_fact },
};

int record_decode_line(struct record *r, struct str line)
{
	json_t *o = json_loadb(line.p ? line.p : "", line.len, 0, NULL);
	const char *t = text_of(o, "t");
	int err = t ? 0 : -EINVAL;

	for (size_t i = 0; t && i < ARRAY_LEN(decoders); i++) {
		if (strcmp(decoders[i].t, t) == 0)
			err = decoders[i].decode(r, o);
	}
	json_decref(o);
	return err;
}

int record_decode(struct record *r, struct str text, unsigned *line)
{
	const char *end = text.p + text.len;

	*line = 0;
	for (const char *p = text.p; p && p < end;) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		struct str one = { p, (size_t)((eol ? eol : end) - p) };
		int err;

		++*line;
		err = str_trim(one).len == 0 ? 0 : record_decode_line(r, one);
		if (err)
			return err;
		p = eol ? eol + 1 : end;
	}
	return r->wall_us ? 0 : -ENODATA;
}

/* --- merging -------------------------------------------------------------------------------- */

int record_merge(struct record *into, const struct record *from)
{
	const int64_t shift_us = (from->wall_us - from->mono_us) - (into->wall_us - into->mono_us);
	const unsigned first = into->n_probers;
	int err = 0;

	for (unsigned i = 0; i < from->n_probers && err >= 0; i++)
		err = record_add_prober(into, from->prober[i].kind, from->prober[i].node,
					from->prober[i].target, from->prober[i].rate);
	for (size_t i = 0; i < from->n_probes && err >= 0; i++) {
		struct probe p = from->probe[i];

		p.at_us += shift_us;
		if (p.at_us < 0)
			return -ERANGE;
		p.prober = (uint8_t)(p.prober + first);
		err = record_add_probe(into, &p);
	}
	for (size_t i = 0; i < from->n_notes && err >= 0; i++)
		err = record_add_note(into, from->note[i].at_us + shift_us, from->note[i].what,
				      from->note[i].node, from->note[i].text);
	for (unsigned i = 0; i < from->n_facts && err >= 0; i++)
		err = record_add_fact(into, from->fact[i].name, from->fact[i].text);
	return err < 0 ? err : 0;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = ((const struct probe *)a)->at_us, y = ((const struct probe *)b)->at_us;

	return (x > y) - (x < y);
}

static int by_note_time(const void *a, const void *b)
{
	int64_t x = ((const struct note *)a)->at_us, y = ((const struct note *)b)->at_us;

	return (x > y) - (x < y);
}

void record_sort(struct record *r)
{
	if (r->n_probes)
		qsort(r->probe, r->n_probes, sizeof(*r->probe), by_time);
	if (r->n_notes)
		qsort(r->note, r->n_notes, sizeof(*r->note), by_note_time);
}

void record_fini(struct record *r)
{
	free(r->probe);
	free(r->note);
	*r = (struct record){ 0 };
}
