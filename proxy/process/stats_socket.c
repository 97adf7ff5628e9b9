/* stats_socket.c - the command sockets of `stats socket`. */
#include "process/stats_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tandem/diag.h>

#include "cli/cli.h"
#include "config/cfg_model.h"

bool stats_socket_matches(const struct stats_socket *s, const struct cfg_socket *cs)
{
	if (cs->fd != -1 || s->cfg_fd != -1)
		return s->cfg_fd == cs->fd;
	return addr_eq(&s->addr, &cs->addr);
}

/* fd@N stays open in us, so that a reload may remove the socket and another one bring it back. */
static int adopt_inherited(struct stats_socket *s, int fd)
{
	int is_listening = 0, copy;
	socklen_t len = sizeof(is_listening);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) != 0)
		return -errno;
	if (!is_listening)
		return -EINVAL;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return -errno;
	return ctl_server_adopt(&s->ctl, copy, s->level);
}

static const char *advice(const struct cfg_socket *cs, int error)
{
	if (cs->fd != -1)
		return "the number must be a listening socket that the parent process left open";
	if (error == -EADDRINUSE)
		return "another process listens there; stop it or choose another address";
	if (error == -EACCES || error == -EPERM)
		return "start as root or choose a directory that the user may write to";
	if (error == -ENOENT)
		return "create the directory first";
	return "check the address";
}

struct stats_socket *stats_socket_open(const struct cfg_socket *cs, struct loop *loop,
				       int64_t idle_timeout_us, struct diag *d)
{
	struct stats_socket *s = xcalloc(1, sizeof(*s));
	char text[ADDR_TEXT_LEN];
	int rc;

	list_init(&s->node);
	s->addr = cs->addr;
	s->cfg_fd = cs->fd;
	s->level = cs->level;
	s->expose_fd = cs->expose_fd;
	ctl_server_init(&s->ctl, loop, cli_commands,
			"The following commands are valid at this level:", s);
	if (idle_timeout_us > 0)
		s->ctl.idle_timeout_us = idle_timeout_us;
	if (cs->fd != -1)
		rc = adopt_inherited(s, cs->fd);
	else
		rc = ctl_server_listen(&s->ctl, &cs->addr, cs->mode, cs->uid, cs->gid, cs->level);
	if (rc == 0)
		return s;
	if (cs->fd != -1)
		diag_error(d, cs->pos, "'stats socket' cannot use fd@%d: %s; %s", cs->fd,
			   strerror(-rc), advice(cs, rc));
	else
		diag_error(d, cs->pos, "'stats socket' cannot listen on %s: %s; %s",
			   addr_format(&cs->addr, true, text), strerror(-rc), advice(cs, rc));
	stats_socket_free(s);
	return NULL;
}

void stats_socket_free(struct stats_socket *s)
{
	if (s == NULL)
		return;
	list_del(&s->node);
	ctl_server_fini(&s->ctl);
	free(s);
}
