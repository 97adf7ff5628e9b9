/* test_guardian.c - the parent process with workers that we play: what it does when they die,
 * freeze, fail to start, or are asked to stop. */
#include "guardian.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/ip.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <tandem/clock.h>
#include <unistd.h>

#include "../../lib/unit.h"
#include "board.h"
#include "netns.h"
#include "vrrp_packet.h"

/* Shared between the test, the guardian and its workers. */
static struct scene {
	_Atomic int n_starts, n_ready, n_checks, pid;
	_Atomic int hangs_up; /* the worker saw the guardian's end */
	int fails_to_start;
	int64_t frozen_after_us;
} * scene;
static struct board *board;
static int tap = -1; /* hears VRRP on veth1 */

static int worker(void *arg, int guardian_fd)
{
	struct vip_nl nl = { 0 };
	struct vip v = { .ifindex = netns_ifindex("veth0"), .prefix_len = 32 };
	struct net_dest to = { .ifindex = v.ifindex };
	struct board_plan plan;
	struct board_instance *bi;
	char byte;

	(void)arg;
	scene->n_starts++;
	if (scene->fails_to_start)
		return 1;
	signal(SIGTERM, SIG_DFL);
	if (addr_parse_ip(STR("10.9.0.100"), &v.addr) || addr_parse_ip(STR("10.9.0.1"), &to.src) ||
	    addr_parse_ip(STR("224.0.0.18"), &to.dst) || vip_nl_open(&nl))
		return 2;
	board_plan_begin(&plan, board, 1);
	bi = board_plan_add(&plan, "VI_1");
	bi->frozen_after_us = scene->frozen_after_us;
	board_plan_vips(&plan, bi, &v, 1);
	board_plan_packet(&plan, bi, &to, "goodbye!", 8);
	if (board_plan_commit(&plan))
		return 3;
	atomic_store(&bi->is_active, 1);
	if (vip_set(&nl, &v, 1, 60, NULL) || write(guardian_fd, "R", 1) != 1)
		return 4;
	scene->pid = getpid();
	for (;;) {
		ssize_t n;

		atomic_store(&board->heartbeat_us, clock_mono_us());
		n = read(guardian_fd, &byte, 1);
		if (n == 0) {
			scene->hangs_up = 1;
			return 0;
		}
		netns_nap_ms(5);
	}
}

static bool check(void *arg)
{
	(void)arg;
	return ++scene->n_checks > 1; /* the first file is bad */
}

static void ready(void *arg)
{
	(void)arg;
	scene->n_ready++;
}

static void set_up(void)
{
	netns_enter();
	scene = mmap(NULL, sizeof(*scene), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	scene->frozen_after_us = 10 * US_PER_S;
	board = board_new();
	ck_assert_ptr_nonnull(board);
	tap = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, VRRP_PROTO);
	ck_assert_int_ge(tap, 0);
	netns_sh(
		"for i in all veth1; do echo 0 > /proc/sys/net/ipv4/conf/$i/rp_filter; echo 1 > "
		"/proc/sys/net/ipv4/conf/$i/accept_local; done; ip addr add 10.9.0.2/32 dev veth1");
	struct ip_mreqn m = { .imr_multiaddr.s_addr = htonl(0xe0000012),
			      .imr_ifindex = (int)netns_ifindex("veth1") };
	ck_assert_int_eq(setsockopt(tap, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)), 0);
}

static pid_t start(void)
{
	struct guardian_params p = { .worker = worker, .check = check, .ready = ready };
	pid_t pid;

	set_up();
	p.board = board;
	pid = fork();
	if (pid == 0)
		_exit(guardian_run(&p));
	return pid;
}

#define WAIT_UNTIL(cond)                                                                           \
	do {                                                                                       \
		int64_t end_ = clock_mono_us() + 5 * US_PER_S;                                     \
		while (!(cond)) {                                                                  \
			ck_assert_msg(clock_mono_us() < end_, "never: " #cond);                    \
			netns_nap_ms(2);                                                           \
		}                                                                                  \
	} while (0)

static bool holds(void)
{
	return netns_has_addr("veth0", "10.9.0.100");
}

static bool heard_goodbye(void)
{
	uint8_t buf[256];
	ssize_t n = recv(tap, buf, sizeof(buf), MSG_DONTWAIT);

	return n == 28 && memcmp(buf + 20, "goodbye!", 8) == 0;
}

static int end_of(pid_t pid)
{
	int status, got = 0;

	WAIT_UNTIL((got = waitpid(pid, &status, WNOHANG)) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

START_TEST(a_dead_worker_loses_its_addresses_and_is_replaced)
{
	pid_t pid = start();
	int first;

	WAIT_UNTIL(scene->n_ready == 1 && holds());
	first = scene->pid;
	kill(first, SIGKILL);
	WAIT_UNTIL(heard_goodbye());
	WAIT_UNTIL(scene->n_starts == 2 && scene->pid != first);
	WAIT_UNTIL(holds());
	ck_assert_int_eq(scene->n_ready, 1); /* told once */
	kill(pid, SIGTERM);
	ck_assert_int_eq(end_of(pid), 0);
	ck_assert(!holds());
}
END_TEST

START_TEST(a_frozen_worker_loses_its_addresses_and_is_told)
{
	struct board_instance *bi;
	pid_t pid = start();

	scene->frozen_after_us = 200 * US_PER_MS;
	WAIT_UNTIL(scene->n_ready == 1 && holds());
	/* The worker may have read the limit before we set it: set it where it counts. */
	bi = &board_current(board)->instances[0];
	bi->frozen_after_us = 200 * US_PER_MS;
	kill(scene->pid, SIGSTOP);
	WAIT_UNTIL(heard_goodbye());
	ck_assert(!holds());
	ck_assert_uint_eq(atomic_load(&bi->is_revoked), 1);
	ck_assert_int_eq(scene->n_starts, 1); /* not replaced */
	netns_nap_ms(300);
	ck_assert(!heard_goodbye()); /* said once */
	kill(pid, SIGTERM);
	kill(scene->pid, SIGCONT);
	ck_assert_int_eq(end_of(pid), 0);
}
END_TEST

START_TEST(a_worker_that_cannot_start_ends_the_daemon)
{
	struct guardian_params p = { .worker = worker, .check = check, .ready = ready };

	set_up();
	scene->fails_to_start = 1;
	p.board = board;
	ck_assert_int_eq(guardian_run(&p), 1);
	ck_assert_int_eq(scene->n_starts, 1);
	ck_assert_int_eq(scene->n_ready, 0);
}
END_TEST

START_TEST(the_worker_sees_the_guardians_death)
{
	pid_t pid = start();

	WAIT_UNTIL(scene->n_ready == 1);
	kill(pid, SIGKILL);
	WAIT_UNTIL(scene->hangs_up);
	(void)end_of(pid);
}
END_TEST

START_TEST(sighup_reaches_the_worker_only_with_a_good_file)
{
	pid_t pid = start();
	int first;

	WAIT_UNTIL(scene->n_ready == 1);
	first = scene->pid;
	kill(pid, SIGHUP);
	WAIT_UNTIL(scene->n_checks == 1);
	netns_nap_ms(50);
	ck_assert_int_eq(kill(first, 0), 0); /* SIGHUP would have killed our worker */
	kill(pid, SIGHUP);
	WAIT_UNTIL(scene->n_checks == 2 && scene->pid != first);
	kill(pid, SIGTERM);
	ck_assert_int_eq(end_of(pid), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guardian");
	TCase *tc = tcase_create("processes");

	if (!netns_is_possible())
		return NETNS_SKIP;
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, a_dead_worker_loses_its_addresses_and_is_replaced);
	tcase_add_test(tc, a_frozen_worker_loses_its_addresses_and_is_told);
	tcase_add_test(tc, a_worker_that_cannot_start_ends_the_daemon);
	tcase_add_test(tc, the_worker_sees_the_guardians_death);
	tcase_add_test(tc, sighup_reaches_the_worker_only_with_a_good_file);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
