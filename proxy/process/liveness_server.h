/* liveness_server.h - tells vrrpd how we are: the server's end of <tandem/liveness.h>. Control
 * thread. */
#ifndef PROXY_LIVENESS_SERVER_H
#define PROXY_LIVENESS_SERVER_H

#include <sys/types.h>
#include <tandem/liveness.h>
#include <tandem/util.h>

struct engine;
struct liveness_server;
struct loop;

/* Listen at path (SOCK_SEQPACKET). uid, gid: (uid_t)-1 unchanged; mode 0: 0600.
 * NULL and *error = -errno on failure. */
NODISCARD struct liveness_server *liveness_server_open(struct loop *loop, const char *path,
						       mode_t mode, uid_t uid, gid_t gid,
						       int *error);
/* The threads run: watch them. */
void liveness_server_watch(struct liveness_server *ls, struct engine *e);
void liveness_server_set_state(struct liveness_server *ls, enum liveness_state state);
/* Something changed: send to everybody at the end of this turn. */
void liveness_server_changed(struct liveness_server *ls);
const char *liveness_server_path(const struct liveness_server *ls);
/* Close everything and remove the path. Accepts NULL. The threads that are watched must be gone, or
 * be answering. */
void liveness_server_free(struct liveness_server *ls);

#endif
