/* vrrp_lease.c - the end of a silent master's addresses. */
#include "vrrp_lease.h"

#include <tandem/addr.h>
#include <tandem/clock.h>

#include "vrrp_instance.h"

/* Before the kernel acts: it may be a quarter of a second early, and the claim takes its time. */
#define LEASE_MARGIN_US (350 * US_PER_MS)
/* A hello that promises less is no vrrpd's. */
#define LEASE_MIN_US (500 * US_PER_MS)
/* Hellos of a master come with each renewal, four a second. */
#define HELLO_FRESH_US (600 * US_PER_MS)

static void on_end(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, lease);
	struct vrrp_event ev = { .kind = VRRP_EV_LEASE };

	(void)loop, (void)revents;
	if (i->is_started && i->fsm.state == VRRP_BACKUP)
		vrrp_instance_feed(i, &ev);
}

void vrrp_lease_init(struct vrrp_instance *i)
{
	ev_init(&i->lease, on_end);
}

void vrrp_lease_cancel(struct vrrp_instance *i)
{
	i->lease_us = i->lease_end_us = 0;
	vrrp_instance_arm(i, &i->lease, INT64_MAX);
}

int64_t vrrp_lease_own_us(const struct vrrp_instance *i)
{
	int64_t lease_us = vrrp_instance_lifetime_s(i) * US_PER_S - LEASE_MARGIN_US;

	if (i->fsm.state != VRRP_ACTIVE || !i->holds_addrs ||
	    i->params.down_adverts * i->params.adver_us <= lease_us)
		return 0;
	return lease_us;
}

static void prolong(struct vrrp_instance *i, int64_t end_us)
{
	if (end_us <= i->lease_end_us)
		return;
	i->lease_end_us = end_us;
	vrrp_instance_arm(i, &i->lease, end_us - i->env->loop->now_us);
}

void vrrp_lease_on_hello(struct vrrp_instance *i, const struct addr *src,
			 const struct handover_msg *m)
{
	if (!i->master.len || !addr_eq(&i->master, src))
		return;
	if (m->state != VRRP_ACTIVE || m->lease_us < LEASE_MIN_US) {
		vrrp_lease_cancel(i);
		return;
	}
	i->lease_us = m->lease_us;
	i->lease_hello_us = i->env->loop->now_us;
	i->lease_end_us = 0;
	prolong(i, i->lease_hello_us + m->lease_us);
}

void vrrp_lease_on_advert(struct vrrp_instance *i)
{
	int64_t now_us = i->env->loop->now_us;

	if (!i->lease_us)
		return;
	/* Adverts without hellos: something filters them, and the adverts alone may be too rare. */
	if (now_us - i->lease_hello_us > HELLO_FRESH_US) {
		vrrp_lease_cancel(i);
		return;
	}
	/* The master lives, so it renewed; but how long ago? */
	prolong(i, now_us + i->lease_us - VRRP_RENEW_US);
}
