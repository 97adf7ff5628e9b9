/* cli.h - the commands of the stats socket: HAProxy's words, levels and answers. Control thread. */
#ifndef PROXY_CLI_H
#define PROXY_CLI_H

#include <tandem/ctl.h>

struct backend;
struct server;

/* The table for <tandem/ctl.h>, ends with words == NULL. */
extern const struct ctl_command cli_commands[];

/* "BACKEND/SERVER" (names or #ids) to objects. NULL after an answer in HAProxy's words. */
struct server *cli_find_server(struct ctl_request *rq, struct str name);
struct backend *cli_find_backend(struct ctl_request *rq, struct str name);

void cli_show_info(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_stat(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_servers_state(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_resolvers(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_backend(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_version(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_threads(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_errors(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_clear_counters(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_set_server(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_set_weight(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_get_weight(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_enable_server(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_disable_server(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_set_maxconn_server(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_reload(struct ctl_request *rq, uint64_t *cursor, bool *more);

#endif
