/* track_proxy.h - is the proxy of this node alive and useful? Reads proxyd's liveness socket
 * (<tandem/liveness.h>) and tells when the answer changes.
 *
 *   down:dead      end of file, refused, or the socket is absent: seen at once
 *   down:hung      no message for the time limit, or its slowest thread is older than that
 *   down:state     starting, draining, stopping
 *   down:unusable  a frontend's backend has no usable server (require_usable)
 *   up             otherwise
 *
 * A proxy that drains, stops or is gone may have a successor (an upgrade, `-sf`): before it is
 * believed, the path is asked again. Whoever answers there under another pid takes its place; until
 * its checks have decided it inherits the verdict. */
#ifndef VRRPD_TRACK_PROXY_H
#define VRRPD_TRACK_PROXY_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/liveness.h>
#include <tandem/loop.h>

struct cfg_proxy_track;

enum proxy_health {
	PROXY_DEAD,
	PROXY_HUNG,
	PROXY_STARTING,
	PROXY_DRAINING,
	PROXY_STOPPING,
	PROXY_UNUSABLE,
	PROXY_UP
};

struct track_proxy;
/* Last statement of the caller. */
typedef void track_proxy_fn(void *arg, struct track_proxy *t);

struct track_proxy {
	struct loop *loop;                 /* borrowed */
	const struct cfg_proxy_track *cfg; /* borrowed; track_proxy_set_cfg swaps it */
	track_proxy_fn *changed;
	void *arg;
	enum proxy_health health; /* PROXY_DEAD at first */
	struct liveness_msg last; /* the last message; all 0 before */
	uint64_t n_messages, n_connects;
	int64_t since_us;
	/* private */
	int fd;                    /* owned; -1: not connected */
	int next_fd;               /* owned; to who may be the successor; -1: none is sought */
	enum proxy_health pending; /* the verdict if there is none */
	int64_t sought_us, inherits_until_us;
	ev_io io, next_io;
	ev_timer silence, retry, next_wait;
};

void track_proxy_init(struct track_proxy *t, struct loop *loop, const struct cfg_proxy_track *cfg,
		      track_proxy_fn *changed, void *arg);
/* Connect, or try again soon. */
void track_proxy_start(struct track_proxy *t);
/* Wait a little for the first message. Blocks: once for each new connection, at a start or reload.
 */
void track_proxy_wait(struct track_proxy *t, int ms);
void track_proxy_stop(struct track_proxy *t);
/* A reload: the same socket with other limits. */
void track_proxy_set_cfg(struct track_proxy *t, const struct cfg_proxy_track *cfg);

const char *track_proxy_text(enum proxy_health h);
/* Pure: what a message means under the limits of cfg. */
enum proxy_health track_proxy_judge(const struct cfg_proxy_track *cfg,
				    const struct liveness_msg *m);

#endif
