/* pair_html.c - vrrpd's answers as a section of the dashboard. */
#include "stats/pair.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include <tandem/clock.h>

#include <tandem/html.h>

#define SHOWN_TRANSITIONS 8
#define SHOWN_ADDRS       6 /* of an instance; the rest is counted */

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

#define NUMBER_MAX 1e12 /* what no honest vrrpd exceeds, and fits into every integer it becomes */

static double number_of(const json_t *o, const char *key)
{
	return fmax(-NUMBER_MAX, fmin(NUMBER_MAX, json_number_value(json_object_get(o, key))));
}

static long integer_of(const json_t *o, const char *key)
{
	return (long)number_of(o, key);
}

static const char *class_of_state(const char *state)
{
	return strcmp(state, "MASTER") == 0   ? "up"
	       : strcmp(state, "BACKUP") == 0 ? "idle"
	       : strcmp(state, "FAULT") == 0  ? "down"
					      : "wait";
}

static void add_badge(struct strbuf *out, const char *state)
{
	strbuf_addf(out, "<span class=\"s %s\">", class_of_state(state));
	html_addz(out, state);
	strbuf_adds(out, "</span>");
}

static void add_time(struct strbuf *out, double unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;
	char text[32];

	if (unix_s < 1 || unix_s > 4e10 || !localtime_r(&t, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	strbuf_addf(out, "<time>%s</time>", text);
}

static void add_addresses(struct strbuf *out, const json_t *addrs)
{
	size_t n = json_array_size(addrs);

	for (size_t i = 0; i < n && i < SHOWN_ADDRS; i++) {
		const json_t *a = json_array_get(addrs, i);

		strbuf_adds(out, i ? "<br>" : "");
		html_addz(out, text_of(a, "address"));
		strbuf_addf(out, "/%ld <small>", integer_of(a, "prefix"));
		html_addz(out, text_of(a, "dev"));
		strbuf_addf(out, "%s</small>",
			    json_is_true(json_object_get(a, "held")) ? ", here" : "");
	}
	if (n > SHOWN_ADDRS)
		strbuf_addf(out, "<br><small>and %zu more</small>", n - SHOWN_ADDRS);
}

static void add_tracks(struct strbuf *out, const json_t *tracks)
{
	for (size_t i = 0; i < json_array_size(tracks); i++) {
		const json_t *t = json_array_get(tracks, i);
		bool is_up = json_is_true(json_object_get(t, "up"));
		long weight = integer_of(t, "weight");

		strbuf_addf(out, "%s<span class=%s>", i ? "<br>" : "", is_up ? "ok" : "bad");
		html_addz(out, text_of(t, "kind"));
		strbuf_addc(out, ' ');
		html_addz(out, text_of(t, "name"));
		strbuf_adds(out, ": ");
		html_addz(out, text_of(t, "state"));
		strbuf_adds(out, "</span>");
		if (weight != 0)
			strbuf_addf(out, " <small>weight %ld</small>", weight);
	}
}

static void add_peers(struct strbuf *out, const json_t *i)
{
	const json_t *peers = json_object_get(i, "peers"), *other;

	if (json_array_size(peers) == 0) {
		const char *master = text_of(i, "master");

		if (strcmp(text_of(i, "state"), "MASTER") != 0 && master[0] != '\0') {
			add_badge(out, "MASTER");
			strbuf_addc(out, ' ');
			html_addz(out, master);
			strbuf_addf(out, " <small>priority %ld</small>",
				    integer_of(i, "master_priority"));
		} else {
			strbuf_adds(out, "<span class=dim>no vrrpd heard</span>");
		}
		return;
	}
	for (size_t k = 0; k < json_array_size(peers); k++) {
		other = json_array_get(peers, k);
		strbuf_adds(out, k ? "<br>" : "");
		add_badge(out, text_of(other, "state"));
		strbuf_addc(out, ' ');
		html_addz(out, text_of(other, "address"));
		strbuf_addf(out, " <small>priority %ld</small>", integer_of(other, "priority"));
	}
}

/* A conflict and what differs between the peers: strings, or lists of strings. */
static void add_trouble(struct strbuf *out, const json_t *v, const char *what)
{
	size_t n = json_is_array(v) ? json_array_size(v) : json_is_string(v) || json_is_object(v);

	for (size_t k = 0; k < n; k++) {
		const json_t *one = json_is_array(v) ? json_array_get(v, k) : v;
		char *text = json_is_string(one) ? NULL : json_dumps(one, JSON_COMPACT);

		strbuf_addf(out, "<br><span class=bad>%s: ", what);
		html_addz(out, text ? text : json_is_string(one) ? json_string_value(one) : "");
		strbuf_adds(out, "</span>");
		free(text);
	}
}

static void add_instance(struct strbuf *out, const json_t *i)
{
	strbuf_adds(out, "<tr><th class=n scope=row>");
	html_addz(out, text_of(i, "name"));
	strbuf_adds(out, " <small>");
	html_addz(out, text_of(i, "interface"));
	strbuf_addf(out, ", id %ld</small><td class=l>", integer_of(i, "vrid"));
	add_badge(out, text_of(i, "state"));
	add_trouble(out, json_object_get(i, "conflict"), "conflict");
	add_trouble(out, json_object_get(i, "differences"), "differs");
	strbuf_adds(out, "<td class=l>");
	add_time(out, number_of(i, "since_unix"));
	strbuf_adds(out, "<br><small>");
	html_addz(out, text_of(i, "cause"));
	strbuf_addf(out, "</small><td>%ld<td class=l>", integer_of(i, "priority"));
	add_addresses(out, json_object_get(i, "addresses"));
	strbuf_adds(out, "<td class=l>");
	add_tracks(out, json_object_get(i, "tracks"));
	strbuf_adds(out, "<td class=l>");
	add_peers(out, i);
	strbuf_adds(out, "</tr>\n");
}

static void add_transitions(struct strbuf *out, const json_t *history)
{
	size_t n = json_array_size(history);

	if (n == 0)
		return;
	strbuf_adds(out, "<details open><summary>Last transitions</summary><ol class=log>");
	for (size_t k = 0; k < n && k < SHOWN_TRANSITIONS; k++) {
		const json_t *h = json_array_get(history, n - 1 - k);
		const json_t *outage = json_object_get(h, "outage_ms");

		strbuf_adds(out, "<li>");
		add_time(out, number_of(h, "unix"));
		strbuf_addc(out, ' ');
		html_addz(out, text_of(h, "instance"));
		strbuf_addc(out, ' ');
		html_addz(out, text_of(h, "from"));
		strbuf_adds(out, " &rarr; ");
		html_addz(out, text_of(h, "to"));
		strbuf_adds(out, " <small>");
		html_addz(out, text_of(h, "cause"));
		if (text_of(h, "detail")[0] != '\0') {
			strbuf_adds(out, ": ");
			html_addz(out, text_of(h, "detail"));
		}
		if (json_is_number(outage))
			strbuf_addf(out, ", outage about %.0f ms", json_number_value(outage));
		strbuf_addf(out, ", before: %.3f s</small>", number_of(h, "before_lasted_s"));
	}
	strbuf_adds(out, "</ol></details>");
}

/* The drill that runs, and what the last one measured. */
static void add_drill(struct strbuf *out, const json_t *drill)
{
	const json_t *last = json_object_get(drill, "last");

	if (json_is_true(json_object_get(drill, "running"))) {
		strbuf_adds(out, "<p class=bad>A drill runs: ");
		html_addz(out, text_of(drill, "kind"));
		strbuf_adds(out, "</p>");
	}
	if (!json_is_object(last))
		return;
	strbuf_adds(out, "<p>Last drill ");
	html_addz(out, text_of(last, "id"));
	strbuf_adds(out, ": ");
	html_addz(out, text_of(last, "verdict"));
	strbuf_addf(out, ", outage %.1f ms, ", number_of(last, "outage_s") * 1000);
	add_time(out, number_of(last, "unix"));
	strbuf_adds(out, "</p>");
}

void pair_render(struct strbuf *out, struct str status, struct str history)
{
	json_t *s = json_loadb(status.p ? status.p : "", status.len, 0, NULL);
	json_t *h = json_loadb(history.p ? history.p : "", history.len, 0, NULL);
	const json_t *all = json_object_get(s, "instances");

	if (!json_is_array(all)) {
		strbuf_adds(out, "<p class=bad>vrrpd's answer cannot be understood.</p>");
	} else {
		strbuf_addf(out, "<p>vrrpd pid %ld, up ", integer_of(s, "pid"));
		html_add_duration(out, (int64_t)number_of(s, "uptime_s"));
		strbuf_addf(out, ", %ld reloads, %ld stalls</p>", integer_of(s, "reloads"),
			    integer_of(s, "stalls"));
		add_drill(out, json_object_get(s, "drill"));
		strbuf_adds(out, "<div class=wrap tabindex=0><table><thead><tr><th class=n "
				 "scope=col>Instance<th class=l scope=col>State<th class=l "
				 "scope=col>Since<th scope=col>Priority<th class=l "
				 "scope=col>Addresses<th class=l scope=col>Trackers<th class=l "
				 "scope=col>Peer</tr></thead><tbody>");
		for (size_t i = 0; i < json_array_size(all); i++)
			add_instance(out, json_array_get(all, i));
		strbuf_adds(out, "</tbody></table></div>");
		add_transitions(out, h);
	}
	json_decref(s);
	json_decref(h);
}
