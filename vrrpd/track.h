/* track.h - from the state of everything an instance tracks to its priority and its fault. Pure.
 *
 * As keepalived counts: weight 0 means fault while the object is down; a positive weight is added
 * while it is up, a negative one while it is down; `reverse` turns the sign (weight 0: fault while
 * it is up). The owner (255) is never moved. */
#ifndef VRRPD_TRACK_H
#define VRRPD_TRACK_H

#include <stdbool.h>
#include <stdint.h>

struct cfg_track;

struct track_sum {
	uint8_t base;
	int sum;
	const struct cfg_track *fault; /* the first that means fault, borrowed; NULL: none */
};

void track_begin(struct track_sum *t, uint8_t base_priority);
/* Count one tracked object. Returns what it adds to the priority. */
int track_add(struct track_sum *t, const struct cfg_track *c, bool is_up);
/* Count a tracked file's number: times the weight; below -253 in all: fault. Weight 0: any number
 * but 0 is a fault. Returns what it adds. */
int track_add_value(struct track_sum *t, const struct cfg_track *c, int64_t value);
/* The effective priority, 1 to 254; 255 for the owner. */
uint8_t track_priority(const struct track_sum *t);

#endif
