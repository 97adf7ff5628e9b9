/* vrrp_auth.h - the auth_hmac trailer of an advert: signing, checking, replay. Pure: the time comes
 * in; OpenSSL only computes.
 *
 *  0               1               2               3
 * +---------------+---------------+-------------------------------+
 * | ext_type = 1  |    key_id     |         reserved = 0          |
 * +---------------+---------------+-------------------------------+
 * | seconds since 1970                                            |
 * +-------------------------------+-------------------------------+
 * | fraction, 1/65536 s           | counter                       |
 * +-------------------------------+-------------------------------+
 * | HMAC-SHA256, its first 16 bytes                               |
 *
 * Seconds, fraction and counter together are one sequence of 64 bits, which only grows. The HMAC
 * covers family, version, VRID and source address, the PDU with its checksum as zero, and the
 * trailer up to the HMAC. */
#ifndef VRRPD_VRRP_AUTH_H
#define VRRPD_VRRP_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/util.h>

#define VRRP_AUTH_LEN      28
#define VRRP_AUTH_KEY_MIN  32
#define VRRP_AUTH_KEY_MAX  64
#define VRRP_AUTH_MAX_KEYS 8
#define VRRP_AUTH_SLOTS    16 /* senders that are remembered, at most */
#define VRRP_AUTH_HANDOVER 0  /* the version that hand-over datagrams are signed with */

struct vrrp_auth_key {
	uint8_t id; /* 1..255 */
	uint8_t len;
	uint8_t bytes[VRRP_AUTH_KEY_MAX];
};

enum vrrp_auth_mode { AUTH_ENFORCE, AUTH_PERMISSIVE, AUTH_RECEIVE_ONLY };

struct vrrp_auth {
	struct vrrp_auth_key keys[VRRP_AUTH_MAX_KEYS];
	unsigned n_keys;
	uint8_t active_key; /* signs; 0: none */
	bool is_monotonic;  /* anti_replay monotonic: no clock is asked */
	unsigned window_s;
	enum vrrp_auth_mode mode;
};

/* Who sent what last; the one that was silent for longest is forgotten. Starts as {0}. */
struct vrrp_auth_replay {
	struct {
		struct addr src;
		uint64_t sequence;
		uint64_t used; /* 0: the slot is free */
	} slot[VRRP_AUTH_SLOTS];
	uint64_t n_used;
};

/* What is signed. */
struct vrrp_auth_message {
	unsigned version; /* of VRRP, or VRRP_AUTH_HANDOVER */
	uint8_t vrid;
	const struct addr *src;
	const uint8_t *pdu;
	size_t len;         /* without the trailer */
	size_t n_masked_at; /* two bytes there count as zero (the checksum); 0: none */
};

enum vrrp_auth_result {
	AUTH_OK,
	AUTH_FORMAT,
	AUTH_TIME,
	AUTH_KEY,
	AUTH_HMAC,
	AUTH_REPLAY,
};

/* The next sequence number after `last`, at the time real_us (since 1970). */
uint64_t vrrp_auth_next(const struct vrrp_auth *a, uint64_t last, int64_t real_us);
/* Write the trailer with the active key. False: there is none, or OpenSSL failed. */
NODISCARD bool vrrp_auth_sign(const struct vrrp_auth *a, const struct vrrp_auth_message *m,
			      uint64_t sequence, uint8_t trailer[VRRP_AUTH_LEN]);
/* Check a trailer, and remember its sequence when it is good. n_slots: senders to remember, at most
 * VRRP_AUTH_SLOTS. */
enum vrrp_auth_result vrrp_auth_verify(const struct vrrp_auth *a, struct vrrp_auth_replay *r,
				       unsigned n_slots, const struct vrrp_auth_message *m,
				       const uint8_t trailer[VRRP_AUTH_LEN], int64_t real_us);

#endif
