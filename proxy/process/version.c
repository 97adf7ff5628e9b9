/* version.c - what -v and -vv print. */
#include "process/version.h"

#include <ev.h>
#include <http_parser.h>

#include <tandem/util.h>

#include "config/cfg_expr.h"
#include "config/cfg_parse.h"

void version_print(FILE *f)
{
	fprintf(f,
		"Tandem proxyd version %s\n"
		"Reads HAProxy 2.6 configuration files.\n",
		TANDEM_VERSION);
}

void version_print_full(FILE *f)
{
	unsigned long hp = http_parser_version();

	version_print(f);
	fprintf(f,
		"\nBuild options :\n"
		"  COMPILER = %s\n"
		"  LIBEV    = %d.%d\n"
		"  PARSER   = http-parser %lu.%lu.%lu\n"
		"\nFeature list :",
		__VERSION__, ev_version_major(), ev_version_minor(), (hp >> 16) & 255,
		(hp >> 8) & 255, hp & 255);
	for (const struct cfg_feature *x = cfg_features; x->name; x++)
		fprintf(f, " %c%s", x->is_there ? '+' : '-', x->name);
	fprintf(f, "\n\nSupported keywords :\n");
	cfg_print_keywords(f);
}
