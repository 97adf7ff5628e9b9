/* vrrp_auth.c - the auth_hmac trailer. */
#include "vrrp_auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <tandem/clock.h>

#define TYPE_SHA256_128 1
#define HMAC_AT         12
#define HMAC_LEN        16
#define PSEUDO_LEN      20
#define MAX_PDU         (8 + 16 * 255 + 8)

uint64_t vrrp_auth_next(const struct vrrp_auth *a, uint64_t last, int64_t real_us)
{
	uint64_t sec = (uint64_t)(real_us / US_PER_S), us = (uint64_t)(real_us % US_PER_S);
	uint64_t clock = sec << 32 | (us << 16) / US_PER_S << 16;
	uint64_t last_sec = last >> 32;

	if (clock > last)
		return clock;
	/* Set back by much: peers would refuse what the window does not hold. */
	if (!a->is_monotonic && last_sec - sec > a->window_s)
		return clock;
	return last + 1;
}

static const struct vrrp_auth_key *find_key(const struct vrrp_auth *a, uint8_t id)
{
	for (unsigned i = 0; i < a->n_keys; i++)
		if (a->keys[i].id == id)
			return &a->keys[i];
	return NULL;
}

static bool compute(const struct vrrp_auth_key *k, const struct vrrp_auth_message *m,
		    const uint8_t trailer[HMAC_AT], uint8_t out[HMAC_LEN])
{
	uint8_t buf[PSEUDO_LEN + MAX_PDU + VRRP_AUTH_LEN] = { 0 }, full[EVP_MAX_MD_SIZE];
	bool is_v6 = m->src->sa.sa_family == AF_INET6;
	unsigned n = 0;

	if (m->len > MAX_PDU)
		return false;
	buf[0] = is_v6 ? 6 : 4;
	buf[1] = (uint8_t)m->version;
	buf[2] = m->vrid;
	if (is_v6)
		memcpy(buf + 4, &m->src->in6.sin6_addr, 16);
	else
		memcpy(buf + 4, &m->src->in.sin_addr, 4);
	memcpy(buf + PSEUDO_LEN, m->pdu, m->len);
	if (m->n_masked_at && m->n_masked_at + 2 <= m->len)
		memset(buf + PSEUDO_LEN + m->n_masked_at, 0, 2);
	memcpy(buf + PSEUDO_LEN + m->len, trailer, HMAC_AT); /* and 16 zero bytes */
	if (!HMAC(EVP_sha256(), k->bytes, k->len, buf, PSEUDO_LEN + m->len + VRRP_AUTH_LEN, full,
		  &n) ||
	    n < HMAC_LEN)
		return false;
	memcpy(out, full, HMAC_LEN);
	return true;
}

bool vrrp_auth_sign(const struct vrrp_auth *a, const struct vrrp_auth_message *m, uint64_t sequence,
		    uint8_t trailer[VRRP_AUTH_LEN])
{
	const struct vrrp_auth_key *k = find_key(a, a->active_key);

	if (!k)
		return false;
	memset(trailer, 0, VRRP_AUTH_LEN);
	trailer[0] = TYPE_SHA256_128;
	trailer[1] = k->id;
	for (int i = 0; i < 8; i++)
		trailer[4 + i] = (uint8_t)(sequence >> (56 - 8 * i));
	return compute(k, m, trailer, trailer + HMAC_AT);
}

/* The slot of src, or the one to reuse for it. */
static unsigned slot_of(const struct vrrp_auth_replay *r, unsigned n_slots, const struct addr *src)
{
	unsigned oldest = 0;

	for (unsigned i = 0; i < n_slots; i++) {
		if (r->slot[i].used && addr_eq(&r->slot[i].src, src))
			return i;
		if (r->slot[i].used < r->slot[oldest].used)
			oldest = i;
	}
	return oldest;
}

static bool is_in_window(const struct vrrp_auth *a, uint64_t sequence, int64_t real_us)
{
	int64_t sec = (int64_t)(sequence >> 32), now = real_us / US_PER_S;
	int64_t distance = now > sec ? now - sec : sec - now;

	return a->is_monotonic || distance <= (int64_t)a->window_s;
}

enum vrrp_auth_result vrrp_auth_verify(const struct vrrp_auth *a, struct vrrp_auth_replay *r,
				       unsigned n_slots, const struct vrrp_auth_message *m,
				       const uint8_t trailer[VRRP_AUTH_LEN], int64_t real_us)
{
	const struct vrrp_auth_key *k;
	uint8_t want[HMAC_LEN];
	uint64_t sequence = 0;
	unsigned at;

	if (trailer[0] != TYPE_SHA256_128 || trailer[2] || trailer[3])
		return AUTH_FORMAT;
	for (int i = 0; i < 8; i++)
		sequence = sequence << 8 | trailer[4 + i];
	if (!is_in_window(a, sequence, real_us))
		return AUTH_TIME;
	k = find_key(a, trailer[1]);
	if (!k)
		return AUTH_KEY;
	if (!compute(k, m, trailer, want) || CRYPTO_memcmp(want, trailer + HMAC_AT, HMAC_LEN) != 0)
		return AUTH_HMAC;
	at = slot_of(r, MIN(n_slots, (unsigned)VRRP_AUTH_SLOTS), m->src);
	if (r->slot[at].used && addr_eq(&r->slot[at].src, m->src) &&
	    (int64_t)(sequence - r->slot[at].sequence) <= 0)
		return AUTH_REPLAY;
	r->slot[at].src = *m->src;
	r->slot[at].sequence = sequence;
	r->slot[at].used = ++r->n_used;
	return AUTH_OK;
}
