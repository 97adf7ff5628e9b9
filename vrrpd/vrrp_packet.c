/* vrrp_packet.c - VRRP adverts: bytes to struct and back.
 *
 *  0               1               2               3
 * +-------+-------+---------------+---------------+---------------+
 * |version| type  |     VRID      |   priority    | n addresses   |
 * +-------+-------+---------------+---------------+---------------+
 * | v2: auth type | adver int (s) |           checksum            |
 * | v3: 4 bits 0, 12 bits adver int (cs)          |
 * +-------------------------------+-------------------------------+
 * | addresses ... | v2: 8 bytes of authentication data            |
 */
#include "vrrp_packet.h"

#include <errno.h>
#include <string.h>
#include <tandem/clock.h>

#define HEADER_LEN   8
#define AUTH_LEN     8
#define TYPE_ADVERT  1
#define US_PER_CS    INT64_C(10000)
#define MAX_ADVER_CS 0xfff

static size_t addr_len(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

/* One's complement sum of 16 bit words, not yet folded. */
static uint64_t sum_bytes(uint64_t sum, const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += (uint64_t)p[i] << 8 | p[i + 1];
	if (i < len)
		sum += (uint64_t)p[i] << 8;
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* RFC 9568 section 5.2.8: the pseudo header of RFC 8200 for IPv6, that of TCP for IPv4. */
static uint64_t sum_pseudo(const struct addr *src, const struct addr *dst, size_t len)
{
	uint64_t sum = VRRP_PROTO + len;

	if (src->sa.sa_family == AF_INET6) {
		sum = sum_bytes(sum, src->in6.sin6_addr.s6_addr, 16);
		return sum_bytes(sum, dst->in6.sin6_addr.s6_addr, 16);
	}
	sum = sum_bytes(sum, (const uint8_t *)&src->in.sin_addr, 4);
	return sum_bytes(sum, (const uint8_t *)&dst->in.sin_addr, 4);
}

static bool has_both(const struct addr *src, const struct addr *dst)
{
	return src && dst && src->len && dst->len && src->sa.sa_family == dst->sa.sa_family;
}

static bool is_sum_right(const struct addr *src, const struct addr *dst, const uint8_t *pdu,
			 size_t len, struct vrrp_advert *out)
{
	uint64_t sum = sum_bytes(0, pdu, out->family == AF_INET6 ? len : HEADER_LEN);
	size_t n_body = out->n_vips * addr_len(out->family);

	if (out->family == AF_INET6) /* the kernel sums the whole payload, trailers included */
		return has_both(src, dst) && fold(sum + sum_pseudo(src, dst, len)) == 0xffff;
	if (out->version == 2)
		n_body += AUTH_LEN;
	sum = sum_bytes(sum, pdu + HEADER_LEN, n_body);
	if (out->version == 2)
		return fold(sum) == 0xffff;
	if (has_both(src, dst) && fold(sum + sum_pseudo(src, dst, HEADER_LEN + n_body)) == 0xffff)
		return true;
	out->is_plain_sum = fold(sum) == 0xffff;
	return out->is_plain_sum;
}

/* The fixed header. Version and type come first: the rest depends on them. */
static enum vrrp_parse_error parse_header(const uint8_t *pdu, struct vrrp_advert *out)
{
	out->version = pdu[0] >> 4;
	out->vrid = pdu[1];
	out->priority = pdu[2];
	out->n_vips = pdu[3];
	if (out->version != 2 && out->version != 3)
		return VRRP_PKT_VERSION;
	if (out->version == 2 && out->family == AF_INET6)
		return VRRP_PKT_VERSION;
	if ((pdu[0] & 0xf) != TYPE_ADVERT)
		return VRRP_PKT_TYPE;
	if (out->vrid == 0)
		return VRRP_PKT_VRID;
	if (out->version == 2) {
		out->auth_type = pdu[4];
		out->adver_us = pdu[5] * US_PER_S;
	} else {
		out->adver_us = ((pdu[4] & 0xf) << 8 | pdu[5]) * US_PER_CS;
	}
	return VRRP_PKT_OK;
}

enum vrrp_parse_error vrrp_packet_parse(const uint8_t *pdu, size_t len, const struct addr *src,
					const struct addr *dst, struct vrrp_advert *out)
{
	enum vrrp_parse_error e;
	size_t need;

	*out = (struct vrrp_advert){ .family = AF_INET };
	if (src && src->len && src->sa.sa_family == AF_INET6)
		out->family = AF_INET6;
	if (len < HEADER_LEN)
		return VRRP_PKT_SHORT;
	e = parse_header(pdu, out);
	if (e != VRRP_PKT_OK)
		return e;
	need = HEADER_LEN + out->n_vips * addr_len(out->family);
	if (out->version == 2)
		need += AUTH_LEN;
	if (len < need)
		return VRRP_PKT_LENGTH;
	if (!is_sum_right(src, dst, pdu, len, out))
		return VRRP_PKT_CHECKSUM;
	if (out->adver_us == 0)
		return VRRP_PKT_INTERVAL;
	out->vips = pdu + HEADER_LEN;
	out->pdu_len = need;
	if (out->version == 2)
		memcpy(out->auth_data, pdu + need - AUTH_LEN, AUTH_LEN);
	return VRRP_PKT_OK;
}

/* Everything but the checksum. Returns the length. */
static ssize_t write_pdu(const struct vrrp_advert *a, uint8_t *buf, size_t cap)
{
	size_t n_body = a->n_vips * addr_len(a->family);
	size_t len = HEADER_LEN + n_body + (a->version == 2 ? AUTH_LEN : 0);
	int64_t adver_cs = a->adver_us / US_PER_CS;

	if (a->n_vips > VRRP_MAX_VIPS || len > cap)
		return -EMSGSIZE;
	buf[0] = (uint8_t)(a->version << 4 | TYPE_ADVERT);
	buf[1] = a->vrid;
	buf[2] = a->priority;
	buf[3] = (uint8_t)a->n_vips;
	if (a->version == 2) {
		buf[4] = (uint8_t)a->auth_type;
		buf[5] = (uint8_t)MIN(a->adver_us / US_PER_S, 255);
	} else {
		adver_cs = MIN(adver_cs, MAX_ADVER_CS);
		buf[4] = (uint8_t)(adver_cs >> 8);
		buf[5] = (uint8_t)adver_cs;
	}
	buf[6] = buf[7] = 0;
	if (n_body)
		memcpy(buf + HEADER_LEN, a->vips, n_body);
	if (a->version == 2)
		memcpy(buf + HEADER_LEN + n_body, a->auth_data, AUTH_LEN);
	return (ssize_t)len;
}

ssize_t vrrp_packet_build(const struct vrrp_advert *a, const struct addr *src,
			  const struct addr *dst, uint8_t *buf, size_t cap)
{
	ssize_t len = write_pdu(a, buf, cap);
	uint64_t sum;
	uint16_t check;

	if (len < 0)
		return len;
	sum = sum_bytes(0, buf, (size_t)len);
	if (a->version == 3 && !a->is_plain_sum && has_both(src, dst))
		sum += sum_pseudo(src, dst, (size_t)len);
	check = (uint16_t)~fold(sum);
	buf[6] = (uint8_t)(check >> 8);
	buf[7] = (uint8_t)check;
	return len;
}

static bool is_equal_constant_time(const uint8_t *a, const uint8_t *b, size_t len)
{
	volatile uint8_t diff = 0;

	for (size_t i = 0; i < len; i++)
		diff |= a[i] ^ b[i];
	return diff == 0;
}

static bool has_addr(const uint8_t *list, unsigned n, const uint8_t *addr, size_t len)
{
	for (unsigned i = 0; i < n; i++)
		if (memcmp(list + i * len, addr, len) == 0)
			return true;
	return false;
}

static bool are_addrs_equal(const struct vrrp_advert *a, const struct vrrp_expect *e)
{
	size_t len = addr_len(a->family);

	if (a->n_vips != e->n_vips)
		return false;
	for (unsigned i = 0; i < a->n_vips; i++)
		if (!has_addr(a->vips, a->n_vips, e->vips + i * len, len))
			return false;
	return true;
}

enum vrrp_parse_error vrrp_packet_check(const struct vrrp_advert *a, const struct vrrp_expect *e)
{
	if (a->version != e->version)
		return VRRP_PKT_VERSION;
	if (a->vrid != e->vrid)
		return VRRP_PKT_VRID;
	if (a->version == 2) {
		if (a->auth_type != e->auth_type)
			return VRRP_PKT_AUTH_TYPE;
		if (a->auth_type == 1 &&
		    !is_equal_constant_time(a->auth_data, e->auth_data, sizeof(a->auth_data)))
			return VRRP_PKT_AUTH_DATA;
	}
	if (a->priority == 0)
		return VRRP_PKT_OK;
	if (a->version == 2 && a->adver_us != e->adver_us)
		return VRRP_PKT_INTERVAL;
	/* RFC 3768 section 7.1: what the owner says of its addresses is accepted */
	if (e->check_addrs && !(a->version == 2 && a->priority == 255) && !are_addrs_equal(a, e))
		return VRRP_PKT_ADDRS;
	return VRRP_PKT_OK;
}

const char *vrrp_parse_error_text(enum vrrp_parse_error e)
{
	static const char *const text[] = {
		[VRRP_PKT_OK] = "ok",
		[VRRP_PKT_SHORT] = "shorter than a VRRP header",
		[VRRP_PKT_VERSION] = "another VRRP version",
		[VRRP_PKT_TYPE] = "not an advertisement",
		[VRRP_PKT_VRID] = "virtual router id",
		[VRRP_PKT_CHECKSUM] = "wrong checksum",
		[VRRP_PKT_LENGTH] = "shorter than its addresses need",
		[VRRP_PKT_TTL] = "TTL is not 255",
		[VRRP_PKT_INTERVAL] = "another advertisement interval",
		[VRRP_PKT_AUTH_TYPE] = "another authentication type",
		[VRRP_PKT_AUTH_DATA] = "wrong password",
		[VRRP_PKT_ADDRS] = "other addresses",
		[VRRP_PKT_UNKNOWN_PEER] = "not from a unicast_peer",
		[VRRP_PKT_UNSIGNED] = "not signed",
		[VRRP_PKT_AUTH_FORMAT] = "a signature of another kind",
		[VRRP_PKT_AUTH_TIME] = "signed outside of time_window; do the clocks agree?",
		[VRRP_PKT_AUTH_KEY] = "signed with an unknown key",
		[VRRP_PKT_AUTH_HMAC] = "wrong signature",
		[VRRP_PKT_REPLAY] = "an old advert, sent again",
	};

	_Static_assert(ARRAY_LEN(text) == VRRP_PKT_N_ERRORS, "every error has a text");
	ASSERT((size_t)e < ARRAY_LEN(text));
	return text[e];
}
