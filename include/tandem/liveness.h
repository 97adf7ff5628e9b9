/* liveness.h - what proxyd tells vrrpd: the messages of the liveness socket (DESIGN: "The liveness
 * socket").
 *
 * A SOCK_SEQPACKET Unix socket; proxyd listens and sends, vrrpd connects and reads. Messages have a
 * fixed size and host byte order: both ends are on one machine. On connect, on each change and on
 * each heartbeat one struct liveness_msg is sent. End of file means that the process is gone. A
 * reader ignores messages whose magic or version it does not know, and accepts longer messages of
 * its version (fields are appended). */
#ifndef TANDEM_LIVENESS_H
#define TANDEM_LIVENESS_H

#include <stdint.h>

#define LIVENESS_MAGIC        0x544c4956u /* "TLIV" */
#define LIVENESS_VERSION      1
#define LIVENESS_HEARTBEAT_MS 50 /* interval of repetition */

enum liveness_state {
	LIVENESS_STARTING = 1, /* checks have not decided yet */
	LIVENESS_READY,
	LIVENESS_DRAINING, /* finishes what it has, takes nothing new */
	LIVENESS_STOPPING,
};

struct liveness_msg {
	uint32_t magic;
	uint16_t version;
	uint16_t state; /* enum liveness_state */
	uint32_t pid;
	uint32_t n_frontends;    /* frontends that are bound and have a backend */
	uint32_t n_frontends_ok; /* of these: with at least one usable server */
	uint32_t n_usable;       /* usable servers, the least over the frontends' backends */
	uint32_t loop_age_ms;    /* age of the slowest thread's last loop turn when it should have
				    turned */
	uint32_t reserved;
	int64_t sent_us; /* CLOCK_MONOTONIC */
};

_Static_assert(sizeof(struct liveness_msg) == 40, "the message has no holes");

#endif
