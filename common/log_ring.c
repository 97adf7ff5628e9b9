/* log_ring.c - the last lines of the log in memory, for who asks at a control socket. */
#include <tandem/log.h>

#include "log_priv.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <tandem/util.h>
#include <unistd.h>

#define RING_SIZE     65536 /* bytes; a power of two */
#define MAX_FOLLOWERS 16

static struct {
	pthread_mutex_t lock;
	char bytes[RING_SIZE];
	uint64_t end;  /* bytes ever written */
	uint64_t from; /* where the oldest whole line begins */
	int followers[MAX_FOLLOWERS];
	unsigned n_followers;
} ring = { .lock = PTHREAD_MUTEX_INITIALIZER };

static char at(uint64_t pos)
{
	return ring.bytes[pos & (RING_SIZE - 1)];
}

static void put(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ring.bytes[ring.end++ & (RING_SIZE - 1)] = p[i];
}

/* Lines that are overwritten leave as a whole. */
static void make_room(size_t len)
{
	while (ring.end + len - ring.from > RING_SIZE)
		while (at(ring.from++) != '\n')
			;
}

void log_ring_add(const char *header, size_t header_len, const char *text, size_t len)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&ring.lock);
	make_room(header_len + len + 1);
	put(header, header_len);
	put(text, len);
	put("\n", 1);
	for (unsigned i = 0; i < ring.n_followers; i++)
		(void)!write(ring.followers[i], &one, sizeof(one));
	pthread_mutex_unlock(&ring.lock);
}

size_t log_ring_read(uint64_t *pos, char *out, size_t size)
{
	size_t n = 0, whole = 0;

	pthread_mutex_lock(&ring.lock);
	*pos = MAX(*pos, ring.from);
	while (*pos + n < ring.end && n < size) {
		out[n] = at(*pos + n);
		if (out[n++] == '\n')
			whole = n;
	}
	*pos += whole;
	pthread_mutex_unlock(&ring.lock);
	return whole;
}

uint64_t log_ring_end(void)
{
	uint64_t end;

	pthread_mutex_lock(&ring.lock);
	end = ring.end;
	pthread_mutex_unlock(&ring.lock);
	return end;
}

int log_ring_follow(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), rc = fd < 0 ? -errno : fd;

	pthread_mutex_lock(&ring.lock);
	if (fd >= 0 && ring.n_followers < MAX_FOLLOWERS) {
		ring.followers[ring.n_followers++] = fd;
	} else if (fd >= 0) {
		close(fd);
		rc = -EMFILE;
	}
	pthread_mutex_unlock(&ring.lock);
	return rc;
}

void log_ring_unfollow(int fd)
{
	pthread_mutex_lock(&ring.lock);
	for (unsigned i = 0; i < ring.n_followers; i++)
		if (ring.followers[i] == fd)
			ring.followers[i] = ring.followers[--ring.n_followers];
	pthread_mutex_unlock(&ring.lock);
	close(fd);
}
