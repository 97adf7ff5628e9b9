/* client.h - `vrrpd ctl`: asks the control socket of the running vrrpd, for people and scripts. */
#ifndef VRRPD_CLIENT_H
#define VRRPD_CLIENT_H

#define CLIENT_DEFAULT_CONF   "/etc/keepalived/keepalived.conf"
#define CLIENT_DEFAULT_SOCKET "/run/tandem/vrrpd.sock"
#define CLIENT_SOCKET_LEN     128

/* Where the daemon of that configuration listens: what `socket` says (NULL: nothing), else the
 * file, else the default. id: for lines that begin with @ID; may be NULL. */
void client_find_socket(const char *conf, const char *id, const char *socket,
			char out[CLIENT_SOCKET_LEN]);
/* argv[0] is "ctl". Returns the exit status: 0 good, 1 degraded or refused, 2 down or not there. */
int client_main(int argc, char **argv);

#endif
