/* sim.c - many seeded schedules of a virtual LAN: sim [--seeds N] [--first SEED] [--seed SEED].
 *
 * Exit status 1 when a promise was broken; --seed runs one schedule and prints it. */
#include <stdlib.h>

#include "lan.h"

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

int main(int argc, char **argv)
{
	static struct lan l;
	uint64_t first = 1, n = 100000, n_bad = 0;

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--seed") == 0)
			return *lan_run(&l, number(value), stdout) != '\0';
		if (strcmp(argv[i], "--seeds") == 0) {
			n = number(value);
		} else if (strcmp(argv[i], "--first") == 0) {
			first = number(value);
		} else {
			fprintf(stderr, "usage: sim [--seeds N] [--first SEED] [--seed SEED]\n");
			return 2;
		}
		i++;
	}
	for (uint64_t seed = first; seed < first + n; seed++) {
		const char *why = lan_run(&l, seed, NULL);

		if (!*why)
			continue;
		printf("seed %" PRIu64 ": %s\n", seed, why);
		if (++n_bad == 10)
			break;
	}
	printf("%" PRIu64 " schedules from seed %" PRIu64 " on, %" PRIu64 " broken\n", n, first,
	       n_bad);
	return n_bad != 0;
}
