/* sim.c - many seeded schedules of a virtual LAN.
 *
 *   sim [--seeds N] [--first SEED] [--jobs N]    as many schedules; exit status 1 when a promise
 * was broken sim --seed SEED [--whole]                    one, told; a broken one is shrunk first,
 * unless --whole
 *
 * What is broken is printed with its seed, and the first of them as a schedule that was made as
 * short as it gets. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lan.h"

#define MAX_BAD  10
#define MAX_JOBS 64

static struct lan l;

static uint64_t number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);

	if (*end || !*text) {
		fprintf(stderr, "sim: '%s' is not a number\n", text);
		exit(2);
	}
	return v;
}

/* Print one schedule, shrunk if it is broken. Returns the exit status. */
static int tell(uint64_t seed, bool is_whole)
{
	static bool skip[LAN_MAX_TROUBLES];
	unsigned left;

	if (is_whole || !*lan_run(&l, seed, NULL))
		return *lan_run(&l, seed, stdout) != '\0';
	left = lan_shrink(&l, seed, skip);
	printf("seed %" PRIu64 ", shrunk to %u of %u troubles:\n", seed, left, l.n_troubles);
	(void)lan_run_without(&l, seed, stdout, skip);
	return 1;
}

/* The part of the schedules that job `job` of `jobs` does. Returns how many are broken. */
static uint64_t run_part(uint64_t first, uint64_t n, unsigned job, unsigned jobs)
{
	uint64_t n_bad = 0;

	for (uint64_t seed = first + job; seed < first + n && n_bad < MAX_BAD; seed += jobs) {
		const char *why = lan_run(&l, seed, NULL);

		if (!*why)
			continue;
		printf("seed %" PRIu64 ": %s\n", seed, why);
		fflush(stdout); /* an assertion while it is shrunk must not hide it */
		if (n_bad++ == 0)
			tell(seed, false);
		fflush(stdout);
	}
	return n_bad;
}

static uint64_t run_all(uint64_t first, uint64_t n, unsigned jobs)
{
	uint64_t *bad = mmap(NULL, MAX_JOBS * sizeof(*bad), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0),
		 n_bad = 0;
	int status;

	if (bad == MAP_FAILED || jobs == 1)
		return run_part(first, n, 0, 1);
	for (unsigned job = 0; job < jobs; job++) {
		pid_t pid = fork();

		if (pid == 0) {
			bad[job] = run_part(first, n, job, jobs);
			_exit(0);
		}
		if (pid < 0)
			bad[job] = 1;
	}
	while (wait(&status) > 0)
		n_bad += !WIFEXITED(status); /* an ASSERT */
	for (unsigned job = 0; job < jobs; job++)
		n_bad += bad[job];
	return n_bad;
}

int main(int argc, char **argv)
{
	uint64_t first = 1, n = 100000, n_bad, jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	int64_t start_us = clock_mono_us();

	for (int i = 1; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--seed") == 0)
			return tell(number(value), i + 2 < argc);
		if (strcmp(argv[i], "--seeds") == 0) {
			n = number(value);
		} else if (strcmp(argv[i], "--first") == 0) {
			first = number(value);
		} else if (strcmp(argv[i], "--jobs") == 0) {
			jobs = number(value);
		} else {
			fprintf(stderr,
				"usage: sim [--seeds N] [--first SEED] [--jobs N] | --seed SEED "
				"[--whole]\n");
			return 2;
		}
	}
	n_bad = run_all(first, n, (unsigned)MIN(MAX(jobs, (uint64_t)1), (uint64_t)MAX_JOBS));
	printf("%" PRIu64 " schedules from seed %" PRIu64 " on, %" PRIu64 " broken (%.1f s)\n", n,
	       first, n_bad, (double)(clock_mono_us() - start_us) / US_PER_S);
	return n_bad != 0;
}
