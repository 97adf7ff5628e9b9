/* vrrp_lease.h - how long the master's addresses outlive its last sign of life.
 *
 * The addresses of a vrrpd end in its kernel a second or two after it stopped renewing them (see
 * vip.h). Its hellos say so and follow each renewal. A backup that hears neither hello nor advert
 * for as long as the lease runs knows that the addresses are about to go, however long advert_int
 * is, and claims them just before: whatever killed or froze the master, clients see no gap.
 *
 * Where hellos do not arrive, or adverts are so frequent that silence ends sooner anyway, there is
 * no lease, and plain VRRP decides. */
#ifndef VRRPD_VRRP_LEASE_H
#define VRRPD_VRRP_LEASE_H

#include <stdint.h>

struct addr;
struct handover_msg;
struct vrrp_instance;

void vrrp_lease_init(struct vrrp_instance *i);
void vrrp_lease_cancel(struct vrrp_instance *i);
/* What our hellos promise as ACTIVE: after this silence others may claim. 0: nothing. */
int64_t vrrp_lease_own_us(const struct vrrp_instance *i);
/* A hello of src, a valid one. */
void vrrp_lease_on_hello(struct vrrp_instance *i, const struct addr *src,
			 const struct handover_msg *m);
/* An advert of i->master was heard. */
void vrrp_lease_on_advert(struct vrrp_instance *i);

#endif
