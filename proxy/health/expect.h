/* expect.h - does what a server sent satisfy a step of a health check? Pure: bytes come in, a
 * verdict and the words about it come out. */
#ifndef PROXY_EXPECT_H
#define PROXY_EXPECT_H

#include <stdbool.h>
#include <tandem/str.h>

#include "config/cfg_steps.h"

struct expect_input {
	struct str bytes; /* all that was received since the last send */
	bool is_last;     /* no more will come */
	/* of an HTTP response whose header is complete */
	int code;
	struct str reason, fields, body;
};

enum expect_verdict {
	EXPECT_MET,
	EXPECT_FAILED,
	EXPECT_WAIT, /* more bytes may decide otherwise */
};

struct expect_result {
	enum check_status status; /* of MET, if it is the last step, and of FAILED */
	int code;                 /* -1: none of its own */
	struct strbuf text;       /* owned by the caller; the words about it */
};

enum expect_verdict expect_eval(const struct cfg_check *check, const struct cfg_step *step,
				const struct expect_input *in, struct expect_result *out);
/* " at step 2 of tcp-check (expect string 'x')": where a scripted check was when it ended early. */
void expect_describe_place(const struct cfg_step *step, struct strbuf *out);
/* Decode as much of a chunked body as is there. true: it is complete. */
bool expect_dechunk(struct str raw, struct strbuf *out);

#endif
