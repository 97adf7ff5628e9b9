/* pool_fixture.h - backends made in memory for the unit tests of pool/, lb/ and health/: a proxy
 * configuration with up to FIX_MAX servers that a test can change before and after backend_new, and
 * the lines that were logged. The thread that calls fix_init is the control thread. */
#ifndef TESTS_POOL_FIXTURE_H
#define TESTS_POOL_FIXTURE_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/log.h>
#include <tandem/loop.h>
#include <urcu/urcu-qsbr.h>

#include "config/cfg_model.h"
#include "pool/backend.h"
#include "pool/server.h"

#define FIX_MAX 16

struct fix_cfg {
	struct cfg_proxy px;
	struct cfg_check check;
	struct cfg_step steps[3];
	struct cfg_server servers[FIX_MAX];
};

static char fix_lines[32][512] __attribute__((unused)); /* what was said since fix_forget_lines */
static int fix_levels[32] __attribute__((unused));
static unsigned fix_n_lines __attribute__((unused));

static inline void fix_on_line(const struct cfg_proxy *px, int level, const char *text)
{
	(void)px;
	if (fix_n_lines == 32)
		return;
	snprintf(fix_lines[fix_n_lines], sizeof(fix_lines[0]), "%s", text);
	fix_levels[fix_n_lines++] = level;
}

static inline void fix_forget_lines(void)
{
	fix_n_lines = 0;
}

static inline bool fix_starts(unsigned line, const char *start)
{
	return strncmp(fix_lines[line], start, strlen(start)) == 0;
}

/* Is there a line that begins with `start`? */
static inline bool fix_said(const char *start)
{
	for (unsigned i = 0; i < fix_n_lines; i++)
		if (fix_starts(i, start))
			return true;
	return false;
}

static inline struct addr fix_addr(const char *ip, uint16_t port)
{
	struct addr a = { 0 };

	a.in.sin_family = AF_INET;
	a.in.sin_port = htons(port);
	inet_pton(AF_INET, ip, &a.in.sin_addr);
	a.len = sizeof(a.in);
	return a;
}

static const char *const fix_names[FIX_MAX]
	__attribute__((unused)) = { "s1", "s2",  "s3",  "s4",  "s5",  "s6",  "s7",  "s8",
				    "s9", "s10", "s11", "s12", "s13", "s14", "s15", "s16" };

/* Checks connect, and no more. */
static inline void fix_check_tcp(struct fix_cfg *f)
{
	f->steps[0] = (struct cfg_step){ .kind = CFG_STEP_CONNECT, .is_implicit = true };
	f->check = (struct cfg_check){ .kind = CFG_CHECK_TCP, .steps = &f->steps[0] };
}

/* Checks send the request (without the empty line at its end) and expect a status of 200 to 399. */
static inline void fix_check_http(struct fix_cfg *f, const char *request)
{
	static const struct cfg_status_range good = { 200, 399 };

	fix_check_tcp(f);
	f->check.kind = CFG_CHECK_HTTP;
	f->steps[0].next = &f->steps[1];
	f->steps[1] = (struct cfg_step){ .kind = CFG_STEP_SEND,
					 .data = str_from(request),
					 .next = &f->steps[2] };
	f->steps[2] = (struct cfg_step){ .kind = CFG_STEP_EXPECT,
					 .what = CFG_EXPECT_STATUS,
					 .min_recv = -1,
					 .statuses = &good,
					 .n_statuses = 1 };
}

/* n servers s1.. of weight 1, unchecked, round robin. */
static inline void fix_init(struct fix_cfg *f, unsigned n)
{
	log_to_stderr(false);
	server_log_hook = fix_on_line;
	fix_forget_lines();
	*f = (struct fix_cfg){ 0 };
	f->px.name = "web";
	f->px.is_backend = true;
	f->px.id = 1;
	f->px.check = &f->check;
	fix_check_tcp(f);
	f->px.n_servers = n;
	for (unsigned i = 0; i < n; i++) {
		f->servers[i] = (struct cfg_server){
			.name = fix_names[i],
			.id = i + 1,
			.weight = 1,
			.inter_us = 2000000,
			.rise = 2,
			.fall = 3,
			.addr = fix_addr("127.0.0.1", (uint16_t)(8001 + i)),
			.next = i + 1 < n ? &f->servers[i + 1] : NULL,
		};
	}
	f->px.servers = n > 0 ? &f->servers[0] : NULL;
}

/* Free a backend and what it retired, and wait until the memory is gone. */
static inline void fix_free_backend(struct backend *be)
{
	backend_free(be);
	urcu_qsbr_barrier();
}

#endif
