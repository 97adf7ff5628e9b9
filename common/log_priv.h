/* log_priv.h - what the tests of log.c need beyond the public header. */
#ifndef COMMON_LOG_PRIV_H
#define COMMON_LOG_PRIV_H

#include <stddef.h>

/* Where log_to_syslog connects to; NULL: /dev/log. Borrowed for ever. */
void log_set_syslog_path(const char *path);

/* One line more in memory. Any thread. */
void log_ring_add(const char *header, size_t header_len, const char *text, size_t len);

#endif
