/* test_vrrp_instance.c - one virtual router on a real interface, with packets that we hand to it:
 * whom it believes, what it counts, which addresses it holds. */
#include "vrrp_instance.h"

#include <arpa/inet.h>
#include <string.h>
#include <tandem/clock.h>
#include <unistd.h>

#include "../../lib/unit.h"
#include "config/cfg_parse.h"
#include "garp.h"
#include "netns.h"

#define PEER        "10.9.0.2"
#define N_STRANGERS 48u /* more than VRRP_MAX_HELLO_PEERS */
#define STRANGER    "10.9.0.66"

static struct loop l;
static struct link_watch links;
static struct vip_nl nl;
static struct handover_sock handover;
static struct vrrp_env env;
static struct cfg *cfg;
static struct vrrp_instance *in;
static unsigned n_transitions;

static void on_link(void *arg, const struct link *k, bool is_gone)
{
	(void)arg, (void)k, (void)is_gone;
}

static void on_addr(void *arg, const struct link *k, const struct link_addr *a, bool is_gone)
{
	(void)arg, (void)k, (void)a, (void)is_gone;
}

static void on_handover(void *arg, unsigned ifindex, const struct addr *src,
			const struct handover_msg *m)
{
	(void)arg, (void)ifindex, (void)src, (void)m;
}

static void on_transition(void *arg, struct vrrp_instance *i, enum vrrp_state from)
{
	(void)arg, (void)i, (void)from;
	n_transitions++;
}

static void on_plan_changed(void *arg)
{
	(void)arg;
}

static struct addr ip(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip(str_from(text), &a), 0);
	return a;
}

/* extra: lines of the instance. */
static void start(const char *extra)
{
	struct strbuf text = { 0 };
	struct diag d;

	netns_enter();
	strbuf_addf(&text,
		    "vrrp_instance VI_1 {\n interface veth0\n virtual_router_id 51\n priority 100\n"
		    " version 3\n advert_int 0.1\n garp_master_delay 0\n %s\n"
		    " virtual_ipaddress {\n 10.9.0.100/24\n 10.9.0.101/24\n }\n}\n",
		    extra);
	diag_init(&d);
	cfg = cfg_load_text("t", (struct str){ text.p, text.len }, NULL, &d);
	diag_print(&d, stderr, DIAG_ERROR);
	ck_assert_ptr_nonnull(cfg);
	diag_fini(&d);
	ck_assert_int_eq(loop_init(&l, LOOP_DEFAULT), 0);
	ck_assert_int_eq(link_watch_init(&links, &l, on_link, on_addr, NULL), 0);
	ck_assert_int_eq(vip_nl_open(&nl), 0);
	ck_assert_int_eq(handover_open(&handover, &l, on_handover, NULL), 0);
	env = (struct vrrp_env){ .loop = &l,
				 .links = &links,
				 .nl = &nl,
				 .raw_fd = vrrp_sender_open(AF_INET),
				 .raw6_fd = -1,
				 .garp_fd = garp_open(),
				 .handover = &handover,
				 .global = &cfg->global,
				 .on_transition = on_transition,
				 .on_plan_changed = on_plan_changed };
	in = vrrp_instance_new(&env, cfg->instances);
	vrrp_instance_start(in);
	ck_assert_int_eq(in->fsm.state, VRRP_BACKUP);
	strbuf_fini(&text);
}

static void finish(void)
{
	vrrp_instance_stop(in);
	ck_assert(!netns_has_addr("veth0", "10.9.0.100"));
	vrrp_instance_free(in);
	close(env.raw_fd);
	close(env.garp_fd);
	handover_close(&handover);
	vip_nl_close(&nl);
	link_watch_fini(&links);
	loop_fini(&l);
	cfg_free(cfg);
}

/* An advert as PEER would send it, changed by the row. */
static void hear(const char *from, const char *to, uint8_t ttl, struct vrrp_advert *change)
{
	static uint8_t vips[8];
	struct vrrp_advert a = { .version = 3,
				 .vrid = 51,
				 .priority = 150,
				 .adver_us = 100000,
				 .n_vips = 2,
				 .family = AF_INET,
				 .vips = vips };
	struct vrrp_rx rx = { .src = ip(from), .dst = ip(to), .ttl = ttl };
	uint8_t buf[VRRP_MAX_LEN];
	ssize_t len;

	inet_pton(AF_INET, "10.9.0.100", vips);
	inet_pton(AF_INET, "10.9.0.101", vips + 4);
	if (change->version) {
		a.version = change->version;
		a.adver_us = US_PER_S; /* version 2 knows whole seconds only */
	}
	if (change->n_vips)
		a.n_vips = change->n_vips;
	if (change->priority)
		a.priority = change->priority;
	len = vrrp_packet_build(&a, &rx.src, &rx.dst, buf, sizeof(buf));
	ck_assert_int_gt(len, 0);
	if (change->auth_type) /* the row's way to say: damaged */
		buf[7] ^= 1;
	rx.pdu = buf;
	rx.len = (size_t)len;
	loop_update_now(&l);
	vrrp_io_on_packet(in, &rx);
}

static void claim(const char *from, const char *target)
{
	struct handover_msg m = { .kind = HANDOVER_CLAIM, .vrid = 51, .target = ip(target) };
	struct addr src = ip(from);

	loop_update_now(&l);
	vrrp_io_on_handover(in, &src, &m);
}

static void hello(const char *from, enum vrrp_state state, uint8_t priority)
{
	struct handover_msg m = {
		.kind = HANDOVER_HELLO, .vrid = 51, .state = state, .priority = priority
	};
	struct addr src = ip(from);

	loop_update_now(&l);
	vrrp_io_on_handover(in, &src, &m);
}

static void turn_until_active(void)
{
	int64_t end = clock_mono_us() + 2 * US_PER_S;

	while (in->fsm.state != VRRP_ACTIVE) {
		ck_assert(clock_mono_us() < end);
		ev_run(l.ev, EVRUN_ONCE);
	}
}

#define UNICAST "unicast_src_ip 10.9.0.1\n unicast_peer {\n 10.9.0.2 min_ttl 250\n }"
static const struct {
	const char *name, *extra, *from, *to;
	uint8_t ttl;
	struct vrrp_advert change;
	enum vrrp_parse_error error;
} rows[] = {
	{ "a good one", "", PEER, "224.0.0.18", 255, { 0 }, VRRP_PKT_OK },
	{ "it crossed a router", "", PEER, "224.0.0.18", 254, { 0 }, VRRP_PKT_TTL },
	{ "damaged", "", PEER, "224.0.0.18", 255, { .auth_type = 1 }, VRRP_PKT_CHECKSUM },
	{ "another version", "", PEER, "224.0.0.18", 255, { .version = 2 }, VRRP_PKT_VERSION },
	{ "other addresses", "", PEER, "224.0.0.18", 255, { .n_vips = 1 }, VRRP_PKT_ADDRS },
	{ "unicast where we multicast", "", PEER, "10.9.0.1", 255, { 0 }, VRRP_PKT_UNKNOWN_PEER },
	{ "unicast peer", UNICAST, PEER, "10.9.0.1", 255, { 0 }, VRRP_PKT_OK },
	{ "unicast, far but allowed", UNICAST, PEER, "10.9.0.1", 250, { 0 }, VRRP_PKT_OK },
	{ "unicast, too far", UNICAST, PEER, "10.9.0.1", 249, { 0 }, VRRP_PKT_TTL },
	{ "unicast stranger", UNICAST, STRANGER, "10.9.0.1", 255, { 0 }, VRRP_PKT_UNKNOWN_PEER },
	{ "multicast where we unicast",
	  UNICAST,
	  PEER,
	  "224.0.0.18",
	  255,
	  { 0 },
	  VRRP_PKT_UNKNOWN_PEER },
};

START_TEST(believes_only_good_adverts)
{
	struct vrrp_advert change = rows[_i].change;

	start(rows[_i].extra);
	hear(rows[_i].from, rows[_i].to, rows[_i].ttl, &change);
	if (rows[_i].error == VRRP_PKT_OK) {
		ck_assert_msg(in->n.adverts_received == 1, "%s: refused", rows[_i].name);
		ck_assert_uint_eq(in->master_priority, 150);
	} else {
		ck_assert_msg(in->n.refused[rows[_i].error] == 1, "%s: not counted", rows[_i].name);
		ck_assert_msg(in->master.len == 0, "%s: believed", rows[_i].name);
	}
	finish();
}
END_TEST

START_TEST(own_adverts_are_ignored)
{
	struct vrrp_advert same = { 0 };

	start("");
	hear("10.9.0.1", "224.0.0.18", 255, &same);
	ck_assert_uint_eq(in->n.adverts_received, 0);
	ck_assert_uint_eq(in->master.len, 0);
	finish();
}
END_TEST

START_TEST(silence_makes_it_master_with_all_addresses)
{
	start("");
	turn_until_active();
	ck_assert(netns_has_addr("veth0", "10.9.0.100"));
	ck_assert(netns_has_addr("veth0", "10.9.0.101"));
	ck_assert_uint_eq(in->n.adverts_sent, 1);
	ck_assert_uint_eq(in->n.garps_sent, 10);
	ck_assert_int_eq(in->fsm.cause, VRRP_CAUSE_MASTER_DOWN);
	finish();
	ck_assert_uint_eq(n_transitions, 3);
}
END_TEST

START_TEST(a_claim_of_the_master_is_obeyed)
{
	struct vrrp_advert same = { 0 };

	start("");
	hear(PEER, "224.0.0.18", 255, &same);
	claim(PEER, "10.9.0.1");
	ck_assert_int_eq(in->fsm.state, VRRP_ACTIVE);
	ck_assert_int_eq(in->fsm.cause, VRRP_CAUSE_HANDOVER);
	ck_assert(netns_has_addr("veth0", "10.9.0.100"));
	claim(PEER, "10.9.0.1"); /* late or twice: nothing */
	ck_assert_uint_eq(in->n.claims_refused, 1);
	finish();
}
END_TEST

/* A datagram of PEER as it comes from the wire; signed if sequence is not 0. */
static void datagram(struct handover_msg m, uint64_t sequence)
{
	struct addr src = ip(PEER);
	uint8_t bytes[HANDOVER_MAX_LEN];
	struct handover_msg got;
	size_t len = HANDOVER_LEN;

	handover_build(&m, bytes);
	if (sequence) {
		struct vrrp_auth_message s = { .version = VRRP_AUTH_HANDOVER,
					       .vrid = 51,
					       .src = &src,
					       .pdu = bytes,
					       .len = HANDOVER_LEN };

		ck_assert(vrrp_auth_sign(in->cfg->hmac, &s, sequence, bytes + HANDOVER_LEN));
		len += VRRP_AUTH_LEN;
	}
	ck_assert(handover_parse(bytes, len, &got));
	got.bytes = bytes;
	got.len = len;
	got.target = m.target;
	vrrp_io_on_handover(in, &src, &got);
}

START_TEST(with_keys_only_signed_hand_overs_and_hellos_count)
{
	struct handover_msg m = { .kind = HANDOVER_HELLO, .vrid = 51, .state = VRRP_ACTIVE };
	uint64_t sequence;

	start("auth_hmac {\n key 1 0123456789abcdef0123456789abcdef\n }");
	in->master = ip(PEER);
	in->master_priority = 200;
	in->master_seen_us = l.now_us;
	datagram(m, 0);
	ck_assert_uint_eq(in->n.hellos_received, 0);
	ck_assert_ptr_null(vrrp_io_find_hello(in, &in->master));
	sequence = vrrp_auth_next(in->cfg->hmac, 0, clock_real_us());
	datagram(m, sequence);
	ck_assert_uint_eq(in->n.hellos_received, 1);
	m.kind = HANDOVER_CLAIM;
	m.target = ip("10.9.0.1");
	datagram(m, 0);
	datagram(m, sequence); /* replayed */
	ck_assert_uint_eq(in->n.claims_refused, 2);
	ck_assert_int_eq(in->fsm.state, VRRP_BACKUP);
	datagram(m, sequence + 1);
	ck_assert_int_eq(in->fsm.state, VRRP_ACTIVE);
	finish();
}
END_TEST

START_TEST(claims_of_a_master_that_stays_are_refused)
{
	struct vrrp_advert same = { 0 };

	start("");
	for (unsigned k = 0; k < 3; k++) {
		hear(PEER, "224.0.0.18", 255, &same);
		claim(PEER, "10.9.0.1");
	}
	ck_assert_int_eq(in->fsm.state, VRRP_BACKUP);
	ck_assert_uint_eq(in->n.became_master, 1);
	ck_assert_uint_eq(in->n.claims_refused, 2);
	finish();
}
END_TEST

START_TEST(claims_of_others_are_refused)
{
	struct vrrp_advert same = { 0 };

	start("");
	claim(PEER, "10.9.0.1"); /* nobody is master yet */
	ck_assert_int_eq(in->fsm.state, VRRP_BACKUP);
	hear(PEER, "224.0.0.18", 255, &same);
	claim(STRANGER, "10.9.0.1");
	ck_assert_int_eq(in->fsm.state, VRRP_BACKUP);
	ck_assert_uint_eq(in->n.claims_refused, 2);
	claim(PEER, "10.9.0.77"); /* for somebody else */
	ck_assert_int_eq(in->fsm.state, VRRP_BACKUP);
	claim("10.9.0.1", "10.9.0.1"); /* our own address */
	ck_assert_int_eq(in->fsm.state, VRRP_BACKUP);
	finish();
}
END_TEST

START_TEST(the_best_peer_is_fresh_and_in_backup)
{
	start("");
	ck_assert_ptr_null(vrrp_io_best_peer(in));
	hello(PEER, VRRP_FAULT, 0);
	ck_assert_ptr_null(vrrp_io_best_peer(in));
	hello(PEER, VRRP_BACKUP, 90);
	hello("10.9.0.3", VRRP_BACKUP, 120);
	hello("10.9.0.4", VRRP_BACKUP, 120); /* the greater address decides */
	ck_assert_uint_eq(vrrp_io_best_peer(in)->addr.in.sin_addr.s_addr, inet_addr("10.9.0.4"));
	hello("10.9.0.4", VRRP_ACTIVE, 120);
	ck_assert_uint_eq(vrrp_io_best_peer(in)->addr.in.sin_addr.s_addr, inet_addr("10.9.0.3"));
	l.now_us += HANDOVER_FRESH_US + 1;
	ck_assert_ptr_null(vrrp_io_best_peer(in));
	finish();
}
END_TEST

START_TEST(many_strangers_do_not_overflow_the_peers)
{
	char text[32];

	start("");
	for (unsigned k = 0; k < N_STRANGERS; k++) {
		snprintf(text, sizeof(text), "10.9.1.%u", k);
		hello(text, VRRP_BACKUP, (uint8_t)(k + 1));
	}
	ck_assert_uint_eq(in->n.hellos_received, N_STRANGERS);
	ck_assert_uint_eq(vrrp_io_best_peer(in)->priority, N_STRANGERS);
	finish();
}
END_TEST

START_TEST(a_better_advert_takes_the_addresses_away)
{
	struct vrrp_advert same = { 0 };

	start("");
	turn_until_active();
	hear(PEER, "224.0.0.18", 255, &same);
	ck_assert_int_eq(in->fsm.state, VRRP_BACKUP);
	ck_assert(!netns_has_addr("veth0", "10.9.0.100"));
	ck_assert(!netns_has_addr("veth0", "10.9.0.101"));
	finish();
}
END_TEST

START_TEST(revoked_by_the_guardian_nothing_is_renewed)
{
	struct board *b = board_new();
	struct board_plan plan;

	start("");
	board_plan_begin(&plan, b, 1);
	vrrp_io_plan(in, &plan);
	ck_assert_int_eq(board_plan_commit(&plan), 0);
	turn_until_active();
	ck_assert_uint_eq(atomic_load(&in->board->is_active), 1);
	atomic_store(&in->board->is_revoked, 1); /* we were frozen, and do not know it yet */
	ck_assert_int_eq(vip_del(&nl, in->vips, in->n_vips, NULL), 0);
	vrrp_instance_renew(in);
	vrrp_instance_on_addr_gone(in, in->ifindex, &in->vips[0].addr);
	ck_assert(!netns_has_addr("veth0", "10.9.0.100"));
	loop_update_now(&l);
	vrrp_instance_on_stall(in, true);
	ck_assert_int_eq(in->fsm.state, VRRP_BACKUP);
	ck_assert_int_eq(in->fsm.cause, VRRP_CAUSE_STALL);
	ck_assert_uint_eq(atomic_load(&in->board->is_active), 0);
	finish();
}
END_TEST

START_TEST(the_board_knows_addresses_and_goodbyes)
{
	struct board *b = board_new();
	struct board_plan plan;
	struct board_half *h;
	const struct board_packet *k;
	struct vrrp_advert a;
	uint8_t bytes[HANDOVER_MAX_LEN];
	struct net_dest to;
	uint32_t cursor = 0;
	size_t n;

	start(UNICAST);
	hello(PEER, VRRP_BACKUP, 90);
	board_plan_begin(&plan, b, 1);
	vrrp_io_plan(in, &plan);
	ck_assert_int_eq(board_plan_commit(&plan), 0);
	h = board_current(b);
	ck_assert_ptr_nonnull(board_vips(h, in->board, &n));
	ck_assert_uint_eq(n, 2);
	k = board_next_packet(h, in->board, &cursor);
	ck_assert_ptr_nonnull(k);
	ck_assert_int_eq(
		vrrp_packet_parse(board_packet_bytes(k), k->len, &k->to.src, &k->to.dst, &a),
		VRRP_PKT_OK);
	ck_assert_uint_eq(a.priority, 0);
	ck_assert_uint_eq(k->to.dst.in.sin_addr.s_addr, inet_addr(PEER));
	ck_assert_ptr_null(board_next_packet(h, in->board, &cursor));
	ck_assert(board_get_handover(in->board, &to, bytes));
	ck_assert_uint_eq(to.dst.in.sin_addr.s_addr, inet_addr(PEER));
	finish();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vrrp_instance");
	TCase *tc = tcase_create("instance");

	if (!netns_is_possible())
		return NETNS_SKIP;
	tcase_set_timeout(tc, 20);
	tcase_add_loop_test(tc, believes_only_good_adverts, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, own_adverts_are_ignored);
	tcase_add_test(tc, silence_makes_it_master_with_all_addresses);
	tcase_add_test(tc, a_claim_of_the_master_is_obeyed);
	tcase_add_test(tc, with_keys_only_signed_hand_overs_and_hellos_count);
	tcase_add_test(tc, claims_of_a_master_that_stays_are_refused);
	tcase_add_test(tc, claims_of_others_are_refused);
	tcase_add_test(tc, the_best_peer_is_fresh_and_in_backup);
	tcase_add_test(tc, many_strangers_do_not_overflow_the_peers);
	tcase_add_test(tc, a_better_advert_takes_the_addresses_away);
	tcase_add_test(tc, revoked_by_the_guardian_nothing_is_renewed);
	tcase_add_test(tc, the_board_knows_addresses_and_goodbyes);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
