/* admin.h - actions of the dashboard, carried out as the runtime commands that they are. */
#ifndef PROXY_CLI_ADMIN_H
#define PROXY_CLI_ADMIN_H

#include <tandem/str.h>

/* Do what a form says (stats/form.h). Control thread. Returns HAProxy's code for the outcome:
 * "DONE", "NONE" (no server, no action), "PART" (some of the servers), "ERRP" (not understood). */
const char *admin_apply(struct str form);

#endif
