/* dns_records.h - what is known of a name over time, and which server gets which of it. Pure.
 *
 * Name servers may tell a part of a long list in each answer: a record stays for `hold obsolete`
 * after it was told last. Servers keep what they have as long as it is there; what is new goes to
 * the first server without. */
#ifndef PROXY_DNS_RECORDS_H
#define PROXY_DNS_RECORDS_H

#include "dns/dns_answer.h"

struct cfg_net;

struct dns_seen {
	int64_t last_us;   /* when it was told last */
	unsigned n_owners; /* of dns_assign() */
	union {
		struct dns_ip ip;
		struct dns_target target;
	};
};
struct dns_records {            /* starts as {0} */
	struct dns_seen *items; /* owned; in the order in which they were told first */
	unsigned n, cap;
};

/* Take over an answer (DNS_VALID) of now_us and forget what is obsolete. A record set holds the
 * records of one kind: addresses, or targets. */
void dns_records_merge(struct dns_records *rs, const struct dns_answer *a, int64_t now_us,
		       int64_t obsolete_us);
void dns_records_clear(struct dns_records *rs);
void dns_records_fini(struct dns_records *rs);

/* A server of a backend among those that share a name there. */
struct dns_slot {
	bool has_ip; /* in: it has this address; out: it shall have it */
	struct dns_ip ip;
	bool prefers_v6, allows_dup;
	const struct cfg_net *nets; /* preferred ones; borrowed */
	unsigned n_nets;
};
/* In order of preference, as HAProxy: the family, a network, an address that nobody else has, the
 * one it has. An address that another slot has is taken only by a slot that allows it. */
void dns_assign(struct dns_records *rs, struct dns_slot *slots, unsigned n);

/* A server that takes a SRV record. */
struct dns_target_slot {
	bool has_target; /* in and out, as above */
	struct dns_target target;
};
void dns_assign_targets(struct dns_records *rs, struct dns_target_slot *slots, unsigned n);
/* 0..65535 to 0..256; only 0 gives 0. */
unsigned dns_weight(uint16_t srv_weight);

#endif
