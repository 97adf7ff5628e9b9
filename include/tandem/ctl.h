/* ctl.h - control sockets: HAProxy's line protocol on stream sockets.
 *
 * A connection sends one line of commands separated by ';' and gets all their answers, each
 * followed by an empty line, then end of file; after the command `prompt` it stays open and answers
 * each line with a prompt "> " (`prompt timed`: "[d:hh:mm:ss] > "). The server owns listeners and
 * connections, reads, splits, dispatches and writes with backpressure; the daemon gives a table of
 * commands. */
#ifndef TANDEM_CTL_H
#define TANDEM_CTL_H

#include <ev.h>
#include <sys/types.h>
#include <tandem/addr.h>
#include <tandem/list.h>
#include <tandem/loop.h>
#include <tandem/str.h>

enum ctl_level { CTL_USER, CTL_OPERATOR, CTL_ADMIN };

#define CTL_MAX_LINE  16384 /* bytes of one request line */
#define CTL_MAX_CONNS 64    /* per server; more are closed at once */
#define CTL_MAX_ARGS  64

struct ctl_request {
	unsigned argc;
	struct str
		argv[CTL_MAX_ARGS]; /* the words, escapes (backslash) removed; terminated by NUL */
	enum ctl_level level;       /* a command may lower it for the rest of the connection */
	struct strbuf *out;         /* append the answer here */
	void *arg;                  /* of the server */
	int fd;                     /* of the connection; borrowed, for what is no text */
	int wait_fd;         /* with *more: be called again when this can be read; -1: soon */
	bool is_following;   /* with wait_fd: for as long as the client likes; what it types ends it
			      */
	bool is_interrupted; /* it did, or left: end the answer */
	int64_t idle_timeout_us; /* of this connection; 0: the server's */
	/* What a command sets that has more to come: the connection ended, give up what the cursor
	 * refers to. NULL at first. */
	void (*cancel)(struct ctl_request *rq, uint64_t cursor);
	bool brings_own_end; /* the answer needs no empty line behind it */
	uint64_t session; /* the commands' own word, kept as long as the connection; 0 at first */
};

struct ctl_command {
	const char *words; /* "show stat": matched word by word at the start of the line */
	const char *usage; /* arguments, for help; may be "" */
	const char *help;  /* one line; NULL: not listed */
	enum ctl_level level;
	/* Appends the answer. An error is an answer too. Output of unbounded size: append a piece,
	 * set *more to true and be called again with the same request when it was sent; state
	 * between the calls is *cursor (0 at first). */
	void (*fn)(struct ctl_request *rq, uint64_t *cursor, bool *more);
};

struct ctl_server {
	struct loop *loop;
	const struct ctl_command *commands; /* borrowed; ends with words == NULL */
	const char *title;                  /* first line of help */
	void *arg;
	/* A relay, for a process that speaks for others; all NULL: none. It takes each command that
	 * begins with '@', and while rq->session is not 0 all but `prompt` and `quit`. "@master
	 * COMMAND" is not for it. */
	const struct ctl_command *relay;
	void (*add_prompt)(struct ctl_request *rq); /* NULL: "> " */
	int64_t idle_timeout_us;                    /* default 10 s, as "stats timeout" */
	int64_t started_us;                         /* for `prompt timed` */
	struct list listeners, conns;
	unsigned n_conns;
};

/* How many of argv's words are those of a ctl_command, one by one; 0 when it is not this command.
 * With `partial` it is enough that argv runs out. */
unsigned ctl_match(const char *words, const struct str *argv, unsigned argc, bool partial);

void ctl_server_init(struct ctl_server *s, struct loop *loop, const struct ctl_command *commands,
		     const char *title, void *arg);
/* Listen at a (Unix or TCP). A Unix socket is made with `mode` under a temporary name and renamed
 * into place, so the path never vanishes; uid/gid (uid_t)-1: unchanged. 0 or -errno. */
NODISCARD int ctl_server_listen(struct ctl_server *s, const struct addr *a, mode_t mode, uid_t uid,
				gid_t gid, enum ctl_level level);
/* The same on a listening socket that exists already; fd is taken, also on failure. */
NODISCARD int ctl_server_adopt(struct ctl_server *s, int fd, enum ctl_level level);
/* Serve one connected socket (e.g. standard input of a master's pipe); fd is taken. */
NODISCARD int ctl_server_serve(struct ctl_server *s, int fd, enum ctl_level level);
/* Close listeners and connections; Unix paths made by listen are removed. */
void ctl_server_fini(struct ctl_server *s);
/* In a child after fork: give up the copies of the descriptors and touch nothing that the parent
 * uses. The server and its loop must not be used any more. */
void ctl_server_abandon(struct ctl_server *s);

#endif
