/* channel.c - c-ares on libev. */
#include "dns/channel.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <tandem/addr.h>
#include <tandem/util.h>

/* A socket of c-ares and what it waits for. */
struct channel_socket {
	struct list node;
	struct dns_channel *channel;
	ev_io io;
};

struct question {
	dns_channel_fn *done;
	void *arg;
};

/* --- its sockets and its clock --- */

static void arm(struct dns_channel *c)
{
	struct timeval tv, *next = ares_timeout(c->ares, NULL, &tv);

	ev_timer_stop(c->ev, &c->timeout);
	if (next == NULL)
		return;
	ev_timer_set(&c->timeout, (double)next->tv_sec + (double)next->tv_usec / 1e6, 0.);
	ev_timer_start(c->ev, &c->timeout);
}

static void on_ready(struct ev_loop *ev, ev_io *w, int revents)
{
	struct channel_socket *s = container_of(w, struct channel_socket, io);
	struct dns_channel *c = s->channel;
	int fd = w->fd;

	(void)ev;
	/* it may close the socket, which frees s */
	ares_process_fd(c->ares, revents & EV_READ ? fd : ARES_SOCKET_BAD,
			revents & EV_WRITE ? fd : ARES_SOCKET_BAD);
	arm(c);
}

static void on_timeout(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct dns_channel *c = container_of(w, struct dns_channel, timeout);

	(void)ev, (void)revents;
	ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(c);
}

static struct channel_socket *find_socket(struct dns_channel *c, int fd)
{
	struct channel_socket *s;

	list_for_each (s, &c->sockets, node)
		if (s->io.fd == fd)
			return s;
	return NULL;
}

static void forget_socket(struct channel_socket *s)
{
	ev_io_stop(s->channel->ev, &s->io);
	list_del(&s->node);
	free(s);
}

static void on_interest(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns_channel *c = arg;
	struct channel_socket *s = find_socket(c, fd);

	if (!readable && !writable) {
		if (s != NULL)
			forget_socket(s);
		return;
	}
	if (s == NULL) {
		s = xcalloc(1, sizeof(*s));
		s->channel = c;
		ev_init(&s->io, on_ready);
		list_add_tail(&c->sockets, &s->node);
	}
	ev_io_stop(c->ev, &s->io);
	ev_io_set(&s->io, fd, (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));
	ev_io_start(c->ev, &s->io);
}

/* --- questions --- */

static void on_answer(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
	struct question q = *(struct question *)arg;

	(void)timeouts;
	free(arg);
	if (bytes != NULL && len > 0)
		q.done(q.arg, DNS_VALID, bytes, (size_t)len);
	else if (status == ARES_EBADRESP || status == ARES_EBADNAME || status == ARES_EBADQUERY)
		q.done(q.arg, DNS_INVALID, NULL, 0);
	else
		q.done(q.arg, status == ARES_ETIMEOUT ? DNS_TIMEOUT : DNS_UNREACHABLE, NULL, 0);
}

void dns_channel_ask(struct dns_channel *c, const char *name, enum dns_type type,
		     dns_channel_fn *done, void *arg)
{
	static const int types[] = {
		[DNS_A] = ns_t_a, [DNS_AAAA] = ns_t_aaaa, [DNS_SRV] = ns_t_srv
	};
	struct question *q;

	if (c->ev == NULL) {
		done(arg, DNS_UNREACHABLE, NULL, 0);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	*q = (struct question){ done, arg };
	ares_query(c->ares, name, ns_c_in, types[type], on_answer, q);
	arm(c);
}

/* --- life --- */

static int errno_of(int rc)
{
	return rc == ARES_ENOMEM ? -ENOMEM : -EINVAL;
}

static int set_server(struct dns_channel *c, const struct addr *to)
{
	struct ares_addr_port_node n = { .family = to->sa.sa_family,
					 .udp_port = addr_port(to),
					 .tcp_port = addr_port(to) };
	int rc;

	if (to->sa.sa_family == AF_INET)
		memcpy(&n.addr.addr4, &to->in.sin_addr, sizeof(n.addr.addr4));
	else
		memcpy(&n.addr.addr6, &to->in6.sin6_addr, sizeof(n.addr.addr6));
	rc = ares_set_servers_ports(c->ares, &n);
	return rc == ARES_SUCCESS ? 0 : errno_of(rc);
}

int dns_channel_open(struct dns_channel *c, struct ev_loop *ev, const struct addr *to, bool is_tcp,
		     int timeout_ms, unsigned payload)
{
	char lookups[] = "b"; /* no files */
	struct ares_options o = {
		/* one server, one try, and errors are answers too: tries are the resolver's */
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP |
			 ARES_FLAG_EDNS | ARES_FLAG_IGNTC |
			 (is_tcp ? ARES_FLAG_USEVC | ARES_FLAG_STAYOPEN : 0),
		.timeout = timeout_ms,
		.tries = 1,
		.ednspsz = (int)payload,
		.lookups = lookups,
		.sock_state_cb = on_interest,
		.sock_state_cb_data = c,
	};
	int rc = ares_init_options(&c->ares, &o,
				   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					   ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS |
					   ARES_OPT_SOCK_STATE_CB);

	if (rc != ARES_SUCCESS)
		return errno_of(rc);
	c->ev = ev;
	list_init(&c->sockets);
	ev_init(&c->timeout, on_timeout);
	rc = set_server(c, to);
	if (rc != 0)
		dns_channel_close(c);
	return rc;
}

void dns_channel_close(struct dns_channel *c)
{
	struct channel_socket *s, *tmp;

	if (c->ev == NULL)
		return;
	ares_destroy(c->ares);
	ev_timer_stop(c->ev, &c->timeout);
	list_for_each_safe (s, tmp, &c->sockets, node)
		forget_socket(s);
	c->ev = NULL;
}

/* --- /etc/hosts --- */

bool dns_hosts_find(const char *name, bool is_v6, struct dns_answer *out)
{
	struct hostent *h = NULL;
	ares_channel channel;

	out->status = DNS_VALID;
	out->type = is_v6 ? DNS_AAAA : DNS_A;
	out->n = 0;
	if (ares_init(&channel) != ARES_SUCCESS)
		return false;
	if (ares_gethostbyname_file(channel, name, is_v6 ? AF_INET6 : AF_INET, &h) != ARES_SUCCESS)
		h = NULL;
	ares_destroy(channel);
	for (char **at = h != NULL ? h->h_addr_list : NULL;
	     at != NULL && *at != NULL && out->n < DNS_MAX_RECORDS; at++) {
		struct dns_ip *ip = &out->ips[out->n++];

		*ip = (struct dns_ip){ .is_v6 = is_v6 };
		memcpy(ip->bytes, *at, is_v6 ? 16 : 4);
	}
	if (h != NULL)
		ares_free_hostent(h);
	return out->n > 0;
}
