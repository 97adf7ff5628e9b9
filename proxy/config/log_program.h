/* log_program.h - a log format, compiled: what `log-format` and its relatives say, as a list of
 * instructions in the configuration's arena. Plain data; log/log_format.h runs it.
 *
 * The built-in formats (httplog, tcplog, clf) are programs too, so that there is one path. */
#ifndef PROXY_LOG_PROGRAM_H
#define PROXY_LOG_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/str.h>

/* One for each variable of the manual's section 8.2.6, named as there. */
enum log_op {
	LOG_OP_TEXT,
	LOG_OP_SPACE,   /* behind what may be empty: none after another one */
	LOG_OP_DEFAULT, /* "Connect from ...": a frontend without a format */
	LOG_OP_B,
	LOG_OP_CC,
	LOG_OP_CS,
	LOG_OP_H,
	LOG_OP_HM,
	LOG_OP_HP,
	LOG_OP_HPO,
	LOG_OP_HQ,
	LOG_OP_HU,
	LOG_OP_HV,
	LOG_OP_ID,
	LOG_OP_ST,
	LOG_OP_T,
	LOG_OP_Ta,
	LOG_OP_Tc,
	LOG_OP_Td,
	LOG_OP_Th,
	LOG_OP_Ti,
	LOG_OP_Tl,
	LOG_OP_Tq,
	LOG_OP_TR,
	LOG_OP_Tr,
	LOG_OP_Ts,
	LOG_OP_Tt,
	LOG_OP_Tu,
	LOG_OP_Tw,
	LOG_OP_U,
	LOG_OP_ac,
	LOG_OP_b,
	LOG_OP_bc,
	LOG_OP_bi,
	LOG_OP_bp,
	LOG_OP_bq,
	LOG_OP_ci,
	LOG_OP_cp,
	LOG_OP_f, /* %ft too: there is no TLS here */
	LOG_OP_fc,
	LOG_OP_fi,
	LOG_OP_fp,
	LOG_OP_hr,
	LOG_OP_hrl,
	LOG_OP_hs,
	LOG_OP_hsl,
	LOG_OP_lc,
	LOG_OP_ms,
	LOG_OP_pid,
	LOG_OP_r,
	LOG_OP_rc,
	LOG_OP_rt,
	LOG_OP_s,
	LOG_OP_sc,
	LOG_OP_si,
	LOG_OP_sp,
	LOG_OP_sq,
	LOG_OP_ssl, /* %sslc and %sslv: never there */
	LOG_OP_t,
	LOG_OP_tr,
	LOG_OP_trg,
	LOG_OP_trl,
	LOG_OP_ts,
	LOG_OP_tsc,
	LOG_OP_SAMPLE, /* %[expression] */
};

enum log_flag {
	LOG_QUOTED = 1,
	LOG_HEX = 2,
	LOG_ESCAPED = 4,
	LOG_MANDATORY = 8,    /* what is empty shows as "-" */
	LOG_ENDS_SPACED = 16, /* a text: its last byte is a separating space */
};

/* What must be looked up for a line, beyond what a stream knows anyhow. */
enum log_need {
	LOG_NEED_LOCAL = 1,        /* the address the client connected to */
	LOG_NEED_SOURCE = 2,       /* ours to the server */
	LOG_NEED_TARGET = 4,       /* the server's */
	LOG_NEED_NUMBER = 8,       /* %rt */
	LOG_NEED_LINE_NUMBER = 16, /* %lc */
	LOG_NEED_ID = 32,
	LOG_NEED_PROCESS = 128, /* its number, the host's name */
	LOG_NEED_SAMPLES = 256,
	LOG_NEED_END = 64, /* bytes or times that only the end knows: else a line comes early */
};

#define LOG_LEAD_MAX 8

struct log_instr {
	uint8_t op;    /* enum log_op */
	uint8_t flags; /* enum log_flag; LOG_ENDS_SPACED is about lead, or text */
	uint8_t n_lead;
	char lead[LOG_LEAD_MAX]; /* a short text before it: no instruction of its own, no call */
	union {
		struct str text;                /* TEXT */
		const struct sample_expr *expr; /* SAMPLE */
	};
};

struct log_program {
	struct str source;  /* as written */
	unsigned needs;     /* enum log_need */
	bool needs_request; /* a sample of it looks at the request's head */
	unsigned n;
	struct log_instr instr[];
};

#endif
