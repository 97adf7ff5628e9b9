/* check_text.h - what is said about health checks: in logs, and to the server. Control thread. */
#ifndef PROXY_CHECK_TEXT_H
#define PROXY_CHECK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct check_result;
struct rise_fall;
struct server;

/* Bytes that a terminal or a log should not get become <XX>, and so do those in `also`. */
void check_copy_printable(char *out, size_t size, const char *in, const char *also);
/* "reason: Layer7 wrong status, code: 503, info: "Service Unavailable", check duration: 1ms" */
void check_format_reason(const struct check_result *r, char *out, size_t size);
/* option log-health-checks. HAProxy tells what is new: another status, or a server whose health
 * moves, falling or down. What is the same again goes out as `info`, so that the level of a log
 * target chooses between news and every check. kind: "Health" or "Agent". */
void check_log(const struct server *s, const char *kind, const struct check_result *r,
	       const struct rise_fall *rf, bool is_news, const char *reason);
/* http-check send-state: a field line for the server. Returns out. */
const char *check_state_header(const struct server *s, char *out, size_t size);

#endif
