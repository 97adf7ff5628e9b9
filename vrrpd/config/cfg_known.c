/* cfg_known.c - what keepalived knows and we do not support, or need not: an unknown word is a
 * mistake of the writer, these are not. */
#include "config/cfg_keyword.h"

#define NO_MAIL  "no mail is sent; use the notify keywords"
#define ENGINE   "it tunes keepalived's own engine"
#define TRACK_IT "use track_script or track_proxy instead"
#define ALWAYS   "it is always so"
#define UNIT     "use ExecStartPre and ExecStopPost of the systemd unit"

#define REFUSE(name, blocks, why)                                                                  \
	{                                                                                          \
		name, blocks, 0, CFG_ANY, false, NULL, 0, 0, 0, "", why, CFG_UNSUPPORTED           \
	}
#define LVS(name, blocks)                                                                          \
	{                                                                                          \
		name, blocks, 0, CFG_ANY, false, NULL, 0, 0, 0, "", NULL, CFG_LVS                  \
	}
#define NOTICE(name, blocks, why)                                                                  \
	{                                                                                          \
		name, blocks, 0, CFG_ANY, false, NULL, 0, 0, 0, "", why, CFG_NO_EFFECT             \
	}

/* clang-format off: one line for one keyword */
const struct cfg_keyword cfg_keywords_known[] = {
	/* top level */
	LVS("virtual_server", IN_TOP),
	LVS("virtual_server_group", IN_TOP),
	LVS("local_address_group", IN_TOP),
	LVS("SSL", IN_TOP),
	REFUSE("track_group", IN_TOP, "static addresses, routes and rules move no instance"),
	REFUSE("bfd_instance", IN_TOP, TRACK_IT),
	REFUSE("garp_group", IN_TOP, "use vrrp_garp_interval"),
	REFUSE("interface_up_down_delays", IN_TOP,
	       "interfaces are taken as the kernel reports them"),
	NOTICE("linkbeat_interfaces", IN_TOP, "the kernel reports links by itself"),
	REFUSE("net_namespace", IN_TOP | IN_GLOBAL, "start vrrpd inside the namespace"),
	LVS("net_namespace_ipvs", IN_TOP | IN_GLOBAL),
	NOTICE("namespace_with_ipsets", IN_TOP | IN_GLOBAL, "ipsets are not used"),
	REFUSE("instance", IN_TOP | IN_GLOBAL, "start one vrrpd for each file"),
	REFUSE("config_id", IN_TOP | IN_GLOBAL, NULL),
	NOTICE("use_pid_dir", IN_TOP | IN_GLOBAL, "the option -p names the file"),
	NOTICE("child_wait_time", IN_TOP | IN_GLOBAL, ENGINE),
	NOTICE("process_names", IN_TOP | IN_GLOBAL, ENGINE),

	/* global_defs: mail */
	NOTICE("notification_email", IN_GLOBAL, NO_MAIL),
	NOTICE("notification_email_from", IN_GLOBAL, NO_MAIL),
	NOTICE("smtp_server", IN_GLOBAL, NO_MAIL),
	NOTICE("smtp_helo_name", IN_GLOBAL, NO_MAIL),
	NOTICE("smtp_connect_timeout", IN_GLOBAL, NO_MAIL),
	NOTICE("smtp_alert", IN_GLOBAL | IN_INSTANCE, NO_MAIL),
	NOTICE("smtp_alert_vrrp", IN_GLOBAL, NO_MAIL),
	NOTICE("smtp_alert_checker", IN_GLOBAL, NO_MAIL),
	NOTICE("no_email_faults", IN_GLOBAL, NO_MAIL),
	NOTICE("no_checker_emails", IN_GLOBAL, NO_MAIL),
	/* global_defs: engine */
	NOTICE("max_auto_priority", IN_GLOBAL, ENGINE),
	NOTICE("min_auto_priority_delay", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_priority", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_rt_priority", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_no_swap", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_cpu_affinity", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_rlimit_rttime", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_rlimit_rtime", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_process_name", IN_GLOBAL, ENGINE),
	NOTICE("checker_priority", IN_GLOBAL, ENGINE),
	NOTICE("checker_rt_priority", IN_GLOBAL, ENGINE),
	NOTICE("checker_no_swap", IN_GLOBAL, ENGINE),
	NOTICE("checker_cpu_affinity", IN_GLOBAL, ENGINE),
	NOTICE("checker_rlimit_rttime", IN_GLOBAL, ENGINE),
	NOTICE("checker_process_name", IN_GLOBAL, ENGINE),
	NOTICE("checker_log_all_failures", IN_GLOBAL, ENGINE),
	NOTICE("bfd_priority", IN_GLOBAL, ENGINE),
	NOTICE("bfd_rt_priority", IN_GLOBAL, ENGINE),
	NOTICE("bfd_no_swap", IN_GLOBAL, ENGINE),
	NOTICE("bfd_cpu_affinity", IN_GLOBAL, ENGINE),
	NOTICE("bfd_rlimit_rttime", IN_GLOBAL, ENGINE),
	NOTICE("bfd_process_name", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_netlink_cmd_rcv_bufs", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_netlink_cmd_rcv_bufs_force", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_netlink_monitor_rcv_bufs", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_netlink_monitor_rcv_bufs_force", IN_GLOBAL, ENGINE),
	NOTICE("lvs_netlink_cmd_rcv_bufs", IN_GLOBAL, ENGINE),
	NOTICE("lvs_netlink_cmd_rcv_bufs_force", IN_GLOBAL, ENGINE),
	NOTICE("lvs_netlink_monitor_rcv_bufs", IN_GLOBAL, ENGINE),
	NOTICE("lvs_netlink_monitor_rcv_bufs_force", IN_GLOBAL, ENGINE),
	NOTICE("process_monitor_rcv_bufs", IN_GLOBAL, ENGINE),
	NOTICE("process_monitor_rcv_bufs_force", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_rx_bufs_policy", IN_GLOBAL, ENGINE),
	NOTICE("vrrp_rx_bufs_multiplier", IN_GLOBAL, ENGINE),
	NOTICE("rs_init_notifies", IN_GLOBAL, ENGINE),
	NOTICE("umask", IN_GLOBAL, ENGINE),
	NOTICE("tmp_config_directory", IN_GLOBAL, ENGINE),
	NOTICE("config_save_dir", IN_GLOBAL, ENGINE),
	NOTICE("random_seed", IN_GLOBAL, ENGINE),
	NOTICE("data_use_instance", IN_GLOBAL, ENGINE),
	NOTICE("json_version", IN_GLOBAL, ENGINE),
	NOTICE("linkbeat_use_polling", IN_GLOBAL | IN_INSTANCE,
	       "the kernel reports links by itself"),
	NOTICE("allow_if_changes", IN_GLOBAL, ALWAYS),
	NOTICE("vrrp_gna_interval", IN_GLOBAL, "vrrp_garp_interval counts for IPv6, too"),
	NOTICE("gna_interval", IN_INSTANCE, "garp_interval counts for IPv6, too"),
	NOTICE("disable_local_igmp", IN_GLOBAL, ENGINE),
	NOTICE("reload_repeat", IN_GLOBAL, ENGINE),
	/* global_defs: functions */
	LVS("lvs_sync_daemon", IN_GLOBAL),
	LVS("lvs_flush", IN_GLOBAL),
	LVS("lvs_flush_on_stop", IN_GLOBAL),
	LVS("lvs_flush_onstop", IN_GLOBAL),
	LVS("lvs_timeouts", IN_GLOBAL),
	LVS("lvs_notify_fifo", IN_GLOBAL),
	LVS("lvs_notify_fifo_script", IN_GLOBAL),
	NOTICE("nftables_priority", IN_GLOBAL, "it is -1"),
	NOTICE("nftables_counters", IN_GLOBAL, "rules are not counted"),
	NOTICE("nftables_ifindex", IN_GLOBAL, ALWAYS),
	LVS("nftables_ipvs", IN_GLOBAL),
	LVS("nftables_ipvs_priority", IN_GLOBAL),
	LVS("nftables_ipvs_start_fwmark", IN_GLOBAL),
	NOTICE("vrrp_iptables", IN_GLOBAL, "nftables filters, in a table of its own"),
	NOTICE("vrrp_ipsets", IN_GLOBAL, "nftables filters, in a table of its own"),
	REFUSE("enable_snmp_keepalived", IN_GLOBAL, "there is no SNMP"),
	REFUSE("enable_snmp_vrrp", IN_GLOBAL, "there is no SNMP"),
	REFUSE("enable_snmp_checker", IN_GLOBAL, "there is no SNMP"),
	REFUSE("enable_snmp_rfc", IN_GLOBAL, "there is no SNMP"),
	REFUSE("enable_snmp_rfcv2", IN_GLOBAL, "there is no SNMP"),
	REFUSE("enable_snmp_rfcv3", IN_GLOBAL, "there is no SNMP"),
	REFUSE("enable_traps", IN_GLOBAL, "there is no SNMP"),
	REFUSE("snmp_socket", IN_GLOBAL, "there is no SNMP"),
	REFUSE("snmp_name", IN_GLOBAL, "there is no SNMP"),
	REFUSE("enable_dbus", IN_GLOBAL, "there is no D-Bus; use the control socket"),
	REFUSE("dbus_service_name", IN_GLOBAL, "there is no D-Bus; use the control socket"),
	REFUSE("dbus_no_interface_name", IN_GLOBAL, "there is no D-Bus; use the control socket"),
	REFUSE("startup_script", IN_GLOBAL, UNIT),
	REFUSE("startup_script_timeout", IN_GLOBAL, UNIT),
	REFUSE("shutdown_script", IN_GLOBAL, UNIT),
	REFUSE("shutdown_script_timeout", IN_GLOBAL, UNIT),
	REFUSE("reload_time_file", IN_GLOBAL, "let a timer send SIGHUP"),
	NOTICE("reload_file", IN_GLOBAL, "a reload reads its files at once"),
	NOTICE("include_check", IN_GLOBAL,
	       "use includer, includem, includew, includeb or includea"),
	NOTICE("log_unknown_vrids", IN_GLOBAL, ALWAYS),
	NOTICE("vrrp_check_unicast_src", IN_GLOBAL, ALWAYS),
	NOTICE("process_name", IN_TOP | IN_GLOBAL, ENGINE),
	NOTICE("reload_check_config", IN_GLOBAL, "each reload checks first"),

	/* vrrp_instance */
	NOTICE("debug", IN_INSTANCE, "use the option -D"),
	NOTICE("check_unicast_src", IN_INSTANCE, ALWAYS),
	NOTICE("unicast_fault_no_peer", IN_INSTANCE, "unicast without a peer is refused at once"),
	NOTICE("kernel_rx_buf_size", IN_INSTANCE, ENGINE),
	REFUSE("vmac_garp_intvl", IN_INSTANCE, "its name is garp_extra_if now"),
	REFUSE("use_ipvlan", IN_INSTANCE, "use_vmac gives the addresses an interface of their own"),
	REFUSE("vrf", IN_INSTANCE, "name an interface inside the VRF with 'interface'"),
	NOTICE("track_src_ip", IN_INSTANCE, ALWAYS),
	REFUSE("old_unicast_checksum", IN_INSTANCE, "both kinds are understood; remove it"),
	REFUSE("track_bfd", IN_INSTANCE, TRACK_IT),
	NOTICE("lvs_sync_daemon_inteface", IN_INSTANCE,
	       "there are no LVS connections to synchronise"),
	NOTICE("lvs_sync_daemon_interface", IN_INSTANCE,
	       "there are no LVS connections to synchronise"),
	{ 0 },
};
/* clang-format on */
