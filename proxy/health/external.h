/* external.h - one run of the program of an external check. Control loop. */
#ifndef PROXY_EXTERNAL_H
#define PROXY_EXTERNAL_H

#include <stdbool.h>
#include <tandem/proc.h>

struct addr;
struct server;
struct external;
struct probe_outcome;

/* As probe_done_fn. */
typedef void external_done_fn(struct external *x, const struct probe_outcome *o);

struct external {
	struct proc proc;
	external_done_fn *done;
};

void external_init(struct external *x, struct loop *loop, external_done_fn *done);
/* to: what the check looks at. 0 or -errno, done is then not called. */
NODISCARD int external_start(struct external *x, const struct server *s, const struct addr *to,
			     int64_t timeout_us);
bool external_is_running(const struct external *x);
void external_cancel(struct external *x);

#endif
