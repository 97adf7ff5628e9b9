/* worker_config.c - a configuration comes into force. */
#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tandem/diag.h>
#include <tandem/log.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "state_file.h"

static void log_diag(const struct diag *d)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	char *save = NULL;

	if (!f)
		return;
	diag_print(d, f, DIAG_NOTICE);
	fclose(f);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		log_text(d->n_errors ? LOGL_ERR : LOGL_WARN, "%s", l);
	free(text);
}

struct cfg *worker_load_cfg(const char *path, const struct cfg_options *o)
{
	struct diag d;
	struct cfg *c;

	diag_init(&d);
	c = cfg_load(path, o, &d);
	if (c)
		cfg_check_machine(c, &d);
	log_diag(&d);
	if (d.n_errors) {
		cfg_free(c);
		c = NULL;
	}
	diag_fini(&d);
	return c;
}

static void listen_ctl(struct worker *w)
{
	const char *path = w->cfg->global.control_socket;
	char dir[128];
	struct addr a;
	char *slash;
	int err;

	if (!path || (w->ctl_path && strcmp(w->ctl_path, path) == 0))
		return;
	if (w->ctl_path)
		ctl_server_fini(&w->ctl);
	free(w->ctl_path);
	w->ctl_path = NULL;
	ctl_server_init(&w->ctl, &w->loop, vrrpd_ctl_commands, "vrrpd " TANDEM_VERSION, w);
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		(void)mkdir(dir, 0755);
	}
	err = addr_from_path(str_from(path), &a);
	if (!err)
		err = ctl_server_listen(&w->ctl, &a, 0660, (uid_t)-1, (gid_t)-1, CTL_ADMIN);
	if (err) {
		log_warn("ctl", "listen_failed", "path=%s error=%s", log_quoted(str_from(path)),
			 log_quoted(str_from(strerror(-err))));
		return;
	}
	w->ctl_path = xstrdup(path);
}

/* fifo_write_vrrp_states_on_reload */
static void tell_states(struct worker *w)
{
	struct vrrp_instance *i;

	list_for_each (i, &w->instances, node)
		w->env.tell(w, "INSTANCE", i->cfg->name, vrrp_state_text(i->fsm.state),
			    i->fsm.priority);
}

void worker_apply_cfg(struct worker *w, struct cfg *cfg)
{
	struct cfg *old = w->cfg;

	w->cfg = cfg;
	w->env.global = &cfg->global;
	worker_sync_scripts(w, cfg);
	worker_sync_proxies(w, cfg);
	worker_sync_files(w, cfg);
	worker_sync_processes(w, cfg);
	for (size_t k = 0; k < ARRAY_LEN(w->fifos); k++)
		fifo_open(&w->fifos[k], &cfg->global.fifos[k]);
	worker_watch_routing(w, cfg);
	worker_drop_statics(w, old, cfg);
	worker_ensure_statics(w, cfg);
	worker_ensure_vmacs(w, cfg, true);
	worker_sync_instances(w, cfg);
	worker_drop_vmacs(w, old, cfg);
	if (old && cfg->global.tells_states_on_reload)
		tell_states(w);
	state_file_write(cfg);
	listen_ctl(w);
	cfg_free(old);
}

int worker_reload(struct worker *w)
{
	struct cfg *c = worker_load_cfg(w->cfg_path, &w->cfg->options);

	if (!c) {
		w->n_reloads_failed++;
		w->reload_error = "the configuration has errors; the old one stays in force";
		log_err("vrrp", "reload_refused", "file=%s", log_quoted(str_from(w->cfg_path)));
		return -EINVAL;
	}
	w->n_reloads++;
	w->reload_error = NULL;
	worker_apply_cfg(w, c);
	log_notice("vrrp", "reloaded", "file=%s instances=%u", log_quoted(str_from(w->cfg_path)),
		   c->n_instances);
	return 0;
}
