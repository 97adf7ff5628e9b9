/* test_cfg.c - keepalived.conf: what is accepted, what it means, and what is said about mistakes.
 */
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/diag.h>
#include <tandem/str.h>
#include <unistd.h>

#include "../../lib/unit.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"

/* An instance that is complete; rows put lines into it or around it. */
#define BASE          "interface eth0\nvirtual_router_id 51\n"
#define VIP           "virtual_ipaddress {\n192.0.2.10/24\n}\n"
#define INST(lines)   "vrrp_instance VI_1 {\n" BASE VIP lines "\n}\n"
#define GLOB(lines)   "global_defs {\n" lines "\n}\n" INST("")
#define SCRIPT(lines) "vrrp_script chk {\nscript \"/bin/true\"\n" lines "\n}\n" INST("")
#define VIPS(lines)   "vrrp_instance VI_1 {\n" BASE "virtual_ipaddress {\n" lines "\n}\n}\n"

#define ROUTE(line) INST("virtual_routes {\n" line "\n}\n")
#define RULE(line)  INST("virtual_rules {\n" line "\n}\n")

#define TWO                                                                                        \
	"vrrp_instance VI_2 {\ninterface eth1\nvirtual_router_id 52\nvirtual_ipaddress {\n"        \
	"192.0.2.20/24\n}\n}\n"

#define KEY "0123456789abcdef0123456789abcdef"

/* The messages of one run as text. */
static char *messages(const struct diag *d)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	diag_print(d, f, DIAG_NOTICE);
	fclose(f);
	return text;
}

static struct cfg *load(const char *text, char **out)
{
	struct diag d;
	struct cfg *c;

	diag_init(&d);
	c = cfg_load_text("t.conf", str_from(text), NULL, &d);
	*out = messages(&d);
	diag_fini(&d);
	return c;
}

static const struct {
	const char *text;
	const char *error; /* somewhere in the messages */
} refused[] = {
	{ "", "there is no vrrp_instance" },
	{ "# nothing\n! at all\n", "there is no vrrp_instance" },
	{ INST("priorty 100"),
	  "7:1: error: unknown keyword 'priorty' in vrrp_instance (did you mean "
	  "'priority'?)" },
	{ INST("priority 0"), "'priority' expects a whole number from 1 to 255, got '0'" },
	{ INST("priority 256"), "7:10: error: 'priority' expects a whole number from 1 to 255" },
	{ INST("priority -1"), "from 1 to 255, got '-1'" },
	{ INST("priority 1.5"), "from 1 to 255, got '1.5'" },
	{ INST("priority high"), "from 1 to 255, got 'high'" },
	{ INST("priority"), "'priority' expects a number from 1 to 255" },
	{ INST("priority 100 200"), "7:14: error: unexpected '200'" },
	{ INST("virtual_router_id 0"), "from 1 to 255, got '0'" },
	{ INST("virtual_router_id 256"), "from 1 to 255, got '256'" },
	{ INST("advert_int 0"), "'advert_int' expects seconds from 0.01 to 255" },
	{ INST("advert_int 256"), "'advert_int' expects seconds from 0.01 to 255" },
	{ INST("advert_int fast"), "such as 1 or 0.5, got 'fast'" },
	{ INST("advert_int 1s"), "got '1s'" },
	{ INST("advert_int ."), "got '.'" },
	{ INST("advert_int 0.5"), "needs 'version 3'" },
	{ INST("version 3\nadvert_int 41"), "at most 40.95" },
	{ INST("version 3\nadvert_int 0.015"), "a multiple of 0.01 s" },
	{ INST("version 4"), "from 2 to 3, got '4'" },
	{ INST("preempt_delay 1001"), "from 0 to 1000" },
	{ INST("interface a-name-that-is-too-long"), "is not a name of an interface" },
	{ INST("interface eth/0"), "is not a name of an interface" },
	{ INST("authentication {\nauth_type AH\nauth_pass x\n}"), "auth_type AH is known" },
	{ INST("authentication"), "'authentication' expects a block" },
	{ INST("authentication {\npriority 5\n}"),
	  "does not belong into authentication, but into vrrp_instance" },
	{ INST("nopreempt {\n}"), "'nopreempt' has no block" },
	{ INST("unicast_src_ip x"), "'x' is not an IP address" },
	{ INST("auth_hmac {\n}"), "'auth_hmac' has no key" },
	{ INST("auth_hmac {\nkey 1 short\n}"), "a key has 32 to 64 bytes" },
	{ INST("auth_hmac {\nkey 1 hex:zz\n}"), "behind hex: stand 64 to 128" },
	{ INST("auth_hmac {\nkey 0 " KEY "\n}"), "from 1 to 255, got '0'" },
	{ INST("auth_hmac {\nkey 1 " KEY "\nkey 1 " KEY "\n}"), "key 1 is given already" },
	{ INST("auth_hmac {\nkey 1 " KEY "\nkey 2 " KEY "\n}"), "name one with active_key" },
	{ INST("auth_hmac {\nkey 1 " KEY "\nactive_key 2\n}"), "there is no key 2" },
	{ INST("auth_hmac {\nkey 1 file:/nonexistent\n}"), "cannot read the key file" },
	{ INST("auth_hmac {\nkey 1 " KEY "\nmode strict\n}"), "'mode' expects enforce" },
	{ INST("auth_hmac {\nkey 1 " KEY "\ntime_window 301\n}"), "from 1 to 300" },
	{ INST("auth_hmac {\nkey 1 " KEY "\n}\nauthentication {\nauth_type PASS\nauth_pass "
	       "x\n}"),
	  "exclude each other" },
	{ INST("down_timer_adverts 0"), "from 1 to 100, got '0'" },
	{ INST("peer_priority 255"), "from 1 to 254, got '255'" },
	{ INST("unicast_ttl 256"), "from 1 to 255, got '256'" },
	{ INST("unicast_src_ip ::1"), "the source address is not IPv4 as its adverts" },
	{ INST("unicast_peer {\n::1\n}"), "this is an IPv4 address, and the adverts" },
	{ INST("unicast_peer {\n192.0.2.2\n::1\n}"), "its peers are of both families" },
	{ VIPS("192.0.2.1\n2001:db8::1"), "move it to virtual_ipaddress_excluded" },
	{ VIPS("2001:db8::1/129"), "the prefix length is a number from 0 to 128" },
	{ VIPS("2001:db8::1 label eth0:1"), "'label' is for IPv4 addresses" },
	{ GLOB("vrrp_mcast_group4 ff02::12"), "is an IPv6 address" },
	{ GLOB("vrrp_mcast_group6 2001:db8::1"), "is not an IPv6 multicast address" },
	{ INST("unicast_src_ip 192.0.2.1\nmcast_src_ip 192.0.2.2"),
	  "a source address was given already" },
	{ INST("unicast_peer {\n}"), "'unicast_peer' has no peer" },
	{ INST("unicast_peer {\nnode2\n}"), "8:1: error: 'node2' is not an IP address" },
	{ INST("unicast_peer {\n192.0.2.2\n192.0.2.2\n}"), "listed already" },
	{ INST("unicast_peer {\n192.0.2.2 min_ttl 256\n}"), "from 0 to 255" },
	{ INST("unicast_peer {\n192.0.2.2 min_ttl 9 max_ttl 8\n}"), "min_ttl is above max_ttl" },
	{ INST("unicast_peer {\n192.0.2.2 ttl 9\n}"), "behind a peer stand" },
	{ INST("unicast_src_ip 192.0.2.2\nunicast_peer {\n192.0.2.2\n}"),
	  "its own source address is among the peers" },
	{ VIPS("192.0.2.300"), "5:1: error:" },
	{ VIPS("192.0.2.300"), "'192.0.2.300' is not an IP address" },
	{ VIPS("gateway"), "'gateway' is not an IP address" },
	{ VIPS("192.0.2.1/33"), "the prefix length is a number from 0 to 32" },
	{ VIPS("192.0.2.1/"), "the prefix length is a number from 0 to 32" },
	{ VIPS("192.0.2.1/255.255.255.0"), "the prefix length is a number from 0 to 32" },
	{ VIPS("192.0.2.1 dv eth1"), "unexpected 'dv' behind an address" },
	{ VIPS("192.0.2.1 dv eth1"), "did you mean 'dev'?" },
	{ VIPS("192.0.2.1 dev"), "a value for 'dev' is missing here" },
	{ VIPS("192.0.2.1 brd x"), "'x' is not an IP address" },
	{ VIPS("192.0.2.1 label a-label-that-is-long"), "a label has 1 to 15 characters" },
	{ VIPS("192.0.2.1 scope wide"), "'scope' expects global" },
	{ VIPS("192.0.2.1 peer"), "a value for 'peer' is missing here" },
	{ VIPS("192.0.2.1 peer 192.0.2.2/24"), "'192.0.2.2/24' is not an IP address" },
	{ VIPS("192.0.2.1 peer 2001:db8::2"), "'peer' expects an address of the same family" },
	{ VIPS("192.0.2.1 home"), "'home' is for IPv6 addresses" },
	{ VIPS("192.0.2.1 preferred_lft soon"), "'preferred_lft' expects seconds or forever" },
	{ VIPS("192.0.2.1 preferred_lft 4294967295"), "'preferred_lft' expects seconds" },
	{ VIPS("192.0.2.1 no_trak"), "did you mean 'no_track'?" },
	{ VIPS("192.0.2.1\n192.0.2.1/24"), "is listed already, in line" },
	{ "static_ipaddress {\n192.0.2.7 no_track\n}\n" INST(""), "unexpected 'no_track'" },
	{ "static_routes {\n10.0.0.0/8\n}\n" INST(""), "a route needs 'via ADDRESS'" },
	{ INST("mcast_dst_ip 192.0.2.1"), "is no multicast address" },
	{ INST("mcast_dst_ip ff05::1"), "is no multicast address" },
	{ INST("mcast_dst_ip ff02::99"), "mcast_dst_ip is not IPv4 as its adverts" },
	{ INST("garp_extra_if all"), "behind 'all' stand seconds" },
	{ INST("garp_extra_if some 5"), "expects 'all' or seconds" },
	{ INST("garp_extra_if 86401"), "expects seconds from 0 to 86400" },
	{ GLOB("dynamic_interfaces perhaps"), "expects nothing or allow_if_changes" },
	{ "includew /nonexistent/*.conf\n" INST(""), "no file matches '/nonexistent/*.conf'" },
	{ "includem /nonexistent/x.conf\n" INST(""), "no file matches" },
	{ INST("use_vmac v 01:00:5e:00:00:01"), "a group address" },
	{ INST("use_vmac v 02:00:00"), "'02:00:00' is no hardware address" },
	{ INST("use_vmac v 02:00:00:00:00:00:00"), "is no hardware address" },
	{ INST("use_vmac a-name-that-is-too-long"), "is not a name of an interface" },
	{ GLOB("vmac_prefix far-too-long"), "'vmac_prefix' has at most 9 characters" },
	{ GLOB("nftables a-name-of-a-table-that-has-too-many-characters"), "1 to 31 characters" },
	{ INST("use_ipvlan"), "'use_ipvlan' is known to keepalived" },
	{ INST("use_vmac vrrp.9") "vrrp_instance B {\ninterface eth0\nvirtual_router_id "
				  "9\nuse_vmac "
				  "vrrp.9\nvirtual_ipaddress {\n192.0.2.99\n}\n}\n",
	  "another one has a vmac with the name 'vrrp.9'" },
	{ ROUTE("via 192.0.2.1"), "a route needs a destination" },
	{ ROUTE("10.0.0.0/8"), "a route needs 'via ADDRESS' or 'dev INTERFACE'" },
	{ ROUTE("10.0.0.0/33 dev eth0"), "the prefix length is a number from 0 to 32" },
	{ ROUTE("10.0.0.0/8 via"), "a value for 'via' is missing here" },
	{ ROUTE("10.0.0.0/8 via 2001:db8::1"), "not of the destination's family" },
	{ ROUTE("10.0.0.0/8 dev eth0 src ::1"), "the addresses of a route are of one family" },
	{ ROUTE("10.0.0.0/8 dev eth0 table none"), "'none' is no routing table" },
	{ ROUTE("10.0.0.0/8 dev eth0 table 4294967296"), "is no routing table" },
	{ ROUTE("10.0.0.0/8 dev eth0 metric high"), "'metric' expects a number from 0" },
	{ ROUTE("10.0.0.0/8 dev eth0 mtu lock"), "a value for 'lock' is missing" },
	{ ROUTE("10.0.0.0/8 dev eth0 tos 256"), "is no type of service" },
	{ ROUTE("10.0.0.0/8 dev eth0 realms a/b"), "'realms' expects FROM/TO" },
	{ ROUTE("10.0.0.0/8 dev eth0 nexthop via 10.0.0.1"), "stand behind nexthop" },
	{ ROUTE("10.0.0.0/8 nexthop dev eth0 weight 257"), "from 1 to 256" },
	{ ROUTE("10.0.0.0/8 dev eth0 features tso"), "'features' knows ecn" },
	{ ROUTE("10.0.0.0/8 dev eth0 vrf blue"), "'vrf' in a route is known to keepalived" },
	{ ROUTE("10.0.0.0/8 dve eth0"), "unexpected 'dve' in a route (did you mean 'dev'?)" },
	{ ROUTE("10.0.0.0/8 dev \"a b\""), "unexpected 'a b'" },
	{ RULE("from 10.0.0.0/8"), "a rule needs 'table TABLE'" },
	{ RULE("from 10.0.0.0/8 to ::1 table 1"), "the addresses of a rule are of one family" },
	{ RULE("from 10.0.0.0/8 table 1 preference x"), "'preference' expects a number" },
	{ RULE("from 10.0.0.0/8 goto 5"), "a rule with goto needs a preference" },
	{ RULE("from 10.0.0.0/8 goto 5 preference 5"), "its number is higher" },
	{ RULE("fwmark 1/x table 1"), "expects a number from 0 to 4294967295, got 'x'" },
	{ RULE("fwmark / table 1"), "expects a number from 0" },
	{ RULE("sport 9-8 table 1"), "'sport' expects N or N-M up to 65535" },
	{ RULE("ipproto tpc table 1"), "'ipproto' expects a number from 0 to 255" },
	{ RULE("iff eth0 table 1"), "unexpected 'iff' in a rule (did you mean 'iif'?)" },
	{ RULE("from 10.0.0.0/8 table 1 track_group g"), "'track_group' is known to keepalived" },
	{ VIPS(""), "has no address" },
	{ INST("virtual_ipaddress_excluded {\n192.0.2.10\n}"), "is listed already" },
	{ "vrrp_instance V {\n" VIP "virtual_router_id 5\n}\n", "has no 'interface'" },
	{ "vrrp_instance V {\n" VIP "interface eth0\n}\n", "has no 'virtual_router_id'" },
	{ "vrrp_instance {\n}\n", "'vrrp_instance' expects a name" },
	{ "vrrp_instance V\n", "'vrrp_instance' expects a block" },
	{ "vrrp_instance V {\n" BASE VIP, "the block 'vrrp_instance' is not closed" },
	{ INST("") "}\n", "unexpected '}': no block is open here" },
	{ "{\n}\n" INST(""), "unexpected '{'" },
	{ INST("") INST(""), "vrrp_instance 'VI_1' exists already, in line 1" },
	{ INST("") "vrrp_instance B {\n" BASE "virtual_ipaddress {\n192.0.2.11\n}\n}\n",
	  "has the virtual_router_id 51 of 'VI_1' on the same interface" },
	{ INST("") "vrrp_instance B {\ninterface eth0\nvirtual_router_id 52\n" VIP "}\n",
	  "192.0.2.10 is listed already, in line 5" },
	{ INST("track_script {\nchk\n}"), "there is no vrrp_script 'chk'" },
	{ SCRIPT("") "vrrp_instance B {\n" BASE "track_script {\nchkk\n}\n}\n",
	  "there is no vrrp_script 'chkk' (did you mean 'chk'?)" },
	{ INST("track_proxy {\nweb\n}"), "there is no vrrp_track_proxy 'web'" },
	{ INST("track_interface {\neth1 weight 254\n}"), "from -253 to 253, got '254'" },
	{ INST("track_interface {\neth1 weight -254\n}"), "from -253 to 253, got '-254'" },
	{ INST("track_interface {\neth1 weight\n}"), "a number from -253 to 253 is missing" },
	{ INST("track_interface {\neth1 weight 5 backwards\n}"), "only 'reverse' may follow" },
	{ INST("track_interface {\neth1 heavy\n}"), "only 'weight N [reverse]' may follow" },
	{ INST("track_interface {\neth1\neth1\n}"), "'eth1' is tracked already" },
	{ "vrrp_script chk {\ninterval 1\n}\n" INST(""), "vrrp_script 'chk' has no 'script'" },
	{ SCRIPT("") SCRIPT(""), "vrrp_script 'chk' exists already" },
	{ SCRIPT("interval 0"), "from 0.01" },
	{ SCRIPT("rise 0"), "'rise' expects a whole number from 1" },
	{ SCRIPT("fall x"), "'fall' expects a whole number from 1" },
	{ SCRIPT("weight 300"), "from -253 to 253, got '300'" },
	{ SCRIPT("fail 3"), "unknown keyword 'fail' in vrrp_script (did you mean 'fall'?)" },
	{ "vrrp_script chk {\nscript \"\"\n}\n" INST(""), "'script' is empty" },
	{ "vrrp_track_proxy web {\ntimeout 1\n}\n" INST(""), "has no 'socket'" },
	{ "vrrp_track_proxy web {\nsocket /s\ntimeout 0.01\n}\n" INST(""), "from 0.1" },
	{ "vrrp_track_proxy web {\nsocket /s\nrequire_usable maybe\n}\n" INST(""),
	  "expects yes or no" },
	{ GLOB("vrrp_version 1"), "from 2 to 3, got '1'" },
	{ GLOB("vrrp_mcast_group4 192.0.2.1"), "is not a multicast address" },
	{ GLOB("enable_dbus"), "there is no D-Bus" },
	{ GLOB("routerid x"), "did you mean 'router_id'?" },
	{ INST("track_file {\nf weight 1\n}"), "there is no track_file 'f'" },
	{ INST("track_process {\np\n}"), "there is no vrrp_track_process 'p'" },
	{ "track_file f {\nweight 2\n}\n" INST(""), "track_file 'f' has no 'file'" },
	{ "track_file f {\nfile /f\n}\n" INST("track_file {\nf weight 255\n}"),
	  "from -254 to 254, got '255'" },
	{ "vrrp_track_process p {\nquorum 1\n}\n" INST(""), "has no 'process'" },
	{ "vrrp_track_process p {\nprocess x\nparam_match all\n}\n" INST(""),
	  "'param_match' expects initial or partial" },
	{ "vrrp_track_process p {\nprocess x\nquorum 3\nquorum_max 2\n}\n" INST(""),
	  "quorum_max is below quorum" },
	{ INST("") "vrrp_sync_group G {\ngroup {\nVI_2\n}\n}\n",
	  "there is no vrrp_instance 'VI_2' (did you mean 'VI_1'?)" },
	{ INST("") "vrrp_sync_group G {\ngroup {\nVI_1\n}\n}\nvrrp_sync_group H {\ngroup "
		   "{\nVI_1\n}\n}\n",
	  "'VI_1' is in the sync group 'G' already" },
	{ INST("") "vrrp_sync_group G {\n}\n", "has no instance" },
	{ INST("notify_master \"/x.sh\" a b c"), "unexpected 'c'" },
	{ INST("$P priority 5"), "no such parameter was defined before" },
	{ "$P=x\n" INST("$P"), "unknown keyword 'x'" },
	{ "~SEQ(x) a\n" INST(""), "expected ~SEQ(NAME, FROM, STEP, TO)" },
	{ "$A=x ${A}\n$A\n" INST(""), "does one use itself?" },
	{ GLOB("notify_fifo fifo"), "must begin with '/'" },
	{ INST("garp_master_delay -1"), "'garp_master_delay' expects seconds from 0" },
	{ INST("") "virtual_server 192.0.2.1 80 {\nreal_server 10.0.0.1 80 {\nweight 1\n}\n}\n",
	  "start vrrpd with --without-lvs" },
	{ "includea /nonexistent/file.conf\n" INST(""),
	  "no file matches '/nonexistent/file.conf'" },
	{ "include\n" INST(""), "'include' expects one file name or pattern" },
	{ "vrrp_instances V {\n}\n", "did you mean 'vrrp_instance'?" },
};

START_TEST(test_refused)
{
	char *out;
	struct cfg *c = load(refused[_i].text, &out);

	ck_assert_msg(c == NULL, "accepted: %s", refused[_i].text);
	ck_assert_msg(strstr(out, refused[_i].error) != NULL, "\n%s\nwanted: %s\ngot: %s",
		      refused[_i].text, refused[_i].error, out);
	free(out);
}
END_TEST

static const struct {
	const char *text;
	const char *dump;    /* somewhere in the canonical text; NULL: anything */
	const char *message; /* in the messages; NULL: there are none */
} accepted[] = {
	{ INST(""), "priority 100\n\tversion 2\n\tadvert_int 1\n", NULL },
	{ INST("state MASTER"), "state MASTER", NULL },
	{ INST("state BACKUP"), "state BACKUP", NULL },
	{ INST("priority 255"), "priority 255", NULL },
	{ INST("priority 1 # comment"), "priority 1\n", NULL },
	{ INST("priority 7 ! comment"), "priority 7\n", NULL },
	{ INST("version 3\nadvert_int 0.01"), "version 3\n\tadvert_int 0.01\n", NULL },
	{ INST("version 3\nadvert_int .5"), "advert_int 0.5\n", NULL },
	{ INST("version 3\nadvert_int 40.95"), "advert_int 40.95\n", NULL },
	{ INST("advert_int 255"), "advert_int 255\n", NULL },
	{ "global_defs {\nvrrp_version 3\n}\n" INST("advert_int 0.1"),
	  "version 3\n\tadvert_int 0.1", NULL },
	{ INST("nopreempt"), "nopreempt", NULL },
	{ INST("nopreempt\nstate MASTER"), "nopreempt", "nopreempt holds although" },
	{ INST("nopreempt\npreempt_delay 5"), "preempt_delay 5", "no effect with nopreempt" },
	{ INST("nopreempt\npreempt"), NULL, NULL },
	{ INST("preempt_delay 0.25"), "preempt_delay 0.25\n", NULL },
	{ INST("dont_track_primary"), "dont_track_primary", NULL },
	{ INST("authentication {\nauth_type PASS\nauth_pass secret\n}"), "auth_pass secret", NULL },
	{ INST("authentication {\nauth_type PASS\nauth_pass 123456789\n}"), "auth_pass 12345678\n",
	  "cut to 8 characters" },
	{ INST("authentication {\nauth_type PASS\n}"), NULL, "authentication is ignored" },
	{ INST("version 3\nauthentication {\nauth_type PASS\nauth_pass x\n}"), NULL,
	  "version 3 has no passwords" },
	{ INST("authentication {\nauth_type PASS\nauth_pass \"a b{#\"\n}"), "auth_pass \"a b{#\"",
	  NULL },
	{ INST("unicast_src_ip 192.0.2.1\nunicast_peer {\n192.0.2.2\n}"),
	  "unicast_src_ip 192.0.2.1\n\tunicast_peer {\n\t\t192.0.2.2\n\t}", NULL },
	{ INST("unicast_peer { 192.0.2.2 }"), "unicast_peer {\n\t\t192.0.2.2\n\t}", NULL },
	{ INST("unicast_peer {\n192.0.2.2 min_ttl 254 max_ttl 254\n}"),
	  "192.0.2.2 min_ttl 254 max_ttl 254", NULL },
	{ INST("unicast_src_ip 192.0.2.1/24\nunicast_peer {\n192.0.2.2/24\n}"), "192.0.2.2\n",
	  "a prefix length means nothing here" },
	{ INST("unicast_src_ip 192.0.2.1"), "mcast_src_ip 192.0.2.1", "without unicast_peer" },
	{ INST("mcast_src_ip 192.0.2.1"), "mcast_src_ip 192.0.2.1", NULL },
	{ VIPS("192.0.2.1"), "192.0.2.1/32", NULL },
	{ VIPS("192.0.2.1/24 dev eth1 label eth1:v brd + scope link"),
	  "192.0.2.1/24 dev eth1 label eth1:v brd + scope 253", NULL },
	{ VIPS("192.0.2.1/24 brd 192.0.2.255"), "192.0.2.1/24 brd 192.0.2.255", NULL },
	{ VIPS("192.0.2.1/24 brd -"), "192.0.2.1/24\n", NULL },
	{ "static_ipaddress {\n192.0.2.7/24\n}\nstatic_routes {\n10.0.0.0/8 dev "
	  "eth0\n}\nstatic_rules "
	  "{\nto 10.0.0.0/8 table 3 preference 4\n}\n" INST(""),
	  "\tstatic_ipaddress {\n\t\t192.0.2.7/24\n\t}\nstatic_routes {\n\t10.0.0.0/8 dev eth0\n}\n"
	  "static_rules {\n\tto 10.0.0.0/8 table 3 preference 4\n}\n",
	  NULL },
	{ INST("mcast_dst_ip 224.0.0.99"), "\tmcast_dst_ip 224.0.0.99\n", NULL },
	{ INST("garp_extra_if all 100"), "\tgarp_extra_if all 100\n", NULL },
	{ GLOB("vrrp_garp_extra_if 50"), "\tgarp_extra_if 50\n", NULL },
	{ GLOB("vrrp_min_garp"), "\tgarp_master_delay 0\n\tgarp_master_repeat 1\n", NULL },
	{ GLOB("vrrp_lower_prio_no_advert"), "\tlower_prio_no_advert\n", NULL },
	{ GLOB("dynamic_interfaces allow_if_changes"), "\tdynamic_interfaces\n", NULL },
	{ GLOB("fifo_write_vrrp_states_on_reload"), "\tfifo_write_vrrp_states_on_reload\n", NULL },
	{ "includer /nonexistent/x.conf\n" INST(""), "\tversion 2\n", "no file matches" },
	{ "include /nonexistent/x.conf\n" INST(""), "\tversion 2\n", "no file matches" },
	{ INST("strict_mode\nunicast_peer {\n192.0.2.2\n}"), "\tstrict_mode yes\n",
	  "knows no unicast" },
	{ INST("strict_mode\nstate MASTER"), "\tstate MASTER\n", "belongs to the owner" },
	{ INST("strict_mode\npreempt_delay 5"), "\tlower_prio_no_advert\n", "no preempt_delay" },
	{ INST("strict_mode\naccept"), "\tno_accept\n", "version 2 has no accept mode" },
	{ INST("strict_mode\nlower_prio_no_advert no"), "\tlower_prio_no_advert\n",
	  "cannot be cleared" },
	{ INST("strict_mode\nhigher_prio_send_advert"), "\tstrict_mode yes\n",
	  "no higher_prio_send" },
	{ INST("strict_mode\ngarp_master_refresh 5"), "\tgarp_master_refresh 0\n",
	  "no garp_master_refresh" },
	{ INST("strict_mode\nuse_vmac\nvmac_xmit_base"), "\tuse_vmac vrrp.51\n",
	  "no vmac_xmit_base" },
	{ INST("use_vmac"), "\tuse_vmac vrrp.51\n", NULL },
	{ INST("use_vmac vx 2:0:0:0:0"), "\tuse_vmac vx 02:00:00:00:00:33\n", NULL },
	{ INST("use_vmac 02:00:00:00:00:09\nvmac_xmit_base"),
	  "\tuse_vmac vrrp.51 02:00:00:00:00:09\n\tvmac_xmit_base\n", NULL },
	{ GLOB("vmac_prefix vm\nvmac_addr_prefix va\nnftables mine"),
	  "\tvmac_prefix vm\n\tvmac_addr_prefix va\n\tnftables mine\n", NULL },
	{ INST("vmac_xmit_base"), "\tversion 2\n", "has no effect without use_vmac" },
	{ INST("use_vmac\nunicast_peer {\n192.0.2.2\n}"), "\tvmac_xmit_base\n",
	  "vmac_xmit_base is set" },
	{ VIPS("2001:db8::1/64 dev eth1 use_vmac"), "2001:db8::1/64 dev eth1 use_vmac\n", NULL },
	{ INST("no_accept"), "\tno_accept\n", NULL },
	{ INST("accept"), "\taccept\n", NULL },
	{ ROUTE("blackhole 10.0.0.0/8"), "\tvirtual_routes {\n\t\tblackhole 10.0.0.0/8\n\t}\n",
	  NULL },
	{ ROUTE("default   gw 192.0.2.1 table 0x64 # c"), "\t\tdefault gw 192.0.2.1 table 0x64\n",
	  NULL },
	{ ROUTE("inet6 default dev eth0"), "\t\tinet6 default dev eth0\n", NULL },
	{ ROUTE("10.0.0.0/8 dev eth0 protocol bird"), "protocol bird\n",
	  "counts only with no_track" },
	{ ROUTE("10.0.0.0/8 via 192.0.2.1 or 192.0.2.2 dev eth0"), "or 192.0.2.2",
	  "'or' is an old form" },
	{ RULE("from 10.0.0.0/8 table main\nto 10.0.0.0/8 table 5\nfrom ::1 table 6"),
	  "\t\tfrom 10.0.0.0/8 table main preference 16384\n\t\tto 10.0.0.0/8 table 5 preference "
	  "16383\n\t\tfrom ::1 table 6 preference 16384\n",
	  "a rule without 'preference' gets 16384" },
	{ RULE("from all fwmark 0x10/0xff tos 0x10 lookup 5 priority 1"),
	  "\t\tfrom all fwmark 0x10/0xff tos 0x10 lookup 5 priority 1\n", NULL },
	{ VIPS("192.0.2.1 peer 192.0.2.9 noprefixroute autojoin no_track preferred_lft 5"),
	  "192.0.2.1/32 peer 192.0.2.9 preferred_lft 5 noprefixroute autojoin no_track\n", NULL },
	{ VIPS("2001:db8::1 preferred_lft forever\n2001:db8::2\n2001:db8::3/64 preferred_lft 0 "
	       "home "
	       "mngtmpaddr"),
	  "2001:db8::1/128 preferred_lft forever\n\t\t2001:db8::2/128\n\t\t2001:db8::3/64 "
	  "preferred_lft 0 home mngtmpaddr\n",
	  NULL },
	{ VIPS("192.0.2.1\n\n192.0.2.2 # two"), "192.0.2.2/32", NULL },
	{ INST("virtual_ipaddress_excluded {\n192.0.2.99\n}"), "virtual_ipaddress_excluded {",
	  NULL },
	{ "vrrp_instance VI_1\n{\n" BASE "virtual_ipaddress\n{\n192.0.2.1\n}\n}\n", "192.0.2.1/32",
	  NULL },
	{ "vrrp_instance VI_1{\n" BASE "virtual_ipaddress{\n192.0.2.1}}\n", "192.0.2.1/32", NULL },
	{ INST("track_interface {\neth1\neth2 weight -20\neth3 weight 5 reverse\n}"),
	  "eth1 weight 0\n\t\teth2 weight -20\n\t\teth3 weight 5 reverse\n", NULL },
	{ "vrrp_script chk {\nscript \"/usr/bin/killall -0 haproxy\"\ninterval 2\nweight "
	  "-2\n}\n" INST("track_script {\nchk\n}"),
	  "script /usr/bin/killall -0 haproxy\n\tinterval 2\n\tweight -2\n\trise 1\n\tfall 1\n",
	  NULL },
	{ "vrrp_script chk {\nscript /bin/x a b\nweight +2 reverse\n}\n" INST(
		  "track_script {\nchk\n}"),
	  "chk weight 2 reverse", NULL },
	{ "vrrp_script chk {\nscript /bin/x\nweight -9\n}\n" INST(
		  "track_script {\nchk weight 3\n}"),
	  "chk weight 3\n", NULL },
	{ "vrrp_script chk {\nscript \"/bin/sh -c 'a b'\"\n}\n" INST(""),
	  "script /bin/sh -c \"a b\"", NULL },
	{ SCRIPT("init_fail\ntimeout 3\nrise 2\nfall 4\nuser root root"),
	  "timeout 3\n\tweight 0\n\trise 2\n\tfall 4\n\tuser root root\n\tinit_fail\n", NULL },
	{ "vrrp_track_proxy web {\nsocket /run/p.sock\n}\n" INST("track_proxy {\nweb\n}"),
	  "socket /run/p.sock\n\ttimeout 0.3\n\tweight 0\n\trequire_usable yes\n", NULL },
	{ "vrrp_track_proxy web {\nsocket /run/p.sock\nweight -50\nrequire_usable no\n}\n" INST(
		  "track_proxy {\nweb weight -60\n}"),
	  "web weight -60\n", NULL },
	{ INST("track_proxy {\nlater\n}") "vrrp_track_proxy later {\nsocket /s\n}\n",
	  "later weight 0", NULL },
	{ "global_defs {\nvrrp_garp_master_delay 1\nvrrp_garp_master_repeat 3\n}\n" INST(""),
	  "garp_master_delay 1\n\tgarp_master_repeat 3\n\tgarp_lower_prio_delay 1\n"
	  "\tgarp_lower_prio_repeat 3\n",
	  NULL },
	{ "global_defs {\nvrrp_garp_master_delay 1\n}\n" INST("garp_master_delay 2"),
	  "garp_master_delay 2\n", NULL },
	{ INST("garp_master_refresh 60\ngarp_master_refresh_repeat 2\ngarp_interval 0.001"),
	  "garp_master_refresh 60\n\tgarp_master_refresh_repeat 2\n\tgarp_interval 0.001\n", NULL },
	{ INST("garp_lower_prio_delay 3\ngarp_lower_prio_repeat 0"),
	  "garp_lower_prio_delay 3\n\tgarp_lower_prio_repeat 0\n", NULL },
	{ GLOB("vrrp_skip_check_adv_addr"), "skip_check_adv_addr", NULL },
	{ GLOB("vrrp_skip_check_adv_addr off"), NULL, NULL },
	{ GLOB("vrrp_mcast_group4 224.0.0.99"), "vrrp_mcast_group4 224.0.0.99", NULL },
	{ GLOB("router_id lb1\nvrrp_startup_delay 1.5\nenable_script_security\nscript_user root"),
	  "router_id lb1\n\tvrrp_version 2", NULL },
	{ GLOB("notification_email {\nuser@example.org\n}\nsmtp_server 192.0.2.1"), NULL,
	  "'notification_email' has no effect here: no mail is sent" },
	{ GLOB("max_auto_priority"), NULL, "'max_auto_priority' has no effect here" },
	{ "global_defs {\nvrrp_strict\n}\n" INST(
		  "authentication {\nauth_type PASS\nauth_pass x\n}"),
	  NULL, "authentication is ignored" },
	{ INST("notify_master \"/etc/n.sh up\"\nnotify /n\nnotify_stop '/s t'"),
	  "notify /n\n\tnotify_master \"/etc/n.sh up\"\n\tnotify_stop \"/s t\"\n", NULL },
	{ INST("priority 255\ntrack_interface {\neth1 weight 5\n}"), NULL,
	  "a weight cannot move the owner" },
	{ INST("debug 3"), NULL, "'debug' has no effect here" },
	{ INST("smtp_alert"), NULL, "'smtp_alert' has no effect here" },
	{ INST("") "vrrp_instance B {\ninterface eth1\nvirtual_router_id 51\nvirtual_ipaddress "
		   "{\n192.0.2.99\n}\n}\n",
	  "vrrp_instance B", NULL },
	{ "include /nonexistent/*.conf\n" INST(""), NULL, "no file matches" },
	{ VIPS("2001:db8::1/64 -nodad dev eth1\n2001:db8::2"),
	  "2001:db8::1/64 dev eth1\n\t\t2001:db8::2/128\n", NULL },
	{ VIPS("2001:db8::1/64"), "\tversion 3\n", NULL },
	{ "vrrp_instance V {\nversion 2\n" BASE "virtual_ipaddress {\nfe80::1/64\n}\n}\n",
	  "\tversion 3\n", "IPv6 needs version 3, which it gets" },
	{ "vrrp_instance V {\n" BASE "unicast_src_ip fd00::1\nunicast_peer {\nfd00::2\n}\n"
	  "virtual_ipaddress {\nfd00::9/64\n}\nvirtual_ipaddress_excluded {\n192.0.2.9\n}\n}\n",
	  "unicast_src_ip fd00::1\n\tunicast_peer {\n\t\tfd00::2\n", NULL },
	{ INST("") "vrrp_instance B {\n" BASE "virtual_ipaddress {\nfd00::9\n}\n}\n", "fd00::9/128",
	  NULL },
	{ GLOB("vrrp_mcast_group6 ff02::99"), "vrrp_mcast_group6 ff02::99\n", NULL },
	{ INST("auth_hmac {\nkey 7 " KEY "\n}"),
	  "key 7 "
	  "hex:3031323334353637383961626364656630313233343536373839616263646566\n\t\tactive_key "
	  "7\n\t\tanti_replay time\n\t\ttime_window 5\n\t\tmode enforce\n",
	  NULL },
	{ INST("advert_int 10\nauth_hmac {\nkey 1 " KEY "\nkey 2 " KEY
	       "\nactive_key 2\nanti_replay monotonic\nmode permissive\n}"),
	  "active_key 2\n\t\tanti_replay monotonic\n\t\ttime_window 30\n\t\tmode permissive\n",
	  NULL },
	{ INST("down_timer_adverts 5"), "down_timer_adverts 5\n", NULL },
	{ INST("peer_priority 98"), "peer_priority 98\n", NULL },
	{ "vrrp_script chk {\nscript /x\nweight -2\n}\n" INST(
		  "priority 101\npeer_priority 98\ntrack_script {\nchk\n}"),
	  NULL,
	  "a failure of 'chk' cannot move the address: 101 - 2 = 99 still beats 98; give it" },
	{ "vrrp_script chk {\nscript /x\nweight 5\n}\n" INST(
		  "priority 254\ntrack_script {\nchk\n}"),
	  NULL, "a failure of 'chk' cannot move the address: 254 - 5 is limited to 254; choose" },
	{ GLOB("vrrp_down_timer_adverts 4"), "down_timer_adverts 4\n", NULL },
	{ INST("unicast_ttl 64\nunicast_peer {\n192.0.2.2\n}"), "unicast_ttl 64\n", NULL },
	{ INST("promote_secondaries"), "promote_secondaries\n", NULL },
	{ "global_defs {\nvrrp_strict\n}\n" INST("strict_mode off\nunicast_peer {\n192.0.2.2\n}"),
	  "strict_mode no\n", NULL },
	{ INST("state MASTRE"), NULL, "it is read as BACKUP, as keepalived does (did you mean" },
	{ INST("authentication {\nauth_type pass\nauth_pass x\n}"), NULL,
	  "adverts are sent without authentication" },
	{ INST("notify_master \"/x.sh a\" root\nnotify_fault /y root root"),
	  "notify_master \"/x.sh a\" root\n\tnotify_fault /y root root\n", NULL },
	{ INST("notify_deleted /d\nnotify_master_rx_lower_pri /l\nnotify_priority_changes"),
	  "notify_deleted /d\n\tnotify_master_rx_lower_pri /l\n\tnotify_priority_changes\n", NULL },
	{ GLOB("notify_fifo /run/f root\nnotify_fifo_script \"/r x\"\nvrrp_notify_fifo /run/g"),
	  "notify_fifo /run/f root\n\tnotify_fifo_script \"/r x\"\n\tvrrp_notify_fifo /run/g\n",
	  NULL },
	{ GLOB("vrrp_notify_priority_changes"), "\tnotify_priority_changes\n", NULL },
	{ "track_file f {\nfile /f\n}\n" INST("track_file {\nf\n}"), "\tfile /f\n\tweight 1\n",
	  NULL },
	{ "vrrp_track_file f {\nfile /f\nweight 0 reverse\ninit_file 3 overwrite\n}\n" INST(
		  "track_file {\nf\n}"),
	  "weight 0 reverse\n\tinit_file 3 overwrite\n", NULL },
	{ "vrrp_track_process p {\nprocess haproxy\nweight -20\ndelay 0.5\n}\n" INST(
		  "track_process {\np\n}"),
	  "process haproxy\n\tquorum 1\n\tweight -20\n\tfork_delay 0.5\n\tterminate_delay "
	  "0.5\n",
	  NULL },
	{ "vrrp_track_process p {\nprocess nginx -c \"/a b\"\nparam_match initial\nquorum_max "
	  "2\nfull_command\n}\n" INST(""),
	  "process nginx -c \"/a b\"\n\tparam_match initial\n\tfull_command\n\tquorum "
	  "1\n\tquorum_max 2\n",
	  NULL },
	{ INST("") TWO "vrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\nnotify /n\n}\n",
	  "vrrp_sync_group G {\n\tgroup {\n\t\tVI_1\n\t\tVI_2\n\t}\n\tnotify /n\n}\n", NULL },
	{ INST("") TWO "vrrp_sync_group G {\ngroup { VI_1 VI_2 }\ntrack_interface {\neth9\n}\n}\n",
	  "track_interface {\n\t\teth9 weight 0\n", NULL },
	{ INST("track_interface {\neth9 weight 5\n}") TWO
	  "vrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\n}\n",
	  "eth9 weight 0\n", "the weight of 'eth9' becomes 0" },
	{ INST("track_interface {\neth9 weight 5\n}") TWO
	  "vrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\nsync_group_tracking_weight\n}\n",
	  "eth9 weight 5\n", NULL },
	{ "vrrp_sync_group G {\ngroup {\nVI_1\n}\n}\n" INST(""), NULL, "one instance only" },
	{ INST("@node-without-such-a-name priority 5"), "priority 100\n", NULL },
	{ INST("@^node-without-such-a-name priority 5"), "priority 5\n", NULL },
	{ "$P=7\n" INST("priority $P"), "priority 7\n", NULL },
	{ "$P=7\n" INST("priority 1${P}"), "priority 17\n", NULL },
	{ "$X=8\n$P=${X}\n" INST("priority ${P}"), "priority 8\n", NULL },
	{ INST("authentication {\nauth_type PASS\nauth_pass a$b$c\n}"), "\"a$b$c\"", NULL },
	{ "$L= \\\n priority 9 \\\n nopreempt\n" INST("$L"), "priority 9\n", NULL },
	{ VIPS("~SEQ(N, 1, 3) 192.0.2.${N}"), "192.0.2.1/32\n\t\t192.0.2.2/32\n\t\t192.0.2.3/32\n",
	  NULL },
	{ VIPS("~SEQ(N, 9, -4, 1) 192.0.2.$N"),
	  "192.0.2.9/32\n\t\t192.0.2.5/32\n\t\t192.0.2.1/32\n", NULL },
	{ VIPS("~LST({A,B},{1,2},{3,4}) 192.0.$A.$B"), "192.0.1.2/32\n\t\t192.0.3.4/32\n", NULL },
	{ VIPS("~LST(A,1,2) ~SEQ(B,1,2) 192.0.$A.$B"),
	  "192.0.1.1/32\n\t\t192.0.1.2/32\n\t\t192.0.2.1/32\n\t\t192.0.2.2/32\n", NULL },
	{ INST("lvs_sync_daemon_interface eth0"), NULL, "there are no LVS connections" },
	{ GLOB("nftables_counters"), NULL, "rules are not counted" },
};

START_TEST(test_accepted)
{
	char *out;
	struct cfg *c = load(accepted[_i].text, &out);
	struct strbuf dump = { 0 };

	ck_assert_msg(c != NULL, "refused:\n%s\n%s", accepted[_i].text, out);
	if (accepted[_i].message)
		ck_assert_msg(strstr(out, accepted[_i].message) != NULL, "%s\ngot: %s",
			      accepted[_i].text, out);
	else
		ck_assert_msg(out[0] == '\0', "%s\ngot: %s", accepted[_i].text, out);
	cfg_dump(c, &dump);
	if (accepted[_i].dump)
		ck_assert_msg(strstr(strbuf_str(&dump), accepted[_i].dump) != NULL,
			      "wanted: %s\ngot: %s", accepted[_i].dump, strbuf_str(&dump));
	strbuf_fini(&dump);
	cfg_free(c);
	free(out);
}
END_TEST

START_TEST(test_dump_parses_to_itself)
{
	char *out, *again;
	struct cfg *c = load(accepted[_i].text, &out), *d;
	struct strbuf one = { 0 }, two = { 0 };

	ck_assert_ptr_nonnull(c);
	cfg_dump(c, &one);
	d = load(strbuf_str(&one), &again);
	ck_assert_msg(d != NULL, "%s\n%s", again, strbuf_str(&one));
	cfg_dump(d, &two);
	ck_assert_str_eq(strbuf_str(&one), strbuf_str(&two));
	strbuf_fini(&one);
	strbuf_fini(&two);
	cfg_free(c);
	cfg_free(d);
	free(out);
	free(again);
}
END_TEST

/* One run tells all. */
START_TEST(test_many_errors_at_once)
{
	char *out;
	struct cfg *c = load(INST("priority 0\nbogus\nadvert_int x\nversion 4\nuse_ipvlan"), &out);

	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(out, "7:10: error"));
	ck_assert_ptr_nonnull(strstr(out, "8:1: error"));
	ck_assert_ptr_nonnull(strstr(out, "9:12: error"));
	ck_assert_ptr_nonnull(strstr(out, "10:9: error"));
	ck_assert_ptr_nonnull(strstr(out, "11:1: error"));
	free(out);
}
END_TEST

START_TEST(test_model)
{
	char *out;
	struct cfg *c = load("vrrp_script chk {\nscript \"/bin/x -a 'b c'\"\nweight -5\n}\n" INST(
				     "authentication {\nauth_type PASS\nauth_pass abcdefgh\n}\n"
				     "track_script {\nchk\n}\ntrack_interface {\neth1 weight 0\n}\n"
				     "unicast_peer {\n192.0.2.7\n192.0.2.8\n}"),
			     &out);
	const struct cfg_instance *in;

	ck_assert_msg(c != NULL, "%s", out);
	in = c->instances;
	ck_assert_uint_eq(c->n_instances, 1);
	ck_assert_str_eq(in->name, "VI_1");
	ck_assert_str_eq(in->interface, "eth0");
	ck_assert_uint_eq(in->vrid, 51);
	ck_assert_int_eq(in->advert_us, US_PER_S);
	ck_assert(in->preempt && in->accept && in->is_unicast);
	ck_assert_uint_eq(in->n_peers, 2);
	ck_assert_uint_eq(in->peers->max_ttl, 255);
	ck_assert_uint_eq(in->n_vips, 1);
	ck_assert_uint_eq(in->vips->prefix_len, 24);
	ck_assert_int_eq(in->vips->scope, -1);
	ck_assert_uint_eq(in->auth_type, 1);
	ck_assert_mem_eq(in->auth_pass, "abcdefgh", 8);
	ck_assert_int_eq(in->tracks->kind, TRACK_SCRIPT);
	ck_assert_int_eq(in->tracks->weight, -5);
	ck_assert_ptr_eq(in->tracks->script, c->scripts);
	ck_assert_int_eq(in->tracks->next->kind, TRACK_INTERFACE);
	ck_assert_str_eq(c->scripts->argv[0], "/bin/x");
	ck_assert_str_eq(c->scripts->argv[2], "b c");
	ck_assert_ptr_null(c->scripts->argv[3]);
	ck_assert_int_eq(in->garp_delay_us, 5 * US_PER_S);
	ck_assert_uint_eq(in->garp_repeat, 5);
	ck_assert_uint_eq(in->garp_lower_prio_repeat, 5);
	ck_assert_uint_eq(in->garp_refresh_repeat, 1);
	cfg_free(c);
	free(out);
}
END_TEST

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void remove_file(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static struct cfg *load_file(const char *dir, const char *name, char **out)
{
	char path[256];
	struct diag d;
	struct cfg *c;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	diag_init(&d);
	c = cfg_load(path, NULL, &d);
	*out = messages(&d);
	diag_fini(&d);
	return c;
}

START_TEST(test_include)
{
	char dir[] = "/tmp/test_cfg.XXXXXX", *out;
	struct cfg *c;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_file(dir, "main.conf",
		   "include part-*.conf\nvrrp_instance LAST {\ninterface eth3\n"
		   "include inner.conf\nvirtual_router_id 3\n}\n");
	write_file(dir, "part-1.conf",
		   "vrrp_instance A {\ninterface eth1\nvirtual_router_id 1\n"
		   "virtual_ipaddress {\n192.0.2.1\n}\n}\n");
	write_file(dir, "part-2.conf",
		   "vrrp_instance B {\ninterface eth1\nvirtual_router_id 2\n"
		   "virtual_ipaddress {\n192.0.2.2\n}\n}");
	write_file(dir, "inner.conf", "virtual_ipaddress {\n192.0.2.3\n}\n");
	c = load_file(dir, "main.conf", &out);
	ck_assert_msg(c != NULL, "%s", out);
	ck_assert_uint_eq(c->n_instances, 3);
	ck_assert_str_eq(c->instances->name, "A");
	ck_assert_str_eq(c->instances->next->name, "B");
	ck_assert_str_eq(c->instances->next->next->name, "LAST");
	ck_assert_uint_eq(c->instances->next->next->n_vips, 1);
	cfg_free(c);
	free(out);

	write_file(dir, "loop.conf", "include loop.conf\n");
	c = load_file(dir, "loop.conf", &out);
	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(out, "does a file include itself?"));
	free(out);

	write_file(dir, "bad.conf", "include part-1.conf\ninclude wrong.conf\n");
	write_file(dir, "wrong.conf", "vrrp_instance W {\nfoo\n}\n");
	c = load_file(dir, "bad.conf", &out);
	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(out, "/wrong.conf:2:1: error: unknown keyword 'foo'"));
	free(out);

	c = load_file(dir, "absent.conf", &out);
	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(out, "cannot read this file: No such file or directory"));
	free(out);

	remove_file(dir, "main.conf");
	remove_file(dir, "part-1.conf");
	remove_file(dir, "part-2.conf");
	remove_file(dir, "inner.conf");
	remove_file(dir, "loop.conf");
	remove_file(dir, "bad.conf");
	remove_file(dir, "wrong.conf");
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

static const struct {
	const char *text;
	const char *error; /* NULL: none */
} machine[] = {
	{ "vrrp_instance V {\ninterface lo\nvirtual_router_id 1\n" VIP "}\n", NULL },
	{ "vrrp_instance V {\ninterface nope0\nvirtual_router_id 1\n" VIP "}\n",
	  "there is no interface 'nope0' on this machine" },
	{ "vrrp_instance V {\ninterface lo\nvirtual_router_id 1\nvirtual_ipaddress {\n192.0.2.1 "
	  "dev "
	  "nope1\n}\n}\n",
	  "there is no interface 'nope1'" },
	{ "vrrp_instance V {\ninterface lo\nvirtual_router_id 1\n" VIP
	  "track_interface {\nnope2\n}\n}\n",
	  "there is no interface 'nope2'" },
	{ "vrrp_script c {\nscript /bin/sh\n}\nvrrp_instance V {\ninterface lo\nvirtual_router_id "
	  "1\n" VIP "}\n",
	  NULL },
	{ "vrrp_script c {\nscript \"sh -c true\"\n}\nvrrp_instance V {\ninterface "
	  "lo\nvirtual_router_id 1\n" VIP "}\n",
	  NULL },
	{ "vrrp_script c {\nscript /nonexistent\n}\nvrrp_instance V {\ninterface "
	  "lo\nvirtual_router_id 1\n" VIP "}\n",
	  "1:13: error: c: '/nonexistent' is not a program that can be run" },
	{ "vrrp_script c {\nscript /etc/passwd\n}\nvrrp_instance V {\ninterface "
	  "lo\nvirtual_router_id 1\n" VIP "}\n",
	  "is not a program that can be run" },
	{ "vrrp_script c {\nscript /bin\n}\nvrrp_instance V {\ninterface lo\nvirtual_router_id "
	  "1\n" VIP "}\n",
	  "is not a program that can be run" },
	{ "vrrp_script c {\nscript /bin/sh\nuser nosuchuser\n}\nvrrp_instance V {\ninterface "
	  "lo\nvirtual_router_id 1\n" VIP "}\n",
	  "there is no user 'nosuchuser'" },
	{ "global_defs {\nscript_user nosuchuser\n}\nvrrp_instance V {\ninterface "
	  "lo\nvirtual_router_id 1\n" VIP "}\n",
	  "there is no user 'nosuchuser'" },
	{ "vrrp_instance V {\ninterface lo\nvirtual_router_id 1\n" VIP
	  "notify_master \"/nonexistent up\"\n}\n",
	  "V: '/nonexistent' is not a program" },
};

START_TEST(test_machine)
{
	char *out, *found;
	struct cfg *c = load(machine[_i].text, &out);
	struct diag d;

	ck_assert_msg(c != NULL, "%s", out);
	diag_init(&d);
	cfg_check_machine(c, &d);
	found = messages(&d);
	if (machine[_i].error)
		ck_assert_msg(strstr(found, machine[_i].error) != NULL, "%s\ngot: %s",
			      machine[_i].error, found);
	else
		ck_assert_msg(d.n_errors == 0, "%s", found);
	diag_fini(&d);
	cfg_free(c);
	free(out);
	free(found);
}
END_TEST

START_TEST(test_print_keywords)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	cfg_print_keywords(f);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "vrrp_instance a name { ... }"));
	ck_assert_ptr_nonnull(strstr(text, "advert_int seconds"));
	ck_assert_ptr_null(strstr(text, "virtual_server"));
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cfg");
	TCase *tc = tcase_create("cfg");

	tcase_add_loop_test(tc, test_refused, 0, ARRAY_LEN(refused));
	tcase_add_loop_test(tc, test_accepted, 0, ARRAY_LEN(accepted));
	tcase_add_loop_test(tc, test_dump_parses_to_itself, 0, ARRAY_LEN(accepted));
	tcase_add_loop_test(tc, test_machine, 0, ARRAY_LEN(machine));
	tcase_add_test(tc, test_many_errors_at_once);
	tcase_add_test(tc, test_model);
	tcase_add_test(tc, test_include);
	tcase_add_test(tc, test_print_keywords);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
