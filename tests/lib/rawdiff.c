/* rawdiff.c - sends the same bytes through two proxies and tells where they differ.
 *
 *   rawdiff CONFIG PROXY_A PROXY_B <TABLE
 *
 * It listens for both proxies (CONFIG: bind "fd@${FE}") and is the server behind both
 * (server s 127.0.0.1:${SERVER_PORT}). A line of the table is
 *
 *   name | reason why a difference is accepted, or nothing | request [| response]
 *
 * with C's escapes \r \n \t \\ \xHH, \*N;c for N times c, and \~ for a pause in a request. Where
 * the reason begins with '?', both may be the same, and a difference must be that B refuses (unless
 * the reason is a cut message). The server answers each request with the response of the line ("
 * <close>" behind it: and closes), by default a 200 with two bytes. Compared are status, framing
 * and body of what the client saw, whether its connection was closed, and all that the server saw,
 * with field names in lower case, sorted. Exit status 1: differences that nobody has accepted, or
 * accepted ones that are none any more. */
#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNS  8
#define MAX_FIELDS 64
#define MAX_BYTES  (256 * 1024)
#define QUIET_MS   80  /* both have answered: nothing more will come */
#define SILENCE_MS 900 /* longer than all timeouts in the configuration */
#define PATIENCE   5   /* times, before a difference is believed on a busy machine */
#define MAX_CUTS   32

struct bytes {
	char p[MAX_BYTES + 1];
	size_t len;
	size_t cuts[MAX_CUTS]; /* where a request pauses */
	unsigned n_cuts;
};

/* Where a stream of HTTP messages is, as the one reads it who is honest. */
struct conn {
	int fd; /* -1: free */
	struct bytes in;
	size_t at; /* begin of the next message */
};

struct side {
	const char *program;
	pid_t pid;
	int front_fd, server_fd;
	struct sockaddr_in front;
	int client; /* -1: closed by the proxy */
	struct bytes answer;
	struct conn conns[MAX_CONNS];
	char seen[2][8192]; /* by the client, by the server */
};

static struct side sides[2];
static struct bytes request, response;
static bool is_closing; /* the server closes behind its response */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int listen_anywhere(struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*a = (struct sockaddr_in){ .sin_family = AF_INET };
	a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)a, sizeof(*a)) == -1 || listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)a, &len) == -1)
		err(2, "listen");
	return fd;
}

static void start_proxy(struct side *s, const char *config)
{
	struct sockaddr_in server;
	char text[16];

	s->front_fd = listen_anywhere(&s->front);
	s->server_fd = listen_anywhere(&server);
	s->client = -1;
	for (int i = 0; i < MAX_CONNS; i++)
		s->conns[i].fd = -1;
	s->pid = fork();
	if (s->pid == -1)
		err(2, "fork");
	if (s->pid == 0) {
		snprintf(text, sizeof(text), "%d", s->front_fd);
		setenv("FE", text, 1);
		snprintf(text, sizeof(text), "%d", ntohs(server.sin_port));
		setenv("SERVER_PORT", text, 1);
		close(s->server_fd);
		close(STDIN_FILENO);
		(void)open("/dev/null", O_RDONLY); /* ours is the table */
		execlp(s->program, s->program, "-db", "-f", config, (char *)NULL);
		err(2, "%s", s->program);
	}
}

/* ---- the table ---- */

static void unescape(const char *p, const char *end, struct bytes *out)
{
	out->len = out->n_cuts = 0;
	while (p < end && out->len < MAX_BYTES) {
		char c = *p++, *after;
		unsigned long n = 1;

		if (c == '\\' && p < end) {
			c = *p++;
			switch (c) {
			case 'r':
				c = '\r';
				break;
			case 'n':
				c = '\n';
				break;
			case 't':
				c = '\t';
				break;
			case 'x': {
				char hex[3] = { p[0], p[1], 0 };

				c = (char)strtoul(hex, NULL, 16);
				p += 2;
				break;
			}
			case '~':
				if (out->n_cuts < MAX_CUTS)
					out->cuts[out->n_cuts++] = out->len;
				continue;
			case '*':
				n = strtoul(p, &after, 10);
				c = after[1];
				p = after + 2;
				break;
			default:
				break;
			}
		}
		while (n-- > 0 && out->len < MAX_BYTES)
			out->p[out->len++] = c;
	}
	out->p[out->len] = '\0';
}

/* ---- reading HTTP ---- */

static const char *field(const char *head, const char *end, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = head; (p = memchr(p, '\n', (size_t)(end - p))) != NULL && ++p < end;)
		if (strncasecmp(p, name, len) == 0 && p[len] == ':')
			return p + len + 1 + strspn(p + len + 1, " \t");
	return NULL;
}

static bool is_chunked(const char *head, const char *end)
{
	const char *v = field(head, end, "transfer-encoding");

	return v != NULL && strncasecmp(v, "chunked", 7) == 0;
}

/* Behind the chunked body at p; NULL: not complete. The data goes to out, which may be NULL. */
static const char *skip_chunks(const char *p, const char *end, struct bytes *out)
{
	while (p < end) {
		char *line = memchr(p, '\n', (size_t)(end - p));
		size_t n;

		if (line == NULL)
			return NULL;
		n = strtoul(p, NULL, 16);
		p = line + 1;
		if (n == 0) { /* trailers count as data: they are compared */
			for (; p < end && *p != '\r' && *p != '\n'; p = line + 1) {
				line = memchr(p, '\n', (size_t)(end - p));
				if (line == NULL)
					return NULL;
				for (; out != NULL && p < line; p++)
					if (*p != ' ' && *p != '\r')
						out->p[out->len++] = (char)tolower(*p);
			}
			line = memchr(p, '\n', (size_t)(end - p));
			return line != NULL ? line + 1 : NULL;
		}
		if (n > MAX_BYTES || (size_t)(end - p) < n + 2)
			return NULL;
		if (out != NULL) {
			memcpy(out->p + out->len, p, n);
			out->len += n;
		}
		p += n + 2;
	}
	return NULL;
}

/* The message at p: its head and body, and what is behind it. NULL: not complete. */
static const char *skip_message(const char *p, const char *end, bool has_body, bool to_end,
				const char **head_end, struct bytes *body)
{
	const char *rest = memmem(p, (size_t)(end - p), "\r\n\r\n", 4), *v;
	size_t n;

	body->len = 0;
	if (rest == NULL)
		return NULL;
	*head_end = rest += 4;
	if (!has_body)
		return rest;
	if (is_chunked(p, rest))
		return skip_chunks(rest, end, body);
	v = field(p, rest, "content-length");
	n = v != NULL ? strtoul(v, NULL, 10) : to_end ? (size_t)(end - rest) : 0;
	if (n > MAX_BYTES || (size_t)(end - rest) < n)
		return NULL;
	memcpy(body->p, rest, n);
	body->len = n;
	return rest + n;
}

/* ---- what was seen, as text ---- */

static void add(char *out, size_t size, const char *p, size_t len)
{
	size_t at = strlen(out);

	for (size_t i = 0; i < len && at + 5 < size; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c >= ' ' && c < 0x7f)
			out[at++] = (char)c;
		else
			at += (size_t)snprintf(out + at, 5, "\\x%02x", c);
	}
	out[at] = '\0';
}

/* What is no whole message: field names cannot be told from the rest. */
static void add_part(char *out, size_t size, const char *p, size_t len)
{
	char *copy = strndup(p, len < 400 ? len : 400), *to = copy;

	for (char *c = to; *c != '\0'; c++) /* haproxy writes a blank behind each colon */
		if (*c != ' ')
			*to++ = (char)tolower(*c);
	*to = '\0';
	add(out, size, copy, strlen(copy));
	free(copy);
}

static void add_text(char *out, size_t size, const char *text)
{
	add(out, size, text, strlen(text));
}

static void add_body(char *out, size_t size, const struct bytes *body)
{
	char text[32];

	if (body->len <= 100) {
		add(out, size, body->p, body->len);
		return;
	}
	snprintf(text, sizeof(text), "(%zu bytes)", body->len);
	add_text(out, size, text);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "GET / HTTP/1.1; host: a; x: 1; body" */
static void describe_request(const char *head, const char *head_end, const struct bytes *body,
			     char *out, size_t size)
{
	char *lines[MAX_FIELDS], *copy = strndup(head, (size_t)(head_end - head)), *save = NULL;
	int n = 0;

	for (char *l = strtok_r(copy, "\r\n", &save); l != NULL && n < MAX_FIELDS;
	     l = strtok_r(NULL, "\r\n", &save)) {
		char *colon = n > 0 ? strchr(l, ':') : NULL, *v;
		size_t len = strlen(l);

		while (len > 0 && (l[len - 1] == ' ' || l[len - 1] == '\t'))
			l[--len] = '\0';
		lines[n++] = l;
		if (colon == NULL)
			continue;
		for (char *p = l; p < colon; p++)
			*p = (char)tolower(*p);
		v = colon + 1 + strspn(colon + 1, " \t");
		memmove(colon + 1, v, strlen(v) + 1);
		if (strncmp(l, "connection:", 11) == 0)
			for (char *p = colon; *p != '\0'; p++)
				*p = (char)tolower(*p);
	}
	if (n > 1)
		qsort(lines + 1, (size_t)n - 1, sizeof(*lines), by_text);
	add_text(out, size, out[0] ? " // " : "");
	for (int i = 0; i < n; i++) {
		add_text(out, size, i > 0 ? "; " : "");
		add_text(out, size, lines[i]);
	}
	add_text(out, size, "; ");
	add_body(out, size, body);
	free(copy);
}

/* "200 length 2 [ok]", the responses in order, then what is left over, then "closed". */
static void describe_answer(struct side *s)
{
	static struct bytes body;
	const char *p = s->answer.p, *end = p + s->answer.len, *head_end, *next;
	bool is_head = strncmp(request.p, "HEAD ", 5) == 0, is_over = s->client == -1;
	char *out = s->seen[0];
	const size_t size = sizeof(s->seen[0]);

	while (p < end && end - p > 12 && strncmp(p, "HTTP/1.", 7) == 0) {
		int status = atoi(p + 9);
		bool has_body = !is_head && status >= 200 && status != 204 && status != 304;
		char text[64];

		next = skip_message(p, end, has_body, is_over, &head_end, &body);
		if (next == NULL)
			break;
		snprintf(text, sizeof(text), "%s%d %s [", out[0] ? ", " : "", status,
			 is_chunked(p, head_end)                        ? "chunked"
			 : field(p, head_end, "content-length") != NULL ? "length"
									: "none");
		add_text(out, size, text);
		add_body(out, size, &body);
		add_text(out, size, "]");
		p = next;
		if (status == 101)
			break;
	}
	if (p < end) {
		add_text(out, size, " rest ");
		add_part(out, size, p, (size_t)(end - p));
	}
	if (is_over)
		add_text(out, size, ", closed");
}

/* ---- one case ---- */

static void send_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* refused in the middle: its answer says the rest */
		p += n;
		len -= (size_t)n;
	}
}

static void send_request(int fd)
{
	const struct timespec pause = { .tv_nsec = 1500000 };
	size_t at = 0;

	for (unsigned i = 0; i < request.n_cuts; i++) {
		send_all(fd, request.p + at, request.cuts[i] - at);
		at = request.cuts[i];
		nanosleep(&pause, NULL);
	}
	send_all(fd, request.p + at, request.len - at);
}

static void close_conn(struct conn *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
}

static void on_accept(struct side *s)
{
	int fd = accept(s->server_fd, NULL, NULL);

	for (int i = 0; i < MAX_CONNS && fd != -1; i++) {
		struct conn *c = &s->conns[i];

		if (c->fd != -1)
			continue;
		c->fd = fd;
		c->at = c->in.len = 0;
		return;
	}
	if (fd != -1)
		close(fd);
}

/* A cut request. How far its chunks had come is not compared: haproxy makes them anew. */
static void describe_part(struct side *s, const char *p, const char *end)
{
	static struct bytes body;
	const char *head_end = memmem(p, (size_t)(end - p), "\r\n\r\n", 4);
	char *out = s->seen[1];
	const size_t size = sizeof(s->seen[1]);

	add_text(out, size, out[0] ? " // part " : "part ");
	if (head_end == NULL) {
		add_part(out, size, p, (size_t)(end - p));
		return;
	}
	head_end += 4;
	body.len = is_chunked(p, head_end) ? 0 : (size_t)(end - head_end);
	memcpy(body.p, head_end, body.len);
	describe_request(p, head_end, &body, out, size);
}

static void on_request_bytes(struct side *s, struct conn *c)
{
	static struct bytes body;
	ssize_t n = recv(c->fd, c->in.p + c->in.len, MAX_BYTES - c->in.len, 0);
	const char *head_end, *next;

	if (n <= 0) {
		if (c->in.len > c->at) /* the beginning of something */
			describe_part(s, c->in.p + c->at, c->in.p + c->in.len);
		close_conn(c);
		return;
	}
	c->in.len += (size_t)n;
	while (c->fd != -1 && c->at < c->in.len &&
	       (next = skip_message(c->in.p + c->at, c->in.p + c->in.len, true, false, &head_end,
				    &body)) != NULL) {
		describe_request(c->in.p + c->at, head_end, &body, s->seen[1], sizeof(s->seen[1]));
		c->at = (size_t)(next - c->in.p);
		send_all(c->fd, response.p, response.len);
		if (is_closing)
			close_conn(c);
	}
}

static void on_answer_bytes(struct side *s)
{
	ssize_t n = recv(s->client, s->answer.p + s->answer.len, MAX_BYTES - s->answer.len, 0);

	if (n > 0) {
		s->answer.len += (size_t)n;
		return;
	}
	close(s->client);
	s->client = -1;
}

static bool is_settled(void)
{
	return (sides[0].client == -1 || sides[0].answer.len > 0) &&
	       (sides[1].client == -1 || sides[1].answer.len > 0);
}

/* Returns whether anything happened. */
static bool turn(int timeout_ms)
{
	struct pollfd fds[2 * (MAX_CONNS + 2)];
	const int each = MAX_CONNS + 2;

	for (int i = 0; i < 2; i++) {
		struct pollfd *p = fds + i * each;

		p[0] = (struct pollfd){ sides[i].server_fd, POLLIN, 0 };
		p[1] = (struct pollfd){ sides[i].client, POLLIN, 0 };
		for (int k = 0; k < MAX_CONNS; k++)
			p[2 + k] = (struct pollfd){ sides[i].conns[k].fd, POLLIN, 0 };
	}
	for (int i = 0; i < 2; i++)
		if (waitpid(sides[i].pid, NULL, WNOHANG) == sides[i].pid)
			errx(2, "%s ended", sides[i].program);
	if (poll(fds, (nfds_t)each * 2, timeout_ms) <= 0)
		return false;
	for (int i = 0; i < 2; i++) {
		struct pollfd *p = fds + i * each;

		for (int k = 0; k < MAX_CONNS; k++)
			if (p[2 + k].revents)
				on_request_bytes(&sides[i], &sides[i].conns[k]);
		if (p[0].revents)
			on_accept(&sides[i]);
		if (p[1].revents)
			on_answer_bytes(&sides[i]);
	}
	return true;
}

static void close_all(void)
{
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < MAX_CONNS; k++)
			close_conn(&sides[i].conns[k]);
}

static void run_case(int patience)
{
	int64_t last_ms;
	int one = 1;

	for (int i = 0; i < 2; i++) {
		struct side *s = &sides[i];

		s->answer.len = 0;
		s->seen[0][0] = s->seen[1][0] = '\0';
		s->client = socket(AF_INET, SOCK_STREAM, 0);
		if (s->client == -1 ||
		    connect(s->client, (struct sockaddr *)&s->front, sizeof(s->front)) == -1)
			err(2, "connect");
		(void)setsockopt(s->client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		send_request(s->client);
	}
	last_ms = now_ms();
	while (now_ms() - last_ms < (is_settled() ? QUIET_MS * patience : SILENCE_MS)) {
		if (turn(20))
			last_ms = now_ms();
		if (sides[0].client == -1 && sides[1].client == -1)
			break;
	}
	for (int i = 0; i < 2; i++) {
		describe_answer(&sides[i]);
		if (sides[i].client != -1)
			close(sides[i].client);
		sides[i].client = -1;
	}
	/* what a server saw half is told when its connection closes, soon after the client's */
	for (last_ms = now_ms(); now_ms() - last_ms < 15 * patience;)
		(void)turn(5);
	close_all();
	/* they see now that their idle connections ended, and not in the middle of the next case */
	for (last_ms = now_ms(); now_ms() - last_ms < 4 * patience;)
		(void)turn(2);
	close_all();
}

/* A request that waits while a proxy starts would be counted to the case behind it. */
static void wait_until_ready(void)
{
	static const char get[] = "GET / HTTP/1.0\\r\\n\\r\\n",
			  ok[] = "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n";

	unescape(get, get + strlen(get), &request);
	unescape(ok, ok + strlen(ok), &response);
	for (int i = 0; i < 10; i++) {
		run_case(PATIENCE);
		if (strstr(sides[0].seen[0], "200") && strstr(sides[1].seen[0], "200"))
			break;
	}
	run_case(PATIENCE); /* what waited has been served */
}

static bool is_different(void)
{
	return strcmp(sides[0].seen[0], sides[1].seen[0]) != 0 ||
	       strcmp(sides[0].seen[1], sides[1].seen[1]) != 0;
}

/* B's client got an error at last, and its server nothing that A's did not get. */
static bool is_refusal(void)
{
	const char *part = strstr(sides[1].seen[1], "part ");
	size_t whole = part ? (size_t)(part - sides[1].seen[1]) : strlen(sides[1].seen[1]);

	return strncmp(sides[0].seen[1], sides[1].seen[1], whole) == 0 &&
	       (strstr(sides[1].seen[0], "400 ") || strstr(sides[1].seen[0], "502 "));
}

/* Returns whether the case is as the table says. */
static bool report(const char *name, const char *accepted)
{
	static const char *const what[] = { "client saw", "server saw" };
	bool differs = is_different();

	if (!differs && (accepted[0] == '\0' || accepted[0] == '?'))
		return true;
	if (accepted[0] == '?' && !strstr(accepted, "ours:") && !is_refusal())
		accepted = "";
	if (!differs) {
		printf("SAME     %s: no difference any more; it was accepted: %s\n", name,
		       accepted);
		return false;
	}
	if (accepted[0] != '\0' && getenv("VERBOSE") == NULL)
		return true;
	printf("%s %s%s%s\n", accepted[0] ? "accepted" : "DIFFERS ", name, accepted[0] ? ": " : "",
	       accepted);
	for (int k = 0; k < 2; k++)
		if (strcmp(sides[0].seen[k], sides[1].seen[k]) != 0)
			printf("  %s\n    A: %s\n    B: %s\n", what[k], sides[0].seen[k],
			       sides[1].seen[k]);
	return accepted[0] != '\0';
}

/* Cuts the next field of the line, blanks around it left out. NULL: no more. */
static char *next_field(char **line)
{
	char *p = *line, *bar, *end;

	if (p == NULL)
		return NULL;
	p += strspn(p, " \t");
	bar = strchr(p, '|');
	end = bar != NULL ? bar : p + strlen(p);
	*line = bar != NULL ? bar + 1 : NULL;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\n'))
		end--;
	*end = '\0';
	return p;
}

int main(int argc, char **argv)
{
	static const char ok[] = "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok";
	char *line = NULL;
	size_t size = 0;
	unsigned n = 0, n_bad = 0, n_again = 0;

	if (argc != 4)
		errx(2, "usage: rawdiff CONFIG PROXY_A PROXY_B <TABLE");
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		sides[i].program = argv[2 + i];
		start_proxy(&sides[i], argv[1]);
	}
	wait_until_ready();
	while (getline(&line, &size, stdin) > 0) {
		char *rest = line, *name = next_field(&rest), *accepted = next_field(&rest),
		     *req = next_field(&rest), *res = next_field(&rest);
		size_t len;

		if (name[0] == '#' || name[0] == '\0' || req == NULL)
			continue;
		if (res == NULL || res[0] == '\0')
			res = (char *)ok;
		len = strlen(res);
		is_closing = len >= 7 && strcmp(res + len - 7, "<close>") == 0;
		unescape(req, req + strlen(req), &request);
		len -= is_closing ? (len > 7 ? 8 : 7) : 0; /* with the blank before it */
		unescape(res, res + len, &response);
		run_case(1);
		if (is_different()) {
			run_case(PATIENCE);
			n_again++;
		}
		n++;
		n_bad += report(name, accepted) ? 0 : 1;
		fflush(stdout);
	}
	free(line);
	for (int i = 0; i < 2; i++)
		kill(sides[i].pid, SIGTERM);
	for (int i = 0; i < 2; i++)
		waitpid(sides[i].pid, NULL, 0);
	printf("%u cases, %u of them not as the table says (%u were looked at twice)\n", n, n_bad,
	       n_again);
	return n_bad > 0 || n == 0;
}
