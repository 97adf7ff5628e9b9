/* cfg_keyword.h - inside the parser of keepalived.conf: keyword rows, statements, value readers.
 *
 * A statement is a keyword with its arguments, on one line, and perhaps a block in braces. The
 * tables of all files together are the language: they drive parsing, messages and the printed
 * reference. */
#ifndef VRRPD_CFG_KEYWORD_H
#define VRRPD_CFG_KEYWORD_H

#include <tandem/lexer.h>

#include "config/cfg_macro.h"
#include "config/cfg_model.h"

/* Where a keyword stands. */
enum cfg_block {
	IN_TOP = 1 << 0,
	IN_GLOBAL = 1 << 1,
	IN_SCRIPT = 1 << 2,
	IN_PROXY = 1 << 3,
	IN_INSTANCE = 1 << 4,
	IN_AUTH = 1 << 5,
	IN_GROUP = 1 << 6,
	IN_FILE = 1 << 7,
	IN_PROCESS = 1 << 8,
	IN_HMAC = 1 << 9,
};

#define CFG_MAX_NESTING 16   /* of include */
#define CFG_MAX_FILES   1000 /* in all */

struct cfg_source {               /* a file that is being read */
	struct cfg_source *below; /* what is read after it */
	unsigned level;           /* of include */
	struct lexer lx;
	struct lex_line line, next;
	unsigned at; /* next word of line */
	bool has_next;
	const char *name;
	bool has_macros;          /* the lexer is fed line by line, see cfg_macro.h */
	struct str raw;           /* what was not fed yet */
	unsigned raw_line;        /* its first line */
	struct cfg_line *pending; /* lines that one line stands for */
};

struct cfg_parser {
	struct cfg *cfg;
	struct diag *diag;
	struct cfg_source *source; /* top of the stack; never empty */
	unsigned n_files;
	struct cfg_macros macros;
	struct cfg_options options;
	bool has_parse_errors; /* then what is missing may only have been misread */
	struct cfg_global *global;
	struct cfg_instance *instance; /* the one that is being read */
	bool has_unicast_src;          /* it said unicast_src_ip */
	struct cfg_script *script;
	struct cfg_proxy_track *proxy;
	struct cfg_group *group; /* the one that is being read */
	struct cfg_file_track *file;
	struct cfg_process_track *process;
	uint32_t next_preference[2]; /* of rules that name none, IPv4 and IPv6; 0: not begun */
};

struct cfg_stmt {
	const struct lex_line *line;
	const struct token *word; /* n of them */
	unsigned first, n;        /* word[0] is word `first` of the line */
	bool has_block;           /* an opening brace follows */
};

struct cfg_keyword;
/* Reads the arguments (their number is right) into the model. */
typedef void cfg_keyword_fn(struct cfg_parser *p, const struct cfg_stmt *s,
			    const struct cfg_keyword *kw);

enum cfg_support {
	CFG_SUPPORTED,
	CFG_NO_EFFECT,   /* accepted with a notice; help says why */
	CFG_UNSUPPORTED, /* known to keepalived: an error that says so */
	CFG_LVS,         /* of its load balancer: an error, or skipped (cfg_options.without_lvs) */
};

#define CFG_ANY UINT8_MAX

struct cfg_keyword {
	const char *name;
	unsigned blocks; /* of enum cfg_block */
	uint8_t min_args, max_args;
	bool opens_block;
	cfg_keyword_fn *parse;
	size_t offset;  /* for the general readers: the field in the object of the block */
	int64_t lo, hi; /* and its range; times in microseconds */
	const char *args, *help;
	enum cfg_support support;
};

/* Tables end with a row without name. */
extern const struct cfg_keyword cfg_keywords_top[], cfg_keywords_global[], cfg_keywords_instance[],
	cfg_keywords_vip[], cfg_keywords_vmac[], cfg_keywords_track[], cfg_keywords_group[],
	cfg_keywords_hmac[], cfg_keywords_known[];
/* vrrp_instance NAME, vrrp_script NAME, vrrp_track_proxy NAME */
cfg_keyword_fn cfg_parse_instance, cfg_parse_script, cfg_parse_proxy, cfg_parse_group,
	cfg_parse_file, cfg_parse_process, cfg_parse_routes, cfg_parse_rules, cfg_parse_garp_extra;
/* PROGRAM [USER [GROUP]], into a struct cfg_notify_line. */
cfg_keyword_fn cfg_parse_notify;

/* Warn about trackers whose failure cannot move the address; weights are resolved. */
void cfg_check_weights(struct cfg_parser *p, const struct cfg_instance *in);

/* The place of word i of a statement. */
struct diag_pos cfg_word_pos(const struct cfg_stmt *s, unsigned i);
#define cfg_error(p, s, i, ...) diag_error((p)->diag, cfg_word_pos((s), (i)), __VA_ARGS__)
/* Read the block that follows the statement, keyword by keyword or entry by entry. */
void cfg_read_block(struct cfg_parser *p, const struct cfg_stmt *s, enum cfg_block in);
typedef void cfg_entry_fn(struct cfg_parser *p, const struct cfg_stmt *s);
void cfg_read_entries(struct cfg_parser *p, const struct cfg_stmt *s, cfg_entry_fn *entry);

/* General readers, by offset. */
cfg_keyword_fn cfg_set_flag;     /* nothing or a bool, into a bool */
cfg_keyword_fn cfg_clear_flag;   /* nothing, false into a bool */
cfg_keyword_fn cfg_set_string;   /* one word */
cfg_keyword_fn cfg_set_unsigned; /* an int64_t or unsigned field in [lo, hi] */
cfg_keyword_fn cfg_set_count;    /* the same for an int64_t field */
cfg_keyword_fn cfg_set_u8;
cfg_keyword_fn cfg_set_time; /* seconds with decimals, into an int64_t of microseconds */

/* Value readers: false after an error was reported. */
bool cfg_get_int(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int64_t lo, int64_t hi,
		 int64_t *out);
bool cfg_get_time(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int64_t lo,
		  int64_t hi, int64_t *out);
bool cfg_get_bool(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, bool *out);
bool cfg_get_ip(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct addr *out);
bool cfg_get_ipv4(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct addr *out);
/* An address of a node; a prefix length behind it is ignored with a warning, as keepalived does. */
bool cfg_get_node_ip(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct addr *out);
/* 192.0.2.1 or 192.0.2.1/24; without a length it is all bits. */
bool cfg_get_prefix(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct addr *out,
		    uint8_t *prefix_len);
/* global, site, link, host, nowhere or a number. */
bool cfg_get_scope(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int *out);
bool cfg_get_interface(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i,
		       const char **out);
/* "weight N [reverse|noreverse]" from word i on. */
bool cfg_get_weight(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int *weight,
		    bool *reverse);
bool cfg_get_weight_upto(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int max,
			 int *weight, bool *reverse);
/* "USER [GROUP]" from word i on; a name that does not exist gives (uid_t)-1 and no error. */
void cfg_get_user(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, const char **user,
		  const char **group, uid_t *uid, gid_t *gid);
void cfg_resolve_user(const char *user, const char *group, uid_t *uid, gid_t *gid);
/* Is word i (unquoted or not) this text? */
bool cfg_is(const struct cfg_stmt *s, unsigned i, const char *text);
/* The nearest of a NULL-terminated list of words, as " (did you mean 'x'?)", or "". */
const char *cfg_suggest(struct cfg_parser *p, struct str word, const char *const *words);

/* Which interfaces of our making an instance needs, and where its addresses are. */
void cfg_resolve_vmacs(struct cfg_parser *p, struct cfg_instance *in);

/* What vrrp_strict forbids is reset; garp_* and version are known. */
void cfg_check_strict(struct cfg_parser *p, struct cfg_instance *in);

/* Defaults, references between objects, contradictions: after all files were read. */
void cfg_finish(struct cfg_parser *p);

#endif
