/* client.h - `vrrpd ctl`: asks the control socket of the running vrrpd, for people and scripts. */
#ifndef VRRPD_CLIENT_H
#define VRRPD_CLIENT_H

/* argv[0] is "ctl". Returns the exit status: 0 good, 1 degraded or refused, 2 down or not there. */
int client_main(int argc, char **argv);

#endif
