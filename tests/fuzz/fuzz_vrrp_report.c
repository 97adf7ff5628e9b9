/* fuzz_vrrp_report.c - any bytes as a datagram between two vrrpd; the first byte chooses the
 * family. What was read is written again and must read the same. */
#include "vrrp_report.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int family = size && (data[0] & 1) ? AF_INET6 : AF_INET;
	uint8_t bytes[VRRP_REPORT_MAX_LEN];
	struct handover_msg m;
	struct vrrp_report a, b;
	size_t len;

	if (size == 0)
		return 0;
	if (handover_parse(data + 1, size - 1, &m))
		ASSERT(m.pdu_len <= size - 1 && m.vrid != 0);
	if (!vrrp_report_parse(data + 1, size - 1, family, &a))
		return 0;
	len = vrrp_report_build(&a, bytes);
	ASSERT(vrrp_report_parse(bytes, len, family, &b));
	ASSERT(a.n_heard == b.n_heard && memcmp(&a.digest, &b.digest, sizeof(a.digest)) == 0);
	for (unsigned k = 0; k < a.n_heard; k++)
		ASSERT(vrrp_report_hears(&b, &a.heard[k].addr));
	ASSERT(vrrp_digest_compare(&a.digest, &b.digest) == 0);
	return 0;
}
