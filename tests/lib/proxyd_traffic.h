/* proxyd_traffic.h - the real program between clients and an HTTP server that live in the test. */
#ifndef TESTS_PROXYD_TRAFFIC_H
#define TESTS_PROXYD_TRAFFIC_H

#include "proxyd_run.h"

#include <pthread.h>
#include <stdatomic.h>

static struct run run;
static uint16_t port, other_port, server_port;
static int server_fd;

/* ---- an HTTP server: one thread a connection, an answer of four bytes for each request ---- */

static _Atomic bool is_slow; /* holds its answers back */

static inline void *serve_connection(void *arg)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";
	int fd = (int)(intptr_t)arg;
	char in[4096];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, in + len, sizeof(in) - 1 - len)) > 0) {
		len += (size_t)n;
		in[len] = '\0';
		if (strstr(in, "\r\n\r\n") == NULL)
			continue;
		while (atomic_load(&is_slow))
			run_nap();
		if (write(fd, answer, sizeof(answer) - 1) < 0)
			break;
		len = 0;
	}
	close(fd);
	return NULL;
}

static inline void *serve(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(server_fd, NULL, NULL)) >= 0) {
		pthread_t t;

		if (pthread_create(&t, NULL, serve_connection, (void *)(intptr_t)fd) == 0)
			pthread_detach(t);
	}
	return NULL;
}

/* ---- a client ---- */

static inline void ask(int fd)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

	ck_assert_int_eq(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL),
			 (int)sizeof(request) - 1);
}

/* The status; 0: the connection ended without an answer. *closes: the server will close. */
static inline int read_answer(int fd, bool *closes)
{
	char in[4096];
	size_t len = 0;
	ssize_t n;
	int status = 0;

	*closes = false;
	while (len < sizeof(in) - 1 && (n = read(fd, in + len, sizeof(in) - 1 - len)) > 0) {
		const char *body;

		len += (size_t)n;
		in[len] = '\0';
		body = strstr(in, "\r\n\r\n");
		if (body == NULL || sscanf(in, "HTTP/1.1 %d", &status) != 1)
			continue;
		*closes = strcasestr(in, "connection: close") != NULL;
		if (status != 200 || strlen(body + 4) >= 4)
			return status;
	}
	return 0;
}

static inline int get(uint16_t p)
{
	int fd = run_connect(p), status;
	bool closes;

	if (fd == -1)
		return -1;
	ask(fd);
	status = read_answer(fd, &closes);
	close(fd);
	return status;
}

/* ---- configuration ---- */

static inline void write_cfg(uint16_t at, const char *global, const char *more)
{
	run_write(&run, "p.cfg",
		  "global\n\tstats socket unix@sock level admin\n\tnbthread 2\n%s"
		  "defaults\n\tmode http\n\ttimeout connect 5s\n\ttimeout client 8s\n"
		  "\ttimeout server 8s\n"
		  "frontend fe\n\tbind 127.0.0.1:%u\n\tdefault_backend be\n"
		  "backend be\n\tserver s 127.0.0.1:%u\n%s",
		  global, at, server_port, more);
}

static inline void start(bool with_master)
{
	static const char *const alone[] = { "-db", "-f", "p.cfg", NULL };
	static const char *const master[] = { "-W", "-db", "-f", "p.cfg", NULL };

	run_start(&run, 0, with_master ? master : alone);
	run_expect(&run, "started");
}

/* Send SIGHUP and wait for the n-th outcome. */
static inline void reload(const char *outcome, unsigned n)
{
	ck_assert_int_eq(kill(run.pid, SIGHUP), 0);
	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		unsigned found = 0;

		run_read(&run);
		for (const char *p = run.text; (p = strstr(p, outcome)) != NULL; p++)
			found++;
		if (found >= n)
			return;
		run_nap();
	}
	ck_abort_msg("no '%s' for the %u. time:\n%s", outcome, n, run_tail(&run));
}

static inline void setup(void)
{
	pthread_t t;

	signal(SIGPIPE, SIG_IGN);
	run_init(&run);
	server_fd = run_listen(&server_port);
	port = run_free_port();
	other_port = run_free_port();
	ck_assert_int_eq(pthread_create(&t, NULL, serve, NULL), 0);
	pthread_detach(t);
	write_cfg(port, "", "");
}

static inline void teardown(void)
{
	run_fini(&run);
}

static inline void end(int sig)
{
	ck_assert_int_eq(kill(run.pid, sig), 0);
	ck_assert_msg(run_wait(&run) == 0, "%s", run_tail(&run));
}

/* ---- load ---- */

struct load {
	pthread_t thread;
	_Atomic bool stop;
	_Atomic unsigned n_good, n_bad;
	bool keep_alive;
	bool may_be_closed; /* an idle connection, by a process that ends: asked again on another */
};

static inline void *run_load(void *arg)
{
	struct load *l = arg;
	int fd = -1;

	while (!atomic_load(&l->stop)) {
		bool closes, is_new = fd == -1;
		int status;

		if (is_new)
			fd = run_connect(port);
		if (fd == -1) {
			atomic_fetch_add(&l->n_bad, 1);
			continue;
		}
		ask(fd);
		status = read_answer(fd, &closes);
		if (status == 200)
			atomic_fetch_add(&l->n_good, 1);
		else if (status != 0 || is_new || !l->may_be_closed)
			atomic_fetch_add(&l->n_bad, 1);
		if (closes || status != 200 || !l->keep_alive) {
			close(fd);
			fd = -1;
		}
		run_nap();
	}
	if (fd != -1)
		close(fd);
	return NULL;
}

static inline void start_load(struct load *loads, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(pthread_create(&loads[i].thread, NULL, run_load, &loads[i]), 0);
}

/* All of it was served. */
static inline void end_load(struct load *loads, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		atomic_store(&loads[i].stop, true);
		pthread_join(loads[i].thread, NULL);
		ck_assert_uint_gt(atomic_load(&loads[i].n_good), 10);
		ck_assert_msg(atomic_load(&loads[i].n_bad) == 0, "load %zu: %u of %u failed", i,
			      atomic_load(&loads[i].n_bad), atomic_load(&loads[i].n_good));
	}
}

#endif
