/* worker.h - the VRRP process: it owns the loop, the sockets, the tables and all instances, and
 * connects them. Runs as a child of the guardian. */
#ifndef VRRPD_WORKER_H
#define VRRPD_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/ctl.h>
#include <tandem/list.h>
#include <tandem/loop.h>

#include "ctl_drill.h"
#include "dup_watch.h"
#include "fifo.h"
#include "handover.h"
#include "history.h"
#include "link_watch.h"
#include "nft.h"
#include "sysctl.h"
#include "track_file.h"
#include "track_process.h"
#include "track_proxy.h"
#include "track_script.h"
#include "vip.h"
#include "vrrp_instance.h"

struct board;
struct cfg;
struct cfg_options;

/* One interface with its receiving socket and who listens there. */
struct worker_iface {
	struct list node;
	struct worker *worker;
	char name[IFNAMSIZ];
	char base[IFNAMSIZ];   /* the same, or what the virtual MAC `name` is on */
	int family;            /* each has its own socket and virtual router ids */
	struct vrrp_sock sock; /* fd -1: the interface is absent */
	bool wants_group, has_group, is_used;
	struct vrrp_instance *by_vrid[256];
};

struct worker_script {
	struct list node;
	struct track_script t;
};

struct worker_proxy {
	struct list node;
	struct track_proxy t;
	char *socket; /* owned: to see whether a reload changed it */
};

struct worker_file {
	struct list node;
	struct track_file t;
	char *path; /* owned: to see whether a reload changed it */
};

struct worker_process {
	struct list node;
	struct track_process t;
};

struct worker {
	struct loop loop;
	const char *cfg_path;
	struct cfg *cfg; /* owned */
	struct board *board;
	struct link_watch links;
	struct vip_nl nl;
	struct handover_sock handover;
	struct dup_watch dup;
	struct nft nft;
	struct sysctl_saved sysctls;
	struct routing_set static_routing; /* owned */
	struct log_limit vmac_limit;
	struct vrrp_env env;
	struct list ifaces, instances, groups, scripts, proxies, files, processes;
	struct process_watch watch;
	struct fifo fifos[2];
	struct list dying; /* instances that a reload removed, while a notify program runs */
	struct ctl_server ctl;
	char *ctl_path; /* owned; NULL: not listening */
	struct history history;
	struct drill_log drill;
	uint64_t n_foreign; /* adverts for VRIDs that are not ours */
	uint64_t n_stalls, n_reloads, n_reloads_failed;
	int64_t started_us, started_real_us, last_turn_us, asleep_us;
	bool links_dirty, plan_dirty, is_stopping;
	bool is_delayed; /* vrrp_startup_delay: nothing has begun yet */
	int guardian_fd;
	int64_t stop_by_us;
	const char *reload_error; /* static; NULL: the last reload was good */
	/* private */
	ev_io guardian_io;
	ev_signal on_term, on_int, on_hup;
	ev_timer reroute; /* routes that others deleted come back */
	ev_timer renew, hello, stop_wait, delay;
};

/* Runs until the end; returns the exit status. Takes cfg. path: for reloads, borrowed. */
NODISCARD int worker_run(struct cfg *cfg, const char *path, struct board *board, int guardian_fd);
/* Re-read the file: 0, or -EINVAL when it is bad (logged) and nothing changed. */
NODISCARD int worker_reload(struct worker *w);
/* Load and check a configuration, logging every problem; NULL: bad. */
NODISCARD struct cfg *worker_load_cfg(const char *path, const struct cfg_options *o);

/* Sets the configuration (taken) in force and frees the one before. */
void worker_apply_cfg(struct worker *w, struct cfg *cfg);

/* worker_ifaces.c: sockets and tables for the instances and interfaces that there are now. */
void worker_sync_ifaces(struct worker *w);
/* Callbacks of the sockets and of netlink; arg is the worker. */
void worker_on_handover(void *arg, unsigned ifindex, const struct addr *src,
			const struct handover_msg *m);
void worker_on_claim(void *arg, unsigned ifindex, const struct addr *ip, const uint8_t mac[6]);
void worker_on_link(void *arg, const struct link *l, bool is_gone);
/* worker_vmacs.c: interfaces of our making. */
struct board_plan;
void worker_ensure_vmacs(struct worker *w, const struct cfg *cfg, bool is_new_cfg);
/* Remove those of old that now (NULL: the end) does not have. */
void worker_drop_vmacs(struct worker *w, const struct cfg *old, const struct cfg *now);
/* worker_statics.c: addresses, routes and rules that no instance moves. */
void worker_ensure_statics(struct worker *w, const struct cfg *cfg);
/* Remove those of old that now (NULL: the end) does not have. */
void worker_drop_statics(struct worker *w, const struct cfg *old, const struct cfg *now);
void worker_plan_vmacs(struct worker *w, struct board_plan *plan);

void worker_watch_routing(struct worker *w, const struct cfg *cfg);
void worker_init_routing(struct worker *w);
void worker_on_addr(void *arg, const struct link *l, const struct link_addr *a, bool is_gone);

/* worker_instances.c: those that keep name, interface and VRID keep their state. */
void worker_sync_instances(struct worker *w, const struct cfg *cfg);
/* vrrp_startup_delay: nothing claims, and nothing is heard, before it is over. */
void worker_delay_start(struct worker *w, int64_t delay_us);
void worker_on_delay(struct ev_loop *loop, ev_timer *t, int revents);
void worker_publish_plan(struct worker *w);
/* Callbacks of the instances; arg is the worker. */
void worker_on_transition(void *arg, struct vrrp_instance *i, enum vrrp_state from);
void worker_on_successor(void *arg, struct vrrp_instance *i, int64_t outage_us);
void worker_on_plan_changed(void *arg);
void worker_on_tell(void *arg, const char *kind, const char *name, const char *state,
		    unsigned priority);

/* worker_tracks.c: what is unchanged keeps its verdict, the rest is made or ended. */
void worker_sync_scripts(struct worker *w, const struct cfg *cfg);
void worker_sync_proxies(struct worker *w, const struct cfg *cfg);
void worker_sync_files(struct worker *w, const struct cfg *cfg);
void worker_sync_processes(struct worker *w, const struct cfg *cfg);
/* Give an instance its tracks; scripts and proxies of its configuration must exist. */
void worker_bind_tracks(struct worker *w, struct vrrp_instance *i);
void worker_free_tracks(struct worker *w);

/* worker_groups.c: the sync groups of the configuration, over the instances that there are. */
void worker_sync_groups(struct worker *w, const struct cfg *cfg);
void worker_free_groups(struct worker *w);

/* ctl.c: the commands of the control socket. */
extern const struct ctl_command vrrpd_ctl_commands[];

#endif
