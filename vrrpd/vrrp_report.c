/* vrrp_report.c - what one vrrpd tells another about itself. */
#include "vrrp_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/cfg_model.h"

#define US_PER_CS  10000
#define HASH_START 2166136261u
#define HASH_PRIME 16777619u

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put_addr(uint8_t *p, const struct addr *a)
{
	if (a->sa.sa_family == AF_INET6)
		memcpy(p, &a->in6.sin6_addr, 16);
	else
		memcpy(p, &a->in.sin_addr, 4);
}

static struct addr get_addr(const uint8_t *p, int family)
{
	struct addr a = { 0 };

	if (family == AF_INET6) {
		a.in6.sin6_family = AF_INET6;
		memcpy(&a.in6.sin6_addr, p, 16);
		a.len = sizeof(a.in6);
	} else {
		a.in.sin_family = AF_INET;
		memcpy(&a.in.sin_addr, p, 4);
		a.len = sizeof(a.in);
	}
	return a;
}

/* --- bytes ---------------------------------------------------------------------------------- */

static void put_digest(const struct vrrp_digest *d, uint8_t *p)
{
	p[0] = d->version;
	p[1] = d->priority;
	p[2] = d->least_priority;
	p[3] = d->flags;
	p[4] = d->auth_type;
	p[5] = d->down_adverts;
	p[6] = d->n_keys;
	put16(p + 8, d->n_vips);
	put16(p + 10, d->n_excluded);
	put32(p + 12, d->vips);
	put32(p + 16, d->excluded);
	put32(p + 20, d->keys);
}

static struct vrrp_digest get_digest(const uint8_t *p)
{
	return (struct vrrp_digest){
		.version = p[0],
		.priority = p[1],
		.least_priority = p[2],
		.flags = p[3],
		.auth_type = p[4],
		.down_adverts = p[5],
		.n_keys = p[6],
		.n_vips = get16(p + 8),
		.n_excluded = get16(p + 10),
		.vips = get32(p + 12),
		.excluded = get32(p + 16),
		.keys = get32(p + 20),
	};
}

size_t vrrp_report_build(const struct vrrp_report *r, uint8_t out[VRRP_REPORT_MAX_LEN])
{
	unsigned n = MIN(r->n_heard, (unsigned)VRRP_REPORT_MAX_HEARD);
	struct handover_msg head = r->head;

	memset(out, 0, VRRP_REPORT_MAX_LEN);
	head.kind = HANDOVER_REPORT;
	head.n_heard = (uint8_t)n;
	head.target = (struct addr){ 0 };
	handover_build(&head, out);
	put_digest(&r->digest, out + 12);
	for (unsigned k = 0; k < n; k++) {
		uint8_t *p = out + HANDOVER_LEN + (size_t)k * VRRP_REPORT_HEARD_LEN;
		int64_t cs = r->heard[k].age_us / US_PER_CS;

		put_addr(p, &r->heard[k].addr);
		p[16] = r->heard[k].priority;
		p[17] = r->heard[k].what;
		put16(p + 18, (unsigned)MAX(INT64_C(0), MIN(cs, (int64_t)UINT16_MAX)));
	}
	return HANDOVER_LEN + (size_t)n * VRRP_REPORT_HEARD_LEN;
}

bool vrrp_report_parse(const uint8_t *bytes, size_t len, int family, struct vrrp_report *out)
{
	struct vrrp_report r = { 0 };

	if (!handover_parse(bytes, len, &r.head) || r.head.kind != HANDOVER_REPORT)
		return false;
	r.head.target = (struct addr){ 0 };
	r.digest = get_digest(bytes + 12);
	r.digest.adver_cs = get16(bytes + 10);
	r.n_heard = r.head.n_heard;
	for (unsigned k = 0; k < r.n_heard; k++) {
		const uint8_t *p = bytes + HANDOVER_LEN + (size_t)k * VRRP_REPORT_HEARD_LEN;

		r.heard[k] = (struct vrrp_heard){ .addr = get_addr(p, family),
						  .priority = p[16],
						  .what = p[17],
						  .age_us = (int64_t)get16(p + 18) * US_PER_CS };
	}
	*out = r;
	return true;
}

bool vrrp_report_hears(const struct vrrp_report *r, const struct addr *a)
{
	for (unsigned k = 0; k < r->n_heard; k++) {
		if (addr_eq(&r->heard[k].addr, a))
			return true;
	}
	return false;
}

/* --- digest --------------------------------------------------------------------------------- */

static uint32_t hash_bytes(uint32_t h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t k = 0; k < len; k++)
		h = (h ^ p[k]) * HASH_PRIME;
	return h;
}

/* A sum over the elements: the order does not matter. */
static uint32_t hash_vips(const struct cfg_vip *v, uint16_t *n)
{
	uint32_t sum = 0;

	for (*n = 0; v; v = v->next, (*n)++) {
		uint8_t bytes[18] = { (uint8_t)v->addr.sa.sa_family, v->prefix_len };

		put_addr(bytes + 2, &v->addr);
		sum += hash_bytes(HASH_START, bytes, sizeof(bytes));
	}
	return sum;
}

static uint32_t hash_keys(const struct vrrp_auth *a)
{
	uint32_t sum = 0;

	for (unsigned k = 0; k < a->n_keys; k++)
		sum += hash_bytes(HASH_START, &a->keys[k].id, 1);
	return sum;
}

void vrrp_digest_make(const struct cfg_instance *c, uint8_t best, uint8_t least,
		      struct vrrp_digest *out)
{
	struct vrrp_digest d = {
		.version = (uint8_t)c->version,
		.priority = best,
		.least_priority = least,
		.flags = (uint8_t)((c->preempt ? DIGEST_PREEMPT : 0) |
				   (c->is_unicast ? DIGEST_UNICAST : 0)),
		.auth_type = (uint8_t)c->auth_type,
		.down_adverts = (uint8_t)(c->down_adverts ? c->down_adverts : 3),
		.adver_cs = (uint16_t)MIN(c->advert_us / US_PER_CS, (int64_t)UINT16_MAX),
	};

	d.vips = hash_vips(c->vips, &d.n_vips);
	d.excluded = hash_vips(c->vips_excluded, &d.n_excluded);
	if (c->hmac) {
		d.flags |= c->hmac->mode != AUTH_RECEIVE_ONLY ? DIGEST_SIGNS : 0;
		d.n_keys = (uint8_t)c->hmac->n_keys;
		d.keys = hash_keys(c->hmac);
	}
	*out = d;
}

unsigned vrrp_digest_compare(const struct vrrp_digest *a, const struct vrrp_digest *b)
{
	unsigned mask = 0;

	if (a->version != b->version)
		mask |= DIFFERS_VERSION;
	if (a->adver_cs != b->adver_cs)
		mask |= DIFFERS_INTERVAL;
	if (a->n_vips != b->n_vips || a->vips != b->vips)
		mask |= DIFFERS_ADDRESSES;
	if (a->n_excluded != b->n_excluded || a->excluded != b->excluded)
		mask |= DIFFERS_EXCLUDED;
	if (a->auth_type != b->auth_type || (a->flags ^ b->flags) & DIGEST_SIGNS)
		mask |= DIFFERS_AUTH;
	if (a->n_keys != b->n_keys || a->keys != b->keys)
		mask |= DIFFERS_KEYS;
	if (a->down_adverts != b->down_adverts)
		mask |= DIFFERS_DOWN;
	if ((a->flags ^ b->flags) & DIGEST_UNICAST)
		mask |= DIFFERS_CAST;
	return mask;
}

const char *vrrp_difference_text(unsigned bit)
{
	static const char *const text[VRRP_N_DIFFERENCES] = {
		"version",        "advert_int", "virtual_ipaddress",  "virtual_ipaddress_excluded",
		"authentication", "auth_hmac",  "down_timer_adverts", "unicast_peer",
	};

	for (unsigned k = 0; k < VRRP_N_DIFFERENCES; k++) {
		if (bit == 1u << k)
			return text[k];
	}
	return "?";
}

static const char *auth_text(const struct vrrp_digest *d)
{
	if (d->flags & DIGEST_SIGNS)
		return "signed";
	return d->auth_type ? "PASS" : "none";
}

/* What one side has, in a few words. */
static void value_text(unsigned bit, const struct vrrp_digest *d, char out[40])
{
	switch ((enum vrrp_difference)bit) {
	case DIFFERS_VERSION:
		snprintf(out, 40, "%u", d->version);
		return;
	case DIFFERS_INTERVAL:
		snprintf(out, 40, "%u.%02u s", d->adver_cs / 100u, d->adver_cs % 100u);
		return;
	case DIFFERS_ADDRESSES:
		snprintf(out, 40, "%u (%08x)", d->n_vips, d->vips);
		return;
	case DIFFERS_EXCLUDED:
		snprintf(out, 40, "%u (%08x)", d->n_excluded, d->excluded);
		return;
	case DIFFERS_AUTH:
		snprintf(out, 40, "%s", auth_text(d));
		return;
	case DIFFERS_KEYS:
		snprintf(out, 40, "%u key ids (%08x)", d->n_keys, d->keys);
		return;
	case DIFFERS_DOWN:
		snprintf(out, 40, "%u", d->down_adverts);
		return;
	case DIFFERS_CAST:
		snprintf(out, 40, "%s", d->flags & DIGEST_UNICAST ? "unicast" : "multicast");
		return;
	}
	snprintf(out, 40, "?");
}

void vrrp_difference_explain(unsigned mask, const struct vrrp_digest *ours,
			     const struct vrrp_digest *theirs, char *out, size_t room)
{
	size_t at = 0;

	out[0] = '\0';
	for (unsigned k = 0; k < VRRP_N_DIFFERENCES && at < room; k++) {
		char here[40], there[40];
		int n;

		if (!(mask & 1u << k))
			continue;
		value_text(1u << k, ours, here);
		value_text(1u << k, theirs, there);
		n = snprintf(out + at, room - at, "%s%s: %s here, %s there", at ? "; " : "",
			     vrrp_difference_text(1u << k), here, there);
		at += n > 0 ? (size_t)n : 0;
	}
}
