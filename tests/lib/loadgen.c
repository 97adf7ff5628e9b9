/* loadgen.c - a steady load and an honest account of what the clients saw.
 *
 *   loadgen [-r RATE] [-k PERCENT] [-t TIMEOUT_MS] [-s SECONDS] ADDRESS PORT [PATH]
 *
 * Sends RATE requests a second (200) whatever becomes of them: a slow answer never slows the next
 * request. PERCENT of them (0) use kept connections (8 when idle), the others a new one each. A
 * request fails when it is refused, reset, closed early, without a whole answer after TIMEOUT_MS
 * (2000), or answered with another status than 200; nothing is retried. Ends after SECONDS, on
 * SIGINT, SIGTERM or "quit".
 *
 * Lines on standard input: "mark NAME" begins a period, "report" prints (SIGUSR1 does too). One
 * line a period and one for all, key=value:
 *   outage_ms  longest time between two successive answers, as far as it overlaps the period
 *              (whole: also what lies before the mark)
 *   late_ms    longest delay of loadgen itself; an outage below it says nothing
 * Each request belongs to the period in which it ended. "pending" tells how many have not, and the
 * age of the oldest: when that is younger than an event, the account of the event is complete. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <http_parser.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <tandem/clock.h>
#include <tandem/list.h>
#include <tandem/util.h>
#include <unistd.h>

enum outcome {
	OK,
	REFUSED, /* connection refused, no route */
	RESET,   /* after the connection was made */
	CLOSED,  /* end of file before the whole answer */
	TIMEOUT, /* of connecting and answering together */
	STATUS,  /* a whole answer, not 200 */
	BAD,     /* not HTTP */
	N_OUTCOMES,
};
static const char *const outcome_names[N_OUTCOMES] = {
	"ok", "refused", "reset", "closed", "timeout", "status", "bad",
};

#define MAX_NAMES 8
#define MAX_IDLE  8 /* kept connections; those that a stall added are closed after use */
#define NAME_LEN  32

struct period {
	char name[NAME_LEN];
	int64_t start_us;
	uint64_t sent, n[N_OUTCOMES];
	int64_t outage_us, outage_at_us; /* when it began */
	int64_t late_us;
	struct {
		char name[NAME_LEN]; /* first word of the body */
		uint64_t n;
	} served[MAX_NAMES];
};

struct load {
	struct ev_loop *loop;
	struct sockaddr_in to;
	double rate;
	unsigned keep_percent;
	int64_t timeout_us, end_us, start_us;
	char request[2][512]; /* close, keep-alive */
	ev_timer tick;
	ev_io input;
	ev_signal on_usr1, on_int, on_term;
	struct list busy; /* struct conn, oldest first: the first times out first */
	struct list idle; /* kept, oldest first */
	unsigned n_idle;
	int64_t last_ok_us;
	uint64_t n_sent;
	unsigned keep_acc; /* spreads kept requests evenly */
	struct period *periods;
	unsigned n_periods;
	char line[256];
	size_t line_len;
};

struct conn {
	struct list node; /* of load->busy or load->idle */
	struct load *load;
	ev_io io;
	http_parser parser;
	int64_t sent_us;
	bool is_kept, is_connected, is_done, is_last;
	size_t written, body_len;
	char body[NAME_LEN];
};

static struct period *period_now(struct load *l)
{
	return &l->periods[l->n_periods - 1];
}

static void period_gap(struct period *p, int64_t from_us, int64_t to_us)
{
	if (to_us - from_us <= p->outage_us)
		return;
	p->outage_us = to_us - from_us;
	p->outage_at_us = from_us;
}

static void period_begin(struct load *l, const char *name)
{
	int64_t now = clock_mono_us();
	struct period *p;

	if (l->n_periods > 0)
		period_gap(period_now(l), l->last_ok_us, now);
	l->periods = xrealloc(l->periods, (l->n_periods + 1) * sizeof(*l->periods));
	p = &l->periods[l->n_periods++];
	*p = (struct period){ .start_us = now };
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
}

static void period_add(struct period *sum, const struct period *p)
{
	sum->sent += p->sent;
	for (int i = 0; i < N_OUTCOMES; i++)
		sum->n[i] += p->n[i];
	if (p->outage_us > sum->outage_us) {
		sum->outage_us = p->outage_us;
		sum->outage_at_us = p->outage_at_us;
	}
	sum->late_us = MAX(sum->late_us, p->late_us);
}

static void period_print(const struct load *l, const char *kind, const struct period *p)
{
	uint64_t failed = 0;

	for (int i = OK + 1; i < N_OUTCOMES; i++)
		failed += p->n[i];
	printf("%s at_s=%.3f sent=%llu ok=%llu failed=%llu", kind,
	       (double)(p->start_us - l->start_us) / 1e6, (unsigned long long)p->sent,
	       (unsigned long long)p->n[OK], (unsigned long long)failed);
	for (int i = OK + 1; i < N_OUTCOMES; i++)
		printf(" %s=%llu", outcome_names[i], (unsigned long long)p->n[i]);
	printf(" outage_ms=%.1f outage_at_s=%.3f late_ms=%.1f", (double)p->outage_us / 1e3,
	       (double)(p->outage_at_us - l->start_us) / 1e6, (double)p->late_us / 1e3);
	for (int i = 0; i < MAX_NAMES && p->served[i].n > 0; i++)
		printf(" by_%s=%llu", p->served[i].name, (unsigned long long)p->served[i].n);
	printf("\n");
}

static void report(struct load *l)
{
	struct period sum = { .start_us = l->start_us };
	char kind[NAME_LEN + 8];
	int64_t now = clock_mono_us();
	double oldest_ms = 0;
	unsigned n_busy = 0;
	const struct conn *c;

	list_for_each (c, &l->busy, node) {
		if (n_busy++ == 0)
			oldest_ms = (double)(now - c->sent_us) / 1e3;
	}
	period_gap(period_now(l), l->last_ok_us, now);
	for (unsigned i = 0; i < l->n_periods; i++) {
		(void)snprintf(kind, sizeof(kind), "mark %s", l->periods[i].name);
		period_print(l, kind, &l->periods[i]);
		period_add(&sum, &l->periods[i]);
	}
	period_print(l, "total", &sum);
	printf("pending n=%u oldest_ms=%.1f\n", n_busy, oldest_ms);
	printf("end of report\n");
	(void)fflush(stdout);
}

static void conn_free(struct conn *c)
{
	ev_io_stop(c->load->loop, &c->io);
	close(c->io.fd);
	list_del(&c->node);
	free(c);
}

static void count_served(struct period *p, const struct conn *c)
{
	size_t len = strcspn(c->body, " \r\n");

	for (int i = 0; i < MAX_NAMES; i++) {
		if (p->served[i].n == 0)
			(void)snprintf(p->served[i].name, NAME_LEN, "%.*s", (int)len, c->body);
		if (strlen(p->served[i].name) == len &&
		    memcmp(p->served[i].name, c->body, len) == 0) {
			p->served[i].n++;
			return;
		}
	}
}

/* The request of c is over. The connection is kept if it may be, else freed. */
static void conn_finish(struct conn *c, enum outcome outcome)
{
	struct load *l = c->load;
	struct period *p = period_now(l);
	int64_t now = clock_mono_us();

	if (outcome == OK && c->parser.status_code != 200)
		outcome = STATUS;
	p->n[outcome]++;
	if (outcome == OK) {
		period_gap(p, l->last_ok_us, now);
		l->last_ok_us = now;
		count_served(p, c);
	}
	if (!c->is_kept || c->is_last || l->n_idle == MAX_IDLE ||
	    (outcome != OK && outcome != STATUS)) {
		conn_free(c);
		return;
	}
	list_del(&c->node);
	list_add_tail(&l->idle, &c->node);
	l->n_idle++;
}

static void conn_watch(struct conn *c, int events)
{
	if (c->io.events == events && ev_is_active(&c->io))
		return;
	ev_io_stop(c->load->loop, &c->io);
	ev_io_set(&c->io, c->io.fd, events);
	ev_io_start(c->load->loop, &c->io);
}

static void conn_write(struct conn *c)
{
	const char *request = c->load->request[c->is_kept];
	ssize_t n =
		send(c->io.fd, request + c->written, strlen(request) - c->written, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN) {
		conn_finish(c, errno == EPIPE || errno == ECONNRESET ? RESET : REFUSED);
		return;
	}
	c->written += n > 0 ? (size_t)n : 0;
	conn_watch(c, c->written < strlen(request) ? EV_WRITE | EV_READ : EV_READ);
}

static int on_body(http_parser *p, const char *at, size_t len)
{
	struct conn *c = container_of(p, struct conn, parser);
	size_t n = MIN(len, sizeof(c->body) - 1 - c->body_len);

	memcpy(c->body + c->body_len, at, n);
	c->body_len += n;
	c->body[c->body_len] = '\0';
	return 0;
}

static int on_complete(http_parser *p)
{
	struct conn *c = container_of(p, struct conn, parser);

	c->is_done = true;
	c->is_last = http_should_keep_alive(p) == 0;
	return 0;
}

static const http_parser_settings settings = { .on_body = on_body,
					       .on_message_complete = on_complete };

static void conn_read(struct conn *c, bool is_idle)
{
	char in[4096];
	ssize_t n = recv(c->io.fd, in, sizeof(in), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (is_idle) { /* the server closed a connection on which nothing was asked */
		c->load->n_idle--;
		conn_free(c);
		return;
	}
	if (n < 0) {
		conn_finish(c, RESET);
		return;
	}
	/* With n == 0 the parser learns of the end of file, which may complete a body. */
	if (http_parser_execute(&c->parser, &settings, in, (size_t)n) != (size_t)n && !c->is_done) {
		conn_finish(c, n == 0 ? CLOSED : BAD);
		return;
	}
	if (n == 0)
		c->is_last = true;
	if (c->is_done)
		conn_finish(c, OK);
	else if (n == 0)
		conn_finish(c, CLOSED);
}

static void conn_on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct conn *c = container_of(w, struct conn, io);
	bool is_idle = c->is_done;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)loop;
	if (!c->is_connected) {
		(void)getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error != 0) {
			conn_finish(c, error == ECONNRESET  ? RESET
				       : error == ETIMEDOUT ? TIMEOUT
							    : REFUSED);
			return;
		}
		c->is_connected = true;
	}
	if ((revents & EV_READ) != 0)
		conn_read(c, is_idle);
	else
		conn_write(c);
}

static void conn_ask(struct conn *c)
{
	http_parser_init(&c->parser, HTTP_RESPONSE);
	c->written = c->body_len = 0;
	c->body[0] = '\0';
	c->is_done = c->is_last = false;
	c->sent_us = clock_mono_us();
	list_del(&c->node);
	list_add_tail(&c->load->busy, &c->node);
	period_now(c->load)->sent++;
}

static void request_on_new(struct load *l, bool is_kept)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct conn *c;
	int one = 1;

	if (fd < 0)
		err(1, "socket");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c = xcalloc(1, sizeof(*c));
	c->load = l;
	c->is_kept = is_kept;
	list_init(&c->node);
	ev_io_init(&c->io, conn_on_io, fd, EV_WRITE);
	conn_ask(c);
	if (connect(fd, (const struct sockaddr *)&l->to, sizeof(l->to)) != 0 &&
	    errno != EINPROGRESS) {
		conn_finish(c, REFUSED);
		return;
	}
	ev_io_start(l->loop, &c->io);
}

static void request_start(struct load *l)
{
	struct conn *c;
	bool is_kept;

	l->n_sent++;
	l->keep_acc += l->keep_percent;
	is_kept = l->keep_acc >= 100;
	if (!is_kept) {
		request_on_new(l, false);
		return;
	}
	l->keep_acc -= 100;
	c = list_first(&l->idle, struct conn, node);
	if (c == NULL) {
		request_on_new(l, true);
		return;
	}
	l->n_idle--;
	conn_ask(c);
	conn_write(c);
}

static void load_on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct load *l = container_of(w, struct load, tick);
	int64_t now = clock_mono_us();
	uint64_t due = (uint64_t)((double)(now - l->start_us) * l->rate / 1e6);
	int64_t late = now - l->start_us - (int64_t)((double)(l->n_sent + 1) * 1e6 / l->rate);
	struct conn *c;

	(void)revents;
	period_now(l)->late_us = MAX(period_now(l)->late_us, late);
	while ((c = list_first(&l->busy, struct conn, node)) != NULL &&
	       now - c->sent_us >= l->timeout_us)
		conn_finish(c, TIMEOUT);
	if (now >= l->end_us) {
		if (list_is_empty(&l->busy))
			ev_break(loop, EVBREAK_ALL);
		return;
	}
	while (l->n_sent < due)
		request_start(l);
}

static void load_command(struct load *l, char *line)
{
	if (strncmp(line, "mark ", 5) == 0)
		period_begin(l, line + 5);
	else if (strcmp(line, "report") == 0)
		report(l);
	else if (strcmp(line, "quit") == 0)
		ev_break(l->loop, EVBREAK_ALL);
	else
		warnx("unknown command '%s'", line);
}

static void load_on_input(struct ev_loop *loop, ev_io *w, int revents)
{
	struct load *l = container_of(w, struct load, input);
	ssize_t n = read(w->fd, l->line + l->line_len, sizeof(l->line) - 1 - l->line_len);
	char *end;

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		ev_io_stop(loop, w);
		return;
	}
	l->line_len += (size_t)n;
	l->line[l->line_len] = '\0';
	while ((end = strchr(l->line, '\n')) != NULL) {
		*end = '\0';
		load_command(l, l->line);
		l->line_len -= (size_t)(end + 1 - l->line);
		memmove(l->line, end + 1, l->line_len + 1);
	}
	if (l->line_len == sizeof(l->line) - 1)
		l->line_len = 0;
}

static void load_on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)revents;
	if (w->signum == SIGUSR1)
		report(container_of(w, struct load, on_usr1));
	else
		ev_break(loop, EVBREAK_ALL);
}

static void watch_signal(struct load *l, ev_signal *w, int signum)
{
	ev_signal_init(w, load_on_signal, signum);
	ev_signal_start(l->loop, w);
}

static void load_parse_args(struct load *l, int argc, char **argv)
{
	int opt;
	double seconds = 0;

	l->rate = 200;
	l->timeout_us = 2 * US_PER_S;
	while ((opt = getopt(argc, argv, "r:k:t:s:")) != -1) {
		if (opt == 'r')
			l->rate = strtod(optarg, NULL);
		else if (opt == 'k')
			l->keep_percent = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 't')
			l->timeout_us = (int64_t)strtoul(optarg, NULL, 10) * US_PER_MS;
		else if (opt == 's')
			seconds = strtod(optarg, NULL);
		else
			exit(1);
	}
	if (argc - optind < 2 || argc - optind > 3 || l->rate <= 0)
		errx(1, "usage: loadgen [-r RATE] [-k PERCENT] [-t TIMEOUT_MS] [-s SECONDS] "
			"ADDRESS PORT [PATH]");
	l->to = (struct sockaddr_in){ .sin_family = AF_INET };
	l->to.sin_port = htons((uint16_t)strtoul(argv[optind + 1], NULL, 10));
	if (inet_pton(AF_INET, argv[optind], &l->to.sin_addr) != 1)
		errx(1, "'%s' is not an IPv4 address", argv[optind]);
	for (int keep = 0; keep < 2; keep++)
		(void)snprintf(l->request[keep], sizeof(l->request[keep]),
			       "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: loadgen\r\n%s\r\n",
			       argc - optind == 3 ? argv[optind + 2] : "/", argv[optind],
			       keep ? "" : "Connection: close\r\n");
	l->start_us = l->last_ok_us = clock_mono_us();
	l->end_us = seconds > 0 ? l->start_us + (int64_t)(seconds * 1e6) : INT64_MAX;
}

int main(int argc, char **argv)
{
	static struct load l;
	struct rlimit files;

	load_parse_args(&l, argc, argv);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	l.loop = ev_default_loop(0);
	list_init(&l.busy);
	list_init(&l.idle);
	period_begin(&l, "start");
	watch_signal(&l, &l.on_usr1, SIGUSR1);
	watch_signal(&l, &l.on_int, SIGINT);
	watch_signal(&l, &l.on_term, SIGTERM);
	(void)fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	ev_io_init(&l.input, load_on_input, STDIN_FILENO, EV_READ);
	ev_io_start(l.loop, &l.input);
	ev_timer_init(&l.tick, load_on_tick, 0.001, MIN(0.5 / l.rate, 0.002));
	ev_timer_start(l.loop, &l.tick);
	ev_run(l.loop, 0);
	report(&l);
	return 0;
}
