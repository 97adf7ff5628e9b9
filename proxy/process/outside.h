/* outside.h - a helper process that stays outside of the chroot, with the rights of the start, and
 * reads the configuration files for reloads: the process itself may not be able to see them any
 * more. It knows one request, without arguments, reads only what the configuration given at the
 * start names, and ends with the process. */
#ifndef PROXY_OUTSIDE_H
#define PROXY_OUTSIDE_H

#include <sys/types.h>
#include <tandem/str.h>

struct options;

/* Append to record what the configuration reads now. */
void outside_make_record(const struct options *o, struct strbuf *record);
/* Fork the helper; before privileges are dropped and threads are started. Returns the socket to it,
 * or -errno. */
NODISCARD int outside_start(const struct options *o);
/* Ask for a record (config/cfg_source.h) of all that the configuration reads now. Waits up to five
 * seconds. 0 or -errno (-EPIPE: the helper is gone). */
NODISCARD int outside_read(int fd, struct strbuf *record);

#endif
