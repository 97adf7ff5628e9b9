/* log_format.h - the text of access log lines and of the headers before them, byte for byte as
 * HAProxy 2.6 writes them. Pure but for the time zone. */
#ifndef PROXY_LOG_FORMAT_H
#define PROXY_LOG_FORMAT_H

#include <stdint.h>
#include <tandem/str.h>
#include <time.h>

#include "config/cfg_model.h"

struct access_record;
struct log_program;

struct log_second {
	time_t t;      /* 0: none */
	char text[24]; /* 24/Nov/2026:22:11:33 */
	char zone[8];  /* " +0000" */
};
/* Dates of the last second that was formatted: a thread formats the same second many times. */
struct log_dates {
	struct log_second local, gmt;
	time_t header_s;
	char syslog[16];   /* Nov 24 22:11:33 */
	char iso_date[20]; /* 2026-11-24T22:11:33 */
	char iso_zone[8];  /* +00:00 */
};

/* The line that a format makes of a record, without header and newline. At most size bytes, cut
 * like HAProxy's. Returns the length. */
size_t log_format_run(const struct log_program *f, const struct access_record *r,
		      struct log_dates *d, char *out, size_t size);

struct log_header {
	int facility, level;
	const char *tag, *hostname; /* hostname: NULL: none was configured */
	int pid;
	struct str sd;  /* structured data of rfc5424; len 0: none */
	int64_t now_us; /* real time */
};
/* What comes before the line. Returns the length. */
size_t log_format_header(enum cfg_log_format format, const struct log_header *h,
			 struct log_dates *d, char *out, size_t size);

#endif
