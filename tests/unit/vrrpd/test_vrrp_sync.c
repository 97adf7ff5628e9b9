/* test_vrrp_sync.c - the rules of a sync group, one row each. */
#include "vrrp_sync.h"

#include "../../lib/unit.h"

#define N     3
#define PAST  INT64_C(10)
#define NOW   INT64_C(20)
#define LATER INT64_C(30)

struct row {
	const char *name;
	struct {
		enum vrrp_state state;
		int64_t deadline_us;
		bool is_down, is_faulty;
	} m[N];
	bool may_claim; /* member 0 */
	int fault_of;   /* as seen by member 0 */
	enum vrrp_state group;
};

static const struct row rows[] = {
	{ "all waited long enough",
	  { { VRRP_BACKUP, PAST, false, false },
	    { VRRP_BACKUP, PAST, false, false },
	    { VRRP_BACKUP, NOW, false, false } },
	  true,
	  -1,
	  VRRP_BACKUP },
	{ "one still hears its master",
	  { { VRRP_BACKUP, PAST, false, false },
	    { VRRP_BACKUP, PAST, false, false },
	    { VRRP_BACKUP, LATER, false, false } },
	  false,
	  -1,
	  VRRP_BACKUP },
	{ "the others are master",
	  { { VRRP_BACKUP, PAST, false, false },
	    { VRRP_ACTIVE, LATER, false, false },
	    { VRRP_ACTIVE, LATER, false, false } },
	  true,
	  -1,
	  VRRP_BACKUP },
	{ "one is in fault",
	  { { VRRP_BACKUP, PAST, false, false },
	    { VRRP_FAULT, INT64_MAX, false, true },
	    { VRRP_BACKUP, PAST, false, false } },
	  false,
	  1,
	  VRRP_FAULT },
	{ "one is not started: it does not count",
	  { { VRRP_BACKUP, PAST, false, false },
	    { VRRP_BACKUP, PAST, false, false },
	    { VRRP_INIT, INT64_MAX, true, true } },
	  true,
	  -1,
	  VRRP_BACKUP },
	{ "its own fault is no fault of another",
	  { { VRRP_FAULT, INT64_MAX, false, true },
	    { VRRP_FAULT, INT64_MAX, false, false },
	    { VRRP_FAULT, INT64_MAX, false, false } },
	  false,
	  -1,
	  VRRP_FAULT },
	{ "all are master",
	  { { VRRP_ACTIVE, LATER, false, false },
	    { VRRP_ACTIVE, LATER, false, false },
	    { VRRP_ACTIVE, LATER, false, false } },
	  true,
	  -1,
	  VRRP_ACTIVE },
	{ "none runs",
	  { { VRRP_INIT, INT64_MAX, true, false },
	    { VRRP_INIT, INT64_MAX, true, false },
	    { VRRP_INIT, INT64_MAX, true, false } },
	  true,
	  -1,
	  VRRP_INIT },
};

START_TEST(test_rows)
{
	const struct row *r = &rows[_i];
	struct vrrp_fsm fsm[N] = { 0 };
	struct vrrp_sync_member m[N];

	for (unsigned k = 0; k < N; k++) {
		fsm[k].state = r->m[k].state;
		fsm[k].deadline_us = r->m[k].deadline_us;
		m[k] = (struct vrrp_sync_member){ &fsm[k], !r->m[k].is_down, r->m[k].is_faulty };
	}
	ck_assert_msg(vrrp_sync_may_claim(m, N, 0, NOW) == r->may_claim, "%s: claim", r->name);
	ck_assert_msg(vrrp_sync_fault_of(m, N, 0) == r->fault_of, "%s: fault", r->name);
	ck_assert_msg(vrrp_sync_state(m, N) == r->group, "%s: state", r->name);
}
END_TEST

static const struct {
	const char *name;
	enum vrrp_state leader, other;
	bool is_told;
	enum vrrp_event_kind event;
} follows[] = {
	{ "a master takes along", VRRP_ACTIVE, VRRP_BACKUP, true, VRRP_EV_GROUP_ACTIVE },
	{ "a backup takes along", VRRP_BACKUP, VRRP_ACTIVE, true, VRRP_EV_GROUP_BACKUP },
	{ "both are master", VRRP_ACTIVE, VRRP_ACTIVE, false, 0 },
	{ "both are backup", VRRP_BACKUP, VRRP_BACKUP, false, 0 },
	{ "a fault goes another way", VRRP_FAULT, VRRP_ACTIVE, false, 0 },
	{ "who is in fault stays so", VRRP_ACTIVE, VRRP_FAULT, false, 0 },
	{ "an end concerns only one", VRRP_INIT, VRRP_ACTIVE, false, 0 },
};

START_TEST(test_follow)
{
	struct vrrp_fsm a = { .state = follows[_i].leader }, b = { .state = follows[_i].other };
	struct vrrp_sync_member m[] = { { &a, true, false }, { &b, true, false } };
	enum vrrp_event_kind ev = follows[_i].event;

	ck_assert_msg(vrrp_sync_follow(m, 0, 1, &ev) == follows[_i].is_told, "%s",
		      follows[_i].name);
	ck_assert_msg(ev == follows[_i].event, "%s: event", follows[_i].name);
	ck_assert(!vrrp_sync_follow(m, 0, 0, &ev));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vrrp_sync");
	TCase *tc = tcase_create("vrrp_sync");

	tcase_add_loop_test(tc, test_rows, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, test_follow, 0, ARRAY_LEN(follows));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
