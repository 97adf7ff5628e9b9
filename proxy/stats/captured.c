/* captured.c - the last messages that were not understood. */
#include "stats/captured.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tandem/clock.h>
#include <tandem/util.h>

#define LINE_MAX_WIDTH 69 /* of bytes as shown, so that a line has at most 79 columns */

struct captured {
	bool is_response;
	unsigned proxy_id;
	uint64_t number;
	int64_t real_us;
	char intro[512]; /* who it was */
	size_t len, kept;
	char bytes[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct captured *slots[CAPTURED_MAX]; /* owned */
static _Atomic uint64_t n_events;

static bool is_token(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

size_t captured_find_fault(struct str b)
{
	bool in_name = false, is_start = true;

	for (size_t i = 0; i < b.len; i++) {
		unsigned char c = (unsigned char)b.p[i];

		if (c == '\r' && i + 1 < b.len && b.p[i + 1] == '\n') {
			i++;
			in_name = true;
			is_start = false;
			if (i + 2 < b.len && b.p[i + 1] == '\r' && b.p[i + 2] == '\n')
				return 0; /* the head is over */
		} else if (in_name && c == ':') {
			in_name = false;
		} else if (c == 0x7f || (in_name && !is_token(c)) ||
			   (c < 0x20 && (is_start || c != '\t'))) {
			return i;
		}
	}
	return 0;
}

/* The slot of the same proxy and kind, a free one, or the oldest. */
static struct captured **find_slot(unsigned proxy_id, bool is_response)
{
	struct captured **best = &slots[0];

	for (unsigned i = 0; i < CAPTURED_MAX; i++) {
		struct captured *c = slots[i];

		if (c != NULL && c->proxy_id == proxy_id && c->is_response == is_response)
			return &slots[i];
		if (*best != NULL && (c == NULL || c->number < (*best)->number))
			best = &slots[i];
	}
	return best;
}

static void write_intro(struct captured *c, const struct captured_event *e)
{
	snprintf(c->intro, sizeof(c->intro),
		 "%s %s (#%u): invalid %s\n  %s %s (#%d), server %s (#%d), event #%llu, src %s\n",
		 e->is_response ? "backend" : "frontend", e->proxy, e->proxy_id,
		 e->is_response ? "response" : "request", e->is_response ? "frontend" : "backend",
		 e->other != NULL ? e->other : "<NONE>", e->other != NULL ? (int)e->other_id : -1,
		 e->server != NULL ? e->server : "<NONE>",
		 e->server != NULL ? (int)e->server_id : -1, (unsigned long long)c->number,
		 e->source);
}

void captured_note(const struct captured_event *e)
{
	uint64_t number = atomic_fetch_add(&n_events, 1);
	size_t kept = MIN(e->bytes.len, (size_t)CAPTURED_BYTES);
	struct captured *c, **slot;

	if (pthread_mutex_trylock(&lock) != 0)
		return;
	c = malloc(sizeof(*c) + kept);
	if (c != NULL) {
		*c = (struct captured){ .is_response = e->is_response,
					.proxy_id = e->proxy_id,
					.number = number,
					.real_us = clock_real_us(),
					.len = e->bytes.len,
					.kept = kept };
		write_intro(c, e);
		memcpy(c->bytes, e->bytes.p, kept);
		slot = find_slot(e->proxy_id, e->is_response);
		free(*slot);
		*slot = c;
	}
	pthread_mutex_unlock(&lock);
}

/* ---- text ---- */

static void add_date(int64_t real_us, struct strbuf *out)
{
	time_t s = (time_t)(real_us / US_PER_S);
	char date[32];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S", &tm);
	strbuf_addf(out, "[%s.%03d]", date, (int)(real_us / US_PER_MS % 1000));
}

void captured_add_total(struct strbuf *out)
{
	strbuf_adds(out, "Total events captured on ");
	add_date(clock_real_us(), out);
	strbuf_addf(out, " : %llu\n", (unsigned long long)atomic_load(&n_events));
}

static void add_byte(unsigned char c, struct strbuf *out)
{
	static const char letters[] = "\tt\nn\rr\033e\\\\";

	for (size_t i = 0; i + 1 < sizeof(letters) - 1; i += 2) {
		if ((unsigned char)letters[i] != c)
			continue;
		strbuf_addf(out, "\\%c", letters[i + 1]);
		return;
	}
	if (c < 0x20 || c >= 0x7f)
		strbuf_addf(out, "\\x%02X", c);
	else
		strbuf_addc(out, (char)c);
}

/* "  00016+ ...": a line of the message, or what follows of one that was too long. */
static void add_bytes(const char *p, size_t len, struct strbuf *out)
{
	bool goes_on = false;

	for (size_t i = 0; i < len;) {
		size_t begin;

		strbuf_addf(out, "  %05zu%c ", i, goes_on ? '+' : ' ');
		begin = out->len;
		goes_on = true;
		while (i < len && out->len - begin < LINE_MAX_WIDTH && goes_on) {
			goes_on = p[i] != '\n';
			add_byte((unsigned char)p[i++], out);
		}
		strbuf_addc(out, '\n');
	}
}

static void add_captured(const struct captured *c, struct strbuf *out)
{
	strbuf_adds(out, " \n");
	add_date(c->real_us, out);
	strbuf_addf(out,
		    " %s  buffer starts at 0 (including 0 out), %zu free,\n"
		    "  len %zu, wraps at %d, error at position %zu\n",
		    c->intro, CAPTURED_BYTES - MIN(c->len, (size_t)CAPTURED_BYTES), c->len,
		    CAPTURED_BYTES, captured_find_fault((struct str){ c->bytes, c->kept }));
	strbuf_adds(out, "  H1 connection flags 0x00000000, H1 stream flags 0x00000000\n"
			 "  H1 msg state MSG_HDRS(0), H1 msg flags 0x00000000\n"
			 "  H1 chunk len 0 bytes, H1 body len 0 bytes :\n  \n");
	add_bytes(c->bytes, c->kept, out);
}

bool captured_next(uint64_t *cursor, int64_t proxy_id, bool requests, bool responses,
		   struct strbuf *out)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	while (!found && *cursor < CAPTURED_MAX) {
		const struct captured *c = slots[(*cursor)++];

		found = c != NULL && (proxy_id < 0 || c->proxy_id == proxy_id) &&
			(c->is_response ? responses : requests);
		if (found)
			add_captured(c, out);
	}
	pthread_mutex_unlock(&lock);
	return found;
}
