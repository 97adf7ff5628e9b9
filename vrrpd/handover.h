/* handover.h - what two vrrpd tell each other beyond VRRP, in UDP datagrams of their own.
 *
 *  0              1              2              3
 * +--------------+--------------+--------------+--------------+
 * | magic "TVHO"                                              |
 * | version = 1  | kind         | VRID         | priority     |
 * | state        | lease (cs)   | interval (centiseconds)     |
 * | target: 16 bytes, an IPv4 address in the first four;      |
 * | its family is that of the datagram                        |
 * | flags        | reserved = 0 (11 bytes)                    |
 * +-----------------------------------------------------------+
 *
 * HELLO: each second and after each transition, to the multicast group or the unicast peers. It
 * makes the sender known as a vrrpd that understands the other kind for three seconds. The lease
 * (0: none) is for how long the sender's addresses are safe; with one, hellos come four times a
 * second (see vrrp_lease.h).
 * Bit 0 of the flags: it reads reports (vrrp_report.h), a kind with a length of its own. Bit 1: a
 * drill runs there.
 * CLAIM: the ACTIVE router has let go and asks `target` to take over at once, instead of waiting
 * for Skew_Time. Obeyed only in BACKUP and only from the router whose adverts we hear. Whoever does
 * not know these datagrams ignores them: then plain VRRP (priority 0) does its work a little later.
 *
 * A TTL below 255 means that it crossed a router, and is refused. Building and reading are pure. */
#ifndef VRRPD_HANDOVER_H
#define VRRPD_HANDOVER_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/loop.h>

#include "vrrp_auth.h"
#include "vrrp_fsm.h"

#define HANDOVER_PORT     3112
#define HANDOVER_LEN      40
#define HANDOVER_MAX_LEN  (HANDOVER_LEN + VRRP_AUTH_LEN) /* with auth_hmac: signed like adverts */
#define HANDOVER_VERSION  1
#define HANDOVER_HELLO_US INT64_C(1000000)
#define HANDOVER_FRESH_US INT64_C(3000000) /* a peer that was silent for longer is forgotten */

enum handover_kind { HANDOVER_HELLO = 1, HANDOVER_CLAIM = 2, HANDOVER_REPORT = 3 };
enum handover_flag { HANDOVER_READS_REPORTS = 1, HANDOVER_DRILLS = 2 };

struct handover_msg {
	enum handover_kind kind;
	uint8_t vrid, priority; /* effective; 0 in FAULT */
	enum vrrp_state state;
	int64_t adver_us;
	int64_t lease_us;     /* HELLO of a master; 0: none */
	struct addr target;   /* CLAIM: who should take over; port 0 */
	uint8_t flags;        /* HELLO: enum handover_flag */
	uint8_t n_heard;      /* REPORT: routers in its list */
	const uint8_t *bytes; /* received: all of it, borrowed for the call */
	size_t len;
	size_t pdu_len; /* of these, without a signature */
};

void handover_build(const struct handover_msg *m, uint8_t out[HANDOVER_LEN]);
/* False: not ours, too short, or of a version that we do not know. */
NODISCARD bool handover_parse(const uint8_t *bytes, size_t len, struct handover_msg *out);

typedef void handover_fn(void *arg, unsigned ifindex, const struct addr *src,
			 const struct handover_msg *m);
struct handover_sock {
	struct loop *loop; /* borrowed */
	int fd, fd6;       /* owned; -1: closed */
	ev_io io, io6;
	handover_fn *fn;
	void *arg;
	uint64_t n_refused; /* wrong TTL or content */
};

/* Bind the port on all addresses. 0 or -errno. */
NODISCARD int handover_open(struct handover_sock *s, struct loop *loop, handover_fn *fn, void *arg);
/* Hear the group on an interface; joining twice is legal. 0 or -errno. */
NODISCARD int handover_join(struct handover_sock *s, unsigned ifindex, const struct addr *group);
void handover_close(struct handover_sock *s);
/* For who only sends (with vrrp_send): the guardian. fd or -errno. */
NODISCARD int handover_sender_open(int family);

#endif
