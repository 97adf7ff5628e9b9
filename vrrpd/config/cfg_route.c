/* cfg_route.c - virtual_routes and static_routes: lines as `ip route add` takes them. */
#include <linux/rtnetlink.h>

#include "config/cfg_routing.h"

#define PROTO_KEEPALIVED 18 /* so that `ip route show proto keepalived` finds them */
#define MAX_HOPS         64

struct reader {
	struct cfg_parser *p;
	const struct cfg_stmt *s;
	struct cfg_route *r;
	struct cfg_hop *hop; /* what via, dev, weight and onlink mean now */
	unsigned n_hops;
	bool is_hop_list; /* behind the first nexthop */
};

static const struct {
	const char *name;
	unsigned type;
} types[] = {
	{ "unicast", RTN_UNICAST },
	{ "local", RTN_LOCAL },
	{ "broadcast", RTN_BROADCAST },
	{ "anycast", RTN_ANYCAST },
	{ "multicast", RTN_MULTICAST },
	{ "blackhole", RTN_BLACKHOLE },
	{ "unreachable", RTN_UNREACHABLE },
	{ "prohibit", RTN_PROHIBIT },
	{ "throw", RTN_THROW },
};

/* Times are milliseconds here; the kernel wants some of them in parts. */
static const struct {
	const char *name;
	unsigned metric, factor;
} metrics[] = {
	{ "mtu", RTAX_MTU, 1 },           { "window", RTAX_WINDOW, 1 },
	{ "rtt", RTAX_RTT, 8 },           { "rttvar", RTAX_RTTVAR, 4 },
	{ "ssthresh", RTAX_SSTHRESH, 1 }, { "cwnd", RTAX_CWND, 1 },
	{ "advmss", RTAX_ADVMSS, 1 },     { "reordering", RTAX_REORDERING, 1 },
	{ "hoplimit", RTAX_HOPLIMIT, 1 }, { "initcwnd", RTAX_INITCWND, 1 },
	{ "rto_min", RTAX_RTO_MIN, 1 },   { "initrwnd", RTAX_INITRWND, 1 },
	{ "quickack", RTAX_QUICKACK, 1 }, { "fastopen_no_cookie", RTAX_FASTOPEN_NO_COOKIE, 1 },
};

/* Words of ip-route that we do not pass on. */
static const char *const refused[] = { "vrf",  "encap",         "as",          "expires",
				       "nhid", "ttl-propagate", "track_group", NULL };

static bool get_ip(struct reader *rd, unsigned i, struct addr *out)
{
	if (!cfg_get_ip(rd->p, rd->s, i, out))
		return false;
	if (!rd->r->family)
		rd->r->family = out->sa.sa_family;
	return true;
}

static bool read_dst(struct reader *rd, unsigned i)
{
	struct cfg_route *r = rd->r;

	if (cfg_is(rd->s, i, "default"))
		return true;
	if (!cfg_get_prefix(rd->p, rd->s, i, &r->dst, &r->dst_len))
		return false;
	if (!r->family)
		r->family = r->dst.sa.sa_family;
	return true;
}

static bool read_via(struct reader *rd, unsigned i)
{
	if (cfg_is(rd->s, i, "inet") || cfg_is(rd->s, i, "inet6")) {
		cfg_error(rd->p, rd->s, i, "a gateway of another family is not supported");
		return false;
	}
	return get_ip(rd, i, &rd->hop->via);
}

static struct cfg_hop *add_hop(struct reader *rd)
{
	struct cfg_hop *h = arena_new(&rd->p->cfg->arena, struct cfg_hop);
	struct cfg_hop **end = &rd->r->hops;

	h->weight = 1;
	while (*end)
		end = &(*end)->next;
	*end = h;
	rd->n_hops++;
	rd->hop = h;
	return h;
}

/* keepalived's old way to name a second gateway. */
static bool read_or(struct reader *rd, unsigned i)
{
	const char *dev = rd->hop->dev;

	diag_warning(rd->p->diag, cfg_word_pos(rd->s, i - 1),
		     "'or' is an old form; write: nexthop via A nexthop via B");
	rd->r->is_multipath = true;
	add_hop(rd)->dev = dev;
	return get_ip(rd, i, &rd->hop->via);
}

static bool read_dev(struct reader *rd, unsigned i)
{
	const char *dev;

	if (!cfg_get_interface(rd->p, rd->s, i, &dev))
		return false;
	if (rd->is_hop_list)
		rd->hop->dev = dev;
	for (struct cfg_hop *h = rd->r->hops; h && !rd->is_hop_list; h = h->next)
		h->dev = dev; /* also behind 'or' */
	return true;
}

static bool read_src(struct reader *rd, unsigned i)
{
	return get_ip(rd, i, &rd->r->src);
}

static bool read_table(struct reader *rd, unsigned i)
{
	return cfg_get_named(rd->p, rd->s, i, NAMES_TABLE, UINT32_MAX, &rd->r->table);
}

static bool read_metric(struct reader *rd, unsigned i)
{
	uint32_t v;

	if (!cfg_get_number(rd->p, rd->s, i, UINT32_MAX, &v))
		return false;
	rd->r->metric = v;
	return true;
}

static bool read_tos(struct reader *rd, unsigned i)
{
	uint32_t v;

	if (!cfg_get_named(rd->p, rd->s, i, NAMES_DSFIELD, 255, &v))
		return false;
	rd->r->tos = (uint8_t)v;
	return true;
}

static bool read_protocol(struct reader *rd, unsigned i)
{
	uint32_t v;

	if (!cfg_get_named(rd->p, rd->s, i, NAMES_PROTOCOL, 255, &v))
		return false;
	rd->r->protocol = (uint8_t)v;
	return true;
}

static bool read_scope(struct reader *rd, unsigned i)
{
	int v;

	if (!cfg_get_scope(rd->p, rd->s, i, &v))
		return false;
	rd->r->scope = (uint8_t)v;
	return true;
}

static bool read_realms(struct reader *rd, unsigned i)
{
	return cfg_get_realms(rd->p, rd->s, i, &rd->hop->realms);
}

static bool read_weight(struct reader *rd, unsigned i)
{
	int64_t v;

	if (!cfg_get_int(rd->p, rd->s, i, 1, 256, &v))
		return false;
	rd->hop->weight = (unsigned)v;
	return true;
}

static bool read_congctl(struct reader *rd, unsigned i)
{
	rd->r->congctl = rd->s->word[i].text.p;
	return true;
}

static bool read_features(struct reader *rd, unsigned i)
{
	if (!cfg_is(rd->s, i, "ecn")) {
		cfg_error(rd->p, rd->s, i, "'features' knows ecn, got '" STR_FMT "'",
			  STR_ARG(rd->s->word[i].text));
		return false;
	}
	rd->r->metrics[RTAX_FEATURES] |= RTAX_FEATURE_ECN;
	rd->r->has_metric |= 1U << RTAX_FEATURES;
	return true;
}

static bool read_pref(struct reader *rd, unsigned i)
{
	static const char *const names[] = { "medium", "high", NULL, "low" };

	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		if (names[k] && cfg_is(rd->s, i, names[k])) {
			rd->r->pref = (int)k;
			return true;
		}
	}
	cfg_error(rd->p, rd->s, i, "'pref' expects low, medium or high, got '" STR_FMT "'",
		  STR_ARG(rd->s->word[i].text));
	return false;
}

/* Words with one value. */
static const struct {
	const char *name;
	bool (*read)(struct reader *rd, unsigned i);
} options[] = {
	{ "to", read_dst },          { "via", read_via },           { "gw", read_via },
	{ "or", read_or },           { "dev", read_dev },           { "oif", read_dev },
	{ "src", read_src },         { "table", read_table },       { "metric", read_metric },
	{ "priority", read_metric }, { "preference", read_metric }, { "tos", read_tos },
	{ "dsfield", read_tos },     { "protocol", read_protocol }, { "proto", read_protocol },
	{ "scope", read_scope },     { "realms", read_realms },     { "realm", read_realms },
	{ "weight", read_weight },   { "congctl", read_congctl },   { "features", read_features },
	{ "pref", read_pref },
};

/* Words without a value. */
static bool read_flag(struct reader *rd, unsigned i)
{
	const struct cfg_stmt *s = rd->s;

	if (cfg_is(s, i, "inet"))
		rd->r->family = AF_INET;
	else if (cfg_is(s, i, "inet6"))
		rd->r->family = AF_INET6;
	else if (cfg_is(s, i, "onlink"))
		rd->hop->onlink = true;
	else if (cfg_is(s, i, "no_track"))
		rd->r->no_track = true;
	else if (cfg_is(s, i, "append"))
		rd->r->append = true;
	else if (!cfg_is(s, i, "add") && !cfg_is(s, i, "prepend"))
		return false;
	return true;
}

/* mtu 1400, mtu lock 1400: how many words; 0 after an error, -1: not such a word. */
static int read_metric_of_path(struct reader *rd, unsigned i)
{
	unsigned at = i + 1;
	uint32_t v;

	for (size_t k = 0; k < ARRAY_LEN(metrics); k++) {
		if (!cfg_is(rd->s, i, metrics[k].name))
			continue;
		if (cfg_is(rd->s, at, "lock")) {
			rd->r->locked |= 1U << metrics[k].metric;
			at++;
		}
		if (!cfg_has_value(rd->p, rd->s, at - 1) ||
		    !cfg_get_number(rd->p, rd->s, at, UINT32_MAX / 8, &v))
			return 0;
		rd->r->metrics[metrics[k].metric] = v * metrics[k].factor;
		rd->r->has_metric |= 1U << metrics[k].metric;
		return (int)(at - i) + 1;
	}
	return -1;
}

static int read_nexthop(struct reader *rd, unsigned i)
{
	if (rd->n_hops >= MAX_HOPS) {
		cfg_error(rd->p, rd->s, i, "a route has at most %d nexthops", MAX_HOPS);
		return 0;
	}
	if (rd->is_hop_list)
		add_hop(rd);
	else if (rd->hop->via.len || rd->hop->dev) {
		cfg_error(rd->p, rd->s, i, "via and dev stand behind nexthop when there is one");
		return 0;
	}
	rd->is_hop_list = rd->r->is_multipath = true;
	return 1;
}

static void unexpected(struct reader *rd, unsigned i)
{
	const char *words[ARRAY_LEN(options) + ARRAY_LEN(metrics) + 4];
	struct str w = rd->s->word[i].text;
	size_t n = 0;

	for (size_t k = 0; refused[k]; k++) {
		if (cfg_is(rd->s, i, refused[k])) {
			cfg_error(
				rd->p, rd->s, i,
				"'%s' in a route is known to keepalived, not supported; remove it",
				refused[k]);
			return;
		}
	}
	for (size_t k = 0; k < ARRAY_LEN(options); k++)
		words[n++] = options[k].name;
	for (size_t k = 0; k < ARRAY_LEN(metrics); k++)
		words[n++] = metrics[k].name;
	words[n++] = "nexthop";
	words[n++] = "no_track";
	words[n++] = "onlink";
	words[n] = NULL;
	cfg_error(rd->p, rd->s, i, "unexpected '" STR_FMT "' in a route%s", STR_ARG(w),
		  cfg_suggest(rd->p, w, words));
}

/* How many words the option at word i has; 0 after an error. */
static unsigned read_option(struct reader *rd, unsigned i)
{
	int n = read_metric_of_path(rd, i);

	if (n >= 0)
		return (unsigned)n;
	if (cfg_is(rd->s, i, "nexthop"))
		return (unsigned)read_nexthop(rd, i);
	if (read_flag(rd, i))
		return 1;
	for (size_t k = 0; k < ARRAY_LEN(options); k++) {
		if (cfg_is(rd->s, i, options[k].name))
			return cfg_has_value(rd->p, rd->s, i) && options[k].read(rd, i + 1) ? 2 : 0;
	}
	unexpected(rd, i);
	return 0;
}

/* The type and the destination may stand without a word before them. */
static unsigned read_type(struct reader *rd, unsigned i)
{
	for (size_t k = 0; k < ARRAY_LEN(types); k++) {
		if (cfg_is(rd->s, i, types[k].name)) {
			rd->r->type = types[k].type;
			return 1;
		}
	}
	return 0;
}

static bool is_address_like(const struct cfg_stmt *s, unsigned i)
{
	struct str w = s->word[i].text;

	if (cfg_is(s, i, "default"))
		return true;
	return w.len && (memchr(w.p, ':', w.len) || (w.p[0] >= '0' && w.p[0] <= '9'));
}

static bool is_good(struct reader *rd, bool has_dst)
{
	const struct cfg_route *r = rd->r;
	bool needs_hop = r->type == RTN_UNICAST || r->type == RTN_LOCAL ||
			 r->type == RTN_BROADCAST || r->type == RTN_MULTICAST ||
			 r->type == RTN_ANYCAST;

	if (!has_dst) {
		cfg_error(rd->p, rd->s, 0,
			  "a route needs a destination: ADDRESS/PREFIX or default");
		return false;
	}
	for (const struct cfg_hop *h = r->hops; h; h = h->next) {
		if (needs_hop && !h->via.len && !h->dev) {
			cfg_error(rd->p, rd->s, 0,
				  "a route needs 'via ADDRESS' or 'dev INTERFACE'");
			return false;
		}
		if (h->via.len && h->via.sa.sa_family != r->family) {
			cfg_error(rd->p, rd->s, 0,
				  "the gateway is not of the destination's family");
			return false;
		}
	}
	if ((r->dst.len && r->dst.sa.sa_family != r->family) ||
	    (r->src.len && r->src.sa.sa_family != r->family)) {
		cfg_error(rd->p, rd->s, 0, "the addresses of a route are of one family");
		return false;
	}
	return true;
}

/* keepalived knows its routes by their protocol, and those who look for them expect it. */
static void check_protocol(struct reader *rd)
{
	if (rd->r->no_track || rd->r->protocol == PROTO_KEEPALIVED)
		return;
	rd->r->protocol = PROTO_KEEPALIVED;
	diag_warning(rd->p->diag, rd->r->pos,
		     "'protocol' counts only with no_track; this route has protocol keepalived");
}

static struct cfg_route *read_route(struct cfg_parser *p, const struct cfg_stmt *s)
{
	struct reader rd = { .p = p, .s = s, .r = arena_new(&p->cfg->arena, struct cfg_route) };
	bool has_dst = false;

	*rd.r = (struct cfg_route){ .pos = cfg_word_pos(s, 0),
				    .text = cfg_words_text(p, s),
				    .type = RTN_UNICAST,
				    .protocol = PROTO_KEEPALIVED,
				    .table = RT_TABLE_MAIN,
				    .metric = -1,
				    .pref = -1 };
	if (!rd.r->text)
		return NULL;
	add_hop(&rd);
	for (unsigned i = 0, n; i < s->n; i += n) {
		if (!has_dst && is_address_like(s, i)) {
			has_dst = true;
			n = read_dst(&rd, i);
		} else {
			has_dst |= cfg_is(s, i, "to");
			n = has_dst ? 0 : read_type(&rd, i);
			if (!n)
				n = read_option(&rd, i);
		}
		if (!n)
			return NULL;
	}
	if (!rd.r->family)
		rd.r->family = AF_INET;
	check_protocol(&rd);
	return is_good(&rd, has_dst) ? rd.r : NULL;
}

void cfg_add_route(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_route **list)
{
	struct cfg_route *r = read_route(p, s);

	while (r && *list)
		list = (const struct cfg_route **)&(*list)->next;
	if (r)
		*list = r;
}

static void entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	cfg_add_route(p, s, p->instance ? &p->instance->routes : &p->cfg->statics.routes);
}

void cfg_parse_routes(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, entry);
}
