/* floor.c - the least a proxy can do: a bare epoll byte relay that parses nothing.
 *
 * Each client connection gets one connection to the origin, opened when it is accepted; bytes are
 * read from the one and written to the other, or with -s spliced through a pipe, without copying
 * them. It is the floor that the benchmark measures proxies against, no proxy: it trusts its peers
 * and waits in a write until all is gone. With -k the connection to the origin outlives its client
 * and serves the next one: the floor for a connection a request.
 *
 * usage: floor [-s] [-k] LISTEN_PORT ORIGIN_PORT (both on 127.0.0.1) */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FD     65536
#define PIPE_BYTES (1024 * 1024)

static int peer_of[MAX_FD]; /* by descriptor; 0: the listener or none */
static int epoll_fd, pipe_fds[2];
static bool does_splice, keeps;
static int kept[MAX_FD], n_kept; /* connections to the origin without a client */
static bool is_server[MAX_FD];

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

static int dial(const struct sockaddr_in *origin)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)origin, sizeof(*origin)))
		die("connect");
	watch(fd);
	is_server[fd] = true;
	return fd;
}

static void accept_one(int listener, const struct sockaddr_in *origin)
{
	int client = accept(listener, NULL, NULL);
	int server = n_kept > 0 ? kept[--n_kept] : dial(origin);

	if (client < 0)
		die("accept");
	watch(client);
	is_server[client] = false;
	peer_of[client] = server;
	peer_of[server] = client;
}

static void end(int from, int to)
{
	peer_of[from] = peer_of[to] = 0;
	close(from);
	if (keeps && is_server[to])
		kept[n_kept++] = to;
	else
		close(to);
}

/* False: the connection has ended. A peer that resets is an end, too. */
static bool copy(int from, int to)
{
	static char bytes[65536];
	ssize_t n = read(from, bytes, sizeof(bytes));

	if (n <= 0)
		return false;
	for (ssize_t at = 0; at < n;) {
		ssize_t done = write(to, bytes + at, (size_t)(n - at));

		if (done <= 0)
			return false;
		at += done;
	}
	return true;
}

static void make_pipe(void)
{
	if (pipe_fds[1] != 0) {
		close(pipe_fds[0]);
		close(pipe_fds[1]);
	}
	if (pipe(pipe_fds))
		die("pipe");
	(void)fcntl(pipe_fds[1], F_SETPIPE_SZ, PIPE_BYTES);
}

static bool splice_through(int from, int to)
{
	ssize_t n = splice(from, NULL, pipe_fds[1], NULL, PIPE_BYTES,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return false;
	while (n > 0) {
		ssize_t done = splice(pipe_fds[0], NULL, to, NULL, (size_t)n, SPLICE_F_MOVE);

		if (done <= 0) {
			make_pipe(); /* the old one is not empty */
			return false;
		}
		n -= done;
	}
	return true;
}

static void forget(int fd)
{
	for (int i = 0; i < n_kept; i++) {
		if (kept[i] != fd)
			continue;
		kept[i] = kept[--n_kept];
		close(fd);
	}
}

static void relay(int from)
{
	int to = peer_of[from];

	if (to == 0) {
		forget(from); /* closed earlier in this turn, or kept and ended by the origin */
		return;
	}
	if (!(does_splice ? splice_through(from, to) : copy(from, to)))
		end(from, to);
}

static int listen_at(const char *port)
{
	struct sockaddr_in here = loopback(port);
	struct epoll_event ev = { .events = EPOLLIN };
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

	if (listener < 0)
		die("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&here, sizeof(here)) || listen(listener, 1024))
		die("listen");
	ev.data.fd = listener;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &ev))
		die("epoll_ctl");
	return listener;
}

int main(int argc, char **argv)
{
	struct epoll_event events[256];
	struct sockaddr_in origin;
	int listener;

	for (int option; (option = getopt(argc, argv, "sk")) != -1;) {
		does_splice |= option == 's';
		keeps |= option == 'k';
	}
	if (argc != optind + 2) {
		fprintf(stderr, "usage: %s [-s] [-k] LISTEN_PORT ORIGIN_PORT\n", argv[0]);
		return 2;
	}
	origin = loopback(argv[argc - 1]);
	epoll_fd = epoll_create1(0);
	if (epoll_fd < 0)
		die("epoll_create1");
	make_pipe();
	signal(SIGPIPE, SIG_IGN);
	listener = listen_at(argv[argc - 2]);
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
