/* server_log.h - what happens to servers and backends, in HAProxy's sentences, to the log targets
 * of their proxy. Control thread. */
#ifndef PROXY_SERVER_LOG_H
#define PROXY_SERVER_LOG_H

struct access_log;

/* From now on lines of pool/ and health/ go through a; NULL: back to the default. */
void server_log_install(struct access_log *a);

#endif
