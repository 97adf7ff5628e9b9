/* info.h - the values of `show info`. Control thread. */
#ifndef PROXY_INFO_H
#define PROXY_INFO_H

#include <tandem/str.h>

struct process;

/* "Key: value" lines in HAProxy 2.6's order. */
void info_lines(const struct process *p, struct strbuf *out);

#endif
