/* lb_hash.h - the hash functions of `hash-type`. Pure. */
#ifndef PROXY_LB_HASH_H
#define PROXY_LB_HASH_H

#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/str.h>

#include "config/cfg_model.h"

/* With the function and the modifier that hash-type names. */
uint32_t lb_hash_bytes(const struct cfg_lb *lb, struct str s);
/* Spread the bits of h (the modifier `avalanche`; the places on a ring). */
uint32_t lb_hash_avalanche(uint32_t h);
/* Of an address: the xor of its 32-bit words. false: it has none (Unix socket). */
bool lb_hash_addr(const struct addr *a, uint32_t *out);

#endif
