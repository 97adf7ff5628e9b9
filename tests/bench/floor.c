/* floor.c - the least a proxy can do: a bare epoll byte relay that parses nothing.
 *
 * Each client connection gets one connection to the origin, opened when it is accepted; bytes are
 * read from the one and written to the other. It is the floor that the benchmark measures proxies
 * against, no proxy: it trusts its peers, and a short write ends the program.
 *
 * usage: floor LISTEN_PORT ORIGIN_PORT (both on 127.0.0.1) */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FD 65536

static int peer_of[MAX_FD]; /* by descriptor; 0: the listener or none */
static int epoll_fd;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_port = htons((unsigned short)strtoul(port, NULL, 10));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static void watch(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };
	int one = 1;

	if (fd >= MAX_FD)
		die("too many connections");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev))
		die("epoll_ctl");
}

static void accept_one(int listener, const struct sockaddr_in *origin)
{
	int client = accept(listener, NULL, NULL);
	int server = socket(AF_INET, SOCK_STREAM, 0);

	if (client < 0 || server < 0)
		die("accept");
	if (connect(server, (const struct sockaddr *)origin, sizeof(*origin)))
		die("connect");
	watch(client);
	watch(server);
	peer_of[client] = server;
	peer_of[server] = client;
}

static void relay(int from)
{
	static char bytes[16384];
	int to = peer_of[from];
	ssize_t n;

	if (to == 0)
		return; /* closed earlier in this turn */
	n = read(from, bytes, sizeof(bytes));
	if (n <= 0) {
		peer_of[from] = peer_of[to] = 0;
		close(from);
		close(to);
		return;
	}
	while (n > 0) {
		ssize_t done = write(to, bytes, (size_t)n);

		if (done != n)
			die("write");
		n -= done;
	}
}

int main(int argc, char **argv)
{
	struct epoll_event events[256], ev = { .events = EPOLLIN };
	struct sockaddr_in here, origin;
	int listener, one = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: %s LISTEN_PORT ORIGIN_PORT\n", argv[0]);
		return 2;
	}
	here = loopback(argv[1]);
	origin = loopback(argv[2]);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	epoll_fd = epoll_create1(0);
	if (listener < 0 || epoll_fd < 0)
		die("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&here, sizeof(here)) || listen(listener, 1024))
		die("listen");
	ev.data.fd = listener;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &ev))
		die("epoll_ctl");
	for (;;) {
		int n = epoll_wait(epoll_fd, events, 256, -1);

		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_one(listener, &origin);
			else
				relay(events[i].data.fd);
		}
	}
}
