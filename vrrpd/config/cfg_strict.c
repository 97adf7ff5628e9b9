/* cfg_strict.c - vrrp_strict and strict_mode: what the RFC does not know is reset, as keepalived
 * does, with a warning. */
#include <netinet/in.h>

#include "config/cfg_keyword.h"

#define OWNER 255

static void reset(struct cfg_parser *p, const struct cfg_instance *in, const char *what)
{
	diag_warning(p->diag, in->pos, "vrrp_instance '%s': vrrp_strict: %s", in->name, what);
}

static void check_start(struct cfg_parser *p, struct cfg_instance *in)
{
	if ((in->state == WANT_MASTER) != (in->priority == OWNER) &&
	    (in->state != WANT_UNSET || in->priority == OWNER))
		reset(p, in, "state MASTER belongs to the owner of the addresses (priority 255)");
	if (in->preempt_delay_us) {
		reset(p, in, "there is no preempt_delay; it is ignored");
		in->preempt_delay_us = 0;
	}
	if (in->is_unicast)
		reset(p, in, "the RFC knows no unicast peers");
	if (in->vips && in->family == AF_INET6 &&
	    !IN6_IS_ADDR_LINKLOCAL(&in->vips->addr.in6.sin6_addr))
		reset(p, in, "the first IPv6 address must be link-local");
}

static void check_adverts(struct cfg_parser *p, struct cfg_instance *in)
{
	if (in->version == 2 && in->has_accept && in->accept && in->priority != OWNER) {
		reset(p, in, "version 2 has no accept mode; 'accept' is ignored");
		in->accept = false;
	}
	if (in->has_lower_no_advert && !in->lower_prio_no_advert)
		reset(p, in, "lower_prio_no_advert cannot be cleared");
	in->lower_prio_no_advert = true;
	if (in->higher_prio_send_advert) {
		reset(p, in, "there is no higher_prio_send_advert; it is ignored");
		in->higher_prio_send_advert = false;
	}
}

static void check_announcements(struct cfg_parser *p, struct cfg_instance *in)
{
	if (in->garp_refresh_us)
		reset(p, in, "there is no garp_master_refresh; it is ignored");
	in->garp_refresh_us = 0;
}

void cfg_check_strict(struct cfg_parser *p, struct cfg_instance *in)
{
	if (!in->is_strict)
		return;
	check_start(p, in);
	check_adverts(p, in);
	check_announcements(p, in);
}
