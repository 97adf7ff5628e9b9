/* fuzz_form.c - forms for the dashboard: whatever is accepted is text within the limits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stats/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	struct form f;

	memcpy(copy, data, size);
	if (form_parse(&f, (struct str){ copy, size }) == 0) {
		size_t total = strlen(f.action) + strlen(f.backend) + strlen(f.weight);

		if (f.n_servers > FORM_MAX_SERVERS || total > 3 * size)
			abort();
		for (unsigned i = 0; i < f.n_servers; i++)
			if (strlen(f.servers[i]) > size)
				abort();
		form_fini(&f);
	}
	free(copy);
	return 0;
}
