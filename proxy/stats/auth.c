/* auth.c - who may see the statistics: basic authentication (RFC 7617). */
#include "stats/auth.h"

#include <string.h>

#include <tandem/log.h>

#include "config/cfg_model.h"
#include "stats/base64.h"

/* Compares all bytes whatever differs, so that the time tells nothing. */
static bool is_same_secret(struct str a, struct str b)
{
	volatile unsigned char diff = a.len != b.len;

	for (size_t i = 0; i < a.len; i++)
		diff |= (unsigned char)a.p[i] ^ (unsigned char)(b.len ? b.p[i % b.len] : 0);
	return diff == 0;
}

bool stats_is_authorized(const struct cfg_stats *st, struct str field)
{
	unsigned char plain[512];
	ssize_t n;
	bool ok = false;

	if (st->auth == NULL)
		return true;
	if (field.len < 6 || !str_eq_nocase((struct str){ field.p, 6 }, STR("Basic ")))
		return false;
	n = base64_decode(str_trim((struct str){ field.p + 6, field.len - 6 }), plain,
			  sizeof(plain));
	for (const struct cfg_stats_auth *a = st->auth; n >= 0 && a != NULL; a = a->next)
		ok |= is_same_secret((struct str){ (const char *)plain, (size_t)n }, a->userpass);
	explicit_bzero(plain, sizeof(plain));
	return ok;
}

static bool is_local(const struct addr *a)
{
	/* who has the descriptor or the path */
	return a->len == 0 || a->sa.sa_family == AF_UNIX || addr_is_loopback(a);
}

unsigned stats_warn_of_open_pages(const struct cfg *cfg)
{
	char where[ADDR_TEXT_LEN];
	unsigned n = 0;

	for (const struct cfg_proxy *px = cfg->proxies; px != NULL; px = px->next) {
		if (!px->stats.enabled || px->stats.auth != NULL || px->disabled)
			continue;
		for (const struct cfg_bind *b = px->binds; b != NULL; b = b->next) {
			if (is_local(&b->addr))
				continue;
			log_warn("stats", "open_page",
				 "proxy=%s address=%s uri=\"" STR_FMT "\" admin=%s "
				 "advice=\"'stats auth USER:PASSWORD', or bind it to 127.0.0.1\"",
				 px->name, addr_format(&b->addr, true, where),
				 STR_ARG(px->stats.uri), px->stats.admin ? "yes" : "no");
			n++;
			break;
		}
	}
	return n;
}
