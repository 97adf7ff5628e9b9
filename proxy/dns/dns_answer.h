/* dns_answer.h - an answer of a name server: what it says about a name. Pure: bytes in, records out
 * (c-ares takes them apart). */
#ifndef PROXY_DNS_ANSWER_H
#define PROXY_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tandem/util.h>

struct addr;

#define DNS_MAX_RECORDS 1024 /* of one name; what follows is ignored */
#define DNS_NAME_LEN    256  /* longest name with its NUL */

enum dns_type { DNS_A, DNS_AAAA, DNS_SRV };

/* What became of a question. */
enum dns_status {
	DNS_VALID,
	DNS_EMPTY, /* the name is there, but has no such record */
	DNS_NX,
	DNS_REFUSED,
	DNS_TIMEOUT,
	DNS_UNREACHABLE, /* it could not be sent, or nobody listens there */
	DNS_SERVER_ERROR,
	DNS_TRUNCATED,
	DNS_OTHER, /* records, but not of the type that was asked for */
	DNS_INVALID,
};
#define DNS_N_STATUSES (DNS_INVALID + 1)
/* For logs: "the name does not exist" */
extern const char *const dns_status_texts[DNS_N_STATUSES];

struct dns_ip {
	uint8_t is_v6;
	uint8_t bytes[16]; /* 4 of them for IPv4, then zeros */
};
struct dns_target { /* of a SRV record */
	char name[DNS_NAME_LEN];
	uint16_t port, weight, priority;
};

struct dns_answer {
	enum dns_status status;
	enum dns_type type;
	unsigned n; /* above 0 if it is DNS_VALID, else 0 */
	union {
		struct dns_ip ips[DNS_MAX_RECORDS];
		struct dns_target targets[DNS_MAX_RECORDS];
	};
};

/* Any bytes will do. */
void dns_answer_parse(const uint8_t *bytes, size_t len, enum dns_type type, struct dns_answer *out);

bool dns_ip_eq(const struct dns_ip *a, const struct dns_ip *b);
void dns_ip_to_addr(const struct dns_ip *ip, uint16_t port, struct addr *out);
/* false: it is neither IPv4 nor IPv6. */
bool dns_ip_from_addr(const struct addr *a, struct dns_ip *out);
/* Same name and port. */
bool dns_target_eq(const struct dns_target *a, const struct dns_target *b);

#endif
