/* typed.c - rows of the statistics with the type of each value: `typed` and `json`. */
#include "stats/csv.h"

#include "stats/fields.h"

static const struct {
	enum stats_type type;
	char letter;
	const char *name;
} types[] = { { STATS_FRONTEND, 'F', "Frontend" },
	      { STATS_BACKEND, 'B', "Backend" },
	      { STATS_SERVER, 'S', "Server" },
	      { STATS_SOCKET, 'L', "Listener" } };

static size_t type_index(enum stats_type t)
{
	size_t i = 0;

	while (types[i].type != t)
		ASSERT(++i < ARRAY_LEN(types));
	return i;
}

/* "-" stands between two parts of the columns and has no number. */
static bool is_mark(size_t column)
{
	return stats_column_name(column)[0] == '-';
}

void stats_typed_row(const struct stats_row *row, bool has_desc, struct strbuf *out)
{
	char letter = types[type_index(row->type)].letter;
	unsigned pos = 0;

	for (size_t i = 0; i < stats_n_columns(); i++) {
		const struct field *f = stats_field(i, row->type == STATS_BACKEND);
		size_t start = out->len;

		if (is_mark(i))
			continue;
		strbuf_addf(out, "%c.%u.%u.%u.%s.1", letter, row->iid, row->sid, pos++, f->name);
		field_add_tags(f, out);
		if (!stats_column_value(row, i, out)) {
			out->len = start;
			out->p[start] = '\0';
			continue;
		}
		if (has_desc)
			strbuf_addf(out, ":\"%s\"", f->help);
		strbuf_addc(out, '\n');
	}
}

void stats_json_row(const struct stats_row *row, struct strbuf *out)
{
	const char *name = types[type_index(row->type)].name;
	struct strbuf value = { 0 };
	unsigned pos = 0;

	strbuf_addc(out, '[');
	for (size_t i = 0; i < stats_n_columns(); i++) {
		if (is_mark(i))
			continue;
		strbuf_clear(&value);
		pos++;
		if (!stats_column_value(row, i, &value))
			continue;
		strbuf_addf(out, "%s{\"objType\":\"%s\",\"proxyId\":%u,\"id\":%u,",
			    out->p[out->len - 1] == '[' ? "" : ",", name, row->iid, row->sid);
		field_add_json(stats_field(i, row->type == STATS_BACKEND), pos - 1,
			       strbuf_str(&value), out);
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
	out->failed |= value.failed;
	strbuf_fini(&value);
}
