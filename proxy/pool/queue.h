/* queue.h - streams that wait for a slot of a server; the part of backend.h that only pool/ uses.
 */
#ifndef PROXY_QUEUE_H
#define PROXY_QUEUE_H

#include "pool/backend.h"

/* Take a slot if the server has one. Any thread. */
bool queue_take_slot(const struct view_server *vs);
/* Wait: for vs alone when is_bound, else for any server. ASSIGN_OK, _QUEUED or _FULL. */
enum assign_result queue_enter(struct backend *be, const struct view_server *vs, bool is_bound,
			       struct pending *p, const struct view_server **out);
/* A slot of s was freed: grant it. */
void queue_on_release(struct backend *be, struct server *s);

/* Control thread. Make v the published view; streams bound to servers that the new view does not
 * use join the backend's queue; grant what room there is. Returns the view that was replaced. */
struct backend_view *queue_publish(struct backend *be, struct backend_view *v, unsigned *n_granted);
/* Streams that wait for s alone join the backend's queue. Returns how many. */
unsigned queue_requeue(struct backend *be, struct server *s);

#endif
