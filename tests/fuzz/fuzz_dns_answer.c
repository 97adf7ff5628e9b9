/* fuzz_dns_answer.c - answers of name servers: any bytes are read without harm, what they tell is
 * bounded, and the servers that share it never get an address or a service twice. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/dns_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define N_SLOTS 5

static struct dns_answer answer;

static void check_ips(const struct dns_slot *slots)
{
	for (unsigned i = 0; i < N_SLOTS; i++)
		for (unsigned j = 0; slots[i].has_ip && j < i; j++)
			if (slots[j].has_ip && dns_ip_eq(&slots[i].ip, &slots[j].ip))
				abort();
}

static void check_targets(const struct dns_target_slot *slots)
{
	for (unsigned i = 0; i < N_SLOTS; i++)
		for (unsigned j = 0; slots[i].has_target && j < i; j++)
			if (slots[j].has_target &&
			    dns_target_eq(&slots[i].target, &slots[j].target))
				abort();
}

/* The first byte is the type; the rest is cut into answers by their lengths. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_records rs = { 0 };
	struct dns_slot slots[N_SLOTS] = { 0 };
	static struct dns_target_slot targets[N_SLOTS];
	enum dns_type type;
	int64_t now_us = 0;

	if (size < 1)
		return 0;
	type = (enum dns_type)(data[0] % 3);
	data++, size--;
	memset(targets, 0, sizeof(targets));
	while (size >= 2) {
		size_t n = (size_t)data[0] << 8 | data[1];
		uint8_t *copy;

		data += 2, size -= 2;
		if (n > size)
			n = size;
		copy = malloc(n > 0 ? n : 1); /* exact, so that a read behind it is seen */
		memcpy(copy, data, n);
		dns_answer_parse(copy, n, type, &answer);
		free(copy);
		data += n, size -= n;
		if (answer.n > DNS_MAX_RECORDS || (answer.status == DNS_VALID) != (answer.n > 0))
			abort();
		if (answer.status != DNS_VALID)
			continue;
		dns_records_merge(&rs, &answer, now_us++, 2);
		if (rs.n > DNS_MAX_RECORDS || rs.n == 0)
			abort();
		if (type == DNS_SRV) {
			dns_assign_targets(&rs, targets, N_SLOTS);
			check_targets(targets);
		} else {
			dns_assign(&rs, slots, N_SLOTS);
			check_ips(slots);
		}
	}
	dns_records_fini(&rs);
	return 0;
}
