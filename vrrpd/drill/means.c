/* means.c - finds, breaks. */
#include "means.h"

#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/ctl_client.h>
#include <tandem/liveness.h>
#include <unistd.h>

#include "config/cfg_model.h"

#define WAIT_MS 1000

/* The first line of a file below /proc/PID. */
static void read_proc(pid_t pid, const char *file, char *out, size_t room)
{
	char path[64];
	FILE *f;

	*out = '\0';
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "re");
	if (f && fgets(out, (int)room, f))
		out[strcspn(out, "\n")] = '\0';
	if (f)
		fclose(f);
}

static bool is_program(pid_t pid, const char *name)
{
	char comm[32];

	read_proc(pid, "comm", comm, sizeof(comm));
	return strcmp(comm, name) == 0;
}

static pid_t parent_of(pid_t pid)
{
	return (pid_t)undo_stat(pid, 4);
}

/* A service of systemd starts it again: `systemctl start UNIT` is the net below that. */
static bool find_unit(pid_t pid, char *out, size_t room)
{
	char text[512], *unit;

	read_proc(pid, "cgroup", text, sizeof(text));
	unit = strrchr(text, '/');
	if (!unit || !str_ends_with(str_from(unit), STR(".service")) || strpbrk(unit, "'\\"))
		return false;
	snprintf(out, room, "systemctl start '%.200s'", unit + 1);
	return true;
}

/* proxyd tells its pid on the liveness socket. */
static pid_t ask_proxy(const char *path)
{
	struct liveness_msg m = { 0 };
	struct pollfd p;
	struct addr a;

	if (addr_from_path(str_from(path), &a) != 0)
		return 0;
	p = (struct pollfd){ .fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0),
			     .events = POLLIN };
	if (p.fd < 0)
		return 0;
	if (connect(p.fd, &a.sa, a.len) < 0 || poll(&p, 1, WAIT_MS) != 1 ||
	    recv(p.fd, &m, sizeof(m), 0) != sizeof(m) || m.magic != LIVENESS_MAGIC)
		m.pid = 0;
	close(p.fd);
	return (pid_t)m.pid;
}

static int find_proxy(struct means *m, const struct drill_options *o, const struct cfg *cfg,
		      char *why, size_t room)
{
	if (!cfg->proxies) {
		snprintf(why, room,
			 "no vrrp_track_proxy is configured: vrrpd does not watch a proxy");
		return -1;
	}
	m->pid[0] = ask_proxy(cfg->proxies->socket);
	if (m->pid[0] <= 1 || !is_program(m->pid[0], "proxyd")) {
		snprintf(why, room, "no proxyd answers at %s", cfg->proxies->socket);
		return -1;
	}
	if (o->restart_proxy)
		snprintf(m->restart, sizeof(m->restart), "%s", o->restart_proxy);
	else if (!is_program(parent_of(m->pid[0]), "proxyd") &&
		 !find_unit(m->pid[0], m->restart, sizeof(m->restart))) {
		snprintf(why, room,
			 "nobody would start proxyd again (no master, no unit of systemd): "
			 "say --restart-proxy COMMAND");
		return -1;
	}
	return 0;
}

static int find_daemon(struct means *m, const struct drill_options *o, const char *control_socket,
		       char *why, size_t room)
{
	struct ucred cred = { 0 };
	socklen_t len = sizeof(cred);
	struct addr a;
	int fd = ctl_client_parse_addr(str_from(control_socket), &a) == 0
			 ? ctl_client_connect(&a, WAIT_MS)
			 : -1;

	if (fd >= 0) {
		(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
		close(fd);
	}
	m->pid[1] = cred.pid;
	m->pid[0] = cred.pid > 1 ? parent_of(cred.pid) : 0;
	if (m->pid[0] <= 1 || !is_program(m->pid[0], "vrrpd") ||
	    !is_program(m->pid[1], "vrrpd-worker")) {
		snprintf(why, room, "the processes of vrrpd cannot be told by its socket %s",
			 control_socket);
		return -1;
	}
	if (m->kind == DRILL_FREEZE)
		return 0;
	if (o->restart_vrrpd)
		snprintf(m->restart, sizeof(m->restart), "%s", o->restart_vrrpd);
	else if (!find_unit(m->pid[0], m->restart, sizeof(m->restart))) {
		snprintf(why, room,
			 "nobody would start vrrpd again (no unit of systemd): say "
			 "--restart-vrrpd COMMAND");
		return -1;
	}
	return 0;
}

int means_find(struct means *m, const struct drill_options *o, const struct cfg *cfg,
	       const char *control_socket, const char *interface, char *why, size_t room)
{
	int rc = 0;

	*m = (struct means){ .kind = o->kind };
	snprintf(m->interface, sizeof(m->interface), "%s", interface);
	switch (o->kind) {
	case DRILL_HANDOVER:
		return 0;
	case DRILL_PROXY_KILL:
		rc = find_proxy(m, o, cfg, why, room);
		break;
	case DRILL_DAEMON_KILL:
	case DRILL_FREEZE:
		rc = find_daemon(m, o, control_socket, why, room);
		break;
	case DRILL_LINK_DOWN:
		if (strpbrk(m->interface, "'/\\ ") || !m->interface[0]) {
			snprintf(why, room, "interface '%s' cannot be set down safely",
				 m->interface);
			return -1;
		}
		break;
	case DRILL_N_KINDS:
		UNREACHABLE();
	}
	for (int i = 0; i < 2; i++)
		m->started[i] = m->pid[i] ? undo_started(m->pid[i]) : 0;
	return rc;
}

/* --- the keeper's steps ---------------------------------------------------------------------- */

static int add_run(struct undo *u, const char *format, const char *text)
{
	struct undo_step s = { .kind = UNDO_RUN };

	if (snprintf(s.text, sizeof(s.text), format, text) >= UNDO_MAX_LINE - 8)
		return -ENAMETOOLONG;
	return undo_add(u, &s);
}

/* An interface that goes down loses its routes, and its IPv6 addresses unless it is told to keep
 * them: both are saved, and come back. */
static int prepare_link(struct means *m, struct undo *u)
{
	struct undo_step s = { .kind = UNDO_LINK };
	char command[512];
	int err;

	snprintf(command, sizeof(command),
		 "ip -4 route save table all dev '%s' >/run/tandem/drill.routes4 2>/dev/null;"
		 "ip -6 route save table all dev '%s' >/run/tandem/drill.routes6 2>/dev/null;"
		 "cat /proc/sys/net/ipv6/conf/'%s'/keep_addr_on_down >/run/tandem/drill.keep "
		 "2>/dev/null;"
		 "echo 1 >/proc/sys/net/ipv6/conf/'%s'/keep_addr_on_down",
		 m->interface, m->interface, m->interface, m->interface);
	if (system(command) != 0) /* NOLINT(cert-env33-c): a fixed command, the name was checked */
		return -EIO;
	err = add_run(
		u,
		"sleep 0.1; ip route restore </run/tandem/drill.routes4 2>/dev/null;"
		"ip -6 route restore </run/tandem/drill.routes6 2>/dev/null;"
		"cat /run/tandem/drill.keep >/proc/sys/net/ipv6/conf/'%s'/keep_addr_on_down;"
		"rm -f /run/tandem/drill.routes4 /run/tandem/drill.routes6 /run/tandem/drill.keep",
		m->interface);
	snprintf(s.text, sizeof(s.text), "%s", m->interface);
	return err ? err : undo_add(u, &s);
}

int means_prepare(struct means *m, struct undo *u)
{
	if (m->kind == DRILL_LINK_DOWN)
		return prepare_link(m, u);
	for (int i = 0; m->kind == DRILL_FREEZE && i < 2; i++) {
		struct undo_step s = { .kind = UNDO_CONT,
				       .pid = m->pid[i],
				       .started = m->started[i] };
		int err = undo_add(u, &s);

		if (err)
			return err;
	}
	return m->restart[0] ? add_run(u, "%s", m->restart) : 0;
}

void means_execute(const struct means *m)
{
	const int sig = m->kind == DRILL_FREEZE ? SIGSTOP : SIGKILL;

	if (m->kind == DRILL_LINK_DOWN) {
		undo_set_link(m->interface, false);
		return;
	}
	for (int i = 0; i < 2; i++) {
		if (m->pid[i] > 1 && undo_started(m->pid[i]) == m->started[i])
			(void)kill(m->pid[i], sig);
	}
}

void means_digest(const char *path, char out[65])
{
	unsigned char bytes[4096], digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	FILE *f = fopen(path, "re");
	unsigned len = 0;
	size_t n;

	*out = '\0';
	if (f && c && EVP_DigestInit_ex(c, EVP_sha256(), NULL)) {
		while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
			(void)EVP_DigestUpdate(c, bytes, n);
		if (EVP_DigestFinal_ex(c, digest, &len)) {
			for (unsigned i = 0; i < len && i < 32; i++)
				snprintf(out + 2 * i, 3, "%02x", digest[i]);
		}
	}
	EVP_MD_CTX_free(c);
	if (f)
		fclose(f);
}
