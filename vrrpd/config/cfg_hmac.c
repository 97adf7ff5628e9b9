/* cfg_hmac.c - the auth_hmac block of an instance. */
#include <errno.h>
#include <sys/stat.h>
#include <tandem/clock.h>

#include "config/cfg_keyword.h"

static struct vrrp_auth *auth_of(struct cfg_parser *p)
{
	return p->instance->hmac;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode_hex(struct str s, struct vrrp_auth_key *k)
{
	if (s.len % 2 || s.len / 2 > sizeof(k->bytes))
		return false;
	for (size_t i = 0; i < s.len; i += 2) {
		int hi = hex_digit(s.p[i]), lo = hex_digit(s.p[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		k->bytes[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	k->len = (uint8_t)(s.len / 2);
	return true;
}

/* The content of a key file, without the end of its line. */
static bool read_file(struct cfg_parser *p, const struct cfg_stmt *s, const char *path,
		      struct str *out)
{
	struct stat st;
	int err = lexer_read_file(path, &p->cfg->arena, out);

	if (err) {
		cfg_error(p, s, 2, "cannot read the key file '%s': %s", path,
			  err == -EILSEQ ? "it contains a NUL byte; write it as hex:..."
					 : strerror(-err));
		return false;
	}
	if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)))
		diag_warning(p->diag, cfg_word_pos(s, 2),
			     "others than the owner may read or write the key file '%s': chmod 600",
			     path);
	while (out->len && (out->p[out->len - 1] == '\n' || out->p[out->len - 1] == '\r'))
		out->len--;
	return true;
}

static void parse_key(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct vrrp_auth *a = auth_of(p);
	struct str v = s->word[2].text;
	struct vrrp_auth_key k = { 0 };
	int64_t id;

	(void)kw;
	if (!cfg_get_int(p, s, 1, 1, 255, &id))
		return;
	if (str_starts_with(v, STR("file:")) && !read_file(p, s, v.p + 5, &v))
		return;
	if (str_starts_with(v, STR("hex:"))) {
		if (!decode_hex((struct str){ v.p + 4, v.len - 4 }, &k)) {
			cfg_error(p, s, 2, "behind hex: stand 64 to 128 hexadecimal digits");
			return;
		}
	} else if (v.len <= sizeof(k.bytes)) {
		memcpy(k.bytes, v.p, v.len);
		k.len = (uint8_t)v.len;
	}
	if (k.len < VRRP_AUTH_KEY_MIN) {
		cfg_error(p, s, 2, "a key has %d to %d bytes", VRRP_AUTH_KEY_MIN,
			  VRRP_AUTH_KEY_MAX);
		return;
	}
	k.id = (uint8_t)id;
	for (unsigned i = 0; i < a->n_keys; i++) {
		if (a->keys[i].id == k.id) {
			cfg_error(p, s, 1, "key %u is given already", k.id);
			return;
		}
	}
	if (a->n_keys == VRRP_AUTH_MAX_KEYS)
		cfg_error(p, s, 1, "there are at most %d keys", VRRP_AUTH_MAX_KEYS);
	else
		a->keys[a->n_keys++] = k;
	explicit_bzero(&k, sizeof(k));
}

static void parse_active(struct cfg_parser *p, const struct cfg_stmt *s,
			 const struct cfg_keyword *kw)
{
	int64_t id;

	(void)kw;
	if (cfg_get_int(p, s, 1, 1, 255, &id))
		auth_of(p)->active_key = (uint8_t)id;
}

static void parse_replay(struct cfg_parser *p, const struct cfg_stmt *s,
			 const struct cfg_keyword *kw)
{
	(void)kw;
	if (!cfg_is(s, 1, "time") && !cfg_is(s, 1, "monotonic"))
		cfg_error(p, s, 1, "'anti_replay' expects time or monotonic, got '" STR_FMT "'",
			  STR_ARG(s->word[1].text));
	auth_of(p)->is_monotonic = cfg_is(s, 1, "monotonic");
}

static void parse_window(struct cfg_parser *p, const struct cfg_stmt *s,
			 const struct cfg_keyword *kw)
{
	int64_t v;

	if (cfg_get_int(p, s, 1, kw->lo, kw->hi, &v))
		auth_of(p)->window_s = (unsigned)v;
}

static void parse_mode(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	(void)kw;
	if (cfg_is(s, 1, "enforce"))
		auth_of(p)->mode = AUTH_ENFORCE;
	else if (cfg_is(s, 1, "permissive"))
		auth_of(p)->mode = AUTH_PERMISSIVE;
	else if (cfg_is(s, 1, "receive-only"))
		auth_of(p)->mode = AUTH_RECEIVE_ONLY;
	else
		cfg_error(p, s, 1,
			  "'mode' expects enforce, permissive or receive-only, got '" STR_FMT "'",
			  STR_ARG(s->word[1].text));
}

static bool has_key(const struct vrrp_auth *a, uint8_t id)
{
	for (unsigned i = 0; i < a->n_keys; i++)
		if (a->keys[i].id == id)
			return true;
	return false;
}

static void parse_hmac(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct diag_pos pos = cfg_word_pos(s, 0);
	struct vrrp_auth *a = arena_new(&p->cfg->arena, struct vrrp_auth);
	unsigned before = p->diag->n_errors;

	(void)kw;
	p->instance->hmac = a;
	cfg_read_block(p, s, IN_HMAC);
	if (p->diag->n_errors != before)
		return;
	if (a->n_keys == 0)
		diag_error(p->diag, pos, "'auth_hmac' has no key: add 'key ID VALUE'");
	else if (a->active_key && !has_key(a, a->active_key))
		diag_error(p->diag, pos, "'active_key %u': there is no key %u", a->active_key,
			   a->active_key);
	else if (!a->active_key && a->n_keys == 1)
		a->active_key = a->keys[0].id;
	else if (!a->active_key && a->mode != AUTH_RECEIVE_ONLY)
		diag_error(p->diag, pos, "'auth_hmac' has several keys: name one with active_key");
}

/* clang-format off: one line for one keyword */
const struct cfg_keyword cfg_keywords_hmac[] = {
	{ "auth_hmac", IN_INSTANCE, 0, 0, true, parse_hmac, 0, 0, 0, "",
	  "sign adverts with a key that the nodes share", CFG_SUPPORTED },
	{ "key", IN_HMAC, 2, 2, false, parse_key, 0, 0, 0,
	  "a number from 1 to 255 and hex:..., a text, or file:PATH",
	  "a key of 32 to 64 bytes; several while keys are changed", CFG_SUPPORTED },
	{ "active_key", IN_HMAC, 1, 1, false, parse_active, 0, 0, 0, "a number from 1 to 255",
	  "the key that signs", CFG_SUPPORTED },
	{ "anti_replay", IN_HMAC, 1, 1, false, parse_replay, 0, 0, 0, "time or monotonic",
	  "what keeps old adverts out: clocks that agree, or only the order; default time",
	  CFG_SUPPORTED },
	{ "time_window", IN_HMAC, 1, 1, false, parse_window, 0, 1, 300, "seconds",
	  "by how much the clocks may differ; default 3 adverts, at least 5", CFG_SUPPORTED },
	{ "mode", IN_HMAC, 1, 1, false, parse_mode, 0, 0, 0, "enforce, permissive or receive-only",
	  "sign and insist; sign and accept unsigned adverts, too; only check what is signed",
	  CFG_SUPPORTED },
	{ 0 },
};
/* clang-format on */
