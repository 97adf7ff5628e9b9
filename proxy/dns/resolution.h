/* resolution.h - one round of questions about a name: whom to ask for what, and when to give up.
 * Pure: no I/O, no clock.
 *
 *            start            all failed: another family, or another try
 *   idle ────────────► asking ◄──────────────────────► waiting (for the time of a retry)
 *     ▲                  │ a good answer / no try is left
 *     └──────────────────┘
 *
 * All name servers are asked at once, and the first good answer is taken. Where all of them say
 * that there is nothing of the preferred family, the other one is asked for. */
#ifndef PROXY_DNS_RESOLUTION_H
#define PROXY_DNS_RESOLUTION_H

#include "dns/dns_answer.h"

struct resolution {
	enum dns_type preferred, type; /* type: asked for now */
	bool is_running;
	unsigned n_asked, n_answered, tries_left;
	enum dns_status error; /* the last answer that was no timeout; DNS_VALID: none */
};

enum resolution_action {
	RESOLUTION_NOTHING, /* further answers may come */
	RESOLUTION_ASK,     /* ask all name servers for r->type now */
	RESOLUTION_RETRY,   /* ... when `timeout retry` has passed since the last question */
	RESOLUTION_SUCCEEDED,
	RESOLUTION_FAILED, /* r->error tells why */
};

/* Begin a round; n_nameservers and retries may be 0: then it fails at once, or has one try. */
enum resolution_action resolution_start(struct resolution *r, enum dns_type preferred,
					unsigned n_nameservers, unsigned retries);
/* One of the name servers answered, or did not in time. Ignored when nothing is under way. */
enum resolution_action resolution_answer(struct resolution *r, enum dns_status status);
/* The time of RESOLUTION_RETRY has passed: the questions are sent. */
void resolution_ask_again(struct resolution *r);

#endif
