/* fuzz_pair.c - vrrpd's answers on the dashboard: no text of theirs becomes markup. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stats/pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf out = { 0 };
	const struct str answer = { (const char *)data, size };

	pair_render(&out, answer, answer);
	if (strstr(strbuf_str(&out), "<script") != NULL)
		abort();
	strbuf_fini(&out);
	return 0;
}
