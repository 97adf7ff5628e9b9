/* sink.c - where the benchmark's bytes end; all on 127.0.0.1, until SIGTERM.
 *
 * sink udp PORT    receives datagrams, says at the end how many
 * sink http PORT   an origin that reads each request with its body whole and answers 200 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FD 65536

static volatile sig_atomic_t is_over;

static void on_term(int sig)
{
	(void)sig;
	is_over = 1;
}

static int open_at(const char *port, int type)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

	a.sin_port = htons((unsigned short)strtoul(port, NULL, 10));
	if (type == SOCK_DGRAM)
		a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		err(1, "bind");
	return fd;
}

static int run_udp(const char *port)
{
	static char bytes[65536];
	unsigned long n = 0;
	int fd = open_at(port, SOCK_DGRAM);

	while (!is_over)
		n += recv(fd, bytes, sizeof(bytes), 0) > 0;
	printf("%lu\n", n);
	return 0;
}

/* Of each connection: the head so far, or how much of the body is to come. */
static struct {
	char head[2048];
	size_t head_len;
	unsigned long body_left;
} conns[MAX_FD];

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/* The bytes of one read. False: the connection is of no use any more. */
static int take(int fd, const char *bytes, size_t n)
{
	const char *end, *length;
	size_t in_head;

	while (n > 0) {
		if (conns[fd].body_left == 0) {
			size_t room = sizeof(conns[fd].head) - 1 - conns[fd].head_len;
			size_t before = conns[fd].head_len, m = n < room ? n : room;

			memcpy(conns[fd].head + before, bytes, m);
			conns[fd].head_len += m;
			conns[fd].head[conns[fd].head_len] = '\0';
			end = strstr(conns[fd].head, "\r\n\r\n");
			if (end == NULL)
				return m == n;
			in_head = (size_t)(end + 4 - conns[fd].head) - before;
			length = strcasestr(conns[fd].head, "content-length:");
			conns[fd].body_left =
				length && length < end ? strtoul(length + 15, NULL, 10) : 0;
			conns[fd].head_len = 0;
			bytes += in_head;
			n -= in_head;
		} else {
			size_t m = n < conns[fd].body_left ? n : conns[fd].body_left;

			conns[fd].body_left -= m;
			bytes += m;
			n -= m;
		}
		if (conns[fd].body_left == 0 &&
		    write(fd, answer, sizeof(answer) - 1) != (ssize_t)sizeof(answer) - 1)
			return 0;
	}
	return 1;
}

static void on_readable(int fd)
{
	static char bytes[262144];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n > 0 && take(fd, bytes, (size_t)n))
		return;
	close(fd);
	memset(&conns[fd], 0, sizeof(conns[fd]));
}

static void accept_one(int listener, int epoll_fd)
{
	int fd = accept(listener, NULL, NULL), one = 1;
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0 || fd >= MAX_FD || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0)
		err(1, "accept");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static int run_http(const char *port)
{
	int listener = open_at(port, SOCK_STREAM), epoll_fd = epoll_create1(0);
	struct epoll_event events[64], ev = { .events = EPOLLIN, .data.fd = listener };

	if (listen(listener, 1024) != 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &ev) != 0)
		err(1, "listen");
	while (!is_over) {
		int n = epoll_wait(epoll_fd, events, 64, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_one(listener, epoll_fd);
			else
				on_readable(events[i].data.fd);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_term };

	sigaction(SIGTERM, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "udp") == 0)
		return run_udp(argv[2]);
	if (argc == 3 && strcmp(argv[1], "http") == 0)
		return run_http(argv[2]);
	errx(2, "usage: sink udp|http PORT");
}
