/* cfg_source.c - reading the system, recording it, replaying it. */
#include "config/cfg_source.h"

#include <ares.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include <tandem/clock.h>
#include <tandem/daemon.h>
#include <tandem/lexer.h>

#define MAX_WAIT_US (5 * US_PER_S) /* for names that fail, together */

enum kind { KIND_FILE, KIND_DIRECTORY, KIND_USER, KIND_GROUP, KIND_HOST };

/* Before its two texts in a record; made and read on one machine. */
struct answer {
	uint32_t kind;
	int32_t rc;
	uint32_t key_len, value_len;
};

struct ids {
	uid_t uid;
	gid_t gid;
};

static struct strbuf *recording;
static struct str replaying;

static bool names_may_fail;

void cfg_source_let_names_fail(void)
{
	names_may_fail = true;
}

bool cfg_source_names_may_fail(void)
{
	return names_may_fail;
}

void cfg_source_record(struct strbuf *out)
{
	recording = out;
}

void cfg_source_replay(struct str record)
{
	replaying = record;
}

static void record(enum kind kind, const char *key, int rc, const void *value, size_t len)
{
	struct answer a = { .kind = (uint32_t)kind,
			    .rc = rc,
			    .key_len = (uint32_t)strlen(key),
			    .value_len = rc == 0 ? (uint32_t)len : 0 };

	if (recording == NULL)
		return;
	strbuf_add(recording, &a, sizeof(a));
	strbuf_add(recording, key, a.key_len);
	strbuf_add(recording, value, a.value_len);
}

/* value points into the record. */
static int replay(enum kind kind, const char *key, struct str *value)
{
	size_t at = 0;
	struct answer a;

	while (replaying.len - at >= sizeof(a)) {
		struct str k;

		memcpy(&a, replaying.p + at, sizeof(a));
		at += sizeof(a);
		if ((uint64_t)a.key_len + a.value_len > replaying.len - at)
			break;
		k = (struct str){ replaying.p + at, a.key_len };
		*value = (struct str){ k.p + k.len, a.value_len };
		at += (size_t)a.key_len + a.value_len;
		if (a.kind == (uint32_t)kind && str_eq(k, str_from(key)))
			return a.rc;
	}
	return -ENOENT;
}

int cfg_source_read(const char *path, struct arena *a, struct str *out)
{
	struct str text;
	int rc;

	if (replaying.len == 0) {
		rc = lexer_read_file(path, a, out);
		record(KIND_FILE, path, rc, rc == 0 ? out->p : NULL, rc == 0 ? out->len : 0);
		return rc;
	}
	rc = replay(KIND_FILE, path, &text);
	if (rc == 0)
		*out = arena_str(a, text);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_directory(const char *path, struct strbuf *out)
{
	char **names = NULL;
	size_t n = 0, cap = 0;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return -errno;
	for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (e->d_name[0] == '.' || !str_ends_with(str_from(e->d_name), STR(".cfg")))
			continue;
		if (n == cap) {
			cap = cap > 0 ? 2 * cap : 16;
			names = xrealloc(names, cap * sizeof(*names));
		}
		names[n++] = xstrdup(e->d_name);
	}
	closedir(dir);
	if (n > 1)
		qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++) {
		strbuf_add(out, names[i], strlen(names[i]) + 1);
		free(names[i]);
	}
	free(names);
	return 0;
}

int cfg_source_list(const char *path, struct arena *a, struct str *names)
{
	struct strbuf list = { 0 };
	struct str text;
	int rc;

	if (replaying.len == 0) {
		rc = list_directory(path, &list);
		record(KIND_DIRECTORY, path, rc, list.p, list.len);
		if (rc == 0)
			*names = arena_str(a, (struct str){ list.p, list.len });
		strbuf_fini(&list);
		return rc;
	}
	rc = replay(KIND_DIRECTORY, path, &text);
	if (rc == 0)
		*names = arena_str(a, text);
	return rc;
}

static int lookup(enum kind kind, const char *name, struct ids *ids)
{
	struct str value;
	int rc;

	if (replaying.len == 0) {
		rc = kind == KIND_USER ? daemon_lookup_user(name, &ids->uid, &ids->gid)
				       : daemon_lookup_group(name, &ids->gid);
		record(kind, name, rc, ids, sizeof(*ids));
		return rc;
	}
	rc = replay(kind, name, &value);
	if (rc == 0 && value.len == sizeof(*ids))
		memcpy(ids, value.p, sizeof(*ids));
	return rc;
}

int cfg_source_user(const char *name, uid_t *uid, gid_t *gid)
{
	struct ids ids = { 0 };
	int rc = lookup(KIND_USER, name, &ids);

	if (rc == 0 && uid != NULL)
		*uid = ids.uid;
	if (rc == 0 && gid != NULL)
		*gid = ids.gid;
	return rc;
}

int cfg_source_group(const char *name, gid_t *gid)
{
	struct ids ids = { 0 };
	int rc = lookup(KIND_GROUP, name, &ids);

	if (rc == 0)
		*gid = ids.gid;
	return rc;
}

static int resolve(const char *host, int family, struct addr *out)
{
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(host, NULL, &hints, &list);

	if (rc != 0)
		return rc;
	rc = EAI_NONAME;
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
			continue;
		memset(out, 0, sizeof(*out));
		memcpy(&out->sa, ai->ai_addr, ai->ai_addrlen);
		out->len = ai->ai_addrlen;
		rc = 0;
		break;
	}
	freeaddrinfo(list);
	return rc;
}

/* What /etc/hosts says. */
static int resolve_by_hosts(const char *host, int family, struct addr *out)
{
	const int families[] = { family == AF_INET6 ? AF_INET6 : AF_INET,
				 family == AF_INET ? AF_INET : AF_INET6 };
	struct hostent *found = NULL;
	ares_channel channel;

	if (ares_init(&channel) != ARES_SUCCESS)
		return EAI_AGAIN;
	for (size_t i = 0; found == NULL && i < ARRAY_LEN(families); i++)
		if (ares_gethostbyname_file(channel, host, families[i], &found) != ARES_SUCCESS)
			found = NULL;
	ares_destroy(channel);
	if (found == NULL)
		return EAI_AGAIN;
	memset(out, 0, sizeof(*out));
	out->sa.sa_family = (sa_family_t)found->h_addrtype;
	if (found->h_addrtype == AF_INET) {
		memcpy(&out->in.sin_addr, found->h_addr_list[0], sizeof(out->in.sin_addr));
		out->len = sizeof(out->in);
	} else {
		memcpy(&out->in6.sin6_addr, found->h_addr_list[0], sizeof(out->in6.sin6_addr));
		out->len = sizeof(out->in6);
	}
	ares_free_hostent(found);
	return 0;
}

static bool is_reload;

void cfg_source_set_reload(bool reload)
{
	is_reload = reload;
}

/* Silent name servers make libc wait for seconds, for each name anew. */
static int resolve_patiently(const char *host, int family, struct addr *out)
{
	static int64_t waited_us;
	int64_t start_us = clock_mono_us();
	int rc;

	if (waited_us > MAX_WAIT_US)
		return EAI_AGAIN;
	rc = resolve(host, family, out);
	if (rc != 0)
		waited_us += clock_mono_us() - start_us;
	return rc;
}

static int ask(const char *host, int family, struct addr *out,
	       int (*fn)(const char *, int, struct addr *))
{
	char key[NI_MAXHOST + 16];
	struct addr a = { 0 };
	struct str value;
	int rc;

	snprintf(key, sizeof(key), "%d %s", family, host);
	if (replaying.len == 0) {
		rc = fn(host, family, &a);
		record(KIND_HOST, key, rc, &a, sizeof(a));
	} else {
		rc = replay(KIND_HOST, key, &value);
		if (rc == -ENOENT || (rc == 0 && value.len != sizeof(a)))
			rc = EAI_NONAME;
		else if (rc == 0)
			memcpy(&a, value.p, sizeof(a));
	}
	if (rc == 0)
		*out = a;
	return rc;
}

int cfg_source_resolve(const char *host, int family, struct addr *out)
{
	return ask(host, family, out, resolve);
}

int cfg_source_resolve_soon(const char *host, int family, struct addr *out, bool *is_asked)
{
	*is_asked = !is_reload;
	return ask(host, family, out, is_reload ? resolve_by_hosts : resolve_patiently);
}
