/* probe.h - one attempt to find out whether a server works: the steps of a health check, one after
 * the other. Never blocks.
 *
 *   IDLE --start--> CONNECTING ----> SENDING ----> READING
 *     ^                 |               |             |      each may begin the next step,
 *     +---- finish: result by done() ---+-------------+      a connect on a new socket
 */
#ifndef PROXY_PROBE_H
#define PROXY_PROBE_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/str.h>

#include "health/check.h"
#include "health/probe_http.h"

struct cfg_check;
struct cfg_step;
struct probe;

struct probe_outcome {
	enum check_status status;
	int code;         /* HTTP status or what the check says, or 0 */
	const char *desc; /* borrowed for the call; maybe "" ; raw bytes of the server */
};
/* Called once for each start, never from inside probe_start; p is idle again. Last statement of the
 * caller: the owner may free or start p from here. */
typedef void probe_done_fn(struct probe *p, const struct probe_outcome *o);

struct probe_spec {
	const struct addr *addr;
	const struct addr *source;    /* len 0: none */
	const char *interface;        /* NULL: any; borrowed for the call */
	const struct cfg_check *what; /* NULL: just connect. Borrowed until the probe is idle */
	struct str state_header;      /* more field lines of its HTTP requests; copied */
	unsigned send_proxy;          /* 1 or 2: the header that implicit connects send; 0: none */
	bool stops_on_404;            /* a 404 is a pass with reserve */
	int64_t connect_timeout_us;   /* for connecting */
	int64_t response_timeout_us;  /* more, after connecting; 0: the first covers the whole */
};

struct probe {
	struct ev_loop *loop; /* borrowed */
	probe_done_fn *done;
	ev_io io;
	ev_timer timeout;
	int fd; /* owned; -1: none */
	enum { PROBE_IDLE, PROBE_CONNECTING, PROBE_SENDING, PROBE_READING } state;
	int connect_error; /* connect() failed at once: told from the loop */
	bool has_sent, has_eof;
	bool lingers; /* this connection is to end in order */
	uint16_t to_port;
	struct addr addr, source;
	char interface[16]; /* empty: any */
	const struct cfg_check *what;
	const struct cfg_step *step; /* being done; NULL: none is left */
	char state_text[512];
	unsigned send_proxy;
	bool stops_on_404;
	int64_t connect_timeout_us, response_timeout_us;
	struct strbuf out; /* to be sent; sent bytes of it are gone */
	size_t sent;
	struct strbuf in; /* received since the last send */
	struct probe_http http;
};

void probe_init(struct probe *p, struct ev_loop *loop, probe_done_fn *done);
/* 0; or -errno when this machine is out of something (descriptors, ports, memory) or the source
 * address does not work: says nothing about the server, and done is not called. */
NODISCARD int probe_start(struct probe *p, const struct probe_spec *spec);
bool probe_is_running(const struct probe *p);
/* Forget it; done is not called. Legal when idle. */
void probe_cancel(struct probe *p);
/* probe_cancel, and free what it holds. */
void probe_fini(struct probe *p);

#endif
