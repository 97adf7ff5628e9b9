/* cfg_args.c - reading the arguments of a keyword: numbers, times, modes, users, names. */
#include "config/cfg_internal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#include "config/cfg_source.h"

#define MAX_TIME_MS INT64_C(2147483647) /* HAProxy's limit of every time: about 24.8 days */

bool cfg_read_uint(struct cfg_parser *p, unsigned i, const char *what, int64_t min, int64_t max,
		   unsigned *out)
{
	int64_t v;
	const struct str s = cfg_arg(p, i);

	if (s.len == 0) {
		cfg_error(p, i, "'%s' expects a number from %" PRId64 " to %" PRId64, what, min,
			  max);
		return false;
	}
	if (str_parse_int(s, min, max, &v) < 0) {
		cfg_error(p, i,
			  "'%s' expects a number from %" PRId64 " to %" PRId64 ", got '" STR_FMT
			  "'",
			  what, min, max, STR_ARG(s));
		return false;
	}
	*out = (unsigned)v;
	return true;
}

bool cfg_read_time_unit(struct cfg_parser *p, unsigned i, const char *what, int64_t unit_us,
			int64_t *out_us)
{
	const struct str s = cfg_arg(p, i);
	int64_t us;

	if (s.len == 0) {
		cfg_error(p, i, "'%s' expects a time such as 5s or 500ms", what);
		return false;
	}
	const int rc = str_parse_time_us(s, unit_us, &us);

	if (rc == -ERANGE || (rc == 0 && us > MAX_TIME_MS * 1000)) {
		cfg_error(p, i,
			  "'%s' expects a time of at most 2147483647 ms (24.8 days), got '" STR_FMT
			  "'",
			  what, STR_ARG(s));
		return false;
	}
	if (rc < 0) {
		cfg_error(p, i, "'%s' expects a time such as 5s or 500ms, got '" STR_FMT "'", what,
			  STR_ARG(s));
		return false;
	}
	*out_us = (us + 999) / 1000 * 1000; /* HAProxy counts in ms and rounds up */
	return true;
}

bool cfg_read_time(struct cfg_parser *p, unsigned i, const char *what, int64_t *out_us)
{
	return cfg_read_time_unit(p, i, what, 1000, out_us);
}

bool cfg_read_mode(struct cfg_parser *p, unsigned i, const char *what, mode_t *out)
{
	const struct str s = cfg_arg(p, i);
	unsigned m = 0;
	size_t k = 0;

	for (; k < s.len && k < 5 && s.p[k] >= '0' && s.p[k] <= '7'; k++)
		m = m * 8 + (unsigned)(s.p[k] - '0');
	if (s.len == 0 || k < s.len || m > 0777) {
		cfg_error(p, i, "'%s' expects an octal mode such as 660, got '" STR_FMT "'", what,
			  STR_ARG(s));
		return false;
	}
	*out = m;
	return true;
}

bool cfg_read_user(struct cfg_parser *p, unsigned i, uid_t *uid, gid_t *gid)
{
	if (cfg_arg(p, i).len == 0) {
		cfg_error(p, i, "'user' expects the name of a user");
		return false;
	}
	if (cfg_source_user(cfg_argz(p, i), uid, gid) < 0) {
		cfg_error(p, i,
			  "there is no user '%s' on this system: create it, or name an "
			  "existing one",
			  cfg_argz(p, i));
		return false;
	}
	return true;
}

bool cfg_read_group(struct cfg_parser *p, unsigned i, gid_t *gid)
{
	if (cfg_arg(p, i).len == 0) {
		cfg_error(p, i, "'group' expects the name of a group");
		return false;
	}
	if (cfg_source_group(cfg_argz(p, i), gid) < 0) {
		cfg_error(p, i,
			  "there is no group '%s' on this system: create it, or name an "
			  "existing one",
			  cfg_argz(p, i));
		return false;
	}
	return true;
}

const struct cfg_regex *cfg_read_regex(struct cfg_parser *p, unsigned i, const char *what,
				       struct str pattern, unsigned flags)
{
	struct regex_error e;
	struct regex *re = regex_new(pattern, flags, &e);

	if (!re) {
		cfg_error(p, i,
			  "'%s' expects a regular expression; '" STR_FMT
			  "' is none at its byte %zu: %s",
			  what, STR_ARG(pattern), e.offset + 1, e.text);
		return NULL;
	}
	struct cfg_regex *r = arena_new(p->arena, struct cfg_regex);

	*r = (struct cfg_regex){ .next = p->cfg->regexes, .re = re, .pattern = pattern };
	p->cfg->regexes = r;
	return r;
}

bool cfg_no_more_args(struct cfg_parser *p, unsigned i)
{
	if (i >= p->line->n)
		return true;
	cfg_error(p, i, "unexpected argument '%s': remove it", cfg_argz(p, i));
	return false;
}

bool cfg_check_name(struct cfg_parser *p, unsigned i, const char *what)
{
	const struct str s = cfg_arg(p, i);

	for (size_t k = 0; k < s.len; k++) {
		const unsigned char c = (unsigned char)s.p[k];

		if (isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':')
			continue;
		if (isprint(c))
			cfg_error(p, i,
				  "the %s name '%s' contains '%c': only letters, digits, '-', "
				  "'_', '.' and ':' are permitted",
				  what, cfg_argz(p, i), c);
		else
			cfg_error(p, i,
				  "the %s name contains the byte 0x%02x: only letters, digits, "
				  "'-', '_', '.' and ':' are permitted",
				  what, c);
		return false;
	}
	return true;
}

void cfg_param_uint(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	if (!cfg_read_uint(p, at + 1, pm->name, pm->min, pm->max,
			   (unsigned *)(void *)((char *)target + pm->offset)))
		return;
}
