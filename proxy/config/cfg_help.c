/* cfg_help.c - the list of all keywords, made from the tables. */
#include "config/cfg_internal.h"

static void print_sections(FILE *f, unsigned sections)
{
	static const enum cfg_section all[] = { SEC_GLOBAL,   SEC_DEFAULTS, SEC_FRONTEND,
						SEC_LISTEN,   SEC_BACKEND,  SEC_HTTP_ERRORS,
						SEC_RESOLVERS };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (sections & all[i])
			fprintf(f, " %s", cfg_section_name(all[i]));
}

static void print_params(FILE *f, const char *title, const struct param *params)
{
	fprintf(f, "\n%s:\n", title);
	for (const struct param *pm = params; pm->name; pm++)
		fprintf(f, "    %s%s%s\n        %s\n", pm->name, pm->usage[0] ? " " : "", pm->usage,
			pm->help);
}

static void print_fetches(FILE *f, const struct sample_fetch *t)
{
	for (; t->name; t++)
		fprintf(f, "    %s%s\n        %s\n", t->name, t->usage, t->help);
}

static void print_samples(FILE *f)
{
	fprintf(f, "\nCriteria of 'acl' (fetches):\n");
	print_fetches(f, sample_fetches);
	print_fetches(f, sample_http_fetches);
	fprintf(f, "\nCriteria that imply a matching method:\n   ");
	for (const struct acl_keyword *k = acl_keywords; k->name; k++)
		fprintf(f, " %s", k->name);
	fprintf(f, "\n\nMatching methods (-m):\n   ");
	for (unsigned m = 0; m < PATTERN_N_METHODS; m++)
		fprintf(f, " %s", pattern_method_names[m]);
	fprintf(f, "\n\nConverters:\n");
	for (const struct sample_conv *c = sample_convs; c->name; c++)
		fprintf(f, "    %s%s\n        %s\n", c->name, c->usage, c->help);
	fprintf(f, "\nPredefined acls:\n   ");
	for (const struct acl_predefined *a = acl_predefined; a->name; a++)
		fprintf(f, " %s", a->name);
	fputc('\n', f);
}

void cfg_print_keywords(FILE *f)
{
	for (size_t t = 0; t < CFG_N_TABLES; t++) {
		for (const struct keyword *kw = cfg_tables[t]; kw->name; kw++) {
			const char *no = (kw->flags & KW_NO) ? "[no] " : "";

			fprintf(f, "%s%s%s%s\n    %s; in:", no, kw->name, kw->usage[0] ? " " : "",
				kw->usage, kw->help);
			print_sections(f, kw->sections);
			fputc('\n', f);
		}
	}
	print_params(f, "Parameters of 'bind'", cfg_bind_params);
	print_params(f, "Parameters of 'server' and 'default-server'", cfg_server_params);
	print_params(f, "Parameters of 'stats socket'", cfg_socket_params);
	print_samples(f);
}
