/* cfg_model.h - a parsed keepalived.conf as plain data: immutable after the check, one arena, freed
 * as a whole. Times are microseconds. */
#ifndef VRRPD_CFG_MODEL_H
#define VRRPD_CFG_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tandem/addr.h>
#include <tandem/arena.h>
#include <tandem/diag.h>

#include "vrrp_auth.h"

struct cfg_options {    /* of the command line */
	const char *id; /* for @id lines; NULL: the first part of the node's name */
	bool without_lvs;
};

enum vrrp_wanted_state { WANT_UNSET, WANT_MASTER, WANT_BACKUP }; /* `state`: the initial one */

#define CFG_FOREVER INT64_C(0xffffffff) /* seconds */

/* A virtual or static address. */
struct cfg_vip {
	struct cfg_vip *next;
	struct diag_pos pos;
	struct addr addr;   /* port 0 */
	uint8_t prefix_len; /* default 32 / 128, as keepalived */
	const char *dev;    /* NULL: the instance's interface */
	const char *label;  /* NULL: none */
	struct addr brd;    /* len 0: none; brd_auto: computed */
	bool brd_auto;
	int scope;           /* -1: default (RT_SCOPE_*) */
	struct addr peer;    /* len 0: none */
	unsigned flags;      /* IFA_F_* */
	int64_t preferred_s; /* preferred_lft; CFG_FOREVER: without end */
	bool use_vmac;       /* on a virtual MAC of `dev` */
	const char *on;      /* resolved: the interface that holds it */
	bool no_track;       /* who deletes it may: it is not brought back */
};

/* Where a route leads: its own via and dev, or one of several nexthops. */
struct cfg_hop {
	struct cfg_hop *next;
	struct addr via; /* len 0: none */
	const char *dev; /* NULL: none */
	unsigned weight; /* 1..256 */
	unsigned realms;
	bool onlink;
};

#define CFG_N_METRICS 18 /* indices are RTAX_* */

struct cfg_route { /* a line of virtual_routes or static_routes */
	struct cfg_route *next;
	struct diag_pos pos;
	const char *text;     /* as written, in canonical words */
	int family;           /* AF_INET, AF_INET6 */
	unsigned type;        /* RTN_* */
	struct addr dst, src; /* len 0: default route; no preferred source */
	uint8_t dst_len, tos, scope, protocol;
	unsigned table;
	int64_t metric; /* -1: the kernel's default */
	int pref;       /* of IPv6; -1: none */
	struct cfg_hop *hops;
	bool is_multipath; /* more than one, or written with nexthop */
	bool append;
	bool no_track; /* who deletes it may: it is not brought back */
	uint32_t metrics[CFG_N_METRICS];
	uint32_t has_metric, locked; /* masks of RTAX_* */
	const char *congctl;
};

struct cfg_range {
	bool is_set;
	uint32_t lo, hi;
};

struct cfg_rule { /* a line of virtual_rules or static_rules */
	struct cfg_rule *next;
	struct diag_pos pos;
	const char *text; /* as written, in canonical words, with its preference */
	int family;
	unsigned action;      /* FR_ACT_* */
	struct addr from, to; /* len 0: all */
	uint8_t from_len, to_len, tos, protocol, ipproto;
	unsigned table, realms;
	uint32_t preference, target; /* target: of goto */
	bool has_mark, invert, l3mdev, has_tunnel, no_track;
	uint32_t mark, mark_mask;
	uint64_t tunnel;
	int64_t suppress_prefix_len, suppress_group; /* -1: none */
	struct cfg_range sport, dport, uid;
	const char *iif, *oif;
};

struct cfg_peer {
	struct cfg_peer *next;
	struct addr addr;
	unsigned min_ttl, max_ttl; /* 0, 255 */
};

struct cfg_script { /* vrrp_script NAME */
	struct cfg_script *next;
	struct diag_pos pos;
	const char *name;
	char *const *argv;               /* NULL-terminated */
	int64_t interval_us, timeout_us; /* default 1 s; timeout 0: the interval */
	unsigned rise, fall;             /* default 1 */
	int weight;                      /* -253..253; 0: fault */
	bool weight_reverse, init_fail;
	const char *user, *group; /* as written; NULL: script_user */
	uid_t uid;                /* resolved; (uid_t)-1: there is no such user (an error of
				     cfg_check_machine) */
	gid_t gid;
};

struct cfg_proxy_track { /* vrrp_track_proxy NAME: a liveness socket of proxyd (ours) */
	struct cfg_proxy_track *next;
	struct diag_pos pos;
	const char *name;
	const char *socket; /* path */
	int64_t timeout_us; /* silence after which it counts as hung; default 300 ms */
	int weight;         /* 0: fault */
	bool weight_reverse;
	bool require_usable; /* default yes: at least one usable server in each frontend's backend
			      */
};

struct cfg_file_track { /* track_file NAME: a number in a file */
	struct cfg_file_track *next;
	struct diag_pos pos;
	const char *name, *path;
	int weight; /* the number is multiplied with it; default 1; 0: a number but 0 is a fault */
	bool weight_reverse;
	bool has_init, overwrite; /* init_file */
	int init_value;
};

enum cfg_param_match { MATCH_NAME, MATCH_EXACT, MATCH_INITIAL, MATCH_PARTIAL };
struct cfg_process_track { /* vrrp_track_process NAME: do enough processes run? */
	struct cfg_process_track *next;
	struct diag_pos pos;
	const char *name;
	char *const *argv; /* the command and its parameters */
	enum cfg_param_match match;
	bool full_command; /* compare with the command line, not with the process's name */
	unsigned quorum, quorum_max; /* 1; UINT_MAX: no limit */
	int weight;                  /* default 1 */
	bool weight_reverse;
	int64_t fork_delay_us, terminate_delay_us;
};

/* A program to run with its user: of its own line, or script_user. */
struct cfg_notify_line {
	const char *line; /* as written; NULL: none */
	const char *user, *group;
	uid_t uid;
	gid_t gid;
};

struct cfg_notify {
	struct cfg_notify_line any, master, backup, fault, stop, deleted, lower_prio;
	bool priority_changes; /* tell the FIFOs */
};

enum cfg_track_kind { TRACK_INTERFACE, TRACK_SCRIPT, TRACK_PROXY, TRACK_FILE, TRACK_PROCESS };
/* A line of track_interface, track_script, ... in an instance. */
struct cfg_track {
	struct cfg_track *next;
	struct diag_pos pos;
	enum cfg_track_kind kind;
	const char *name; /* of the interface, script or proxy */
	const struct cfg_script *script;
	const struct cfg_proxy_track *proxy;
	const struct cfg_file_track *file;
	const struct cfg_process_track *process;
	int weight; /* resolved: of this line, or of the object; 0: fault */
	bool reverse;
};

/* An interface of our making: a macvlan with the hardware address of the virtual router. */
struct cfg_vmac {
	struct cfg_vmac *next;
	const char *name, *base;
	uint8_t mac[6];
	bool has_v4, has_v6; /* families of the addresses on it */
};

struct cfg_instance {
	struct cfg_instance *next;
	struct diag_pos pos;
	const char *name, *interface;
	enum vrrp_wanted_state state;
	uint8_t vrid, priority; /* 1..255; 1..255, default 100 */
	uint8_t peer_priority; /* ours: of the other router, for the check of weights; 0: unknown */
	int family;            /* AF_INET or AF_INET6: of the adverts and of vips */
	bool native_ipv6;
	bool is_strict, has_strict; /* strict_mode, else vrrp_strict */
	bool promote_secondaries;
	unsigned down_adverts; /* down_timer_adverts: missing adverts until a takeover; default 3 */
	unsigned unicast_ttl;  /* 0: the default, 255 */
	unsigned version;      /* 2 or 3 */
	int64_t advert_us;     /* default 1 s */
	bool preempt, dont_track_primary;
	bool skip_check_adv_addr; /* of this instance, or vrrp_skip_check_adv_addr */
	int64_t preempt_delay_us;
	struct addr src; /* unicast_src_ip / mcast_src_ip; len 0: the interface's first */
	bool is_unicast;
	const struct cfg_peer *peers;
	unsigned n_peers;
	unsigned auth_type;     /* 0 none, 1 PASS (version 2) */
	char auth_pass[8];      /* padded with 0 */
	struct vrrp_auth *hmac; /* NULL: none; read-only after the check */
	bool use_vmac, vmac_xmit_base, use_vmac_addr;
	const char *vmac_name;        /* of its own vmac; NULL: not given, or none */
	uint8_t vmac_mac[6];          /* what was given, or the RFC's */
	unsigned vmac_mac_len;        /* 0: nothing was given; 5: the VRID is the last byte */
	const struct cfg_vmac *vmacs; /* resolved; its own is the first */
	const char *wire;             /* resolved: the interface that its adverts use */
	const struct cfg_vip *vips;   /* go into adverts */
	const struct cfg_vip *vips_excluded;
	unsigned n_vips;
	const struct cfg_route *routes; /* virtual_routes */
	const struct cfg_rule *rules;   /* virtual_rules */
	const struct cfg_track *tracks;
	/* garp_master_delay 5 s, garp_master_repeat 5, garp_lower_prio_delay/-repeat,
	 * garp_master_refresh 0, garp_master_refresh_repeat 1 */
	int64_t garp_delay_us, garp_lower_prio_delay_us, garp_refresh_us;
	unsigned garp_repeat, garp_lower_prio_repeat, garp_refresh_repeat;
	int64_t garp_interval_us; /* between two packets */
	bool higher_prio_send_advert;
	bool lower_prio_no_advert, has_lower_no_advert;
	struct addr mcast_dst;   /* mcast_dst_ip; len 0: the global group */
	int64_t garp_extra_us;   /* garp_extra_if: on other interfaces; 0: never, -1: not given */
	bool garp_extra_all;     /* not only on virtual MACs */
	bool accept, has_accept; /* accept, no_accept */
	bool drops_packets;      /* resolved: no packets to the addresses of others */
	struct cfg_notify notify;
	const struct cfg_group *group; /* its sync group; NULL: none */
};

struct cfg_member {
	struct cfg_member *next;
	struct diag_pos pos;
	const char *name;
	struct cfg_instance *instance;
};

struct cfg_group { /* vrrp_sync_group NAME: its instances move together */
	struct cfg_group *next;
	struct diag_pos pos;
	const char *name;
	const struct cfg_member *members;
	unsigned n_members;
	const struct cfg_track *tracks; /* given to each member at the end */
	struct cfg_notify notify;
	bool keeps_weights; /* sync_group_tracking_weight */
};

struct cfg_fifo {
	const char *path; /* NULL: none */
	const char *user, *group;
	uid_t uid;
	gid_t gid;
	struct cfg_notify_line script; /* reads it */
};

struct cfg_global {
	const char *router_id;
	unsigned version; /* vrrp_version: 2 (default) or 3 */
	struct addr mcast_group4, mcast_group6;
	bool script_security, skip_check_adv_addr, strict;
	const char *script_user, *script_group; /* as written; NULL: keepalived_script if there is
						   such a user, else root */
	uid_t script_uid;                       /* resolved; (uid_t)-1: there is no such user */
	gid_t script_gid;
	/* vrrp_garp_*: already in the instances that say nothing of their own; -1: not given */
	int64_t garp_delay_us, garp_lower_prio_delay_us, garp_refresh_us, garp_interval_us;
	int64_t garp_repeat, garp_lower_prio_repeat, garp_refresh_repeat;
	bool higher_prio_send_advert, lower_prio_no_advert;
	bool min_garp;               /* vrrp_min_garp: one announcement, once */
	bool dynamic_interfaces;     /* one that is absent is no error */
	bool tells_states_on_reload; /* fifo_write_vrrp_states_on_reload */
	int64_t garp_extra_us;
	bool garp_extra_all;
	int64_t startup_delay_us;
	struct cfg_fifo fifos[2]; /* notify_fifo, vrrp_notify_fifo */
	bool notify_priority_changes;
	unsigned down_adverts;                      /* vrrp_down_timer_adverts; default 3 */
	const char *vmac_prefix, *vmac_addr_prefix; /* default "vrrp"; the first */
	const char *default_interface;              /* of static addresses; default eth0 */
	const char *nft_table;                      /* nftables; default "vrrpd" */
	const char *control_socket; /* ours: control_socket PATH; default /run/tandem/vrrpd.sock */
	const char *
		state_file; /* ours: leftovers of an earlier run; default /run/tandem/vrrpd.state */
};

struct cfg_statics { /* static_ipaddress, static_routes, static_rules: there while the daemon runs
		      */
	const struct cfg_vip *addrs;
	const struct cfg_route *routes;
	const struct cfg_rule *rules;
};

struct cfg {
	struct arena arena;
	struct cfg_options options;
	struct cfg_global global;
	struct cfg_statics statics;
	struct cfg_group *groups;
	struct cfg_instance *instances;
	unsigned n_instances;
	const struct cfg_script *scripts;
	const struct cfg_proxy_track *proxies;
	const struct cfg_file_track *files;
	const struct cfg_process_track *processes;
};

#endif
