/* resolver.c - lookups: rounds of questions, one after the other, for each name. */
#include "dns/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/log.h>
#include <tandem/loop.h>

#include "config/cfg_model.h"

#define MIN_INTERVAL_US (10 * US_PER_MS)

/* On its way to a name server; outlives its lookup. */
struct question {
	struct list node;          /* in lookup->questions */
	struct dns_lookup *lookup; /* NULL: nobody waits any more */
	struct dns_nameserver *to; /* channels end their questions before they go */
	struct dns *dns;
	enum dns_type type;
	unsigned n_ask;
	bool is_tcp;
	char name[DNS_NAME_LEN];
};

/* --- timing --- */

static void arm(struct dns_lookup *l, enum resolution_action next, int64_t at_us)
{
	struct ev_loop *ev = l->section->dns->loop->ev;
	int64_t delay_us = at_us - clock_mono_us();

	l->next = next;
	ev_timer_stop(ev, &l->timer);
	ev_now_update(ev);
	ev_timer_set(&l->timer, delay_us > 0 ? (double)delay_us / 1e6 : 0., 0.);
	ev_timer_start(ev, &l->timer);
}

static void arm_round(struct dns_lookup *l, int64_t at_us)
{
	arm(l, RESOLUTION_NOTHING, at_us);
}

/* --- questions --- */

static void on_answer(void *arg, enum dns_status status, const uint8_t *bytes, size_t len);

static void send_question(struct question *q)
{
	dns_channel_ask(q->is_tcp ? &q->to->tcp : &q->to->udp, q->name, q->type, on_answer, q);
}

static void free_question(struct question *q)
{
	if (q->lookup != NULL)
		list_del(&q->node);
	free(q);
}

static void count(struct dns_counters *n, enum dns_status status)
{
	switch (status) {
	case DNS_VALID:
		n->valid++;
		return;
	case DNS_EMPTY:
		n->any_err++;
		return;
	case DNS_NX:
		n->nx++;
		return;
	case DNS_REFUSED:
		n->refused++;
		return;
	case DNS_TIMEOUT:
		n->timeout++;
		return;
	case DNS_UNREACHABLE:
		n->snd_error++;
		return;
	case DNS_TRUNCATED:
		n->truncated++;
		return;
	case DNS_SERVER_ERROR:
	case DNS_OTHER:
		n->other++;
		return;
	case DNS_INVALID:
		n->invalid++;
		return;
	}
}

static void take_answer(struct dns_lookup *l, struct dns_nameserver *from, enum dns_status status)
{
	struct dns *d = l->section->dns;
	enum resolution_action next = resolution_answer(&l->r, status);

	if (next != RESOLUTION_NOTHING)
		l->n_asks++; /* who answers now is late */
	if (next == RESOLUTION_SUCCEEDED) {
		const struct cfg_resolvers *cfg = l->section->cfg;

		l->by = from;
		dns_records_merge(&l->records, &d->answer, clock_mono_us(),
				  cfg != NULL ? cfg->hold_us[CFG_HOLD_OBSOLETE] : 0);
	}
	/* what follows is done by the timer, not inside of c-ares */
	if (next == RESOLUTION_RETRY)
		arm(l, next, l->asked_us + (l->section->cfg ? l->section->cfg->retry_us : 0));
	else if (next != RESOLUTION_NOTHING)
		arm(l, next, 0);
}

static void on_answer(void *arg, enum dns_status status, const uint8_t *bytes, size_t len)
{
	struct question *q = arg;
	struct dns_lookup *l = q->lookup;
	struct dns_nameserver *from = q->to;

	if (status == DNS_VALID) {
		dns_answer_parse(bytes, len, q->type, &q->dns->answer);
		status = q->dns->answer.status;
	}
	if (l == NULL || q->n_ask != l->n_asks || !l->r.is_running) {
		from->n.outdated += bytes != NULL;
		free_question(q);
		return;
	}
	count(&from->n, status);
	if (status == DNS_TRUNCATED && !q->is_tcp) {
		q->is_tcp = true;
		from->n.sent++;
		send_question(q);
		return;
	}
	free_question(q);
	take_answer(l, from, status);
}

/* --- the search list --- */

static unsigned n_dots(const char *z)
{
	unsigned n = 0;

	for (; *z != '\0'; z++)
		n += *z == '.';
	return n;
}

/* The i-th full name that a name may stand for, as libc tries them; false: there is none. */
static bool full_name(const struct dns_lookup *l, unsigned i, char out[DNS_NAME_LEN])
{
	const struct cfg_resolvers *cfg = l->section->cfg;
	size_t len = strlen(l->name);
	bool has_search = cfg != NULL && cfg->is_implicit && l->preferred != DNS_SRV && len > 0 &&
			  l->name[len - 1] != '.';
	bool is_first = !has_search || n_dots(l->name) >= cfg->ndots;
	int n;

	if (has_search && i == (is_first ? 0 : cfg->n_search)) {
		n = snprintf(out, DNS_NAME_LEN, "%s", l->name);
	} else if (has_search) {
		i -= is_first;
		if (i >= cfg->n_search)
			return false;
		n = snprintf(out, DNS_NAME_LEN, "%s." STR_FMT, l->name, STR_ARG(cfg->search[i]));
	} else {
		if (i > 0)
			return false;
		n = snprintf(out, DNS_NAME_LEN, "%s", l->name);
	}
	return n > 0 && n < DNS_NAME_LEN;
}

/* --- rounds --- */

static void ask_all(struct dns_lookup *l)
{
	struct dns_nameserver *ns;
	char name[DNS_NAME_LEN];

	l->n_asks++;
	l->asked_us = clock_mono_us();
	if (!full_name(l, l->candidate, name))
		name[0] = '\0'; /* too long: c-ares refuses it, every time */
	list_for_each (ns, &l->section->nameservers, node) {
		struct question *q = xcalloc(1, sizeof(*q));

		*q = (struct question){ .lookup = l,
					.to = ns,
					.dns = l->section->dns,
					.type = l->r.type,
					.n_ask = l->n_asks,
					.is_tcp = ns->is_tcp };
		memcpy(q->name, name, sizeof(name));
		list_add_tail(&l->questions, &q->node);
		ns->n.sent++;
		send_question(q);
	}
}

static void begin_round(struct dns_lookup *l)
{
	const struct dns_section *s = l->section;
	/* where a search list is tried, NX is an answer like any other; the next round comes soon
	 */
	unsigned retries = s->cfg == NULL ? 1 : s->cfg->is_implicit ? 1 : s->cfg->retries;
	enum resolution_action next =
		resolution_start(&l->r, l->preferred, s->n_nameservers, retries);

	if (next == RESOLUTION_ASK)
		ask_all(l);
	else
		arm(l, next, 0);
}

/* As libc: /etc/hosts first. true: it has the name. */
static bool ask_hosts(struct dns_lookup *l)
{
	const struct cfg_resolvers *cfg = l->section->cfg;
	struct dns_answer *a = &l->section->dns->answer;
	bool has_found = false;
	int64_t now_us = clock_mono_us();

	if (cfg == NULL || !cfg->is_implicit || l->preferred == DNS_SRV)
		return false;
	for (int v6 = 0; v6 <= 1; v6++) {
		if (!dns_hosts_find(l->name, v6 != 0, a))
			continue;
		dns_records_merge(&l->records, a, now_us, 0);
		has_found = true;
	}
	l->by = NULL;
	return has_found;
}

static void start_round(struct dns_lookup *l)
{
	l->started_us = clock_mono_us();
	l->candidate = 0;
	if (ask_hosts(l))
		arm(l, RESOLUTION_SUCCEEDED, 0);
	else
		begin_round(l);
}

static bool is_no_such_name(enum dns_status s)
{
	return s == DNS_NX || s == DNS_EMPTY || s == DNS_OTHER;
}

static void say_change(const struct dns_lookup *l, enum dns_status now)
{
	const char *section = l->section->name;

	if (now == DNS_VALID && l->has_ended && l->status != DNS_VALID)
		log_notice("dns", "resolves_again", "name=%s resolvers=%s", l->name, section);
	else if (now != DNS_VALID && (!l->has_ended || l->status == DNS_VALID))
		log_warn("dns", "does_not_resolve", "name=%s resolvers=%s cause=\"%s\"", l->name,
			 section, dns_status_texts[now]);
}

static void free_lookup(struct dns_lookup *l)
{
	ev_timer_stop(l->section->dns->loop->ev, &l->timer);
	while (!list_is_empty(&l->questions)) {
		struct question *q = list_entry(l->questions.next, struct question, node);

		list_del(&q->node);
		q->lookup = NULL;
	}
	list_del(&l->node);
	dns_records_fini(&l->records);
	free(l->name);
	free(l);
}

static void end_round(struct dns_lookup *l, enum dns_status status)
{
	const struct cfg_resolvers *cfg = l->section->cfg;
	int64_t now_us = clock_mono_us();
	char scrap[DNS_NAME_LEN];

	if (is_no_such_name(status) && full_name(l, l->candidate + 1, scrap)) {
		l->candidate++;
		begin_round(l);
		return;
	}
	say_change(l, status);
	l->status = status;
	l->has_ended = true;
	if (status == DNS_VALID)
		l->last_valid_us = now_us;
	arm_round(l, MAX(l->started_us + (cfg != NULL ? cfg->resolve_us : US_PER_S),
			 now_us + MIN_INTERVAL_US));
	l->section->dns->on_result(l);
	if (list_is_empty(&l->users))
		free_lookup(l);
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct dns_lookup *l = container_of(w, struct dns_lookup, timer);

	(void)ev, (void)revents;
	switch (l->next) {
	case RESOLUTION_NOTHING:
		start_round(l);
		return;
	case RESOLUTION_RETRY:
		resolution_ask_again(&l->r);
		ask_all(l);
		return;
	case RESOLUTION_ASK:
		ask_all(l);
		return;
	case RESOLUTION_SUCCEEDED:
		end_round(l, DNS_VALID);
		return;
	case RESOLUTION_FAILED:
		end_round(l, l->r.error);
		return;
	}
}

/* --- lookups --- */

struct dns_lookup *dns_lookup_get(struct dns_section *s, const char *name, enum dns_type preferred)
{
	struct dns_lookup *l;

	list_for_each (l, &s->lookups, node)
		if (l->preferred == preferred && strcasecmp(l->name, name) == 0)
			return l;
	l = xcalloc(1, sizeof(*l));
	l->section = s;
	l->name = xstrdup(name);
	l->preferred = preferred;
	l->last_valid_us = clock_mono_us();
	list_init(&l->users);
	list_init(&l->questions);
	ev_init(&l->timer, on_timer);
	list_add_tail(&s->lookups, &l->node);
	arm_round(l, 0);
	return l;
}

void dns_lookup_put(struct dns_lookup *l)
{
	if (list_is_empty(&l->users))
		free_lookup(l);
}

bool dns_lookup_has_failed(const struct dns_lookup *l)
{
	const struct cfg_resolvers *cfg = l->section->cfg;
	enum cfg_hold hold = CFG_HOLD_OTHER;

	if (l->status == DNS_VALID)
		return false;
	if (l->status == DNS_NX)
		hold = CFG_HOLD_NX;
	else if (l->status == DNS_REFUSED)
		hold = CFG_HOLD_REFUSED;
	else if (l->status == DNS_TIMEOUT || l->status == DNS_UNREACHABLE)
		hold = CFG_HOLD_TIMEOUT;
	return cfg == NULL || clock_mono_us() - l->last_valid_us >= cfg->hold_us[hold];
}

/* --- sections --- */

static void open_channels(struct dns_nameserver *ns, const struct cfg_nameserver *cfg)
{
	const struct cfg_resolvers *r = ns->section->cfg;
	struct ev_loop *ev = ns->section->dns->loop->ev;
	int ms = (int)(MAX(r->retry_us, MIN_INTERVAL_US) / US_PER_MS), rc = 0;

	ns->is_tcp = cfg->is_tcp;
	if (!cfg->is_tcp)
		rc = dns_channel_open(&ns->udp, ev, &cfg->addr, false, ms, r->payload_size);
	if (rc == 0)
		rc = dns_channel_open(&ns->tcp, ev, &cfg->addr, true, ms, r->payload_size);
	if (rc != 0)
		log_err("dns", "nameserver", "resolvers=%s nameserver=%s error=\"%s\"", r->name,
			ns->name, strerror(-rc));
}

static void close_channels(struct dns_nameserver *ns)
{
	dns_channel_close(&ns->udp);
	dns_channel_close(&ns->tcp);
}

static void free_nameserver(struct dns_nameserver *ns)
{
	struct dns_lookup *l;

	close_channels(ns);
	list_for_each (l, &ns->section->lookups, node)
		if (l->by == ns)
			l->by = NULL;
	list_del(&ns->node);
	ns->section->n_nameservers--;
	free(ns->name);
	free(ns);
}

static struct dns_nameserver *take_nameserver(struct list *from, const char *name)
{
	struct dns_nameserver *ns;

	list_for_each (ns, from, node) {
		if (strcmp(ns->name, name) != 0)
			continue;
		list_del(&ns->node);
		return ns;
	}
	return NULL;
}

/* Who keeps the name keeps the counters. */
static void follow_nameservers(struct dns_section *s)
{
	struct dns_nameserver *ns, *tmp;
	struct list old;

	list_init(&old);
	while (!list_is_empty(&s->nameservers)) {
		struct list *first = s->nameservers.next;

		list_del(first);
		list_add_tail(&old, first);
	}
	for (const struct cfg_nameserver *c = s->cfg->nameservers; c != NULL; c = c->next) {
		ns = take_nameserver(&old, c->name);
		if (ns == NULL) {
			ns = xcalloc(1, sizeof(*ns));
			ns->section = s;
			ns->name = xstrdup(c->name);
			s->n_nameservers++;
		}
		close_channels(ns);
		open_channels(ns, c);
		list_add_tail(&s->nameservers, &ns->node);
	}
	list_for_each_safe (ns, tmp, &old, node)
		free_nameserver(ns);
}

struct dns_section *dns_find_section(const struct dns *d, const char *name)
{
	struct dns_section *s;

	list_for_each (s, &d->sections, node)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

void dns_follow(struct dns *d, const struct cfg *cfg)
{
	struct dns_section *s;
	struct dns_lookup *l;

	list_for_each (s, &d->sections, node)
		s->cfg = NULL;
	for (const struct cfg_resolvers *r = cfg->resolvers; r != NULL; r = r->next) {
		s = dns_find_section(d, r->name);
		if (s == NULL) {
			s = xcalloc(1, sizeof(*s));
			s->dns = d;
			s->name = xstrdup(r->name);
			list_init(&s->nameservers);
			list_init(&s->lookups);
			list_add_tail(&d->sections, &s->node);
		}
		s->cfg = r;
		follow_nameservers(s);
		/* what was asked was answered as channels closed: begin anew */
		list_for_each (l, &s->lookups, node)
			if (l->r.is_running || l->next != RESOLUTION_NOTHING)
				arm_round(l, 0);
	}
}

static void free_section(struct dns_section *s)
{
	struct dns_lookup *l, *tmp;
	struct dns_nameserver *ns, *tmp_ns;

	list_for_each_safe (l, tmp, &s->lookups, node)
		free_lookup(l);
	list_for_each_safe (ns, tmp_ns, &s->nameservers, node)
		free_nameserver(ns);
	list_del(&s->node);
	free(s->name);
	free(s);
}

void dns_reap(struct dns *d)
{
	struct dns_section *s, *tmp;

	list_for_each_safe (s, tmp, &d->sections, node)
		if (s->cfg == NULL && list_is_empty(&s->lookups))
			free_section(s);
}

struct dns *dns_new(struct loop *control)
{
	struct dns *d = xcalloc(1, sizeof(*d));

	d->loop = control;
	list_init(&d->sections);
	return d;
}

void dns_free(struct dns *d)
{
	struct dns_section *s, *tmp;

	if (d == NULL)
		return;
	list_for_each_safe (s, tmp, &d->sections, node)
		free_section(s);
	free(d);
}

/* --- what it counted --- */

static void show_nameserver(const struct dns_nameserver *ns, struct strbuf *out)
{
	const struct dns_counters *n = &ns->n;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "sent:       ", n->sent },     { "snd_error:  ", n->snd_error },
		{ "valid:      ", n->valid },    { "update:     ", n->update },
		{ "cname:      ", n->cname },    { "cname_error:", n->cname_error },
		{ "any_err:    ", n->any_err },  { "nx:         ", n->nx },
		{ "timeout:    ", n->timeout },  { "refused:    ", n->refused },
		{ "other:      ", n->other },    { "invalid:    ", n->invalid },
		{ "too_big:    ", n->too_big },  { "truncated:  ", n->truncated },
		{ "outdated:   ", n->outdated },
	};

	strbuf_addf(out, " nameserver %s:\n", ns->name);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		strbuf_addf(out, "  %s %llu\n", rows[i].name, (unsigned long long)rows[i].value);
}

bool dns_show(const struct dns *d, struct str name, struct strbuf *out)
{
	const struct dns_section *s;
	const struct dns_nameserver *ns;
	bool has_found = name.len == 0;

	list_for_each (s, &d->sections, node) {
		if (name.len > 0 && !str_eq(name, str_from(s->name)))
			continue;
		has_found = true;
		strbuf_addf(out, "Resolvers section %s\n", s->name);
		list_for_each (ns, &s->nameservers, node)
			show_nameserver(ns, out);
	}
	return has_found;
}
