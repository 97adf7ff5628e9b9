/* sysctl.h - settings of the kernel under /proc/sys that virtual MACs need, and their return. */
#ifndef VRRPD_SYSCTL_H
#define VRRPD_SYSCTL_H

#include <stdbool.h>
#include <tandem/list.h>
#include <tandem/util.h>

struct sysctl_saved { /* list_init the list; it owns its entries */
	struct list list;
};

/* Set net/ipvN/conf/IFNAME/NAME. 0 or -errno. */
NODISCARD int sysctl_set_conf(int family, const char *ifname, const char *name, int value);
/* The same, remembering what was there before the first change. */
NODISCARD int sysctl_save_conf(struct sysctl_saved *s, int family, const char *ifname,
			       const char *name, int value);
/* -errno when it cannot be read. */
NODISCARD int sysctl_get_conf(int family, const char *ifname, const char *name);
/* Put back what still is as we set it. */
void sysctl_restore(struct sysctl_saved *s);

#endif
