/* fuzz_agent.c - the line of an agent: what is taken from it lies in it, numbers are in their
 * ranges, and a second reading says the same. */
#include "health/agent.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct str part, const char *p, size_t size)
{
	if (part.len > 0)
		ASSERT(part.p >= p && part.p + part.len <= p + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1); /* exact, so that ASan sees one byte too far */
	struct agent_reply r, again;

	memcpy(copy, data, size);
	agent_parse((struct str){ copy, size }, &r);
	check_within(r.state_word, copy, size);
	check_within(r.about, copy, size);
	ASSERT(r.weight_percent >= -1 && r.weight_percent <= 25600);
	ASSERT(r.maxconn >= -1 && r.maxconn <= INT32_MAX);
	ASSERT((r.state == AGENT_STATE_NONE) == (r.state_word.len == 0));
	agent_parse((struct str){ copy, size }, &again);
	ASSERT(r.admin == again.admin && r.state == again.state && r.maxconn == again.maxconn);
	free(copy);
	return 0;
}
