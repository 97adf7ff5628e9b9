/* html.h - text inside of HTML and JSON, with everything that would end it escaped. */
#ifndef TANDEM_HTML_H
#define TANDEM_HTML_H

#include <tandem/str.h>

/* For text and for attributes in double quotes. */
void html_add(struct strbuf *out, struct str s);
void html_addz(struct strbuf *out, const char *z);
/* A span of seconds: "59s", "4m3s", "2h5m", "3d4h". */
void html_add_duration(struct strbuf *out, int64_t s);
/* A string of JSON (RFC 8259), with its quotes; '<' is escaped too, so that it can stand in HTML.
 */
void json_add(struct strbuf *out, struct str s);

#endif
