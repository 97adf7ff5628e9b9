/* version.h - what -v and -vv print. */
#ifndef PROXY_VERSION_H
#define PROXY_VERSION_H

#include <stdio.h>

void version_print(FILE *f);
/* Build options, features, keywords. */
void version_print_full(FILE *f);

#endif
