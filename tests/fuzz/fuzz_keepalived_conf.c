/* fuzz_keepalived_conf.c - any text as keepalived.conf; what is accepted is dumped, and the dump
 * must parse to itself. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void dump_again(const struct cfg *c)
{
	struct strbuf one = { 0 }, two = { 0 };
	struct diag d;
	struct cfg *again;

	diag_init(&d);
	cfg_dump(c, &one);
	again = cfg_load_text("dump", str_from(strbuf_str(&one)), NULL, &d);
	if (!again)
		diag_print(&d, stderr, DIAG_ERROR);
	ASSERT(again);
	cfg_dump(again, &two);
	ASSERT(strcmp(strbuf_str(&one), strbuf_str(&two)) == 0);
	cfg_free(again);
	strbuf_fini(&one);
	strbuf_fini(&two);
	diag_fini(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct diag d;
	struct cfg *c;

	/* no NUL bytes, as lexer_read_file promises; no files of this machine */
	if ((size && memchr(data, '\0', size)) || (size && memmem(data, size, "include", 7)))
		return 0;
	diag_init(&d);
	c = cfg_load_text("fuzz.conf", text, NULL, &d);
	ASSERT((c == NULL) == (d.n_errors > 0));
	if (c)
		dump_again(c);
	cfg_free(c);
	diag_fini(&d);
	return 0;
}
