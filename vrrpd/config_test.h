/* config_test.h - `vrrpd -t`: says whether a configuration is good, and nothing else. */
#ifndef VRRPD_CONFIG_TEST_H
#define VRRPD_CONFIG_TEST_H

struct cfg_options;

/* Reads and checks the file. A good one: one line on standard output, returns 0; advice, if there
 * is any, goes to standard error before it. A bad one: all errors, then all advice on standard
 * error, returns 1. That this machine lacks something is advice: the file may be for another one.
 * peer: the file of the other router, to compare with, or NULL. */
int config_test(const char *path, const char *peer, const struct cfg_options *o);

#endif
