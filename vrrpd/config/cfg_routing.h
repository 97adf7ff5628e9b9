/* cfg_routing.h - what the readers of routes and of rules share. */
#ifndef VRRPD_CFG_ROUTING_H
#define VRRPD_CFG_ROUTING_H

#include "config/cfg_keyword.h"

/* A number (decimal, 0x..., 0...) up to max, or a name that the system's file knows; kind is one of
 * the words of the error text. False after an error was reported. */
enum cfg_names { NAMES_TABLE, NAMES_PROTOCOL, NAMES_REALM, NAMES_DSFIELD };
bool cfg_get_named(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, enum cfg_names names,
		   int64_t max, uint32_t *out);
/* A number without names. */
bool cfg_get_number(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int64_t max,
		    uint32_t *out);
/* FROM/TO or TO; each a number or a name of rt_realms. */
bool cfg_get_realms(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, unsigned *out);
/* The words of a statement with one blank between them. NULL after an error: a word that would
 * need quotes has no place in a route or rule. */
const char *cfg_words_text(struct cfg_parser *p, const struct cfg_stmt *s);
/* Is there a word behind word i? An error says what is missing. */
bool cfg_has_value(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i);
/* Read one line and put it at the end of the list. */
void cfg_add_route(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_route **list);
void cfg_add_rule(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_rule **list);

#endif
