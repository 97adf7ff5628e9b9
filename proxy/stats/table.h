/* table.h - the rows of the dashboard's tables: one formatter for the page and for what the live
 * updates replace in it. */
#ifndef PROXY_STATS_TABLE_H
#define PROXY_STATS_TABLE_H

#include <tandem/str.h>

struct stats_row;

/* The two lines of headings. */
void table_add_head(struct strbuf *out, bool has_boxes);
/* All cells of a row but its first one, the name. */
void table_add_cells(struct strbuf *out, const struct stats_row *row);
/* The row's identification in the page: "5.1". buf: 24 bytes. */
const char *table_row_id(const struct stats_row *row, char buf[24]);
/* The CSS class of a state: up, down, wait (between them, or drained), maint, idle (not checked).
 */
const char *table_state_class(const struct stats_row *row);

#endif
