/* store.c - reports of drills in their directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tandem/ctl_client.h>
#include <unistd.h>

#include "drill.h"
#include "report.h"

#define KEPT 100 /* drills */

/* Whole, or not at all: written beside and renamed. */
static int write_file(int dir, const char *id, const char *suffix, const struct strbuf *content)
{
	char name[64], temp[72];
	size_t done = 0;
	int fd, err = 0;

	snprintf(name, sizeof(name), "%s.%s", id, suffix);
	snprintf(temp, sizeof(temp), ".%s.new", name);
	if (content->failed)
		return -ENOMEM;
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	while (!err && done < content->len) {
		ssize_t n = write(fd, content->p + done, content->len - done);

		if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n > 0)
			done += (size_t)n;
	}
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && renameat(dir, temp, dir, name) < 0)
		err = -errno;
	if (err)
		(void)unlinkat(dir, temp, 0);
	return err;
}

static int is_summary(const struct dirent *e)
{
	return str_ends_with(str_from(e->d_name), STR(".json")) && e->d_name[0] != '.';
}

static void forget_old(int dir, const char *path)
{
	static const char *const suffixes[] = { "json", "html", "jsonl" };
	struct dirent **all;
	int n = scandir(path, &all, is_summary, alphasort);

	for (int i = 0; i < n; i++) {
		size_t stem = strlen(all[i]->d_name) - strlen("json");

		for (size_t k = 0; i < n - KEPT && k < ARRAY_LEN(suffixes); k++) {
			char name[300];

			snprintf(name, sizeof(name), "%.*s%s", (int)stem, all[i]->d_name,
				 suffixes[k]);
			(void)unlinkat(dir, name, 0);
		}
		free(all[i]);
	}
	if (n >= 0)
		free(all);
}

int store_report(const char *path, const struct drill_report *d)
{
	struct strbuf text = { 0 };
	json_t *o = report_json(d);
	char *json = o ? json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) : NULL;
	int dir, err;

	json_decref(o);
	if (!json)
		return -ENOMEM;
	if (mkdir(path, 0755) < 0 && errno != EEXIST) {
		free(json);
		return -errno;
	}
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = dir < 0 ? -errno : 0;
	if (!err) {
		record_encode(&d->record, &text);
		err = write_file(dir, d->id, "jsonl", &text);
	}
	if (!err) {
		strbuf_clear(&text);
		report_html(d, &text);
		err = write_file(dir, d->id, "html", &text);
	}
	if (!err) { /* last: it is what the history looks for */
		strbuf_clear(&text);
		strbuf_addf(&text, "%s\n", json);
		err = write_file(dir, d->id, "json", &text);
	}
	if (!err)
		forget_old(dir, path);
	if (dir >= 0)
		close(dir);
	strbuf_fini(&text);
	free(json);
	return err;
}

static void add_row(struct ctl_table *t, const json_t *o)
{
	const json_t *outage = json_object_get(o, "outage_ms"),
		     *target = json_object_get(o, "target_ms");
	const char *id = json_string_value(json_object_get(o, "id"));
	const char *instance = json_string_value(json_object_get(o, "instance"));
	const char *verdict = json_string_value(json_object_get(o, "verdict"));

	ctl_table_add(t, str_from(id ? id : "-"));
	ctl_table_add(t, str_from(instance ? instance : "-"));
	ctl_table_add(t, str_from(verdict ? verdict : "-"));
	json_is_number(outage) ? ctl_table_addf(t, "%.1f", json_number_value(outage))
			       : ctl_table_add(t, STR("-"));
	json_is_number(target) ? ctl_table_addf(t, "%.1f", json_number_value(target))
			       : ctl_table_add(t, STR("-"));
}

int store_history(const char *path, bool as_json)
{
	static const char *const head[] = { "DRILL", "INSTANCE", "VERDICT", "OUTAGE ms",
					    "TARGET ms" };
	struct ctl_table t = { .n_columns = ARRAY_LEN(head) };
	json_t *list = json_array();
	struct dirent **all;
	int n = scandir(path, &all, is_summary, alphasort);

	if (n < 0 && errno != ENOENT) {
		fprintf(stderr, "vrrpd drill: %s: %s\n", path, strerror(errno));
		json_decref(list);
		return DRILL_EXIT_REFUSED;
	}
	for (size_t k = 0; k < ARRAY_LEN(head); k++)
		ctl_table_add(&t, str_from(head[k]));
	for (int i = 0; i < n; i++) {
		char file[4400];
		json_t *o;

		snprintf(file, sizeof(file), "%s/%s", path, all[i]->d_name);
		o = json_load_file(file, 0, NULL);
		if (json_is_object(o)) {
			add_row(&t, o);
			json_array_append(list, o);
		}
		json_decref(o);
		free(all[i]);
	}
	if (n >= 0)
		free(all);
	if (as_json) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	} else if (json_array_size(list) == 0) {
		printf("no drill is recorded in %s\n", path);
	} else {
		ctl_table_print(&t, stdout);
	}
	ctl_table_fini(&t);
	json_decref(list);
	return DRILL_EXIT_GOOD;
}
