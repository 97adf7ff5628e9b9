/* lb_key.h - what balance uri, url_param and hdr look at in a request. Pure. */
#ifndef PROXY_LB_KEY_H
#define PROXY_LB_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "config/cfg_model.h"
#include "http/h1_parse.h"

/* The hash of the part of the head that counts, or, for url_param, of the body of a POST (what is
 * there of it; else empty). false: the request does not have it. */
bool lb_key_of_request(enum cfg_balance balance, const struct cfg_lb *lb, const struct h1_head *h,
		       struct str body, uint32_t *hash);

#endif
