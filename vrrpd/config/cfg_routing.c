/* cfg_routing.c - names and numbers of routes and rules, as ip-route and ip-rule write them. */
#include "config/cfg_routing.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "config/cfg_parse.h"

struct named {
	const char *name;
	uint32_t value;
};

/* What every system knows, with or without its files. */
static const struct named tables[] = { { "default", RT_TABLE_DEFAULT },
				       { "main", RT_TABLE_MAIN },
				       { "local", RT_TABLE_LOCAL },
				       { NULL, 0 } };
static const struct named protocols[] = {
	{ "none", RTPROT_UNSPEC }, { "redirect", RTPROT_REDIRECT }, { "kernel", RTPROT_KERNEL },
	{ "boot", RTPROT_BOOT },   { "static", RTPROT_STATIC },     { "gated", RTPROT_GATED },
	{ "ra", RTPROT_RA },       { "mrt", RTPROT_MRT },           { "zebra", RTPROT_ZEBRA },
	{ "bird", RTPROT_BIRD },   { "dnrouted", RTPROT_DNROUTED }, { "xorp", RTPROT_XORP },
	{ "ntk", RTPROT_NTK },     { "dhcp", RTPROT_DHCP },         { "mrouted", RTPROT_MROUTED },
	{ "keepalived", 18 },      { "babel", RTPROT_BABEL },       { NULL, 0 }
};
static const struct named none[] = { { NULL, 0 } };

static const struct {
	const char *what, *path;
	const struct named *built_in;
} sources[] = {
	[NAMES_TABLE] = { "routing table", "/etc/iproute2/rt_tables", tables },
	[NAMES_PROTOCOL] = { "routing protocol", "/etc/iproute2/rt_protos", protocols },
	[NAMES_REALM] = { "realm", "/etc/iproute2/rt_realms", none },
	[NAMES_DSFIELD] = { "type of service", "/etc/iproute2/rt_dsfield", none },
};

/* Decimal, hexadecimal or octal, all of the word. */
static bool parse_number(struct str v, int64_t max, uint32_t *out)
{
	char text[24], *end;
	unsigned long long n;

	if (v.len == 0 || v.len >= sizeof(text) || v.p[0] < '0' || v.p[0] > '9')
		return false;
	memcpy(text, v.p, v.len);
	text[v.len] = '\0';
	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno || *end || n > (unsigned long long)max)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Lines "number name". */
static bool find_in_file(const char *path, struct str name, uint32_t *out)
{
	FILE *f = fopen(path, "re");
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char *save = NULL, *number = strtok_r(line, " \t\n", &save);
		char *word = number && *number != '#' ? strtok_r(NULL, " \t\n", &save) : NULL;

		found = word && str_eq(str_from(word), name) &&
			parse_number(str_from(number), UINT32_MAX, out);
	}
	if (f)
		fclose(f);
	return found;
}

static bool find_name(enum cfg_names names, struct str word, uint32_t *out)
{
	for (const struct named *n = sources[names].built_in; n->name; n++) {
		if (str_eq(word, str_from(n->name))) {
			*out = n->value;
			return true;
		}
	}
	return find_in_file(sources[names].path, word, out);
}

bool cfg_get_number(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int64_t max,
		    uint32_t *out)
{
	if (parse_number(s->word[i].text, max, out))
		return true;
	cfg_error(p, s, i, "'" STR_FMT "' expects a number from 0 to %lld, got '" STR_FMT "'",
		  STR_ARG(s->word[i - 1].text), (long long)max, STR_ARG(s->word[i].text));
	return false;
}

bool cfg_get_named(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, enum cfg_names names,
		   int64_t max, uint32_t *out)
{
	uint32_t v;

	if (!parse_number(s->word[i].text, max, &v) &&
	    (!find_name(names, s->word[i].text, &v) || v > max)) {
		cfg_error(p, s, i,
			  "'" STR_FMT
			  "' is no %s; it expects a number up to %lld or a name from %s",
			  STR_ARG(s->word[i].text), sources[names].what, (long long)max,
			  sources[names].path);
		return false;
	}
	*out = v;
	return true;
}

bool cfg_get_realms(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, unsigned *out)
{
	struct str w = s->word[i].text;
	const char *slash = w.len ? memchr(w.p, '/', w.len) : NULL;
	uint32_t from = 0, to;
	struct str last = w;
	bool is_good = true;

	if (slash) {
		struct str first = { w.p, (size_t)(slash - w.p) };

		last = (struct str){ slash + 1, w.len - first.len - 1 };
		is_good = parse_number(first, UINT16_MAX, &from) ||
			  find_name(NAMES_REALM, first, &from);
	}
	is_good = is_good &&
		  (parse_number(last, UINT16_MAX, &to) || find_name(NAMES_REALM, last, &to));
	if (!is_good) {
		cfg_error(p, s, i,
			  "'realms' expects FROM/TO or TO, numbers or names, got '" STR_FMT "'",
			  STR_ARG(w));
		return false;
	}
	*out = from << 16 | to;
	return true;
}

static bool is_plain(struct str w)
{
	for (size_t k = 0; k < w.len; k++)
		if (strchr(" \t\r\n\"'\\{}#!$@~", w.p[k]))
			return false;
	return w.len > 0 && !str_starts_with(w, STR("include"));
}

const char *cfg_words_text(struct cfg_parser *p, const struct cfg_stmt *s)
{
	const char *text = "";

	for (unsigned i = 0; i < s->n; i++) {
		if (!is_plain(s->word[i].text)) {
			cfg_error(p, s, i, "unexpected '" STR_FMT "'", STR_ARG(s->word[i].text));
			return NULL;
		}
		text = arena_printf(&p->cfg->arena, "%s%s" STR_FMT, text, i ? " " : "",
				    STR_ARG(s->word[i].text));
	}
	return text;
}

bool cfg_has_value(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i)
{
	if (i + 1 < s->n)
		return true;
	cfg_error(p, s, i + 1, "a value for '" STR_FMT "' is missing here",
		  STR_ARG(s->word[i].text));
	return false;
}
