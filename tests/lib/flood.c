/* flood.c - a hostile host: VRRP packets that nobody should obey.
 *
 *   flood [-r RATE] [-s SECONDS] [-v VRID] [-k KIND,...] [-S SOURCE] [-d DESTINATION] VIP
 * INTERFACE...
 *
 * Sends RATE frames a second (50000) for SECONDS (5) over each interface, from SOURCE (of the labs'
 * 10.77.0.0/24, at random by default) to DESTINATION (224.0.0.18), and prints how many left.
 *
 * truncated:  a good advert of priority 254, cut anywhere
 *
 * oversized:  another number of bytes, up to 1400, than its count of addresses says
 *
 * random:     any bytes behind a good IP header
 *
 * ttl:        good but for its TTL, which is not 255
 *
 * checksum:   good but for its checksum, also of priority 0
 *
 * vrid:       a good one for other VRIDs
 *
 * version:    a good one of another version or type
 *
 * replay:     what was captured on the first interface before, byte for byte
 *
 * forged:     captured, with priority 0 or 254, the trailer as it was or random
 *
 * handover:   hand-over datagrams (UDP 3112): random ones, and claims, in the nodes' names too
 *
 * good:       a good one of priority 254
 *
 * The first seven are harmless to any router, the others to those with auth_hmac. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/clock.h>
#include <tandem/util.h>
#include <time.h>
#include <unistd.h>

#define VRRP         112
#define MAX_CAPTURED 64
#define MAX_PORTS    4
#define MAX_FRAME    1500
#define BATCH        32
#define AT_IP        14
#define AT_PDU       34
#define HANDOVER     3112

enum kind {
	TRUNCATED,
	OVERSIZED,
	RANDOM,
	TTL,
	CHECKSUM,
	VRID,
	VERSION,
	REPLAY,
	FORGED,
	HANDOVER_CLAIM,
	GOOD,
	N_KINDS
};
static const char *const kind_names[N_KINDS] = { "truncated", "oversized", "random",  "ttl",
						 "checksum",  "vrid",      "version", "replay",
						 "forged",    "handover",  "good" };

struct frame {
	size_t len; /* of the IP packet */
	uint8_t bytes[MAX_FRAME];
};

static struct flood {
	unsigned rate, seconds, vrid;
	unsigned kinds[N_KINDS], n_kinds;
	in_addr_t src, dst, vip; /* src 0: random */
	int fd;
	struct sockaddr_ll to[MAX_PORTS];
	unsigned n_ports;
	uint64_t rng;
	struct frame captured[MAX_CAPTURED];
	unsigned n_captured;
} f = { .rate = 50000, .seconds = 5, .vrid = 77, .rng = 1 };

static unsigned below(unsigned n)
{
	f.rng = f.rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return n ? (unsigned)((f.rng >> 33) % n) : 0;
}

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static uint32_t sum(uint32_t s, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* Ethernet and IPv4 in front of a body of `len` bytes at AT_PDU. */
static void wrap(struct frame *fr, uint8_t protocol, uint8_t ttl, in_addr_t src, in_addr_t dst,
		 size_t len)
{
	uint8_t *ip = fr->bytes + AT_IP;

	memset(fr->bytes, 0xff, 6); /* to everybody: the kernels sort it out */
	memset(fr->bytes + 6, 0x02, 6);
	put16(fr->bytes + 12, ETHERTYPE_IP);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	ip[1] = 0xc0;
	put16(ip + 2, (unsigned)(20 + len));
	ip[8] = ttl;
	ip[9] = protocol;
	memcpy(ip + 12, &src, 4);
	memcpy(ip + 16, &dst, 4);
	put16(ip + 10, fold(sum(0, ip, 20)));
	fr->len = AT_PDU + len;
}

static in_addr_t source(void)
{
	return f.src ? f.src : htonl(0x0a4d0000 | (1 + below(254)));
}

/* The checksum of version 3 over `len` bytes of the PDU. */
static void seal(struct frame *fr, size_t len)
{
	uint8_t *pdu = fr->bytes + AT_PDU;
	uint32_t s;

	put16(pdu + 6, 0);
	s = sum(0, fr->bytes + AT_IP + 12, 8) + VRRP + (uint32_t)len;
	put16(pdu + 6, fold(sum(s, pdu, len)));
}

/* A good advert of version 3: its length as a PDU. */
static size_t good(struct frame *fr, uint8_t priority, uint8_t vrid)
{
	uint8_t *pdu = fr->bytes + AT_PDU;

	wrap(fr, VRRP, 255, source(), f.dst, 12);
	pdu[0] = 0x31;
	pdu[1] = vrid;
	pdu[2] = priority;
	pdu[3] = 1;
	put16(pdu + 4, 100);
	memcpy(pdu + 8, &f.vip, 4);
	seal(fr, 12);
	return 12;
}

static void rewrap(struct frame *fr, uint8_t ttl, size_t len)
{
	in_addr_t src, dst;

	memcpy(&src, fr->bytes + AT_IP + 12, 4);
	memcpy(&dst, fr->bytes + AT_IP + 16, 4);
	wrap(fr, VRRP, ttl, src, dst, len);
}

static void fill(uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)below(256);
}

static void make_oversized(struct frame *fr)
{
	size_t len = 12 + 1 + below(1388);
	uint8_t *pdu = fr->bytes + AT_PDU;

	good(fr, 254, (uint8_t)f.vrid);
	fill(pdu + 12, len - 12);
	pdu[3] = (uint8_t)(below(2) ? 255 : 2 + below(253));
	rewrap(fr, 255, len);
	seal(fr, MIN(len, 8 + 4 * (size_t)pdu[3]));
}

static void make_forged(struct frame *fr)
{
	uint8_t *pdu = fr->bytes + AT_PDU;

	if (!f.n_captured) {
		good(fr, 254, (uint8_t)f.vrid);
		pdu[7] ^= 1;
		return;
	}
	*fr = f.captured[below(f.n_captured)];
	pdu[2] = below(2) ? 254 : 0;
	if (below(2) && fr->len > AT_PDU + 12)
		fill(pdu + 12, fr->len - AT_PDU - 12);
	seal(fr, 8 + 4 * (size_t)pdu[3]);
}

static void make_handover(struct frame *fr)
{
	static const uint8_t magic[5] = { 'T', 'V', 'H', 'O', 1 };
	uint8_t *udp = fr->bytes + AT_PDU, *m = udp + 8;
	in_addr_t target = htonl(0x0a4d0001 + below(2)); /* the nodes */
	size_t len = 40 + (below(2) ? 28 : 0);

	fill(m, len);
	if (below(8)) {
		memcpy(m, magic, sizeof(magic));
		m[5] = (uint8_t)(1 + below(2));
		m[6] = (uint8_t)f.vrid;
		m[8] = (uint8_t)below(4);
		memcpy(m + 12, &target, 4);
	}
	wrap(fr, IPPROTO_UDP, 255, f.src || below(2) ? source() : htonl(0x0a4d0001 + below(2)),
	     f.dst, 8 + len);
	put16(udp, HANDOVER);
	put16(udp + 2, HANDOVER);
	put16(udp + 4, (unsigned)(8 + len));
	put16(udp + 6, 0); /* no checksum */
}

static void make(struct frame *fr)
{
	uint8_t *pdu = fr->bytes + AT_PDU;

	switch ((enum kind)f.kinds[below(f.n_kinds)]) {
	case TRUNCATED:
		good(fr, 254, (uint8_t)f.vrid);
		rewrap(fr, 255, below(12));
		return;
	case OVERSIZED:
		make_oversized(fr);
		return;
	case RANDOM:
		fill(pdu, 64);
		wrap(fr, VRRP, 255, source(), f.dst, below(64));
		return;
	case TTL:
		good(fr, 254, (uint8_t)f.vrid);
		rewrap(fr, (uint8_t)below(255), 12);
		return;
	case CHECKSUM:
		good(fr, below(2) ? 254 : 0, (uint8_t)f.vrid);
		pdu[7] ^=
			1; /* not the sum without pseudo header, which keepalived sends and takes */
		return;
	case VRID:
		good(fr, 254, (uint8_t)(f.vrid + 1 + below(255)));
		return;
	case VERSION:
		good(fr, 254, (uint8_t)f.vrid);
		pdu[0] = (uint8_t)(below(2) ? below(2) << 4 | 1 : 0x30 | (2 + below(14)));
		seal(fr, 12);
		return;
	case REPLAY:
		if (f.n_captured)
			*fr = f.captured[below(f.n_captured)];
		else
			make_forged(fr);
		return;
	case FORGED:
		make_forged(fr);
		return;
	case HANDOVER_CLAIM:
		make_handover(fr);
		return;
	case GOOD:
		good(fr, 254, (uint8_t)f.vrid);
		return;
	case N_KINDS:
		break;
	}
	UNREACHABLE();
}

/* Adverts of our VRID that pass by, for two seconds and a half: some to replay. */
static void capture(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol =
					  htons(ETH_P_ALL), /* a bridge takes the others first */
				  .sll_ifindex = f.to[0].sll_ifindex };
	int64_t end = clock_mono_us() + 5 * US_PER_S / 2;
	struct packet_mreq all = { .mr_ifindex = at.sll_ifindex, .mr_type = PACKET_MR_ALLMULTI };

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		err(1, "capture");
	(void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all));
	while (clock_mono_us() < end && f.n_captured < MAX_CAPTURED) {
		struct frame *fr = &f.captured[f.n_captured];
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (poll(&p, 1, 100) <= 0)
			continue;
		got = recv(fd, fr->bytes, MAX_FRAME, 0);
		if (got < AT_PDU + 12 || fr->bytes[AT_IP + 9] != VRRP ||
		    fr->bytes[AT_PDU + 1] != f.vrid)
			continue;
		fr->len = (size_t)got;
		f.n_captured++;
	}
	close(fd);
}

/* n frames over each interface. Returns how many left over the first. */
static uint64_t send_batch(unsigned n)
{
	static struct frame frames[BATCH];
	struct mmsghdr m[BATCH] = { 0 };
	struct iovec iov[BATCH];
	int done = 0;

	for (unsigned i = 0; i < n; i++) {
		make(&frames[i]);
		iov[i] = (struct iovec){ frames[i].bytes, frames[i].len };
	}
	for (unsigned port = f.n_ports; port-- > 0;) {
		for (unsigned i = 0; i < n; i++)
			m[i].msg_hdr = (struct msghdr){ .msg_name = &f.to[port],
							.msg_namelen = sizeof(f.to[port]),
							.msg_iov = &iov[i],
							.msg_iovlen = 1 };
		done = sendmmsg(f.fd, m, n, 0);
	}
	return done > 0 ? (uint64_t)done : 0;
}

static void run(void)
{
	int64_t start = clock_mono_us(), end = start + f.seconds * US_PER_S, now;
	uint64_t n_sent = 0, n_due;

	while ((now = clock_mono_us()) < end) {
		n_due = (uint64_t)((double)(now - start) * f.rate / US_PER_S);
		if (n_due <= n_sent) {
			nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
			continue;
		}
		n_sent += send_batch((unsigned)MIN(n_due - n_sent, (uint64_t)BATCH));
	}
	printf("sent %llu frames in %.2f s, %u captured\n", (unsigned long long)n_sent,
	       (double)(clock_mono_us() - start) / US_PER_S, f.n_captured);
}

static in_addr_t address(const char *text)
{
	in_addr_t a = inet_addr(text);

	if (a == INADDR_NONE)
		errx(2, "'%s' is not an IPv4 address", text);
	return a;
}

static void add_kinds(char *list)
{
	for (char *save = NULL, *k = strtok_r(list, ",", &save); k;
	     k = strtok_r(NULL, ",", &save)) {
		unsigned i = 0;

		while (i < N_KINDS && strcmp(kind_names[i], k) != 0)
			i++;
		if (i == N_KINDS || f.n_kinds == N_KINDS)
			errx(2, "unknown kind '%s'", k);
		f.kinds[f.n_kinds++] = i;
	}
}

static void add_port(const char *ifname)
{
	struct sockaddr_ll *to = &f.to[f.n_ports++];

	*to = (struct sockaddr_ll){ .sll_family = AF_PACKET,
				    .sll_ifindex = (int)if_nametoindex(ifname),
				    .sll_halen = 6 };
	memset(to->sll_addr, 0xff, 6);
	if (f.fd < 0 || !to->sll_ifindex)
		err(1, "%s", ifname);
}

int main(int argc, char **argv)
{
	bool wants_capture = false;
	int opt;

	f.dst = address("224.0.0.18");
	while ((opt = getopt(argc, argv, "r:s:v:k:S:d:")) != -1) {
		if (opt == 'r')
			f.rate = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 's')
			f.seconds = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 'v')
			f.vrid = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 'k')
			add_kinds(optarg);
		else if (opt == 'S')
			f.src = address(optarg);
		else if (opt == 'd')
			f.dst = address(optarg);
		else
			return 2;
	}
	if (argc - optind < 2 || argc - optind > 1 + MAX_PORTS || f.vrid < 1 || f.vrid > 255)
		errx(2, "usage: flood [-r RATE] [-s SECONDS] [-v VRID] [-k KIND,...] [-S SOURCE] "
			"[-d DESTINATION] VIP INTERFACE...");
	for (unsigned i = 0; !f.n_kinds && i <= VERSION; i++)
		f.kinds[i] = i;
	if (!f.n_kinds)
		f.n_kinds = VERSION + 1;
	f.vip = address(argv[optind]);
	f.fd = socket(AF_PACKET, SOCK_RAW, 0);
	while (++optind < argc)
		add_port(argv[optind]);
	for (unsigned i = 0; i < f.n_kinds; i++)
		wants_capture |= f.kinds[i] == REPLAY || f.kinds[i] == FORGED;
	if (wants_capture)
		capture();
	run();
	return 0;
}
