/* watch.c - adverts by a packet socket, the proxy by its liveness socket. */
#include "watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/addr.h>
#include <tandem/clock.h>
#include <tandem/util.h>
#include <unistd.h>

#define VRRP_PROTO 112
#define RETRY_S    0.02

static void note(struct watch *w, enum note_what what, const char *node, const char *text)
{
	(void)!record_add_note(w->record, clock_mono_us(), what, node, text);
}

/* --- adverts -------------------------------------------------------------------------------- */

bool watch_read_advert(const uint8_t *b, size_t len, uint8_t vrid, char src[48], unsigned *priority)
{
	size_t head;

	if (len < 20)
		return false;
	if (b[0] >> 4 == 4) {
		head = (size_t)(b[0] & 15) * 4;
		if (head < 20 || b[9] != VRRP_PROTO)
			return false;
		(void)inet_ntop(AF_INET, b + 12, src, 48);
	} else {
		head = 40;
		if (b[0] >> 4 != 6 || len < head || b[6] != VRRP_PROTO)
			return false;
		(void)inet_ntop(AF_INET6, b + 8, src, 48);
	}
	if (len < head + 8 || (b[head] & 15) != 1 || b[head + 1] != vrid)
		return false;
	*priority = b[head + 2];
	return true;
}

static void on_wire(struct ev_loop *ev, ev_io *io, int revents)
{
	struct watch *w = container_of(io, struct watch, wire_io);
	uint8_t bytes[256];
	ssize_t n;

	(void)ev, (void)revents;
	while ((n = recv(w->wire_fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		char src[48], text[32];
		unsigned priority;

		if (!watch_read_advert(bytes, (size_t)n, w->vrid, src, &priority))
			continue;
		snprintf(text, sizeof(text), "priority %u", priority);
		note(w, NOTE_ADVERT, src, text);
	}
}

/* Only VRRP reaches us, whatever else the interface carries. */
static int filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VRRP_PROTO, 3, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x60, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VRRP_PROTO, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 256),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { ARRAY_LEN(code), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0
		       ? 0
		       : -errno;
}

/* Opened without a protocol: nothing arrives before the filter is there. */
static int open_wire(const char *interface)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	a.sll_ifindex = (int)if_nametoindex(interface);
	err = a.sll_ifindex == 0 ? -ENODEV : filter(fd);
	if (!err && bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		err = -errno;
	if (err)
		close(fd);
	return err ? err : fd;
}

/* --- the proxy ------------------------------------------------------------------------------ */

static void tell_proxy(struct watch *w, const struct liveness_msg *m)
{
	static const char *const states[] = { "gone", "starting", "ready", "draining", "stopping" };
	char text[64];

	if (m->state == w->state && m->n_usable == w->n_usable)
		return;
	w->state = m->state;
	w->n_usable = m->n_usable;
	if (m->state == 0)
		snprintf(text, sizeof(text), "gone");
	else
		snprintf(text, sizeof(text), "%s, %u usable",
			 m->state < ARRAY_LEN(states) ? states[m->state] : "unknown", m->n_usable);
	note(w, NOTE_PROXY, w->node, text);
}

static void lose_proxy(struct watch *w)
{
	const struct liveness_msg gone = { 0 };

	ev_io_stop(w->ev, &w->proxy_io);
	if (w->proxy_fd >= 0)
		close(w->proxy_fd);
	w->proxy_fd = -1;
	tell_proxy(w, &gone);
	ev_timer_again(w->ev, &w->retry);
}

static void on_proxy(struct ev_loop *ev, ev_io *io, int revents)
{
	struct watch *w = container_of(io, struct watch, proxy_io);
	struct liveness_msg m;
	ssize_t n = recv(w->proxy_fd, &m, sizeof(m), MSG_DONTWAIT);

	(void)ev, (void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		lose_proxy(w);
	else if (n == sizeof(m) && m.magic == LIVENESS_MAGIC && m.version == LIVENESS_VERSION)
		tell_proxy(w, &m);
}

static void on_retry(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct watch *w = container_of(t, struct watch, retry);
	struct addr a;
	int fd;

	(void)revents;
	if (addr_from_path(str_from(w->proxy_path), &a) != 0)
		return;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, &a.sa, a.len) < 0) {
		if (fd >= 0)
			close(fd);
		return;
	}
	ev_timer_stop(ev, t);
	w->proxy_fd = fd;
	ev_io_set(&w->proxy_io, fd, EV_READ);
	ev_io_start(ev, &w->proxy_io);
}

int watch_start(struct watch *w, struct ev_loop *ev, struct record *record, const char *node,
		const char *interface, uint8_t vrid, const char *proxy_path)
{
	*w = (struct watch){ .ev = ev,
			     .record = record,
			     .node = node,
			     .vrid = vrid,
			     .proxy_path = proxy_path,
			     .proxy_fd = -1,
			     .state = UINT16_MAX };
	ev_init(&w->proxy_io, on_proxy);
	ev_timer_init(&w->retry, on_retry, 0, RETRY_S);
	if (proxy_path)
		ev_timer_start(ev, &w->retry);
	w->wire_fd = open_wire(interface);
	ev_io_init(&w->wire_io, on_wire, w->wire_fd, EV_READ);
	if (w->wire_fd < 0)
		return w->wire_fd;
	ev_io_start(ev, &w->wire_io);
	return 0;
}

void watch_stop(struct watch *w)
{
	ev_io_stop(w->ev, &w->wire_io);
	ev_io_stop(w->ev, &w->proxy_io);
	ev_timer_stop(w->ev, &w->retry);
	if (w->wire_fd >= 0)
		close(w->wire_fd);
	if (w->proxy_fd >= 0)
		close(w->proxy_fd);
	w->wire_fd = w->proxy_fd = -1;
}
