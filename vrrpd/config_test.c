/* config_test.c - `vrrpd -t`. */
#include "config_test.h"

#include <stdio.h>
#include <tandem/diag.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void print_advice(const struct diag *file, const struct diag *machine)
{
	diag_print_level(file, stderr, DIAG_WARNING);
	diag_print_level(file, stderr, DIAG_NOTICE);
	if (machine->n_warnings == 0)
		return;
	fputs("on this machine it would not start:\n", stderr);
	diag_print_level(machine, stderr, DIAG_WARNING);
}

static void print_verdict(const char *path, const struct diag *d, unsigned n_advice)
{
	if (d->n_errors) {
		fprintf(stderr, "vrrpd: %s: %u error%s", path, d->n_errors, plural(d->n_errors));
		if (n_advice)
			fprintf(stderr, ", %u piece%s of advice", n_advice, plural(n_advice));
		fputs("; nothing was started\n", stderr);
		return;
	}
	printf("%s: configuration file is valid", path);
	if (n_advice)
		printf(", %u piece%s of advice", n_advice, plural(n_advice));
	putchar('\n');
}

static void compare(const struct cfg *c, const char *path, const struct cfg_options *o,
		    struct diag *d)
{
	struct diag other;
	struct cfg *peer;

	diag_init(&other);
	peer = cfg_load(path, o, &other);
	if (peer)
		cfg_compare(c, peer, path, d);
	else
		diag_error(d, (struct diag_pos){ .file = path },
			   "the peer's file cannot be compared: it has %u error%s, or is absent",
			   other.n_errors, plural(other.n_errors));
	cfg_free(peer);
	diag_fini(&other);
}

int config_test(const char *path, const char *peer, const struct cfg_options *o)
{
	struct diag file, machine;
	unsigned n_advice, n_errors;
	struct cfg *c;

	diag_init(&file);
	diag_init(&machine);
	c = cfg_load(path, o, &file);
	if (c)
		cfg_check_machine(c, &machine);
	if (c && peer)
		compare(c, peer, o, &file);
	diag_demote(&machine);
	n_errors = file.n_errors;
	n_advice = file.n_warnings + file.n_notices + machine.n_warnings;
	if (n_errors)
		fputs("errors:\n", stderr);
	diag_print_level(&file, stderr, DIAG_ERROR);
	if (n_advice)
		fputs("advice:\n", stderr);
	print_advice(&file, &machine);
	print_verdict(path, &file, n_advice);
	cfg_free(c);
	diag_fini(&file);
	diag_fini(&machine);
	return n_errors ? 1 : 0;
}
