/* sample.h - values taken from a request, its connection, or the state of the process, and the
 * expressions that name them: `fetch(args),converter(args),...`. Pure.
 *
 * A fetch is a row in one of the tables (name, arguments, where it is valid, type, function), a
 * converter too. An expression is parsed once, lives in the configuration's arena, and is evaluated
 * inside one turn of a loop: samples point into the request head or into the scratch space. */
#ifndef PROXY_SAMPLE_H
#define PROXY_SAMPLE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/arena.h>
#include <tandem/str.h>

struct cfg_proxy;
struct cfg_server;
struct h1_head;
struct sample_expr;

enum sample_type {
	SAMPLE_BOOL,
	SAMPLE_INT,
	SAMPLE_IPV4,
	SAMPLE_IPV6,
	SAMPLE_STR,
	SAMPLE_BIN,
	SAMPLE_METHOD, /* as a string: its name */
	SAMPLE_ANY,    /* of a converter that takes all, and of a fetch of either address family */
};

struct sample {
	enum sample_type type;
	union {
		int64_t i; /* BOOL, INT */
		struct in_addr ip4;
		struct in6_addr ip6;
		struct str s; /* STR, BIN, METHOD; borrowed */
	};
};

/* What a fetch needs to be there. */
enum sample_need {
	SAMPLE_NEED_NOTHING,  /* the process's own state */
	SAMPLE_NEED_CLIENT,   /* a client connection */
	SAMPLE_NEED_KEPT,     /* an HTTP request, or what is kept of it until it is logged */
	SAMPLE_NEED_REQUEST,  /* an HTTP request head */
	SAMPLE_NEED_RESPONSE, /* what is kept of the response */
};

/* What is known of a request and its response after they are gone; what is missing is empty. */
struct sample_kept {
	struct str method, uri, unique_id;
	unsigned minor, response_minor; /* of HTTP/1 */
	unsigned status;
	const struct str *request_captures, *response_captures;
	unsigned n_request_captures, n_response_captures;
};

enum sample_name {
	SAMPLE_NAME_HOST,
	SAMPLE_NAME_FRONTEND,
	SAMPLE_NAME_BACKEND,
	SAMPLE_NAME_SERVER
};

/* What cannot be read from the head: asked when a fetch wants it. arg: of the context. */
struct sample_source {
	const struct addr *(*client)(void *arg);
	/* false: unknown */
	bool (*local)(void *arg, struct addr *out);
	/* px: of the running configuration; NULL: the one that evaluates. false: not running. */
	bool (*connections)(void *arg, const struct cfg_proxy *px, bool of_frontend, int64_t *out);
	/* free slots and places in queues; false: without limit or not running */
	bool (*free_slots)(void *arg, const struct cfg_proxy *px, int64_t *out);
	bool (*usable_servers)(void *arg, const struct cfg_proxy *px, int64_t *out);
	bool (*server_is_up)(void *arg, const struct cfg_server *srv, bool *out);
	/* These may be NULL. Borrowed for the evaluation; false, NULL: there is none. */
	bool (*kept)(void *arg, struct sample_kept *out);
	const char *(*name)(void *arg, enum sample_name which);
	int64_t (*now_s)(void *arg);   /* since 1970 */
	uint64_t (*chance)(void *arg); /* random bits */
};

/* Room for what is made while evaluating: lower-cased text and so on. What does not fit makes the
 * sample missing. */
struct sample_scratch {
	char *p; /* borrowed */
	size_t size, used;
};
#define SAMPLE_SCRATCH_SIZE 16384

struct sample_ctx {
	const struct h1_head *head; /* NULL: there is no HTTP request */
	const struct sample_source *source;
	void *arg;
	struct sample_scratch scratch;
};

/* ---- expressions ---- */

#define SAMPLE_MAX_ARGS  3
#define SAMPLE_MAX_CONVS 8

enum sample_arg_type {
	ARG_NONE = 0,
	ARG_STR,
	ARG_INT,
	ARG_FRONTEND, /* a name: resolved by cfg_check */
	ARG_BACKEND,
	ARG_SERVER, /* BACKEND/SERVER, or SERVER of this backend */
};
struct sample_arg {
	enum sample_arg_type type; /* ARG_NONE: not given */
	struct str text;
	int64_t i;
	const struct cfg_proxy *px;
	const struct cfg_server *srv;
};

/* Where a fetch that has several values goes on. {0} at the first call. */
struct sample_iter {
	uint32_t field, at;
	bool is_started, is_over;
};

struct sample_fetch {
	const char *name;
	enum sample_type type;
	enum sample_need need;
	unsigned char min_args;
	enum sample_arg_type args[SAMPLE_MAX_ARGS];
	/* Fill out and return true, or return false: there is no (further) value. Sets it->is_over
	 * when no other value can follow. */
	bool (*get)(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		    struct sample *out);
	int variant; /* of the function, for several rows */
	const char *usage, *help;
	bool is_first_final; /* where one value is wanted it is the first, not the last */
};

struct sample_conv {
	const char *name;
	enum sample_type in, out; /* out SAMPLE_ANY: as it came in */
	unsigned char min_args;
	enum sample_arg_type args[SAMPLE_MAX_ARGS];
	bool (*convert)(struct sample_ctx *x, const struct sample_arg *args, int variant,
			struct sample *s);
	int variant;
	const char *usage, *help;
};

struct sample_step {
	const struct sample_conv *conv;
	struct sample_arg args[SAMPLE_MAX_ARGS];
};

struct sample_expr {
	const struct sample_fetch *fetch;
	struct sample_arg args[SAMPLE_MAX_ARGS];
	unsigned n_steps;
	struct sample_step *steps;
	enum sample_type type; /* of the result */
};

/* The tables, ended by a row without name. */
extern const struct sample_fetch sample_fetches[], sample_http_fetches[], sample_log_fetches[];
extern const struct sample_conv sample_convs[];

/* NULL: unknown. */
const struct sample_fetch *sample_find_fetch(struct str name);
/* The n-th name of all fetches, NULL behind the last: for "did you mean". */
const char *sample_nth_fetch(const void *unused, size_t n);
size_t sample_n_fetches(void);

/* Does HAProxy have a fetch, a converter of this name that we have not? */
bool sample_is_known_fetch(struct str name);
bool sample_is_known_conv(struct str name);

/* Parse text into *out, whose fetch is taken from it, or is `fetch` if that is not NULL (an ACL
 * keyword stands for it; then text begins behind the keyword). Copies into the arena.
 * 0, or -EINVAL with the reason in err. */
NODISCARD int sample_parse(struct arena *a, struct str text, const struct sample_fetch *fetch,
			   struct sample_expr *out, struct strbuf *err);

/* Parse what text begins with; *text becomes what is behind it. Else as sample_parse. */
NODISCARD int sample_take(struct arena *a, struct str *text, struct sample_expr *out,
			  struct strbuf *err);

/* The next value of the expression; false: there is none (any more). */
bool sample_next(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		 struct sample *out);
/* The value where only one counts, as text. */
bool sample_text(struct sample_ctx *x, const struct sample_expr *e, struct str *out);

/* Convert in place; false: there is no such conversion, or the value does not fit. */
bool sample_cast(struct sample_ctx *x, struct sample *s, enum sample_type to);
bool sample_can_cast(enum sample_type from, enum sample_type to);

/* n bytes of scratch space, or NULL. */
char *sample_room(struct sample_ctx *x, size_t n);

/* ---- for the tables ---- */
bool sample_kept_method(struct sample_ctx *x, struct str *out);
/* The path of a request target: from the first slash behind an authority to the `?`; p NULL: the
 * target has none. */
struct str sample_path(struct str target);

#endif
