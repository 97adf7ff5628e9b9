/* fake_dns.h - DNS messages made by hand, and name servers inside the test's own loop that answer,
 * refuse, fail, lie or keep silent as told. */
#ifndef TESTS_FAKE_DNS_H
#define TESTS_FAKE_DNS_H

#include <arpa/inet.h>
#include <check.h>
#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/addr.h>
#include <tandem/util.h>
#include <unistd.h>

enum { FAKE_A = 1, FAKE_CNAME = 5, FAKE_SRV = 33, FAKE_AAAA = 28 };

/* ---- messages ---- */

struct message {
	uint8_t b[4096];
	size_t len;
};

static inline void put8(struct message *m, unsigned v)
{
	m->b[m->len++] = (uint8_t)v;
}
static inline void put16(struct message *m, unsigned v)
{
	put8(m, v >> 8);
	put8(m, v & 255);
}
static inline void put_name(struct message *m, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		put8(m, (unsigned)n);
		memcpy(m->b + m->len, name, n);
		m->len += n;
		name += n + (name[n] == '.');
	}
	put8(m, 0);
}
/* Header and question; flags: 0x8180 is a good answer. */
static inline void message_begin(struct message *m, unsigned id, unsigned flags, const char *name,
				 unsigned type)
{
	m->len = 0;
	put16(m, id);
	put16(m, flags);
	put16(m, 1);
	put16(m, 0);
	put16(m, 0);
	put16(m, 0);
	put_name(m, name);
	put16(m, type);
	put16(m, 1);
}
/* The head of a record whose owner is `name`; n: length of its data. */
static inline void put_record(struct message *m, const char *name, unsigned type, unsigned n)
{
	m->b[7]++; /* ancount, up to 255 */
	put_name(m, name);
	put16(m, type);
	put16(m, 1);
	put16(m, 0);
	put16(m, 5);
	put16(m, n);
}
static inline void put_a(struct message *m, const char *name, const char *ip)
{
	bool is_v6 = strchr(ip, ':') != NULL;

	put_record(m, name, is_v6 ? FAKE_AAAA : FAKE_A, is_v6 ? 16 : 4);
	ck_assert_int_eq(inet_pton(is_v6 ? AF_INET6 : AF_INET, ip, m->b + m->len), 1);
	m->len += is_v6 ? 16 : 4;
}
static inline void put_srv(struct message *m, const char *name, unsigned weight, unsigned port,
			   const char *target)
{
	put_record(m, name, FAKE_SRV, (unsigned)(6 + strlen(target) + (*target ? 2 : 1)));
	put16(m, 10);
	put16(m, weight);
	put16(m, port);
	put_name(m, target);
}
static inline void put_cname(struct message *m, const char *name, const char *target)
{
	put_record(m, name, FAKE_CNAME, (unsigned)strlen(target) + 2);
	put_name(m, target);
}

/* ---- servers ---- */

enum dns_manner { DNS_TELLS, DNS_SILENT, DNS_TRUNCATES, DNS_TALKS_NONSENSE };

struct fake_record {
	const char *name, *ip; /* ip NULL: SRV */
	unsigned weight, port;
	const char *target;
};

struct fake_dns {
	struct ev_loop *ev;
	struct addr at;
	ev_io udp, tcp, conn;
	ev_timer delay;
	enum dns_manner manner;
	unsigned rcode; /* above 0: instead of records */
	double delay_s;
	struct fake_record records[16];
	unsigned n_records, n_udp, n_tcp; /* questions */
	/* the answer that waits */
	struct message late;
	struct addr late_to;
};

/* The question's name as text; returns what follows it. */
static inline size_t read_name(const uint8_t *b, size_t len, char *out, size_t size)
{
	size_t at = 12, n = 0;

	while (at < len && b[at] != 0) {
		size_t l = b[at++];

		if (n > 0)
			out[n++] = '.';
		ck_assert(n + l + 1 < size && at + l < len);
		memcpy(out + n, b + at, l);
		n += l;
		at += l;
	}
	out[n] = '\0';
	return at + 1;
}

static inline void compose(const struct fake_dns *d, const uint8_t *b, size_t len, bool is_udp,
			   struct message *m)
{
	char name[256];
	size_t at = read_name(b, len, name, sizeof(name));
	unsigned type = (unsigned)(b[at] << 8 | b[at + 1]);
	unsigned flags = 0x8180 | d->rcode;

	if (d->manner == DNS_TRUNCATES && is_udp)
		flags |= 0x0200;
	message_begin(m, (unsigned)(b[0] << 8 | b[1]), flags, name, type);
	if (d->manner == DNS_TALKS_NONSENSE) {
		put_record(m, name, type, 9999);
		return;
	}
	for (unsigned i = 0; d->rcode == 0 && !(flags & 0x0200) && i < d->n_records; i++) {
		const struct fake_record *r = &d->records[i];

		if (strcasecmp(r->name, name) != 0)
			continue;
		if (r->ip == NULL && type == FAKE_SRV)
			put_srv(m, name, r->weight, r->port, r->target);
		else if (r->ip != NULL && type == (strchr(r->ip, ':') ? FAKE_AAAA : FAKE_A))
			put_a(m, name, r->ip);
	}
}

static inline void fake_dns_send(struct fake_dns *d, const struct message *m, const struct addr *to)
{
	ck_assert_int_eq(sendto(d->udp.fd, m->b, m->len, 0, &to->sa, to->len), (ssize_t)m->len);
}

static inline void fake_dns_on_delay(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct fake_dns *d = container_of(w, struct fake_dns, delay);

	(void)ev, (void)revents;
	fake_dns_send(d, &d->late, &d->late_to);
}

static inline void fake_dns_on_udp(struct ev_loop *ev, ev_io *w, int revents)
{
	struct fake_dns *d = container_of(w, struct fake_dns, udp);
	struct addr from = { .len = sizeof(from.in) };
	struct message m;
	uint8_t b[512];
	ssize_t n = recvfrom(w->fd, b, sizeof(b), 0, &from.sa, &from.len);

	(void)revents;
	if (n < 17)
		return;
	d->n_udp++;
	if (d->manner == DNS_SILENT)
		return;
	compose(d, b, (size_t)n, true, &m);
	if (d->delay_s <= 0) {
		fake_dns_send(d, &m, &from);
		return;
	}
	d->late = m;
	d->late_to = from;
	ev_timer_stop(ev, &d->delay);
	ev_timer_init(&d->delay, fake_dns_on_delay, d->delay_s, 0.);
	ev_timer_start(ev, &d->delay);
}

static inline void fake_dns_on_conn(struct ev_loop *ev, ev_io *w, int revents)
{
	struct fake_dns *d = container_of(w, struct fake_dns, conn);
	uint8_t b[512], head[2];
	struct message m;
	ssize_t n = recv(w->fd, b, sizeof(b), 0);

	(void)revents;
	if (n < 19) { /* it ended; questions come in one piece here */
		ev_io_stop(ev, w);
		close(w->fd);
		return;
	}
	d->n_tcp++;
	compose(d, b + 2, (size_t)n - 2, false, &m);
	head[0] = (uint8_t)(m.len >> 8);
	head[1] = (uint8_t)m.len;
	ck_assert_int_eq(send(w->fd, head, 2, MSG_MORE), 2);
	ck_assert_int_eq(send(w->fd, m.b, m.len, 0), (ssize_t)m.len);
}

static inline void fake_dns_on_tcp(struct ev_loop *ev, ev_io *w, int revents)
{
	struct fake_dns *d = container_of(w, struct fake_dns, tcp);
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)revents;
	if (fd < 0)
		return;
	if (ev_is_active(&d->conn)) {
		ev_io_stop(ev, &d->conn);
		close(d->conn.fd);
	}
	ev_io_init(&d->conn, fake_dns_on_conn, fd, EV_READ);
	ev_io_start(ev, &d->conn);
}

/* On a port of the kernel's choice, UDP and TCP. */
static inline void fake_dns_init(struct fake_dns *d, struct ev_loop *ev)
{
	int udp, tcp;

	*d = (struct fake_dns){ .ev = ev };
	do {
		udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(addr_parse_ip(STR("127.0.0.1"), &d->at), 0);
		ck_assert_int_eq(bind(udp, &d->at.sa, d->at.len), 0);
		ck_assert_int_eq(getsockname(udp, &d->at.sa, &d->at.len), 0);
		if (bind(tcp, &d->at.sa, d->at.len) == 0)
			break; /* else somebody has the TCP port of that number */
		close(udp);
		close(tcp);
	} while (true);
	ck_assert_int_eq(listen(tcp, 8), 0);
	ev_io_init(&d->udp, fake_dns_on_udp, udp, EV_READ);
	ev_io_start(ev, &d->udp);
	ev_io_init(&d->tcp, fake_dns_on_tcp, tcp, EV_READ);
	ev_io_start(ev, &d->tcp);
	ev_init(&d->conn, fake_dns_on_conn);
	ev_init(&d->delay, fake_dns_on_delay);
}

/* It is not there any more: questions are refused by the kernel. */
static inline void fake_dns_fini(struct fake_dns *d)
{
	ev_timer_stop(d->ev, &d->delay);
	for (ev_io *w = &d->udp; w <= &d->conn; w++) {
		if (!ev_is_active(w))
			continue;
		ev_io_stop(d->ev, w);
		close(w->fd);
	}
}

static inline void fake_dns_add(struct fake_dns *d, const char *name, const char *ip)
{
	d->records[d->n_records++] = (struct fake_record){ .name = name, .ip = ip };
}

#endif
