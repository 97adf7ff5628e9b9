/* health_priv.h - what the files of health/ share. Control thread. */
#ifndef PROXY_HEALTH_PRIV_H
#define PROXY_HEALTH_PRIV_H

#include <ev.h>
#include <tandem/list.h>
#include <tandem/log.h>

#include "health/check.h"
#include "health/external.h"
#include "health/probe.h"
#include "health/rise_fall.h"

struct check {
	struct health *health; /* borrowed */
	struct server *srv;    /* borrowed: holds us as srv->check */
	struct list node;      /* in health->checks */
	struct probe probe;
	struct external external; /* instead of the probe */
	ev_timer next;
	struct rise_fall rf;
	int64_t started_us;  /* the latest probe; 0: none yet */
	uint64_t generation; /* of the configuration that it reads */
	struct check_result last;
	bool has_result;
};

/* The auxiliary check of a server, which speaks about state and weight. */
struct agent {
	struct health *health; /* borrowed */
	struct server *srv;    /* borrowed: holds us as srv->agent */
	struct list node;      /* in health->agents */
	struct probe probe;
	ev_timer next;
	struct rise_fall rf;
	int64_t started_us;
	uint64_t generation;
	struct check_result last;
	struct agent_words *words; /* owned; instead of the configured ones; NULL: those */
	bool is_speaking;          /* the state of the server is changed in its name */
};

struct health {
	struct loop *loop; /* borrowed */
	struct list checks, agents;
	unsigned spread_percent;
	int64_t max_spread_us; /* 0: no limit */
	unsigned n_started;    /* checks ever begun, for spreading */
	uint32_t random;
	struct log_limit shortage;
	uint64_t generation;
	bool may_fork; /* global insecure-fork-wanted */
};

/* The interval, varied by spread-checks. */
int64_t health_spread(struct health *h, int64_t interval_us);
/* (Re)start a timer. */
void health_arm(struct health *h, ev_timer *w, int64_t delay_us);
/* When the first probe of a new check is due. */
int64_t health_first_delay_us(struct health *h, int64_t inter_us);
/* The server as its checks see it changed for the better: it comes up if check and agent agree. */
void health_try_up(struct server *s, const char *cause);
/* One more result that did not come from a probe: what traffic showed. */
void check_note_traffic(struct check *c, const char *words);

void agent_sync(struct health *h, struct server *s);
void agent_forget(struct health *h, struct server *s);
bool agent_is_up(const struct server *s); /* or there is none */
/* Does it speak now? */
bool agent_is_speaking(const struct server *s);

#endif
