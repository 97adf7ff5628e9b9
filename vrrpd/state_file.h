/* state_file.h - remembers which addresses this daemon may hold, so that the next run can remove
 * what an earlier one left behind, even when the configuration no longer names it.
 * One line for each: "interface address/prefix", "route ..." or "rule ..." as in the configuration.
 */
#ifndef VRRPD_STATE_FILE_H
#define VRRPD_STATE_FILE_H

#include <stdbool.h>

struct cfg;
struct link_watch;
struct vip_nl;
struct vip;
struct str;

/* Write the virtual addresses of cfg to its state file, replacing it at once. Failure is logged. */
void state_file_write(const struct cfg *cfg);
/* Remove from the kernel what the state file of cfg names. The configured addresses are removed by
 * the instances themselves as they start in BACKUP. */
void state_file_clean(const struct cfg *cfg, const struct link_watch *links, struct vip_nl *nl);
/* Pure: one line. The interface name goes to ifname (IFNAMSIZ bytes). False: not such a line. */
bool state_file_parse(struct str line, char *ifname, struct vip *out);

#endif
