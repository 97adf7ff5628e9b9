/* sysctl.c - settings of the kernel under /proc/sys. */
#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATH_ROOM 128

struct entry {
	struct list node;
	char path[PATH_ROOM];
	int before, set;
};

/* In the file system a dot of an interface's name stays a dot. */
static void make_path(char out[PATH_ROOM], int family, const char *ifname, const char *name)
{
	snprintf(out, PATH_ROOM, "/proc/sys/net/ipv%d/conf/%s/%s", family == AF_INET6 ? 6 : 4,
		 ifname, name);
}

static int write_value(const char *path, int value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", value);

	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)len) != len)
		err = -errno;
	close(fd);
	return err;
}

static int read_value(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[16] = "";
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? (int)strtol(text, NULL, 10) : -EIO;
}

int sysctl_set_conf(int family, const char *ifname, const char *name, int value)
{
	char path[PATH_ROOM];

	make_path(path, family, ifname, name);
	return write_value(path, value);
}

int sysctl_get_conf(int family, const char *ifname, const char *name)
{
	char path[PATH_ROOM];

	make_path(path, family, ifname, name);
	return read_value(path);
}

int sysctl_save_conf(struct sysctl_saved *s, int family, const char *ifname, const char *name,
		     int value)
{
	struct entry *e;
	char path[PATH_ROOM];
	int before, err;

	make_path(path, family, ifname, name);
	before = read_value(path);
	if (before == value)
		return 0;
	if (before < 0)
		return before;
	err = write_value(path, value);
	if (err)
		return err;
	list_for_each (e, &s->list, node) {
		if (strcmp(e->path, path) == 0) {
			e->set = value;
			return 0;
		}
	}
	e = xcalloc(1, sizeof(*e));
	memcpy(e->path, path, sizeof(e->path));
	e->before = before;
	e->set = value;
	list_add_tail(&s->list, &e->node);
	return 0;
}

void sysctl_restore(struct sysctl_saved *s)
{
	struct entry *e, *tmp;

	list_for_each_safe (e, tmp, &s->list, node) {
		if (read_value(e->path) == e->set)
			(void)!write_value(e->path, e->before);
		list_del(&e->node);
		free(e);
	}
}
