/* agent.h - what an agent's line means. Pure. */
#ifndef PROXY_AGENT_H
#define PROXY_AGENT_H

#include <stdbool.h>
#include <tandem/str.h>

enum agent_admin { AGENT_ADMIN_NONE, AGENT_READY, AGENT_DRAIN, AGENT_MAINT };
enum agent_state { AGENT_STATE_NONE, AGENT_UP, AGENT_DOWN };

struct agent_reply {
	enum agent_admin admin;
	enum agent_state state;
	struct str state_word; /* "up", "down", "stopped", "fail" */
	struct str about;      /* what follows '#' */
	int weight_percent;    /* -1: not told */
	int64_t maxconn;       /* -1: not told */
};

/* line: without its end. Words that mean nothing are ignored. */
void agent_parse(struct str line, struct agent_reply *out);

#endif
