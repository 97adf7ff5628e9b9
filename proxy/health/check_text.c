/* check_text.c - what is said about health checks: in logs, and to the server. */
#include "health/check_text.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <tandem/clock.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "health/check.h"
#include "health/rise_fall.h"
#include "pool/backend.h"
#include "pool/server.h"

/* Bytes that a terminal or a log should not get become <XX>, and so do those in `also`. */
void check_copy_printable(char *out, size_t size, const char *in, const char *also)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *in != '\0'; in++) {
		unsigned char b = (unsigned char)*in;
		bool is_plain = b >= 0x20 && b < 0x7f && strchr(also, b) == NULL;

		if (n + (is_plain ? 1 : 4) >= size)
			break;
		if (is_plain) {
			out[n++] = *in;
			continue;
		}
		out[n++] = '<';
		out[n++] = hex[b >> 4];
		out[n++] = hex[b & 15];
		out[n++] = '>';
	}
	out[n] = '\0';
}

/* "reason: Layer7 wrong status, code: 503, info: "Service Unavailable", check duration: 1ms" */
void check_format_reason(const struct check_result *r, char *out, size_t size)
{
	char code[32] = "", duration[48] = "", info[4 * sizeof(r->desc) + 16] = "",
	     quoted[4 * sizeof(r->desc)];

	if (check_status_has_code(r->status))
		snprintf(code, sizeof(code), ", code: %d", r->code);
	if (r->desc[0] != '\0') {
		check_copy_printable(quoted, sizeof(quoted), r->desc, "\"");
		snprintf(info, sizeof(info), ", info: \"%s\"", quoted);
	}
	if (r->duration_us >= 0)
		snprintf(duration, sizeof(duration), ", check duration: %lldms",
			 (long long)(r->duration_us / US_PER_MS));
	snprintf(out, size, "reason: %s%s%s%s", check_status_text(r->status), code, info, duration);
}

void check_log(const struct server *s, const char *kind, const struct check_result *r,
	       const struct rise_fall *rf, bool is_news, const char *reason)
{
	bool is_up = rise_fall_is_up(rf);
	const char *state = !is_up ? "DOWN" : s->weight > 0 ? "UP" : "DRAIN";
	const char *word = r->status == CHECK_L7OKC             ? "conditionally succeeded"
			   : check_status_has_passed(r->status) ? "succeeded"
								: "failed";

	server_log(s, is_news ? LOG_NOTICE : LOG_INFO,
		   "%s check for %sserver %s/%s %s, %s, status: %u/%u %s.", kind,
		   s->cfg->backup ? "backup " : "", s->be->name, s->name, word, reason,
		   is_up ? rf->health - rf->rise + 1 : rf->health, is_up ? rf->fall : rf->rise,
		   state);
}

/* Sessions on all servers of the backend, and the weight of those that are used. */
static void sum_servers(const struct backend *be, unsigned *n_sess, unsigned *weight)
{
	*n_sess = *weight = 0;
	for (unsigned i = 0; i < be->n_servers; i++) {
		*n_sess += atomic_load_explicit(&be->servers[i]->sess.cur, memory_order_relaxed);
		if (server_is_usable(be->servers[i]) && !be->servers[i]->cfg->backup)
			*weight += be->servers[i]->weight;
	}
}

const char *check_state_header(const struct server *s, char *out, size_t size)
{
	char status[40], ip[INET6_ADDRSTRLEN], port[8] = "unix", host[HOST_NAME_MAX + 1] = "";
	const char *node = s->be->cfg->node;
	unsigned n_sess, weight;

	sum_servers(s->be, &n_sess, &weight);
	addr_format_ip(&s->addr, ip);
	if (s->addr.sa.sa_family != AF_UNIX)
		snprintf(port, sizeof(port), "%u", addr_port(&s->addr));
	if (node == NULL) {
		(void)gethostname(host, sizeof(host) - 1);
		node = host;
	}
	snprintf(out, size,
		 "X-Haproxy-Server-State: %s; address=%s; port=%s; name=%s/%s; node=%s; "
		 "weight=%u/%u; scur=%u/%u; qcur=%u\r\n",
		 server_status_text(s, status, sizeof(status)), ip, port, s->be->name, s->name,
		 node, server_is_usable(s) ? s->weight : 0, weight,
		 atomic_load_explicit(&s->sess.cur, memory_order_relaxed), n_sess,
		 atomic_load_explicit(&s->queue.cur, memory_order_relaxed));
	return out;
}
