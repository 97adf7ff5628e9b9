/* cfg_dump.c - being written: prints nothing yet. */
#include "config/cfg_internal.h"
void cfg_dump(const struct cfg *c, struct strbuf *out)
{
	(void)c;
	(void)out;
}
void cfg_print_keywords(FILE *f)
{
	(void)f;
}
