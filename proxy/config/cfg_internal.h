/* cfg_internal.h - what the files of the haproxy.cfg parser share: the parser's state, keyword
 * rows, drafts of proxies, and helpers to read arguments. Nothing outside proxy/config includes it.
 *
 * A line is a keyword and its arguments. cfg_parse finds the row of the keyword in the tables, and
 * the row's function fills the draft (or cfg_global) or reports. cfg_check completes the drafts. */
#ifndef PROXY_CFG_INTERNAL_H
#define PROXY_CFG_INTERNAL_H

#include <tandem/lexer.h>
#include <tandem/regex.h>

#include "config/cfg_index.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "http/acl.h"

enum cfg_section {
	SEC_NONE = 0,
	SEC_GLOBAL = 1,
	SEC_DEFAULTS = 2,
	SEC_FRONTEND = 4,
	SEC_LISTEN = 8,
	SEC_BACKEND = 16,
	SEC_HTTP_ERRORS = 64,
	SEC_RESOLVERS = 128,
	SEC_SKIPPED = 32, /* in a section that is not supported: its lines were reported once */
};
#define SEC_FE       (SEC_FRONTEND | SEC_LISTEN)
#define SEC_BE       (SEC_BACKEND | SEC_LISTEN)
#define SEC_PROXY    (SEC_FE | SEC_BE)
#define SEC_DEF_FE   (SEC_DEFAULTS | SEC_FE)
#define SEC_DEF_BE   (SEC_DEFAULTS | SEC_BE)
#define SEC_DEF_ALL  (SEC_DEFAULTS | SEC_PROXY)
#define SEC_ANYWHERE (SEC_GLOBAL | SEC_DEF_ALL)

/* "no option x", "default option x" */
enum cfg_prefix { PREFIX_NONE, PREFIX_NO, PREFIX_DEFAULT };

struct cfg_ref {
	const char *name; /* NULL: not given */
	struct diag_pos pos;
};

/* A log target and the global one that `log global` copied it from: copied twice, it counts once.
 */
struct log_node {
	struct cfg_log log; /* first: cfg_log.next points to the log of the next node */
	const struct cfg_log *origin;
};

/* A text that the check compiles, and where it stands; len 0: none. */
struct draft_text {
	struct str text;
	struct diag_pos pos;
};

/* The http-check or tcp-check lines of a section, and those of its defaults. */
struct step_list {
	const struct cfg_step *inherited; /* borrowed: copied before they are changed */
	struct cfg_step *own, *own_last;
	unsigned n_own;      /* comments too */
	bool has_request;    /* own connects or sends */
	struct str comment;  /* for the next step */
	struct diag_pos pos; /* of the last own line; line 0: none */
};

/* What the lines about health checks say, before they are one list of steps. A section's own lines
 * replace those of its defaults, as in HAProxy: its own `option httpchk`, `http-check send` or
 * `connect` replaces the whole inherited request, each of its lines the inherited expectations. */
struct check_draft {
	enum cfg_check_kind kind;
	bool option_is_inherited;
	struct cfg_check_send option; /* of option httpchk */
	struct step_list http, tcp;
	bool sends_state, stops_on_404;
	struct str argument;
	bool is_pre41;
	const char *command, *path;
};

/* An argument of a fetch that names a proxy or a server: looked up when all is read. */
struct sample_ref {
	struct sample_ref *next;
	struct sample_arg *arg;
	enum sample_arg_type type;
	const char *fetch;
	struct draft *d;
	struct diag_pos pos;
};

/* A rule whose target is a name, looked up when all is read. */
struct rule_draft {
	struct rule_draft *next;
	struct cfg_rule *rule;
	const char *what;    /* "use_backend" */
	struct cfg_ref name; /* NULL: it has no target */
};

struct errors_ref { /* errorfiles */
	struct errors_ref *next;
	struct cfg_ref name;
	uint32_t pages; /* bits; 0: all */
	unsigned order; /* the later line wins */
};

/* A proxy (or a defaults section) while it is read. Starts as a copy of its defaults. */
struct draft {
	struct draft *next;
	enum cfg_section section;
	struct cfg_proxy *px;       /* in the arena */
	bool is_named, is_followed; /* defaults: used with `from`, without */
	struct cfg_ref default_backend;
	struct check_draft check;
	struct draft_text log_format, error_log_format, log_format_sd, unique_id_format;
	struct cfg_server server_defaults;
	struct cfg_server
		source; /* `source`: of servers without one of their own; only those fields */
	uint64_t timeouts_seen; /* in this section: bits by place in struct cfg_timeouts */
	bool own_stats;         /* a stats line of this section has replaced the inherited ones */
	bool explicit_id;
	/* where the next item is linked in; NULL: the list is empty */
	struct cfg_bind *last_bind;
	struct cfg_server *last_server;
	struct cfg_log *last_log;
	struct cfg_stats_auth *last_auth;
	struct errors_ref *errors;
	unsigned error_order[CFG_N_ERROR_PAGES]; /* number of the line that set the page */
	struct acl *acls, *last_acl;
	struct rule_draft *rules, *last_rule; /* of all kinds, in the order of the file */
	struct rule_tail {
		const struct cfg_rule **head;
		struct cfg_rule *last;
	} tails[8];          /* of the lists that have rules; others are walked */
	struct cfg_ref name; /* of a defaults section it may be "" */
};

#define CFG_MAX_BLOCKS 64
enum block_state {
	BLOCK_ACTIVE,  /* its lines count */
	BLOCK_WAITING, /* no branch held so far */
	BLOCK_OVER,    /* a branch was taken, or the block around it is skipped */
};
struct cfg_block { /* an .if that was not ended yet */
	enum block_state state;
	bool had_else;
	struct diag_pos pos;
};

struct cfg_parser {
	struct cfg *cfg;
	struct arena *arena; /* of cfg */
	struct diag *diag;   /* borrowed */
	const char *(*getenv)(const char *);

	const struct lex_line *line; /* being read; the prefix word is already removed */
	enum cfg_section section;
	enum cfg_prefix prefix;

	struct draft *drafts, **drafts_end;     /* proxies, in the order of the file */
	struct draft *defaults, **defaults_end; /* defaults sections */
	struct draft *last_defaults;
	struct draft *cur; /* of the section being read, not in global */
	struct cfg_log *last_global_log;
	struct cfg_socket *last_socket;
	struct cfg_resolvers *resolvers, *last_resolvers;
	struct cfg_nameserver *last_nameserver;
	unsigned n_template_servers;
	unsigned n_binds;
	struct draft *error_sections; /* http-errors */
	unsigned n_error_sections, n_error_lines;
	struct cfg_index index; /* proxies and acls; space: a side (cfg_side), or a draft */
	struct sample_ref *refs;
	struct acl *predefined; /* those that were used */
	struct cfg_block blocks[CFG_MAX_BLOCKS];
	unsigned n_blocks;
	bool has_errors; /* found while reading */
	bool zero_warning;
};

struct keyword;
typedef void keyword_fn(struct cfg_parser *p, const struct keyword *kw, unsigned at);

enum keyword_flags {
	KW_NO = 1,      /* may be preceded by `no` */
	KW_DEFAULT = 2, /* ... by `default` */
	KW_SIDE = 4, /* on the wrong side (frontend/backend) a warning, not an error: as HAProxy */
};
#define KW_OPTION (KW_NO | KW_DEFAULT | KW_SIDE)

/* One keyword. The table's order is the order of the help. */
struct keyword {
	const char *name;       /* one or two words */
	unsigned sections;      /* where it is legal */
	unsigned char min, max; /* arguments after the name; max 255: any number */
	unsigned char flags;
	keyword_fn *parse; /* at: index of the first argument */
	size_t offset;     /* of the field it sets, for the generic functions */
	const char *usage; /* the arguments */
	const char *help;  /* one line */
};

#define ARGS_ANY 255

/* The tables, each ended by a row without name. */
extern const struct keyword cfg_cookie_keywords[];
extern const struct keyword cfg_global_keywords[], cfg_proxy_keywords[], cfg_option_keywords[],
	cfg_frontend_keywords[], cfg_backend_keywords[], cfg_check_keywords[],
	cfg_script_keywords[], cfg_stats_keywords[], cfg_state_keywords[], cfg_log_keywords[],
	cfg_errors_keywords[], cfg_http_keywords[], cfg_http_rule_keywords[],
	cfg_resolvers_keywords[];
#define CFG_N_TABLES 15
extern const struct keyword *const cfg_tables[CFG_N_TABLES];

/* A parameter of a bind, server or stats socket line: the same idea in small. */
struct param {
	const char *name;
	unsigned char n_args;
	/* at: index of the parameter's word. target: struct cfg_bind, cfg_server, cfg_socket */
	void (*parse)(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
	size_t offset;
	int64_t min, max; /* of a number */
	const char *usage, *help;
};
extern const struct param cfg_bind_params[], cfg_server_params[], cfg_socket_params[],
	cfg_liveness_params[];

/* cfg_known.c: what HAProxy knows and we do not. */
enum known_kind {
	KNOWN_UNSUPPORTED, /* an error that says so */
	KNOWN_NO_EFFECT,   /* accepted with a notice; why tells the reason */
	KNOWN_REMOVED,     /* HAProxy 2.6 refuses it too; why tells what to write instead */
};
struct known {
	const char *name; /* one or two words, or a parameter's */
	unsigned sections;
	enum known_kind kind;
	const char *why;
	unsigned char n_args; /* of a parameter: words that follow it; 255: unknown */
};
extern const struct known cfg_known[], cfg_known_bind_params[], cfg_known_server_params[];
extern const char *const cfg_known_sections[];

/* ---- cfg_keywords.c: finding rows, saying what is wrong with a word ---- */
/* Read the current line: find its keyword, check section and number of arguments, call it. */
void cfg_keyword_dispatch(struct cfg_parser *p);
/* Read the parameters from word `at` to the end of the line. */
void cfg_params_parse(struct cfg_parser *p, const char *what, const struct param *params,
		      const struct known *known, void *target, unsigned at);
const char *cfg_section_name(enum cfg_section s);

/* ---- cfg_args.c: reading arguments ---- */
/* A parameter's number in [min, max], into the unsigned at its offset. */
void cfg_param_uint(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
#define cfg_error(p, i, ...)   diag_error((p)->diag, lex_pos((p)->line, (i)), __VA_ARGS__)
#define cfg_warning(p, i, ...) diag_warning((p)->diag, lex_pos((p)->line, (i)), __VA_ARGS__)
#define cfg_notice(p, i, ...)  diag_notice((p)->diag, lex_pos((p)->line, (i)), __VA_ARGS__)

/* Word i of the line; empty behind its end. */
static inline struct str cfg_arg(const struct cfg_parser *p, unsigned i)
{
	return i < p->line->n ? p->line->tok[i].text : STR("");
}
static inline const char *cfg_argz(const struct cfg_parser *p, unsigned i)
{
	return i < p->line->n ? p->line->tok[i].text.p : "";
}
static inline bool cfg_arg_is(const struct cfg_parser *p, unsigned i, const char *word)
{
	return i < p->line->n && str_eq(p->line->tok[i].text, str_from(word));
}
/* Each reads word i into *out and returns true, or reports and returns false. `what` is what the
 * message calls the setting. */
NODISCARD bool cfg_read_uint(struct cfg_parser *p, unsigned i, const char *what, int64_t min,
			     int64_t max, unsigned *out);
/* A time of HAProxy: at most 2147483647 ms; bare numbers are milliseconds. */
NODISCARD bool cfg_read_time(struct cfg_parser *p, unsigned i, const char *what, int64_t *out_us);
NODISCARD bool cfg_read_time_unit(struct cfg_parser *p, unsigned i, const char *what,
				  int64_t unit_us, int64_t *out_us);
NODISCARD bool cfg_read_mode(struct cfg_parser *p, unsigned i, const char *what, mode_t *out);
NODISCARD bool cfg_read_user(struct cfg_parser *p, unsigned i, uid_t *uid, gid_t *gid);
NODISCARD bool cfg_read_group(struct cfg_parser *p, unsigned i, gid_t *gid);
/* Reports unless the line ends before word i. */
bool cfg_no_more_args(struct cfg_parser *p, unsigned i);
/* Compile a regular expression (enum regex_flags) that stands in word i; the configuration owns it.
 * NULL: it was reported. */
const struct cfg_regex *cfg_read_regex(struct cfg_parser *p, unsigned i, const char *what,
				       struct str pattern, unsigned flags);
/* ADDRESS[/BITS or /MASK] */
NODISCARD bool cfg_read_network(struct cfg_parser *p, unsigned i, struct addr *addr,
				unsigned *bits);
NODISCARD bool cfg_parse_network(struct str s, struct addr *addr, unsigned *bits);
/* A name of a proxy or server: letters, digits, - _ . : */
NODISCARD bool cfg_check_name(struct cfg_parser *p, unsigned i, const char *what);
/* ---- cfg_addr.c: addresses ---- */
enum cfg_addr_flags {
	ADDR_PORT_OK = 1,     /* ":80" may follow */
	ADDR_PORT_NEEDED = 2, /* ... must */
	ADDR_RANGE_OK = 4,    /* "80-89" */
	ADDR_OFFSET_OK = 8,   /* "+80" and "-80" */
	ADDR_UNIX_OK = 16,
	ADDR_FD_OK = 32,
	ADDR_EMPTY_OK = 64, /* the host may be missing or "*": any address */
	ADDR_RESOLVE = 128, /* host names are looked up */
	ADDR_UDP = 256,     /* log targets */
	ADDR_LATER = 512,   /* with ADDR_RESOLVE: the caller looks the name up */
};
struct cfg_addr {
	struct addr addr; /* with the first port */
	int fd;           /* -1: none */
	uint16_t port_lo, port_hi;
	bool has_port;
	int port_offset; /* for +N / -N */
	bool has_offset;
	const char *host; /* as written, without the port */
	const char *text; /* the whole, after expansion */
	bool is_name;     /* the host is a name */
	const char *name; /* ... which is this */
	int family;       /* ... of an address of this family; AF_UNSPEC: any */
};
/* Parse `text` (word i, or one of its comma-separated parts). Environment variables are expanded,
 * quoted or not. On false the error was reported. */
NODISCARD bool cfg_addr_parse(struct cfg_parser *p, unsigned i, struct str text, unsigned flags,
			      const char *what, struct cfg_addr *out);

/* ---- one function or two of each file ---- */
#define CFG_MAX_NAMESERVERS      32     /* of a section */
#define CFG_MAX_TEMPLATE_SERVERS 65535u /* of all server-template lines together */
void cfg_global_init(struct cfg_global *g);
keyword_fn cfg_parse_log;
keyword_fn cfg_parse_bind, cfg_parse_server, cfg_parse_server_template, cfg_parse_default_server,
	cfg_parse_stats_socket;
keyword_fn cfg_parse_source;
void cfg_server_init(struct cfg_server *s);
/* The backend's `source` for a server that has none. */
void cfg_inherit_source(struct cfg_server *s, const struct cfg_server *source);
/* Start a section of the kind from the current line ("frontend web from common"). */
void cfg_section_start(struct cfg_parser *p, enum cfg_section section);
/* Append a log target to a list of the draft or of global. origin: see struct log_node. */
void cfg_log_add(struct cfg_parser *p, const struct cfg_log **head, struct cfg_log **last,
		 const struct cfg_log *log, const struct cfg_log *origin);
/* Health checks. A section begins with what its defaults said. */
void cfg_check_inherit(struct cfg_parser *p, struct check_draft *c);
/* The check of a backend as the model has it. */
const struct cfg_check *cfg_probe_build(struct cfg_parser *p, const struct draft *d);
/* Compile the formats of a frontend. */
void cfg_compile_logs(struct cfg_parser *p, struct draft *d);
/* ---- cfg_errors.c ---- */
void cfg_check_errors(struct cfg_parser *p, struct draft *d);
/* ---- cfg_if.c ---- */
/* Read the current line if it is a directive; true: it is not for the keywords, because it was one,
 * or because the block is skipped. */
bool cfg_if_line(struct cfg_parser *p);
bool cfg_if_is_skipping(const struct cfg_parser *p);
/* The file ends: report what is open. */
void cfg_if_end(struct cfg_parser *p);
/* ---- cfg_acl.c ---- */
keyword_fn cfg_parse_acl;
/* The condition from word `at` ("if" or "unless") to the end of the line; what: the keyword, for
 * messages. NULL: reported. */
NODISCARD const struct acl_cond *cfg_parse_cond(struct cfg_parser *p, const char *what,
						unsigned at);
/* Look up what acls and rules name, and warn about what can never match. */
void cfg_check_rules(struct cfg_parser *p);
/* Remember the names among the arguments of an expression of d until they can be looked up. */
void cfg_note_refs(struct cfg_parser *p, struct sample_expr *e, struct draft *d,
		   struct diag_pos pos);
/* ---- cfg_rules.c ---- */
/* Look up what was noted. */
void cfg_resolve_refs(struct cfg_parser *p);
keyword_fn cfg_parse_use_backend, cfg_parse_use_server, cfg_parse_monitor_fail;
/* Append a rule with the condition to *head; returns it. last: of a list of this kind. */
struct cfg_rule *cfg_rule_add(struct cfg_parser *p, const struct cfg_rule **head, const char *what,
			      const struct acl_cond *cond, struct cfg_ref target);
/* The space of names that sections of this kind share. */
const void *cfg_side(bool is_frontend);
struct draft *cfg_find_backend(struct cfg_parser *p, const char *name);
/* May frontend d use backend be? Reports if not; what: "default_backend". */
bool cfg_modes_fit(struct cfg_parser *p, const struct draft *d, const struct draft *be,
		   const char *what, struct diag_pos pos);
/* Report that there is none of that name. */
void cfg_no_backend(struct cfg_parser *p, const struct cfg_ref *ref);
/* cfg_expect.c: "[OPTIONS] [!] MATCH PATTERN" from word `at`; false: it was reported. */
NODISCARD bool cfg_expect_parse(struct cfg_parser *p, const struct keyword *kw, unsigned at,
				bool is_http, struct cfg_step *out);
/* "[default] [port N] [addr A] [send-proxy] [linger] [comment TEXT]" */
NODISCARD bool cfg_connect_parse(struct cfg_parser *p, const struct keyword *kw, unsigned at,
				 struct cfg_step *out);
/* A new step at the end of the section's own; it takes the comment that waits. */
struct cfg_step *cfg_step_add(struct cfg_parser *p, struct step_list *list,
			      const struct cfg_step *step);
void cfg_step_comment(struct cfg_parser *p, struct step_list *list, struct str text);

/* All steps of a section, inherited ones too: copies. */
struct cfg_step *cfg_http_steps(struct cfg_parser *p, const struct check_draft *c);
struct cfg_step *cfg_tcp_steps(struct cfg_parser *p, const struct check_draft *c);
/* Two hexadecimal digits a byte; false: it was reported. */
NODISCARD bool cfg_read_hex(struct cfg_parser *p, unsigned i, const char *what, struct str *out);
/* What an agent is asked. */
const struct cfg_check *cfg_agent_build(struct cfg_parser *p, struct str send);
/* cfg_resolvers.c */
void cfg_resolvers_start(struct cfg_parser *p);
void cfg_set_resolvers(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_set_init_addr(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_set_resolve_prefer(struct cfg_parser *p, const struct param *pm, void *target,
			    unsigned at);
void cfg_set_resolve_net(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_set_resolve_opts(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
/* Give s its first address by the methods of init-addr; a: of word `at`. */
void cfg_server_find_address(struct cfg_parser *p, unsigned at, struct cfg_server *s,
			     const struct cfg_addr *a);
/* Look up what servers name; make "default". */
void cfg_check_resolvers(struct cfg_parser *p);
/* cfg_dump_resolvers.c */
void cfg_dump_resolvers(struct strbuf *b, const struct cfg *c);
void cfg_dump_server_resolve(struct strbuf *b, const struct cfg_server *s);
/* cfg_server_check.c: parameters of servers, and what they need of others. */
void cfg_set_observe(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_set_on_error(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_set_on_marked(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_set_init_state(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_set_track(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_set_agent_addr(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_set_agent_port(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_set_agent_send(struct cfg_parser *p, const struct param *pm, void *target, unsigned at);
void cfg_check_tracks(struct cfg_parser *p);
/* cfg_dump_check.c */
void cfg_dump_server_check(struct strbuf *b, const struct cfg_server *s);
void cfg_dump_check(struct strbuf *b, const struct cfg_check *c);
void cfg_put_word(struct strbuf *b, struct str s);
void cfg_put_time(struct strbuf *b, int64_t us);
/* Complete the drafts and check them against each other. */
void cfg_check_all(struct cfg_parser *p);

#endif
