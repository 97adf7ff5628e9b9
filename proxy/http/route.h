/* route.h - which backend and which server a request goes to: the rules of the configuration,
 * evaluated with the request at hand. Data threads, inside a turn. */
#ifndef PROXY_ROUTE_H
#define PROXY_ROUTE_H

#include <stdbool.h>

struct acl_cond;
struct backend;
struct cfg_proxy;
struct cfg_rule;
struct client;
struct h1_head;
struct server;
struct stream;

/* use_backend, then default_backend. cfg: of the client's frontend. head: NULL in mode tcp. NULL:
 * there is none. Only for a frontend that has use_backend rules: others need not ask. */
struct backend *route_by_rules(struct client *c, const struct cfg_proxy *cfg,
			       const struct h1_head *head);
/* What force-persist, ignore-persist and use-server say, into the stream. */
void route_to_server(struct stream *st, const struct cfg_proxy *be_cfg, const struct h1_head *head);
/* The first rule that holds; NULL: none. */
const struct cfg_rule *route_first(struct client *c, const struct cfg_rule *rules,
				   const struct h1_head *head);

#endif
