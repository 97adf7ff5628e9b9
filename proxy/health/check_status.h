/* check_status.h - what a health check can find out; HAProxy's codes. */
#ifndef PROXY_CHECK_STATUS_H
#define PROXY_CHECK_STATUS_H

#include <stdbool.h>

/* check_status_code() gives "L4OK", check_status_text() "Layer4 check passed". */
enum check_status {
	CHECK_UNKNOWN,
	CHECK_INI,
	CHECK_START,
	CHECK_CHECKED, /* an agent's line that says nothing about up and down */
	CHECK_HANA,    /* what traffic showed (observe) */
	CHECK_SOCKERR,
	CHECK_L4OK,
	CHECK_L4TOUT,
	CHECK_L4CON,
	CHECK_L6OK,
	CHECK_L6TOUT,
	CHECK_L6RSP,
	CHECK_L7OK,
	CHECK_L7OKC, /* passed, but asks for no new sessions */
	CHECK_L7TOUT,
	CHECK_L7RSP,
	CHECK_L7STS,
	CHECK_PROCERR,
	CHECK_PROCTOUT,
	CHECK_PROCOK,
};
#define CHECK_N_STATUSES 20
const char *check_status_code(enum check_status s);
const char *check_status_text(enum check_status s);
/* L7OKC too. */
bool check_status_has_passed(enum check_status s);
/* Is there a number to it, such as an HTTP status? */
bool check_status_has_code(enum check_status s);

#endif
