/* cfg_steps.h - what a health check does, as plain data: connect, send, expect, in this order and
 * as often as configured. Part of cfg_model.h. */
#ifndef PROXY_CFG_STEPS_H
#define PROXY_CFG_STEPS_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/str.h>

#include "health/check_status.h"

struct cfg_regex;

enum cfg_check_kind {
	CFG_CHECK_TCP, /* connect only */
	CFG_CHECK_HTTP,
	CFG_CHECK_SCRIPT, /* option tcp-check */
	CFG_CHECK_EXTERNAL,
	CFG_CHECK_SMTP,
	CFG_CHECK_REDIS,
	CFG_CHECK_MYSQL,
	CFG_CHECK_PGSQL,
	CFG_CHECK_LDAP,
	CFG_CHECK_SSL_HELLO,
	CFG_CHECK_AGENT,
};

enum cfg_step_kind { CFG_STEP_CONNECT, CFG_STEP_SEND, CFG_STEP_EXPECT };

enum cfg_expect {
	/* of the bytes received */
	CFG_EXPECT_STRING,
	CFG_EXPECT_RSTRING,
	CFG_EXPECT_BINARY,
	CFG_EXPECT_RBINARY,
	/* of an HTTP response */
	CFG_EXPECT_STATUS,
	CFG_EXPECT_RSTATUS,
	CFG_EXPECT_HDR,
	CFG_EXPECT_FHDR,
	CFG_EXPECT_BODY,
	CFG_EXPECT_RBODY,
	/* protocols that need more than a pattern */
	CFG_EXPECT_MYSQL_HELLO,
	CFG_EXPECT_MYSQL_OK,
	CFG_EXPECT_LDAP_BIND,
	CFG_EXPECT_LINE,
};

struct cfg_status_range {
	uint16_t lo, hi;
};

/* How a header is compared; HAProxy's -m. */
enum cfg_match_how { CFG_MATCH_STR, CFG_MATCH_BEG, CFG_MATCH_END, CFG_MATCH_SUB, CFG_MATCH_REG };
struct cfg_match {
	enum cfg_match_how how;
	struct str text;
	const struct cfg_regex *re;
};

/* What is told about a result: words of the configuration, or of the server. */
struct cfg_check_info {
	enum { CFG_INFO_NONE, CFG_INFO_TEXT, CFG_INFO_PAYLOAD, CFG_INFO_PAYLOAD_LINE } kind;
	struct str text;
	unsigned from; /* of the payload; _LINE: blanks are skipped and it ends with the line */
};

/* The code of a result: none, a constant, or digits that the server sent. */
struct cfg_check_code {
	enum { CFG_CODE_NONE, CFG_CODE_INT, CFG_CODE_PAYLOAD } kind;
	int value;
	unsigned from, len; /* len 0: to the end */
};

/* An HTTP check's request as configured; what is empty has its default. */
struct cfg_check_send {
	struct str method, uri, version; /* OPTIONS, /, HTTP/1.0 */
	struct str headers;              /* "Name: value\r\n"... */
	struct str body;
};

struct cfg_step {
	struct cfg_step *next;
	enum cfg_step_kind kind;
	bool is_implicit; /* nobody wrote it */
	unsigned number; /* as messages count them: from 1, comments too; 0: the implicit connect */
	struct str comment;

	/* connect */
	struct addr addr; /* len 0: the check's address */
	uint16_t port;    /* 0: the check's port */
	bool send_proxy, linger, is_default;

	/* send */
	struct str data;            /* HTTP: the request up to its last field line */
	bool is_binary;             /* how it was written */
	struct cfg_check_send send; /* HTTP: what data was built of; its body goes out behind it */

	/* expect */
	enum cfg_expect what;
	bool is_negated;
	int min_recv; /* -1: none */
	struct str text;
	const struct cfg_regex *re;
	const struct cfg_status_range *statuses;
	unsigned n_statuses;
	struct cfg_match name, value; /* of a header */
	bool has_value;
	enum check_status ok_status, error_status, tout_status; /* CHECK_UNKNOWN: the usual ones */
	struct cfg_check_info on_success, on_error;
	struct cfg_check_code code;
};

/* What option httpchk, http-check and their likes of a backend ask for. */
struct cfg_check {
	enum cfg_check_kind kind;
	const struct cfg_step *steps; /* begins with a connect; NULL: an external check */
	bool sends_state;             /* http-check send-state */
	bool stops_on_404;            /* http-check disable-on-404 */
	struct str argument;        /* smtpchk: the greeting; mysql-check, pgsql-check: the user */
	bool is_pre41;              /* mysql-check */
	const char *command, *path; /* external-check */
};

#endif
