/* cfg_model.h - a parsed haproxy.cfg as plain data: immutable after the check, one arena, freed as
 * a whole.
 *
 * Everything here was resolved: defaults applied, names looked up, addresses parsed, cross
 * references checked. Running objects (pool/, net/) are built from it; they read it inside one turn
 * of an event loop and never keep a pointer into it across turns, because a reload swaps the whole
 * (RCU). Times are microseconds; 0 means "not set: infinite" for timeouts, as in HAProxy. */
#ifndef PROXY_CFG_MODEL_H
#define PROXY_CFG_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tandem/addr.h>
#include <tandem/arena.h>
#include <tandem/ctl.h>
#include <tandem/diag.h>
#include <tandem/str.h>

#include "config/cfg_steps.h"

struct acl;
struct acl_cond;
struct backend;
struct frontend;
struct log_program;
struct regex;
struct server;

/* A pattern of the configuration, compiled; struct cfg owns all of them. */
struct cfg_regex {
	struct cfg_regex *next;
	struct regex *re;
	struct str pattern; /* as written */
};

enum cfg_mode { CFG_MODE_TCP, CFG_MODE_HTTP };

enum cfg_balance {
	CFG_LB_ROUNDROBIN,
	CFG_LB_LEASTCONN,
	CFG_LB_SOURCE,
	CFG_LB_STATIC_RR,
	CFG_LB_FIRST,
	CFG_LB_RANDOM,
	/* from here on the request's head decides */
	CFG_LB_URI,
	CFG_LB_URL_PARAM,
	CFG_LB_HDR
};

enum cfg_hash_fn { CFG_HASH_SDBM, CFG_HASH_DJB2, CFG_HASH_WT6, CFG_HASH_CRC32 };

/* Arguments of balance, and hash-type with hash-balance-factor. */
struct cfg_lb {
	unsigned len, depth; /* uri: bytes; depth: slashes + 1; 0: all */
	bool whole, path_only;
	struct str name;  /* of the URL's parameter or the header */
	bool check_post;  /* url_param: as written; bodies of POST are searched in any case */
	bool domain_only; /* hdr: of a host name the part before the top level domain */
	unsigned draws;   /* random; 0: 2 */
	bool is_consistent, avalanche;
	enum cfg_hash_fn hash_fn;
	unsigned balance_factor; /* percent of the average load; 0: off */
};

enum cfg_log_target { CFG_LOG_UDP, CFG_LOG_UNIX, CFG_LOG_FD };
enum cfg_log_format {
	CFG_LOG_RFC3164,
	CFG_LOG_RFC5424,
	CFG_LOG_PRIORITY,
	CFG_LOG_RAW,
	CFG_LOG_SHORT,
	CFG_LOG_ISO,
	CFG_LOG_TIMED,
	CFG_LOG_LOCAL
};

/* `sample 1-2,4:5`: which lines of each `size` a target gets. */
struct cfg_log_range {
	unsigned lo, hi;
};
struct cfg_log_sample {
	const struct cfg_log_range *ranges;
	unsigned n, size;
	_Atomic unsigned *n_lines; /* the one thing here that changes */
};

struct cfg_log {
	struct cfg_log *next;
	enum cfg_log_target target;
	struct addr addr; /* UDP, UNIX */
	int fd;           /* FD: 1 stdout, 2 stderr, or fd@N */
	enum cfg_log_format format;
	int facility;             /* 0..23 */
	int max_level, min_level; /* 0 emerg .. 7 debug; a line passes if its level <= max_level,
				     and is raised to min_level */
	unsigned max_len;         /* default 1024 */
	const struct cfg_log_sample *sample; /* NULL: all */
};

/* How the frontend's log lines look: none of the options, `option tcplog`, ..., `log-format`. */
enum cfg_line { CFG_LINE_DEFAULT, CFG_LINE_TCP, CFG_LINE_HTTP, CFG_LINE_CLF, CFG_LINE_OWN };

/* What log lines show of a message's header fields or cookies. */
struct cfg_capture {
	struct str name; /* of a cookie: how it begins; len 0: none */
	unsigned max_len;
};
struct cfg_captures {
	const struct cfg_capture *items;
	unsigned n;
};

/* Who may use an idle server connection. Default: all whose request can be sent again. */
enum cfg_reuse {
	CFG_REUSE_DEFAULT,
	CFG_REUSE_NEVER,
	CFG_REUSE_SAFE,
	CFG_REUSE_AGGRESSIVE,
	CFG_REUSE_ALWAYS
};

/* Fields of `option forwarded`, bits; the order of their names. */
enum cfg_forwarded {
	CFG_FWD_PROTO = 1,
	CFG_FWD_HOST = 2,
	CFG_FWD_BY = 4,
	CFG_FWD_BY_PORT = 8,
	CFG_FWD_FOR = 16,
	CFG_FWD_FOR_PORT = 32
};

struct cfg_originalto {
	bool enabled;
	struct str header;  /* "X-Original-To" */
	struct addr except; /* len 0: none */
	unsigned except_bits;
};

struct cfg_timeouts {
	int64_t connect_us, client_us, server_us, check_us, http_request_us, http_keep_alive_us,
		queue_us, tunnel_us, client_fin_us, server_fin_us, tarpit_us;
};

/* One listening address. A port range is expanded: one cfg_bind a port. */
struct cfg_bind {
	struct cfg_bind *next;
	struct diag_pos pos;
	struct addr addr; /* len 0 when fd is given */
	int fd;           /* fd@N: an inherited listening socket; else -1 */
	const char *spec; /* as written, for messages */
	const char *key;  /* the same with the interface: what a socket is matched by at a reload */
	const char *interface, *name;
	unsigned backlog; /* 0: the frontend's, or its maxconn, or 4096 */
	unsigned maxconn; /* 0: none of its own */
	bool v6only, v4v6, transparent, defer_accept, accept_proxy, tfo;
	int64_t tcp_ut_us; /* TCP_USER_TIMEOUT; 0: the kernel's own */
	unsigned mss;      /* 0: the kernel's own */
	mode_t unix_mode;  /* 0: unchanged */
	uid_t unix_uid;    /* (uid_t)-1: unchanged */
	gid_t unix_gid;
};

/* Where the running object of a proxy or server is found while this configuration is in force. The
 * control thread writes it before it publishes the configuration, and never again: what a
 * configuration refers to is running as long as a reader may see the configuration. */
struct cfg_live {
	struct backend *be; /* NULL: disabled, or none */
	struct frontend *fe;
	struct server *srv; /* of a server */
};

/* What a rule without a target does. */
enum cfg_action {
	CFG_ACTION_FORCE_PERSIST, /* force-persist, ignore-persist */
	CFG_ACTION_IGNORE_PERSIST,
	CFG_ACTION_DISABLE_L7_RETRY, /* http-request: from here on */
	CFG_ACTION_METRICS,          /* use-service prometheus-exporter */
};

/* use_backend, use-server, monitor fail, stats admin, ...: in the order of the file. */
struct cfg_rule {
	struct cfg_rule *next;
	struct diag_pos pos;
	enum cfg_action action;
	const struct acl_cond *cond; /* NULL: always */
	union {
		const struct cfg_proxy *backend;
		const struct cfg_server *server;
	};
};

/* How a checked server begins. */
enum cfg_init_state { CFG_INIT_UP, CFG_INIT_FULLY_UP, CFG_INIT_DOWN, CFG_INIT_FULLY_DOWN };
enum cfg_observe { CFG_OBSERVE_NONE, CFG_OBSERVE_LAYER4, CFG_OBSERVE_LAYER7 };
enum cfg_on_error {
	CFG_ON_ERROR_FAIL_CHECK,
	CFG_ON_ERROR_FASTINTER,
	CFG_ON_ERROR_SUDDEN_DEATH,
	CFG_ON_ERROR_MARK_DOWN
};

/* When an answer of a name server changes a server: see `hold`. */
enum cfg_hold {
	CFG_HOLD_VALID,
	CFG_HOLD_NX,
	CFG_HOLD_REFUSED,
	CFG_HOLD_TIMEOUT,
	CFG_HOLD_OTHER,
	CFG_HOLD_OBSOLETE,
	CFG_N_HOLDS
};
struct cfg_nameserver {
	struct cfg_nameserver *next;
	const char *name;
	struct addr addr;
	bool is_tcp;
};
#define CFG_MAX_SEARCH 6 /* domains, as libc takes */
struct cfg_resolvers {
	struct cfg_resolvers *next;
	struct diag_pos pos;
	const char *name;
	const struct cfg_nameserver *nameservers;
	unsigned n_nameservers;
	int64_t hold_us[CFG_N_HOLDS];
	int64_t resolve_us, retry_us; /* `timeout` */
	unsigned retries, payload_size;
	/* "default", made from /etc/resolv.conf; its search list is for names whose servers have no
	 * `resolvers` */
	bool is_implicit;
	struct str search[CFG_MAX_SEARCH];
	unsigned n_search, ndots;
};

enum cfg_init_addr { CFG_ADDR_LAST, CFG_ADDR_LIBC, CFG_ADDR_NONE, CFG_ADDR_IP };
#define CFG_MAX_INIT_ADDRS 4
#define CFG_MAX_NETS       5 /* of resolve-net, as HAProxy */
struct cfg_net {
	struct addr addr;
	unsigned bits;
};
/* How the name of a server becomes an address. */
struct cfg_resolve {
	const char *resolvers_name;            /* as written; NULL: none */
	const struct cfg_resolvers *resolvers; /* NULL: the name is looked up at the start alone */
	int family;                            /* which is preferred; AF_UNSPEC: not given */
	const struct cfg_net *nets;
	unsigned n_nets;
	bool allows_dup_ip, ignores_weight;
	uint8_t init[CFG_MAX_INIT_ADDRS]; /* enum cfg_init_addr */
	unsigned n_init;                  /* 0: the default */
	struct addr init_ip;
};

/* What a server sees as our address, besides `source` (which the checks use in any case). */
enum cfg_usesrc { CFG_USESRC_NONE, CFG_USESRC_CLIENT, CFG_USESRC_CLIENTIP, CFG_USESRC_ADDR };

struct cfg_server {
	struct cfg_server *next;
	struct diag_pos pos;
	const char *name;
	unsigned id; /* sid in the statistics, from 1 */
	bool has_id; /* it was written */
	struct addr addr;
	const char *host;   /* as written */
	const char *fqdn;   /* the name alone; NULL: an address was written */
	int name_family;    /* ipv4@, ipv6@; else AF_UNSPEC */
	bool is_srv;        /* the name is that of SRV records */
	bool is_unresolved; /* addr.len is 0: it begins in maintenance */
	bool is_unasked;    /* at a reload: DNS was not asked, addr may be old or missing */
	uint16_t port;      /* of addr, also when there is none yet; 0: none */
	struct cfg_resolve resolve;
	bool port_is_from_client; /* no port given: the client's destination port is used */
	int port_offset;          /* "+N" / "-N" forms together with port_is_from_client */
	unsigned weight;          /* 0..256, default 1 */
	bool backup, disabled;
	unsigned maxconn, minconn, maxqueue; /* 0: unlimited */
	struct str cookie;                   /* persistence; empty: none */
	int pool_max_conn, max_reuse;        /* -1: unlimited */
	int64_t pool_purge_delay_us;
	bool check;
	struct addr check_addr;                       /* len 0: addr */
	uint16_t check_port;                          /* 0: the server's */
	int64_t inter_us, fastinter_us, downinter_us; /* default 2 s; 0: as inter */
	unsigned rise, fall;                          /* default 2, 3 */
	bool check_send_proxy;                        /* checks send a PROXY protocol header */
	enum cfg_init_state init_state;
	const char *track_name;              /* as written; NULL: none */
	const struct cfg_server *track;      /* its state is ours; NULL: none */
	const struct cfg_proxy *track_proxy; /* where that is */
	/* agent-check */
	bool agent;
	struct addr agent_addr; /* len 0: addr */
	uint16_t agent_port;
	int64_t agent_inter_us; /* 0: inter */
	struct str agent_send;
	const struct cfg_check *agent_check;
	/* what traffic tells */
	enum cfg_observe observe;
	unsigned error_limit; /* default 10 */
	enum cfg_on_error on_error;
	bool shuts_sessions_down;        /* on-marked-down shutdown-sessions */
	bool shuts_backup_sessions_down; /* on-marked-up shutdown-backup-sessions */
	int64_t slowstart_us;
	unsigned send_proxy; /* 0, 1 or 2 */
	struct cfg_live *live;
	struct addr source;           /* len 0: none */
	const char *source_interface; /* NULL: any */
	enum cfg_usesrc usesrc;
	struct addr usesrc_addr;
	int64_t tcp_ut_us; /* TCP_USER_TIMEOUT; 0: the kernel's own */
};

struct cfg_stats_auth {
	struct cfg_stats_auth *next;
	struct str userpass; /* "user:password" */
};
struct cfg_stats {
	bool enabled;
	struct str uri; /* prefix, default "/haproxy?stats" */
	struct str realm;
	unsigned refresh_s; /* 0: none */
	bool hide_version, show_legends, show_node, show_desc, admin;
	const struct cfg_rule *admin_rules; /* stats admin: it is permitted if one holds */
	struct str node, desc;
	const struct cfg_stats_auth *auth; /* NULL: open to all */
};

enum cfg_error_kind { CFG_ERROR_FILE, CFG_ERROR_LOC302, CFG_ERROR_LOC303 };
struct cfg_error_page {
	struct str head, body; /* status line and fields, each with CR LF; no empty line */
	bool is_framed;        /* HTTP/1.1 with a length, no "close": the connection can go on */
	enum cfg_error_kind kind;
	bool is_empty;    /* no answer at all: the connection just ends */
	const char *path; /* where it was read, or leads to; NULL: the built-in page */
};
/* 200 400 401 403 404 405 407 408 410 413 425 429 500 501 502 503 504 */
#define CFG_N_ERROR_PAGES 17
extern const uint16_t cfg_error_codes[CFG_N_ERROR_PAGES];

/* load-server-state-from-file */
enum cfg_state_source { CFG_STATE_NONE, CFG_STATE_GLOBAL, CFG_STATE_LOCAL };

enum cfg_cookie_mode {
	CFG_COOKIE_PASSIVE, /* it is read only */
	CFG_COOKIE_REWRITE,
	CFG_COOKIE_INSERT,
	CFG_COOKIE_PREFIX
};

/* retry-on: a mask; 0: as CFG_RETRY_CONN alone. */
enum cfg_retry {
	CFG_RETRY_CONN = 1, /* conn-failure */
	CFG_RETRY_EMPTY = 2,
	CFG_RETRY_JUNK = 4,
	CFG_RETRY_TIMEOUT = 8,
	CFG_RETRY_0RTT = 16, /* there is no early data here */
	CFG_RETRY_401 = 32,
	CFG_RETRY_403 = 64,
	CFG_RETRY_404 = 128,
	CFG_RETRY_408 = 256,
	CFG_RETRY_425 = 512,
	CFG_RETRY_500 = 1024,
	CFG_RETRY_501 = 2048,
	CFG_RETRY_502 = 4096,
	CFG_RETRY_503 = 8192,
	CFG_RETRY_504 = 16384,
	CFG_RETRY_NONE = 32768,
};
/* What needs the request kept until the response begins. */
#define CFG_RETRY_RESPONSES (CFG_RETRY_NONE - 1 - CFG_RETRY_CONN - CFG_RETRY_0RTT)

#define CFG_COOKIE_MAX 2048 /* bytes of name and attributes */

/* cookie NAME ...: persistence. */
struct cfg_cookie {
	struct str name; /* empty: none */
	enum cfg_cookie_mode mode;
	bool indirect, nocache, postonly, preserve, httponly, secure, is_dynamic;
	int64_t maxidle_s, maxlife_s; /* 0: none */
	struct str domain, attrs;     /* several are joined as they go out */
	struct str tail;              /* domain and attributes of an inserted cookie */
};

/* A frontend, a backend or both (listen). */
struct cfg_proxy {
	struct cfg_proxy *next;
	struct diag_pos pos;
	const char *name;
	unsigned id; /* iid in the statistics */
	bool has_id; /* it was written */
	bool is_frontend, is_backend, disabled;
	enum cfg_mode mode;
	struct cfg_timeouts timeout;
	const struct cfg_log *logs;
	const struct acl *acls;
	struct cfg_live *live;

	/* log lines of a frontend; log_tag: len 0: the global one */
	enum cfg_line log_line;
	const struct log_program *log_format; /* never NULL in a frontend */
	const struct log_program *error_log_format, *log_format_sd,
		*unique_id_format; /* NULL: none */
	struct str log_tag, unique_id_header;
	struct cfg_captures req_captures, res_captures;
	struct cfg_capture cookie_capture;

	const struct cfg_rule *http_requests; /* http-request */

	/* frontend */
	const struct cfg_bind *binds;
	unsigned maxconn, backlog;
	unsigned rate_limit; /* rate-limit sessions: new ones a second; 0: none */
	const struct cfg_proxy *default_backend; /* NULL: this proxy itself (listen), or 503 */
	const struct cfg_rule *use_backends;     /* the first that holds, before default_backend */
	bool may_want_bodies; /* it, or a backend of it, may wait for a request's body */
	const struct cfg_rule *monitor_fails;

	/* backend */
	enum cfg_balance balance;
	struct cfg_lb lb;
	struct cfg_cookie cookie;
	struct str dynamic_cookie_key;
	const struct cfg_server *servers;
	const struct cfg_rule *use_servers, *persist_rules;
	unsigned n_servers;
	unsigned retries;  /* default 3 */
	unsigned retry_on; /* mask of enum cfg_retry */
	unsigned fullconn;
	const struct cfg_check *check; /* never NULL in a backend */
	const char *node; /* global `node`, for http-check send-state; NULL: not given */

	/* options */
	bool dontlognull, dontlog_normal, log_health_checks, logasap, log_separate_errors,
		contstats, idle_close_on_response;
	bool http_server_close, httpclose, abortonclose, allbackups, tcpka_client, tcpka_server,
		nolinger;
	bool persist, prefer_last_server;
	bool redispatch;
	int redispatch_interval; /* as `option redispatch N`; -1 (last retry) by default */
	bool http_pretend_keepalive, http_buffer_request;
	enum cfg_reuse http_reuse;
	unsigned forwarded; /* enum cfg_forwarded; 0: no */
	struct cfg_originalto originalto;
	bool forwardfor, forwardfor_ifnone;
	struct str forwardfor_header;  /* "X-Forwarded-For" */
	struct addr forwardfor_except; /* len 0: none */
	unsigned forwardfor_except_bits;

	enum cfg_state_source load_state;
	const char *state_file; /* of CFG_STATE_LOCAL; NULL: the name of the backend */
	struct cfg_stats stats;
	struct str monitor_uri; /* len 0: none */
	struct cfg_error_page errors[CFG_N_ERROR_PAGES];
};

/* Can a connection of the frontend come to the backend, by default or by a rule? */
static inline bool cfg_proxy_leads_to(const struct cfg_proxy *fe, const struct cfg_proxy *be)
{
	for (const struct cfg_rule *r = fe->use_backends; r; r = r->next)
		if (r->backend == be)
			return true;
	return fe->default_backend == be;
}

struct cfg_socket { /* global: stats socket */
	struct cfg_socket *next;
	struct diag_pos pos;
	struct addr addr;
	int fd; /* fd@N, else -1 */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	enum ctl_level level;
	bool expose_fd;
};

struct cfg_global {
	bool daemon, master_worker, quiet;
	const char *pidfile, *chroot_dir, *user, *group;
	uid_t uid; /* (uid_t)-1: not given */
	gid_t gid;
	unsigned maxconn;                  /* 0: computed from the limit of open files */
	unsigned nbthread;                 /* 0: the cores */
	unsigned maxconnrate, maxsessrate; /* new connections, sessions a second; 0: no limit */
	const struct cfg_log *logs;
	const char *log_tag; /* default "proxyd" is wrong for log analysers: "haproxy" as the peer's
				default */
	const char *log_send_hostname; /* NULL: no */
	const struct cfg_socket *sockets;
	int64_t stats_timeout_us;                  /* default 10 s */
	unsigned bufsize, maxrewrite, max_headers; /* tune.*: 16384, 1024, 101 */
	int spread_checks;                         /* percent */
	int64_t max_spread_checks_us; /* 0: no limit of what spread_checks adds or takes */
	bool external_check, insecure_fork;
	const char *node, *description;
	int64_t hard_stop_after_us;          /* 0: never */
	const char *state_base, *state_file; /* server-state-base, server-state-file */
	const char *vrrpd_socket; /* ours: where the dashboard asks about the pair; NULL: nowhere */
	/* ours: liveness-socket PATH [mode M] [user U] [group G] */
	const char *liveness_path;
	mode_t liveness_mode;
	uid_t liveness_uid;
	gid_t liveness_gid;
};

struct cfg {
	struct arena arena;
	struct cfg_global global;
	struct cfg_proxy *proxies; /* in the order of the file */
	unsigned n_proxies;
	const struct cfg_resolvers *resolvers; /* with "default", in the order of the file */
	struct cfg_regex *regexes;             /* all that were compiled, for cfg_free */
};

#endif
