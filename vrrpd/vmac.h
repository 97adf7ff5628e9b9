/* vmac.h - interfaces of our making: macvlans with the hardware address of a virtual router. */
#ifndef VRRPD_VMAC_H
#define VRRPD_VMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tandem/util.h>

#include "sysctl.h"
#include "vip.h"

struct cfg;
struct cfg_vmac;
struct link;
struct link_watch;

/* Make the interface of v over base_ifindex; to be configured, then brought up. 0 or -errno. */
NODISCARD int vmac_create(struct vip_nl *n, const struct cfg_vmac *v, unsigned base_ifindex);
/* Set what it and the interface below need, remembering in saved what others set before. */
void vmac_configure(const struct cfg_vmac *v, struct sysctl_saved *saved);
NODISCARD int vmac_up(struct vip_nl *n, const struct cfg_vmac *v);
/* Is l the interface of v, made by us or an earlier run? */
bool vmac_is(const struct link *l, const struct cfg_vmac *v, unsigned base_ifindex);
/* The message that removes an interface, for the guardian: its length, written to buf. */
#define VMAC_DEL_LEN 32
size_t vmac_build_del(unsigned ifindex, uint8_t buf[VMAC_DEL_LEN]);
NODISCARD int vmac_del(struct vip_nl *n, unsigned ifindex);

#endif
