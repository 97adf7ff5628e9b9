/* check_status.c - the names of what a health check can find out. */
#include "health/check_status.h"

static const struct {
	const char *code, *text;
	bool has_passed, has_code;
} statuses[CHECK_N_STATUSES] = {
	[CHECK_UNKNOWN] = { "UNK", "Unknown", false, false },
	[CHECK_INI] = { "INI", "Initializing", false, false },
	[CHECK_START] = { "START", "Check started", false, false },
	[CHECK_CHECKED] = { "CHECKED", "No status change", false, false },
	[CHECK_HANA] = { "HANA", "Health analyze", false, false },
	[CHECK_SOCKERR] = { "SOCKERR", "Socket error", false, false },
	[CHECK_L4OK] = { "L4OK", "Layer4 check passed", true, false },
	[CHECK_L4TOUT] = { "L4TOUT", "Layer4 timeout", false, false },
	[CHECK_L4CON] = { "L4CON", "Layer4 connection problem", false, false },
	[CHECK_L6OK] = { "L6OK", "Layer6 check passed", true, false },
	[CHECK_L6TOUT] = { "L6TOUT", "Layer6 timeout", false, false },
	[CHECK_L6RSP] = { "L6RSP", "Layer6 invalid response", false, false },
	[CHECK_L7OK] = { "L7OK", "Layer7 check passed", true, true },
	[CHECK_L7OKC] = { "L7OKC", "Layer7 check conditionally passed", true, true },
	[CHECK_L7TOUT] = { "L7TOUT", "Layer7 timeout", false, false },
	[CHECK_L7RSP] = { "L7RSP", "Layer7 invalid response", false, false },
	[CHECK_L7STS] = { "L7STS", "Layer7 wrong status", false, true },
	[CHECK_PROCERR] = { "PROCERR", "External check error", false, true },
	[CHECK_PROCTOUT] = { "PROCTOUT", "External check timeout", false, true },
	[CHECK_PROCOK] = { "PROCOK", "External check passed", true, true },
};

const char *check_status_code(enum check_status s)
{
	return statuses[s].code;
}

const char *check_status_text(enum check_status s)
{
	return statuses[s].text;
}

bool check_status_has_passed(enum check_status s)
{
	return statuses[s].has_passed;
}

bool check_status_has_code(enum check_status s)
{
	return statuses[s].has_code;
}
