/* dns_answer.c - from the bytes of a DNS message to records. */
#include "dns/dns_answer.h"

#include <ares.h>
#include <string.h>
#include <strings.h>
#include <tandem/addr.h>

#define HEADER_LEN    12
#define FLAG_TC       0x02 /* of the third byte */
#define RCODE_MASK    0x0f /* of the fourth */
#define RCODE_NX      3
#define RCODE_REFUSED 5

const char *const dns_status_texts[DNS_N_STATUSES] = {
	[DNS_VALID] = "it has an address",
	[DNS_EMPTY] = "the name has no such record",
	[DNS_NX] = "the name does not exist",
	[DNS_REFUSED] = "the name server refuses to answer",
	[DNS_TIMEOUT] = "no name server answers in time",
	[DNS_UNREACHABLE] = "no name server can be reached",
	[DNS_SERVER_ERROR] = "the name server failed",
	[DNS_TRUNCATED] = "the answer is truncated",
	[DNS_OTHER] = "the answer has other records",
	[DNS_INVALID] = "the answer cannot be read",
};

static enum dns_status status_of_header(const uint8_t *b, size_t len)
{
	if (len < HEADER_LEN)
		return DNS_INVALID;
	if (b[2] & FLAG_TC)
		return DNS_TRUNCATED;
	switch (b[3] & RCODE_MASK) {
	case 0:
		break;
	case RCODE_NX:
		return DNS_NX;
	case RCODE_REFUSED:
		return DNS_REFUSED;
	default:
		return DNS_SERVER_ERROR;
	}
	return b[6] == 0 && b[7] == 0 ? DNS_EMPTY : DNS_VALID;
}

static enum dns_status status_of_parser(int rc, unsigned n)
{
	if (rc == ARES_ENODATA || (rc == ARES_SUCCESS && n == 0))
		return DNS_OTHER;
	return rc == ARES_SUCCESS ? DNS_VALID : DNS_INVALID;
}

static int parse_a(const uint8_t *bytes, int len, struct dns_answer *out)
{
	struct ares_addrttl found[DNS_MAX_RECORDS];
	int n = DNS_MAX_RECORDS, rc = ares_parse_a_reply(bytes, len, NULL, found, &n);

	for (int i = 0; rc == ARES_SUCCESS && i < n; i++) {
		struct dns_ip *ip = &out->ips[out->n++];

		*ip = (struct dns_ip){ 0 };
		memcpy(ip->bytes, &found[i].ipaddr, 4);
	}
	return rc;
}

static int parse_aaaa(const uint8_t *bytes, int len, struct dns_answer *out)
{
	struct ares_addr6ttl found[DNS_MAX_RECORDS];
	int n = DNS_MAX_RECORDS, rc = ares_parse_aaaa_reply(bytes, len, NULL, found, &n);

	for (int i = 0; rc == ARES_SUCCESS && i < n; i++) {
		struct dns_ip *ip = &out->ips[out->n++];

		ip->is_v6 = 1;
		memcpy(ip->bytes, &found[i].ip6addr, 16);
	}
	return rc;
}

static int parse_srv(const uint8_t *bytes, int len, struct dns_answer *out)
{
	struct ares_srv_reply *first = NULL;
	int rc = ares_parse_srv_reply(bytes, len, &first);

	for (const struct ares_srv_reply *r = rc == ARES_SUCCESS ? first : NULL;
	     r != NULL && out->n < DNS_MAX_RECORDS; r = r->next) {
		struct dns_target *t = &out->targets[out->n];
		const size_t n = strlen(r->host);

		if (n == 0 || n >= sizeof(t->name)) /* "." says that there is no such service */
			continue;
		memcpy(t->name, r->host, n + 1);
		t->port = r->port;
		t->weight = r->weight;
		t->priority = r->priority;
		out->n++;
	}
	if (first != NULL)
		ares_free_data(first);
	return rc;
}

void dns_answer_parse(const uint8_t *bytes, size_t len, enum dns_type type, struct dns_answer *out)
{
	int rc = ARES_EBADRESP;

	out->type = type;
	out->n = 0;
	out->status = len <= UINT16_MAX ? status_of_header(bytes, len) : DNS_INVALID;
	if (out->status != DNS_VALID)
		return;
	switch (type) {
	case DNS_A:
		rc = parse_a(bytes, (int)len, out);
		break;
	case DNS_AAAA:
		rc = parse_aaaa(bytes, (int)len, out);
		break;
	case DNS_SRV:
		rc = parse_srv(bytes, (int)len, out);
		break;
	}
	out->status = status_of_parser(rc, out->n);
	if (out->status != DNS_VALID)
		out->n = 0;
}

bool dns_ip_eq(const struct dns_ip *a, const struct dns_ip *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

void dns_ip_to_addr(const struct dns_ip *ip, uint16_t port, struct addr *out)
{
	memset(out, 0, sizeof(*out));
	if (ip->is_v6) {
		out->in6.sin6_family = AF_INET6;
		memcpy(&out->in6.sin6_addr, ip->bytes, 16);
		out->len = sizeof(out->in6);
	} else {
		out->in.sin_family = AF_INET;
		memcpy(&out->in.sin_addr, ip->bytes, 4);
		out->len = sizeof(out->in);
	}
	addr_set_port(out, port);
}

bool dns_ip_from_addr(const struct addr *a, struct dns_ip *out)
{
	if (a->len == 0)
		return false;
	*out = (struct dns_ip){ 0 };
	if (a->sa.sa_family == AF_INET) {
		memcpy(out->bytes, &a->in.sin_addr, 4);
	} else if (a->sa.sa_family == AF_INET6) {
		out->is_v6 = 1;
		memcpy(out->bytes, &a->in6.sin6_addr, 16);
	} else {
		return false;
	}
	return true;
}

bool dns_target_eq(const struct dns_target *a, const struct dns_target *b)
{
	return a->port == b->port && strcasecmp(a->name, b->name) == 0;
}
