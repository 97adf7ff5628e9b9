/* http_rules.h - http-request rules: what they do to a stream, in the order of the file. */
#ifndef PROXY_HTTP_RULES_H
#define PROXY_HTTP_RULES_H

struct cfg_rule;
struct h1_head;
struct stream;

/* Run the rules of a frontend, or of a backend, on a request. */
void http_request_rules(struct stream *st, const struct cfg_rule *rules, const struct h1_head *h);

#endif
