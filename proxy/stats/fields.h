/* fields.h - what a value of the statistics is, for `typed`, `desc` and `json`. Pure. */
#ifndef PROXY_FIELDS_H
#define PROXY_FIELDS_H

#include <tandem/str.h>

/* Four letters and a type, as in "MCPu64": origin (Metric, Status, Key, Config, Product), nature
 * (Gauge, Limit, miN.., see field_natures), scope (Process, Service, ...), then u32, u64, s32 or
 * str. */
struct field {
	const char *name, *tags, *help;
};

/* ":MCP:u64:" between name and value of a typed line. */
void field_add_tags(const struct field *f, struct strbuf *out);
/* `"field":{"pos":1,"name":"x"},"processNum":1,"tags":{..},"value":{"type":"u64","value":5}` */
void field_add_json(const struct field *f, unsigned pos, const char *value, struct strbuf *out);

/* Columns of `show stat`, in the order of stats_column_name() without the "-". */
const struct field *stats_field(size_t column, bool is_backend);

#endif
