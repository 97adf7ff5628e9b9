/* info.h - the values of `show info`. Control thread. */
#ifndef PROXY_INFO_H
#define PROXY_INFO_H

#include <tandem/str.h>

struct process;

enum info_format { INFO_TYPED = 1, INFO_WITH_DESC = 2, INFO_AS_JSON = 4 };

/* "Key: value" lines in HAProxy 2.6's order, or what the mask of info_format says. */
void info_add(const struct process *p, unsigned format, struct strbuf *out);

#endif
