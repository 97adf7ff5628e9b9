/* resolver.h - names and their records, kept up to date: `resolvers` sections, their name servers,
 * and one lookup for each name that somebody wants. Control thread; never blocks.
 *
 * A lookup asks at once and then every `timeout resolve`. After each round dns->on_result tells
 * those who use it (server_template.c) about the new records, or the failure. */
#ifndef PROXY_DNS_RESOLVER_H
#define PROXY_DNS_RESOLVER_H

#include <ev.h>
#include <stdint.h>
#include <tandem/list.h>
#include <tandem/str.h>

#include "dns/channel.h"
#include "dns/dns_answer.h"
#include "dns/dns_records.h"
#include "dns/resolution.h"

struct cfg;
struct cfg_nameserver;
struct cfg_resolvers;
struct dns;
struct dns_lookup;
struct loop;

struct dns_counters { /* HAProxy's words */
	uint64_t sent, snd_error, valid, update, cname, cname_error, any_err, nx, timeout, refused,
		other, invalid, too_big, truncated, outdated;
};

struct dns_nameserver {
	struct list node;
	struct dns_section *section;
	char *name;                  /* owned */
	struct dns_channel udp, tcp; /* tcp: for all, or for what is too long for UDP */
	bool is_tcp;
	struct dns_counters n;
};

struct dns_section {
	struct list node;
	struct dns *dns;
	char *name; /* owned */
	const struct cfg_resolvers
		*cfg; /* of the running configuration; NULL: not in it any more */
	struct list nameservers;
	unsigned n_nameservers;
	struct list lookups;
};

/* A name of a section. */
struct dns_lookup {
	struct list node;
	struct dns_section *section;
	char *name; /* owned */
	enum dns_type preferred;
	struct list users; /* of server_template.c; empty: the lookup ends */
	struct dns_records records;
	struct resolution r;
	enum dns_status status;    /* of the last round that ended */
	bool has_ended;            /* ... if there was one */
	struct dns_nameserver *by; /* whose answer it is, until that was told; NULL: nobody */
	/* private */
	ev_timer timer;
	enum resolution_action next; /* what timer is for, besides a new round: NOTHING */
	int64_t started_us, asked_us;
	int64_t last_valid_us; /* at first: when the lookup began */
	unsigned n_asks;       /* an answer to an earlier one is late */
	unsigned candidate;    /* of the search list */
	struct list questions; /* under way */
};

typedef void dns_result_fn(struct dns_lookup *l);

struct dns {
	struct loop *loop; /* borrowed */
	struct list sections;
	dns_result_fn *on_result; /* may drop users, of this lookup too */
	struct dns_answer answer; /* scratch: being looked at */
};

struct dns *dns_new(struct loop *control);
/* No lookup may have users. NULL is fine. */
void dns_free(struct dns *d);
/* Follow the sections of the new configuration; those that left live on until nobody uses them. */
void dns_follow(struct dns *d, const struct cfg *cfg);
/* Free what left and is not used: after the users followed too. */
void dns_reap(struct dns *d);

struct dns_section *dns_find_section(const struct dns *d, const char *name);
/* The lookup of a name there, an old one or a new one. The caller adds itself to l->users. */
struct dns_lookup *dns_lookup_get(struct dns_section *s, const char *name, enum dns_type preferred);
/* The caller has left l->users; frees it if it was the last. Not from on_result for the lookup that
 * it is about: that one is looked after. */
void dns_lookup_put(struct dns_lookup *l);
/* `hold`: does a failure of this status count yet? */
bool dns_lookup_has_failed(const struct dns_lookup *l);

/* "show resolvers": all sections, or one. false: there is none of this name. */
bool dns_show(const struct dns *d, struct str name, struct strbuf *out);

#endif
