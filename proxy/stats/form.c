/* form.c - what the buttons of the dashboard send. */
#include "stats/form.h"

#include <errno.h>
#include <stdlib.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode in place. 0 or -EINVAL. */
static int decode(char *z)
{
	char *out = z;

	for (; *z != '\0'; z++) {
		int c = (unsigned char)*z;

		if (c == '+')
			c = ' ';
		else if (c == '%') {
			int high = hex_value(z[1]), low = high < 0 ? -1 : hex_value(z[2]);

			c = high * 16 + low;
			if (low < 0 || c == 0)
				return -EINVAL;
			z += 2;
		}
		*out++ = (char)c;
	}
	*out = '\0';
	return 0;
}

static int take(struct form *f, const char *name, const char *value)
{
	if (strcmp(name, "s") == 0) {
		if (f->n_servers == FORM_MAX_SERVERS)
			return -EINVAL;
		f->servers[f->n_servers++] = value;
	} else if (strcmp(name, "action") == 0) {
		f->action = value;
	} else if (strcmp(name, "b") == 0) {
		f->backend = value;
	} else if (strcmp(name, "weight") == 0) {
		f->weight = value;
	}
	return 0;
}

int form_parse(struct form *f, struct str body)
{
	char *at, *pair;
	int r = 0;

	*f = (struct form){ .action = "", .backend = "", .weight = "" };
	if (body.len > 0 && memchr(body.p, '\0', body.len))
		return -EINVAL;
	f->text = malloc(body.len + 1);
	f->servers = calloc(FORM_MAX_SERVERS, sizeof(*f->servers));
	if (!f->text || !f->servers) {
		form_fini(f);
		return -ENOMEM;
	}
	if (body.len > 0)
		memcpy(f->text, body.p, body.len);
	f->text[body.len] = '\0';
	for (at = f->text; r == 0 && (pair = strsep(&at, "&")) != NULL;) {
		char *value = strchr(pair, '=');

		if (value)
			*value++ = '\0';
		else
			value = pair + strlen(pair);
		r = decode(pair);
		if (r == 0)
			r = decode(value);
		if (r == 0)
			r = take(f, pair, value);
	}
	if (r != 0)
		form_fini(f);
	return r;
}

void form_fini(struct form *f)
{
	free(f->text);
	free(f->servers);
	f->text = NULL;
	f->servers = NULL;
	f->n_servers = 0;
}
