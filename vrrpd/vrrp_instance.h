/* vrrp_instance.h - one virtual router: performs what the state machine asks.
 *
 * It owns the timers, the addresses and what was learned about others; sockets and tables are
 * borrowed from the worker (struct vrrp_env). All state changes go through vrrp_instance_feed. */
#ifndef VRRPD_VRRP_INSTANCE_H
#define VRRPD_VRRP_INSTANCE_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/list.h>
#include <tandem/log.h>
#include <tandem/loop.h>

#include "board.h"
#include "config/cfg_model.h"
#include "conflict.h"
#include "foreign.h"
#include "handover.h"
#include "health.h"
#include "link_watch.h"
#include "nft.h"
#include "notify.h"
#include "routing.h"
#include "vip.h"
#include "vrrp_fsm.h"
#include "vrrp_group.h"
#include "vrrp_packet.h"
#include "vrrp_report.h"
#include "vrrp_sock.h"

#define VRRP_MAX_HELLO_PEERS 16
#define VRRP_RENEW_US        (250 * US_PER_MS) /* between renewals of what we hold */

struct track_script;
struct track_proxy;
struct track_file;
struct track_process;
struct vrrp_instance;

/* What all instances use; borrowed from the worker. */
struct vrrp_env {
	struct loop *loop;
	struct link_watch *links;
	struct vip_nl *nl;
	struct nft *nft;                /* NULL: none */
	int raw_fd, raw6_fd, garp_fd;   /* -1: cannot send */
	struct board *board;            /* NULL: none */
	struct handover_sock *handover; /* fd -1: plain VRRP only */
	const struct cfg_global *global;
	int64_t drill_until_us; /* a drill runs here, hellos say so; 0: none */
	/* After each transition. */
	void (*on_transition)(void *arg, struct vrrp_instance *i, enum vrrp_state from);
	/* We left MASTER, and another router is it now: outage_us later. May be NULL. */
	void (*on_successor)(void *arg, struct vrrp_instance *i, int64_t outage_us);
	/* What the guardian must know has changed. */
	void (*on_plan_changed)(void *arg);
	/* For the notify FIFOs; may be NULL. */
	void (*tell)(void *arg, const char *kind, const char *name, const char *state,
		     unsigned priority);
	void *arg;
};

/* One line of track_* with the object behind it; borrowed. */
struct vrrp_track {
	const struct cfg_track *cfg;
	const struct track_script *script;
	const struct track_proxy *proxy;
	const struct track_file *file;
	const struct track_process *process;
};

/* Another vrrpd that announced itself. */
struct hello_peer {
	struct addr addr;
	int64_t seen_us; /* 0: the slot is free */
	uint8_t priority;
	enum vrrp_state state;
	bool reads_reports, drills;
	/* of its reports */
	int64_t report_us;        /* the last one; 0: none yet */
	int64_t unheard_since_us; /* it does not hear us, since then; 0: it does */
	bool is_one_way;          /* for long enough to be said */
	struct vrrp_digest digest;
	unsigned differs; /* enum vrrp_difference */
};

struct vrrp_counters {
	uint64_t adverts_sent, adverts_received, zero_sent, zero_received, send_errors;
	uint64_t claims_sent, claims_received, claims_refused, hellos_received;
	uint64_t became_master, transitions, garps_sent, restored;
	uint64_t reports_received, conflicts;
	uint64_t refused[VRRP_PKT_N_ERRORS];
};

struct vrrp_instance {
	struct list node;
	const struct vrrp_env *env;
	const struct cfg_instance *cfg; /* borrowed; a reload swaps it */
	struct vrrp_params params;
	struct vrrp_fsm fsm;
	unsigned ifindex;      /* 0: the interface is absent */
	unsigned wire_ifindex; /* where adverts go: the same, or a virtual MAC on it */
	struct addr src;       /* of our adverts; len 0: none */
	struct vip *vips;      /* owned; those with a known interface */
	unsigned n_vips;
	struct routing_set routing; /* virtual_routes and virtual_rules */
	uint8_t *advert_vips;       /* owned; as bytes, for adverts */
	unsigned n_advert_vips;
	bool holds_addrs;
	int64_t held_since_us;
	struct vrrp_track *tracks; /* owned */
	unsigned n_tracks;
	struct vrrp_group *group; /* borrowed; NULL: none */
	bool is_started, is_in_fault;
	bool has_own_fault; /* is_in_fault may come from the sync group */
	bool is_yielding;   /* an operator handed it over: priority 1 */
	bool is_deleted;    /* a reload removes it: notify_deleted */
	bool routing_dirty; /* somebody deleted routes or rules of ours */
	int64_t lower_told_us;
	const char *fault_cause; /* static text or a name in the configuration; NULL: none */
	char fault_text[96];
	struct board_instance *board; /* borrowed from the plan in force; NULL: none */
	struct addr master;           /* whose adverts we hear; len 0: nobody's */
	uint8_t master_priority;
	int64_t master_seen_us;
	int64_t left_us; /* we left ACTIVE, and no other master was heard since; 0: no */
	struct hello_peer peers[VRRP_MAX_HELLO_PEERS];
	struct vrrp_digest digest; /* of our configuration */
	struct foreign_router foreign[FOREIGN_MAX];
	uint8_t explained_peer;         /* its priority when the weights were judged; 0: not yet */
	int64_t probed_us, answered_us; /* dup_watch: the last round, the last foreign answer */
	unsigned probe_at;
	struct conflict conflict;
	struct conflict last_conflict; /* the one before, for people who look later */
	int64_t conflict_real_us;      /* wall clock of its beginning */
	/* auth_hmac: the last numbers that we signed with, and those of others */
	uint64_t sequence, hand_sequence;
	struct vrrp_auth_replay replay, hand_replay;
	struct notify notify;
	int64_t claimed_us; /* when we last obeyed a hand-over message; 0: never */
	/* the master's lease; 0: none is known */
	int64_t lease_us, lease_hello_us, lease_end_us;
	ev_timer lease;
	ev_timer timer, garp_delay, garp_refresh, garp_lower, garp_pace, garp_again, garp_extra;
	unsigned n_again;
	size_t pace_at, pace_end; /* garp_interval: announcements sent and wanted */
	struct vrrp_counters n;
	struct log_limit refused_limit, send_limit, vip_limit, restore_limit, peer_limit,
		conflict_limit;
	int64_t since_real_us; /* wall clock of the last transition */
	enum vrrp_state previous;
};

/* Heap; starts nothing. */
NODISCARD struct vrrp_instance *vrrp_instance_new(const struct vrrp_env *env,
						  const struct cfg_instance *cfg);
/* It must be stopped (or never started). A notify program that runs is killed. NULL is legal. */
void vrrp_instance_free(struct vrrp_instance *i);
/* Look at the interface, remove what an earlier run left, and begin. Tracks must be set. */
void vrrp_instance_start(struct vrrp_instance *i);
/* Say goodbye: addresses away, hand-over, priority 0. Legal in any state. */
void vrrp_instance_stop(struct vrrp_instance *i);
/* tracks: taken. */
void vrrp_instance_set_tracks(struct vrrp_instance *i, struct vrrp_track *tracks, unsigned n);
/* A reload: same name, interface and VRID, other details. Addresses are compared, no transition. */
void vrrp_instance_set_cfg(struct vrrp_instance *i, const struct cfg_instance *cfg);

/* Feed one event and perform what the machine asks. */
void vrrp_instance_feed(struct vrrp_instance *i, const struct vrrp_event *ev);
/* Trackers, interface or source may have changed: work out priority and fault anew. */
void vrrp_instance_reconsider(struct vrrp_instance *i);
/* The kernel's interfaces changed: resolve index and source again, then reconsider. */
void vrrp_instance_on_links(struct vrrp_instance *i);
/* An address disappeared from an interface: if it is one that we hold, bring it back. */
void vrrp_instance_on_addr_gone(struct vrrp_instance *i, unsigned ifindex, const struct addr *a);
/* A route or rule was deleted in the kernel (h, as reported): bring it back if it is ours. */
void vrrp_instance_on_routing_gone(struct vrrp_instance *i, const struct nlmsghdr *h);
/* Add what is missing of the routes and rules that we hold. */
void vrrp_instance_restore_routing(struct vrrp_instance *i);
/* Renew what we hold. */
void vrrp_instance_renew(struct vrrp_instance *i);
/* We did not run for a while, or the guardian let go for us: see vrrpd/worker.c. */
void vrrp_instance_on_stall(struct vrrp_instance *i, bool is_lost);
/* Is track t fine, seen for itself (not reversed)? */
bool vrrp_track_is_up(const struct vrrp_instance *i, const struct vrrp_track *t);
/* The other router's priority while all is well there, as far as it is known: from its report, its
 * adverts, or the configuration. */
struct vrrp_peer_known {
	uint8_t priority; /* 0: not known */
	struct addr addr; /* len 0: not known */
	const char *source;
};
struct vrrp_peer_known vrrp_instance_peer(const struct vrrp_instance *i);
/* A peer's priority may have become known: say which checks cannot move the address. */
void vrrp_instance_judge_weights(struct vrrp_instance *i);
/* How well it is, by the rules of health.h; *reasons: a mask of enum health_reason. */
enum health vrrp_instance_health(const struct vrrp_instance *i, unsigned *reasons);
/* An operator's wish: let a peer take over now and stay behind it (priority 1), or not any more. 0,
 * or a static text that says why not. */
const char *vrrp_instance_yield(struct vrrp_instance *i, bool wanted);
/* What the cause of the last transition leaves open; NULL: nothing. */
const char *vrrp_instance_cause_detail(const struct vrrp_instance *i);
/* Lifetime of our addresses in the kernel, and how long the guardian tolerates silence. */
uint32_t vrrp_instance_lifetime_s(const struct vrrp_instance *i);
int64_t vrrp_instance_frozen_after_us(const struct vrrp_instance *i);

/* Fire the timer once after that time; INT64_MAX: stop it. */
void vrrp_instance_arm(struct vrrp_instance *i, ev_timer *t, int64_t after_us);

/* vrrp_addrs.c: the addresses. */
void vrrp_addrs_init(struct vrrp_instance *i);
/* Work out i->vips and the address list of the adverts from the configuration. */
void vrrp_addrs_resolve(struct vrrp_instance *i);
void vrrp_addrs_add(struct vrrp_instance *i);
void vrrp_addrs_del(struct vrrp_instance *i);
/* Remove those of old that are not in i->vips. */
void vrrp_addrs_remove_missing(struct vrrp_instance *i, const struct vip *old, unsigned n_old);
/* Announce all: at once, or one by one when garp_interval asks for it. */
void vrrp_addrs_announce(struct vrrp_instance *i, unsigned repeat);
void vrrp_addrs_announce_takeover(struct vrrp_instance *i);
/* A worse master was heard: garp_lower_prio_*. */
void vrrp_addrs_reannounce(struct vrrp_instance *i);
void vrrp_addrs_stop_announcing(struct vrrp_instance *i);

/* vrrp_conflict.c: another owner of our addresses. */
/* A valid advert of src was heard while we are ACTIVE, and we stay so. */
void vrrp_conflict_on_advert(struct vrrp_instance *i, const struct addr *src,
			     const struct vrrp_advert *a);
/* The hello of another vrrpd. */
void vrrp_conflict_on_hello(struct vrrp_instance *i, const struct addr *src,
			    const struct handover_msg *m);
/* Somebody else claims a virtual address that we hold (dup_watch.h). */
void vrrp_conflict_on_answer(struct vrrp_instance *i, const struct addr *vip, const uint8_t mac[6]);
/* Several times a second; and when we are not ACTIVE any more. */
void vrrp_conflict_tick(struct vrrp_instance *i);

/* vrrp_io.c, vrrp_peers.c: what goes over the network. */
void vrrp_io_send_advert(struct vrrp_instance *i, uint8_t priority);
void vrrp_io_send_claim(struct vrrp_instance *i);
void vrrp_io_send_hello(struct vrrp_instance *i);
/* Whom we hear and what we are configured to, for those who read it. */
void vrrp_io_send_report(struct vrrp_instance *i);
/* A vrrpd of that address that was heard lately; NULL: none. */
const struct hello_peer *vrrp_io_find_hello(const struct vrrp_instance *i, const struct addr *a);
bool vrrp_io_is_fresh(const struct vrrp_instance *i, const struct hello_peer *p);
void vrrp_io_on_packet(struct vrrp_instance *i, const struct vrrp_rx *rx);
void vrrp_io_on_handover(struct vrrp_instance *i, const struct addr *src,
			 const struct handover_msg *m);
/* The best vrrpd peer that could take over now; NULL: none. */
const struct hello_peer *vrrp_io_best_peer(const struct vrrp_instance *i);
/* Write what the guardian needs; and keep its hand-over message current. */
void vrrp_io_plan(struct vrrp_instance *i, struct board_plan *p);
void vrrp_io_update_board(struct vrrp_instance *i);

#endif
