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

/* The n-th word; empty when there are fewer. */
static inline struct str cli_arg(const struct ctl_request *rq, unsigned n)
{
	return n < rq->argc ? rq->argv[n] : (struct str){ 0 };
}

void cli_show_config(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_info(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_stat(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_servers_state(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_resolvers(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_servers_conn(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_backend(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_version(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_threads(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_activity(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_pools(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_fd(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_events(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_add_server(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_del_server(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_sess(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_shutdown_session(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_errors(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_level(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_sockets(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_env(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_show_startup_logs(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_clear_counters(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_set_server(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_set_weight(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_get_weight(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_switch_server(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_switch_health(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_switch_agent(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_switch_frontend(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_shutdown_frontend(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_shutdown_server(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_set_maxconn_server(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_set_maxconn_frontend(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_set_maxconn_global(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_set_rate_limit(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_set_timeout(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_lower_level(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_mode(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_no_table(struct ctl_request *rq, uint64_t *cursor, bool *more);
void cli_reload(struct ctl_request *rq, uint64_t *cursor, bool *more);

#endif
