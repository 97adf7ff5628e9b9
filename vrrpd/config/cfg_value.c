/* cfg_value.c - values of keepalived.conf: numbers, times, addresses, users, program lines. */
#include "config/cfg_keyword.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <net/if.h>
#include <pwd.h>
#include <tandem/clock.h>

#include "config/cfg_parse.h"

struct diag_pos cfg_word_pos(const struct cfg_stmt *s, unsigned i)
{
	return lex_pos(s->line, s->first + i);
}

bool cfg_is(const struct cfg_stmt *s, unsigned i, const char *text)
{
	return i < s->n && str_eq(s->word[i].text, str_from(text));
}

static const char *next_word(const void *arg, size_t i)
{
	return ((const char *const *)arg)[i];
}

const char *cfg_suggest(struct cfg_parser *p, struct str word, const char *const *words)
{
	const char *near;
	size_t n = 0;

	while (words[n])
		n++;
	near = diag_nearest(word, next_word, words, n);
	return near ? arena_printf(&p->cfg->arena, " (did you mean '%s'?)", near) : "";
}

bool cfg_get_int(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int64_t lo, int64_t hi,
		 int64_t *out)
{
	struct str v = s->word[i].text;
	int err = str_parse_int(v, lo, hi, out);

	if (err == 0)
		return true;
	cfg_error(p, s, i,
		  "'" STR_FMT "' expects a whole number from %" PRId64 " to %" PRId64
		  ", got '" STR_FMT "'",
		  STR_ARG(s->word[0].text), lo, hi, STR_ARG(v));
	return false;
}

/* Decimal seconds as keepalived writes them ("0.5"), to microseconds; digits beyond are cut. */
static int parse_seconds(struct str v, int64_t *out)
{
	int64_t us = 0, unit = US_PER_S;
	bool has_digit = false;
	size_t i = 0;

	for (; i < v.len && v.p[i] >= '0' && v.p[i] <= '9'; i++) {
		us = us * 10 + (v.p[i] - '0') * US_PER_S;
		has_digit = true;
		if (us > INT64_MAX / 100)
			return -ERANGE;
	}
	if (i < v.len && v.p[i] == '.') {
		for (i++; i < v.len && v.p[i] >= '0' && v.p[i] <= '9'; i++) {
			unit /= 10;
			us += (v.p[i] - '0') * unit;
			has_digit = true;
		}
	}
	if (i != v.len || !has_digit)
		return -EINVAL;
	*out = us;
	return 0;
}

/* "1", "0.01": the shortest decimal seconds. */
static const char *seconds_text(int64_t us, char out[32])
{
	int n = snprintf(out, 32, "%" PRId64 ".%06" PRId64, us / US_PER_S, us % US_PER_S);

	while (n > 0 && out[n - 1] == '0')
		out[--n] = '\0';
	if (n > 0 && out[n - 1] == '.')
		out[--n] = '\0';
	return out;
}

bool cfg_get_time(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int64_t lo,
		  int64_t hi, int64_t *out)
{
	struct str v = s->word[i].text;
	char from[32], to[32];
	int64_t us;

	if (parse_seconds(v, &us) == 0 && us >= lo && us <= hi) {
		*out = us;
		return true;
	}
	cfg_error(
		p, s, i,
		"'" STR_FMT "' expects seconds from %s to %s, such as 1 or 0.5, got '" STR_FMT "'",
		STR_ARG(s->word[0].text), seconds_text(lo, from), seconds_text(hi, to), STR_ARG(v));
	return false;
}

bool cfg_get_bool(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, bool *out)
{
	static const char *const yes[] = { "on", "true", "yes" };
	static const char *const no[] = { "off", "false", "no" };

	for (size_t k = 0; k < ARRAY_LEN(yes); k++) {
		if (cfg_is(s, i, yes[k]) || cfg_is(s, i, no[k])) {
			*out = cfg_is(s, i, yes[k]);
			return true;
		}
	}
	cfg_error(p, s, i,
		  "'" STR_FMT "' expects yes or no (or on, off, true, false), got '" STR_FMT "'",
		  STR_ARG(s->word[0].text), STR_ARG(s->word[i].text));
	return false;
}

bool cfg_get_ip(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct addr *out)
{
	struct str v = s->word[i].text;
	struct addr a;

	if (addr_parse_ip(v, &a) != 0) {
		cfg_error(p, s, i,
			  "'" STR_FMT
			  "' is not an IP address; write it as 192.0.2.1 or 2001:db8::1",
			  STR_ARG(v));
		return false;
	}
	*out = a;
	return true;
}

bool cfg_get_ipv4(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct addr *out)
{
	struct str v = s->word[i].text;
	struct addr a;

	if (addr_parse_ip(v, &a) != 0) {
		cfg_error(p, s, i, "'" STR_FMT "' is not an IP address; write it as 192.0.2.1",
			  STR_ARG(v));
		return false;
	}
	if (a.sa.sa_family != AF_INET) {
		cfg_error(p, s, i, "'" STR_FMT "' is an IPv6 address, here stands an IPv4 address",
			  STR_ARG(v));
		return false;
	}
	*out = a;
	return true;
}

bool cfg_get_node_ip(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct addr *out)
{
	struct str v = s->word[i].text;
	const char *slash = v.len ? memchr(v.p, '/', v.len) : NULL;
	struct cfg_stmt cut = *s;
	struct token word = s->word[i];

	if (!slash)
		return cfg_get_ip(p, s, i, out);
	diag_warning(p->diag, cfg_word_pos(s, i),
		     "a prefix length means nothing here; '" STR_FMT "' is ignored",
		     STR_ARG(((struct str){ slash, v.len - (size_t)(slash - v.p) })));
	word.text = arena_str(&p->cfg->arena, (struct str){ v.p, (size_t)(slash - v.p) });
	cut.first += i;
	cut.word = &word;
	cut.n = 1;
	return cfg_get_ip(p, &cut, 0, out);
}

bool cfg_get_interface(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, const char **out)
{
	struct str v = s->word[i].text;

	if (v.len == 0 || v.len >= IFNAMSIZ || memchr(v.p, '/', v.len) || memchr(v.p, ' ', v.len)) {
		cfg_error(p, s, i,
			  "'" STR_FMT "' is not a name of an interface; it has 1 to %d characters, "
			  "no blank and no '/'",
			  STR_ARG(v), IFNAMSIZ - 1);
		return false;
	}
	*out = v.p;
	return true;
}

bool cfg_get_weight(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int *weight,
		    bool *reverse)
{
	return cfg_get_weight_upto(p, s, i, 253, weight, reverse);
}

bool cfg_get_weight_upto(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int max,
			 int *weight, bool *reverse)
{
	int64_t v;

	if (i >= s->n) {
		cfg_error(p, s, i, "a number from -%d to %d is missing here", max, max);
		return false;
	}
	if (str_parse_int(s->word[i].text, -max, max, &v) != 0) {
		cfg_error(p, s, i,
			  "'weight' expects a whole number from -%d to %d, got '" STR_FMT "'", max,
			  max, STR_ARG(s->word[i].text));
		return false;
	}
	if (i + 1 < s->n) {
		if (!cfg_is(s, i + 1, "reverse") && !cfg_is(s, i + 1, "noreverse") &&
		    !cfg_is(s, i + 1, "no_reverse")) {
			cfg_error(p, s, i + 1,
				  "after a weight only 'reverse' may follow, got '" STR_FMT "'",
				  STR_ARG(s->word[i + 1].text));
			return false;
		}
		*reverse = cfg_is(s, i + 1, "reverse");
	}
	if (i + 2 < s->n) {
		cfg_error(p, s, i + 2, "unexpected '" STR_FMT "' behind the weight",
			  STR_ARG(s->word[i + 2].text));
		return false;
	}
	*weight = (int)v;
	return true;
}

void cfg_resolve_user(const char *user, const char *group, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw = getpwnam(user);
	const struct group *gr;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (!pw)
		return;
	if (!group) {
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
		return;
	}
	gr = getgrnam(group);
	if (gr) {
		*uid = pw->pw_uid;
		*gid = gr->gr_gid;
	}
}

void cfg_get_user(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, const char **user,
		  const char **group, uid_t *uid, gid_t *gid)
{
	(void)p;
	*user = s->word[i].text.p;
	*group = i + 1 < s->n ? s->word[i + 1].text.p : NULL;
	cfg_resolve_user(*user, *group, uid, gid);
}

/* The object whose fields the keywords of a block set. */
static void *field(struct cfg_parser *p, const struct cfg_keyword *kw)
{
	char *base = NULL;

	if (kw->blocks & IN_GLOBAL)
		base = (char *)p->global;
	else if (kw->blocks & (IN_INSTANCE | IN_AUTH))
		base = (char *)p->instance;
	else if (kw->blocks & IN_SCRIPT)
		base = (char *)p->script;
	else if (kw->blocks & IN_PROXY)
		base = (char *)p->proxy;
	else if (kw->blocks & IN_GROUP)
		base = (char *)p->group;
	else if (kw->blocks & IN_FILE)
		base = (char *)p->file;
	else if (kw->blocks & IN_PROCESS)
		base = (char *)p->process;
	ASSERT(base);
	return base + kw->offset;
}

void cfg_set_flag(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	bool *out = field(p, kw);

	if (s->n == 1)
		*out = true;
	else
		(void)cfg_get_bool(p, s, 1, out);
}

void cfg_clear_flag(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	(void)s;
	*(bool *)field(p, kw) = false;
}

void cfg_set_string(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	if (s->word[1].text.len == 0)
		cfg_error(p, s, 1, "'%s' is empty; it expects %s", kw->name, kw->args);
	else
		*(const char **)field(p, kw) = s->word[1].text.p;
}

void cfg_set_unsigned(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	int64_t v;

	if (cfg_get_int(p, s, 1, kw->lo, kw->hi, &v))
		*(unsigned *)field(p, kw) = (unsigned)v;
}

void cfg_set_count(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	(void)cfg_get_int(p, s, 1, kw->lo, kw->hi, field(p, kw));
}

void cfg_set_u8(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	int64_t v;

	if (cfg_get_int(p, s, 1, kw->lo, kw->hi, &v))
		*(uint8_t *)field(p, kw) = (uint8_t)v;
}

void cfg_set_time(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	(void)cfg_get_time(p, s, 1, kw->lo, kw->hi, field(p, kw));
}

char **cfg_split_command(struct arena *a, const char *line)
{
	size_t len = strlen(line), n = 0;
	char **argv = arena_array(a, char *, len / 2 + 2);
	char *out = arena_alloc(a, len + 1);
	char quote = '\0';
	bool in_word = false;

	/* out never gets ahead of line: each word needs its separator for its NUL */
	for (; *line; line++) {
		if (!quote && (*line == ' ' || *line == '\t')) {
			if (in_word)
				*out++ = '\0';
			in_word = false;
			continue;
		}
		if (!in_word)
			argv[n++] = out;
		in_word = true;
		if (quote ? *line == quote : *line == '\'' || *line == '"')
			quote = (char)(quote ? '\0' : *line);
		else
			*out++ = *line;
	}
	return n ? argv : NULL;
}
