/* server_template.h - servers and the names that they are found by: who gets which address, who
 * waits in maintenance for one. Control thread.
 *
 * Servers with `resolvers` follow their name as long as they live. Servers without, whose name had
 * no address at the start or at a reload, are looked after by the section "default" until it has
 * one. */
#ifndef PROXY_DNS_SERVER_TEMPLATE_H
#define PROXY_DNS_SERVER_TEMPLATE_H

#include <stdbool.h>
#include <tandem/util.h>

struct backend;
struct cfg;
struct dns;
struct server;

/* A new configuration: dns_servers_begin, dns_servers_follow for each backend of it, and
 * dns_servers_end. */
void dns_servers_begin(struct dns *d, const struct cfg *cfg);
void dns_servers_follow(struct dns *d, struct backend *be);
void dns_servers_end(struct dns *d);
/* Before a server is freed, or when its backend leaves. */
void dns_forget(struct server *s);

/* `set server B/S fqdn NAME`: another name from now on. by: "'stats socket command'".
 * -EBUSY: SRV records give it its name; -ENOTSUP: it has no resolvers; -EINVAL: no such name can
 * be. */
NODISCARD int dns_set_fqdn(struct dns *d, struct server *s, const char *fqdn, const char *by);

#endif
