/* channel.h - the way to one name server: c-ares on one of our loops. Never blocks.
 *
 * c-ares makes and reads the packets, matches answers to questions and keeps the time; we watch its
 * sockets. */
#ifndef PROXY_DNS_CHANNEL_H
#define PROXY_DNS_CHANNEL_H

#include <ares.h>
#include <ev.h>
#include <stdbool.h>
#include <tandem/list.h>

#include "dns/dns_answer.h"

struct addr;

struct dns_channel {
	struct ev_loop *ev; /* borrowed; NULL: closed */
	ares_channel ares;  /* owned */
	ev_timer timeout;
	struct list sockets; /* struct channel_socket, owned */
};

/* Called once a question, maybe from inside dns_channel_ask(). bytes: NULL if there is no answer:
 * then status is DNS_TIMEOUT or DNS_UNREACHABLE, else DNS_VALID, and what the answer is worth is
 * yet to be seen. Must not close the channel. */
typedef void dns_channel_fn(void *arg, enum dns_status status, const uint8_t *bytes, size_t len);

/* Nothing is sent yet. timeout_ms: for each question; payload: largest answer over UDP. 0 or
 * -errno. */
NODISCARD int dns_channel_open(struct dns_channel *c, struct ev_loop *ev, const struct addr *to,
			       bool is_tcp, int timeout_ms, unsigned payload);
/* What is under way is answered with DNS_UNREACHABLE first. Closing twice is fine. */
void dns_channel_close(struct dns_channel *c);
void dns_channel_ask(struct dns_channel *c, const char *name, enum dns_type type,
		     dns_channel_fn *done, void *arg);

/* The addresses of a name in /etc/hosts, as an answer. false: it is not there. */
bool dns_hosts_find(const char *name, bool is_v6, struct dns_answer *out);

#endif
