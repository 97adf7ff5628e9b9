/* track_file.h - follows the number in a file. A file that is absent or unreadable counts as 0. */
#ifndef VRRPD_TRACK_FILE_H
#define VRRPD_TRACK_FILE_H

#include <ev.h>
#include <stdint.h>
#include <tandem/loop.h>
#include <tandem/str.h>

struct cfg_file_track;
struct track_file;
/* The number changed. Last statement of the caller. */
typedef void track_file_fn(void *arg, struct track_file *t);

struct track_file {
	struct loop *loop;                /* borrowed */
	const struct cfg_file_track *cfg; /* borrowed */
	track_file_fn *changed;
	void *arg;
	int64_t value;
	/* private */
	int fd; /* owned: inotify, on the directory; -1: it is absent, ask again */
	ev_io io;
	ev_timer again;
};

/* Writes the file first if init_file asks for it, and reads it; changed is not called. */
void track_file_start(struct track_file *t, struct loop *loop, const struct cfg_file_track *cfg,
		      track_file_fn *changed, void *arg);
void track_file_stop(struct track_file *t);
/* Pure: the number that a text begins with; 0 for none. */
int64_t track_file_parse(struct str text);

#endif
