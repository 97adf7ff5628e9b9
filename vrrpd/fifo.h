/* fifo.h - notify_fifo: a line for each event into a named pipe, and the program that reads it. */
#ifndef VRRPD_FIFO_H
#define VRRPD_FIFO_H

#include <tandem/loop.h>
#include <tandem/proc.h>

struct cfg_fifo;

struct fifo {
	struct loop *loop;
	int fd;     /* owned; -1: closed */
	char *path; /* owned; NULL: none */
	struct proc script;
	uint64_t n_lines, n_dropped; /* dropped: nobody read for long */
};

void fifo_init(struct fifo *f, struct loop *loop);
/* Make the pipe and start the program, if that is not done yet. Problems are logged. */
void fifo_open(struct fifo *f, const struct cfg_fifo *cfg);
/* Ends the program; the pipe is removed. */
void fifo_close(struct fifo *f);
/* INSTANCE "name" STATE priority. Never blocks. */
void fifo_tell(struct fifo *f, const char *kind, const char *name, const char *state,
	       unsigned priority);

#endif
