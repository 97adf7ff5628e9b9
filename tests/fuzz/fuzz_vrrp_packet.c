/* fuzz_vrrp_packet.c - any bytes as an advert. The first byte chooses the family and whether the
 * checksum is made right, so that what lies behind it is reached; what was read is written again
 * and must read the same. */
#include "vrrp_packet.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct addr make_addr(int family, uint8_t last)
{
	struct addr a = { 0 };

	if (family == AF_INET6) {
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_addr.s6_addr[15] = last;
		a.len = sizeof(a.in6);
	} else {
		a.in.sin_family = AF_INET;
		a.in.sin_addr.s_addr = htonl(0x0a000000u | last);
		a.len = sizeof(a.in);
	}
	return a;
}

/* One's complement, over the whole PDU without a pseudo header. */
static void make_sum_right(uint8_t *pdu, size_t len)
{
	uint32_t sum = 0;

	pdu[6] = pdu[7] = 0;
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)pdu[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	pdu[6] = (uint8_t)(~sum >> 8);
	pdu[7] = (uint8_t)~sum;
}

static void there_and_back(const struct vrrp_advert *a, const struct addr *src,
			   const struct addr *dst)
{
	uint8_t buf[VRRP_MAX_LEN];
	struct vrrp_advert b;
	ssize_t len = vrrp_packet_build(a, src, dst, buf, sizeof(buf));
	struct vrrp_expect e = { .version = a->version,
				 .vrid = a->vrid,
				 .adver_us = a->adver_us,
				 .auth_type = a->auth_type,
				 .check_addrs = true,
				 .n_vips = a->n_vips,
				 .vips = a->vips };

	memcpy(e.auth_data, a->auth_data, sizeof(e.auth_data));
	ASSERT(len > 0);
	ASSERT(vrrp_packet_parse(buf, (size_t)len, src, dst, &b) == VRRP_PKT_OK);
	ASSERT(a->version == b.version && a->vrid == b.vrid && a->priority == b.priority);
	ASSERT(a->adver_us == b.adver_us && a->n_vips == b.n_vips && a->auth_type == b.auth_type);
	ASSERT(vrrp_packet_check(&b, &e) == VRRP_PKT_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int family = size && (data[0] & 1) ? AF_INET6 : AF_INET;
	struct addr src = make_addr(family, 1), dst = make_addr(family, 2);
	uint8_t pdu[VRRP_MAX_LEN + 64];
	struct vrrp_advert a;
	enum vrrp_parse_error e;
	size_t len;

	if (size == 0)
		return 0;
	len = MIN(size - 1, sizeof(pdu));
	memcpy(pdu, data + 1, len);
	if (len >= 8 && (data[0] & 2))
		make_sum_right(pdu, len);
	e = vrrp_packet_parse(pdu, len, &src, data[0] & 4 ? NULL : &dst, &a);
	ASSERT(vrrp_parse_error_text(e)[0]);
	if (e == VRRP_PKT_OK)
		there_and_back(&a, &src, &dst);
	return 0;
}
