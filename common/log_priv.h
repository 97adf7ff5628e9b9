/* log_priv.h - what the tests of log.c need beyond the public header. */
#ifndef COMMON_LOG_PRIV_H
#define COMMON_LOG_PRIV_H

/* Where log_to_syslog connects to; NULL: /dev/log. Borrowed for ever. */
void log_set_syslog_path(const char *path);

#endif
