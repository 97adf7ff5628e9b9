/* cfg_dump.c - a configuration as canonical text: no defaults sections, every setting that differs
 * from the built-in default, in a fixed order. It parses to the same configuration. */
#include "config/cfg_internal.h"
#include "config/cfg_names.h"
#include "config/log_program.h"

#include <inttypes.h>

void cfg_put_word(struct strbuf *b, struct str s)
{
	if (s.len == 0) {
		strbuf_adds(b, "''");
		return;
	}
	for (size_t i = 0; i < s.len; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c == '\r')
			strbuf_adds(b, "\\r");
		else if (c == '\n')
			strbuf_adds(b, "\\n");
		else if (c == '\t')
			strbuf_adds(b, "\\t");
		else if (c < 0x20 || c == 0x7f)
			strbuf_addf(b, "\\x%02x", c);
		else if (strchr(" \\\"'#", c))
			strbuf_addf(b, "\\%c", c);
		else
			strbuf_addc(b, (char)c);
	}
}

/* "\tNAME WORD\n" */
static void put(struct strbuf *b, const char *name, struct str value)
{
	strbuf_addf(b, "\t%s ", name);
	cfg_put_word(b, value);
	strbuf_addc(b, '\n');
}

static void put_text(struct strbuf *b, const char *name, const char *value)
{
	if (value)
		put(b, name, str_from(value));
}

static void put_word(struct strbuf *b, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_addf(b, "\t%s ", name);
	cfg_put_word(b, str_from(value));
	strbuf_addc(b, '\n');
}

static void put_flag(struct strbuf *b, const char *name, bool on)
{
	if (on)
		strbuf_addf(b, "\t%s\n", name);
}

static void put_uint(struct strbuf *b, const char *name, unsigned v, unsigned unless)
{
	if (v != unless)
		strbuf_addf(b, "\t%s %u\n", name, v);
}

void cfg_put_time(struct strbuf *b, int64_t us)
{
	if (us % 1000000 == 0)
		strbuf_addf(b, "%" PRId64 "s", us / 1000000);
	else
		strbuf_addf(b, "%" PRId64 "ms", us / 1000);
}

static void put_time(struct strbuf *b, const char *name, int64_t us, int64_t unless)
{
	if (us == unless)
		return;
	strbuf_addf(b, "\t%s ", name);
	cfg_put_time(b, us);
	strbuf_addc(b, '\n');
}

/* The words of an access: parameters behind an address. */
static void add_owner(struct strbuf *b, mode_t mode, uid_t uid, gid_t gid)
{
	if (mode)
		strbuf_addf(b, " mode %o", (unsigned)mode);
	if (uid != (uid_t)-1)
		strbuf_addf(b, " uid %u", (unsigned)uid);
	if (gid != (gid_t)-1)
		strbuf_addf(b, " gid %u", (unsigned)gid);
}

static void add_text(struct strbuf *b, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_addf(b, " %s ", name);
	cfg_put_word(b, str_from(value));
}

static void add_uint(struct strbuf *b, const char *name, unsigned v, unsigned unless)
{
	if (v != unless)
		strbuf_addf(b, " %s %u", name, v);
}

static void add_flag(struct strbuf *b, const char *name, bool on)
{
	if (on)
		strbuf_addf(b, " %s", name);
}

static void add_time(struct strbuf *b, const char *name, int64_t us, int64_t unless)
{
	if (us == unless)
		return;
	strbuf_addf(b, " %s ", name);
	cfg_put_time(b, us);
}

static void add_addr(struct strbuf *b, const struct addr *a, bool with_port)
{
	char text[ADDR_TEXT_LEN];

	if (a->sa.sa_family == AF_UNIX && a->un.sun_path[0] == '\0') {
		strbuf_adds(b, "abns@");
		cfg_put_word(b, str_from(a->un.sun_path + 1));
	} else if (a->sa.sa_family == AF_UNIX) {
		strbuf_adds(b, "unix@");
		cfg_put_word(b, str_from(a->un.sun_path));
	} else {
		strbuf_adds(b, addr_format(a, with_port, text));
	}
}

static void dump_sample(struct strbuf *b, const struct cfg_log_sample *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		strbuf_addf(b, "%s%u", i ? "," : " sample ", s->ranges[i].lo);
		if (s->ranges[i].hi != s->ranges[i].lo)
			strbuf_addf(b, "-%u", s->ranges[i].hi);
	}
	strbuf_addf(b, ":%u", s->size);
}

static void dump_logs(struct strbuf *b, const struct cfg_log *logs)
{
	for (const struct cfg_log *l = logs; l; l = l->next) {
		strbuf_adds(b, "\tlog ");
		if (l->target != CFG_LOG_FD)
			add_addr(b, &l->addr, true);
		else if (l->fd == 1 || l->fd == 2)
			strbuf_adds(b, l->fd == 1 ? "stdout" : "stderr");
		else
			strbuf_addf(b, "fd@%d", l->fd);
		add_uint(b, "len", l->max_len, 1024);
		if (l->format != CFG_LOG_LOCAL)
			strbuf_addf(b, " format %s", cfg_log_formats[l->format]);
		if (l->sample)
			dump_sample(b, l->sample);
		strbuf_addf(b, " %s", cfg_log_facilities[l->facility]);
		if (l->max_level != 7 || l->min_level != 0)
			strbuf_addf(b, " %s", cfg_log_levels[l->max_level]);
		if (l->min_level != 0)
			strbuf_addf(b, " %s", cfg_log_levels[l->min_level]);
		strbuf_addc(b, '\n');
	}
}

static void dump_sockets(struct strbuf *b, const struct cfg_socket *sockets)
{
	for (const struct cfg_socket *s = sockets; s; s = s->next) {
		strbuf_adds(b, "\tstats socket ");
		if (s->fd >= 0)
			strbuf_addf(b, "fd@%d", s->fd);
		else
			add_addr(b, &s->addr, true);
		strbuf_addf(b, " level %s", cfg_ctl_levels[s->level]);
		add_owner(b, s->mode, s->uid, s->gid);
		add_flag(b, "expose-fd listeners", s->expose_fd);
		strbuf_addc(b, '\n');
	}
}

static void dump_global(struct strbuf *b, const struct cfg_global *g)
{
	strbuf_adds(b, "global\n");
	put_flag(b, "daemon", g->daemon);
	put_flag(b, "master-worker", g->master_worker);
	put_flag(b, "quiet", g->quiet);
	put_text(b, "pidfile", g->pidfile);
	put_text(b, "chroot", g->chroot_dir);
	put_text(b, "user", g->user);
	if (!g->user)
		put_uint(b, "uid", g->uid, (unsigned)-1);
	put_text(b, "group", g->group);
	if (!g->group)
		put_uint(b, "gid", g->gid, (unsigned)-1);
	put_uint(b, "maxconn", g->maxconn, 0);
	put_uint(b, "maxconnrate", g->maxconnrate, 0);
	put_uint(b, "maxsessrate", g->maxsessrate, 0);
	put_uint(b, "nbthread", g->nbthread, 0);
	dump_logs(b, g->logs);
	if (strcmp(g->log_tag, "haproxy") != 0)
		put_text(b, "log-tag", g->log_tag);
	if (g->log_send_hostname && g->log_send_hostname[0] == '\0')
		strbuf_adds(b, "\tlog-send-hostname\n");
	else
		put_text(b, "log-send-hostname", g->log_send_hostname);
	put_text(b, "node", g->node);
	put_text(b, "description", g->description);
	dump_sockets(b, g->sockets);
	put_time(b, "stats timeout", g->stats_timeout_us, 10000000);
	put_uint(b, "tune.bufsize", g->bufsize, 16384);
	put_uint(b, "tune.maxrewrite", g->maxrewrite, 1024);
	put_uint(b, "tune.http.maxhdr", g->max_headers, 101);
	put_uint(b, "spread-checks", (unsigned)g->spread_checks, 0);
	put_time(b, "max-spread-checks", g->max_spread_checks_us, 0);
	put_flag(b, "external-check", g->external_check);
	put_flag(b, "insecure-fork-wanted", g->insecure_fork);
	put_time(b, "hard-stop-after", g->hard_stop_after_us, 0);
	put_word(b, "server-state-base", g->state_base);
	put_word(b, "server-state-file", g->state_file);
	put_word(b, "vrrpd-socket", g->vrrpd_socket);
	if (g->liveness_path) {
		strbuf_adds(b, "\tliveness-socket ");
		cfg_put_word(b, str_from(g->liveness_path));
		add_owner(b, g->liveness_mode, g->liveness_uid, g->liveness_gid);
		strbuf_addc(b, '\n');
	}
}

static void dump_binds(struct strbuf *b, const struct cfg_bind *binds)
{
	for (const struct cfg_bind *x = binds; x; x = x->next) {
		strbuf_adds(b, "\tbind ");
		cfg_put_word(b, str_from(x->spec));
		add_text(b, "name", x->name);
		add_text(b, "interface", x->interface);
		add_uint(b, "backlog", x->backlog, 0);
		add_uint(b, "maxconn", x->maxconn, 0);
		add_flag(b, "v6only", x->v6only);
		add_flag(b, "v4v6", x->v4v6);
		add_flag(b, "transparent", x->transparent);
		add_flag(b, "defer-accept", x->defer_accept);
		add_flag(b, "tfo", x->tfo);
		add_time(b, "tcp-ut", x->tcp_ut_us, 0);
		add_uint(b, "mss", x->mss, 0);
		add_flag(b, "accept-proxy", x->accept_proxy);
		add_owner(b, x->unix_mode, x->unix_uid, x->unix_gid);
		strbuf_addc(b, '\n');
	}
}

static void dump_timeouts(struct strbuf *b, const struct cfg_proxy *x)
{
	const struct cfg_timeouts *t = &x->timeout;

	if (x->is_frontend)
		put_time(b, "timeout client", t->client_us, 0);
	if (x->is_backend) {
		put_time(b, "timeout connect", t->connect_us, 0);
		put_time(b, "timeout server", t->server_us, 0);
		put_time(b, "timeout check", t->check_us, 0);
	}
	put_time(b, "timeout http-request", t->http_request_us, 0);
	put_time(b, "timeout http-keep-alive", t->http_keep_alive_us, 0);
	if (x->is_backend) {
		put_time(b, "timeout queue", t->queue_us, 0);
		put_time(b, "timeout tunnel", t->tunnel_us, 0);
		put_time(b, "timeout server-fin", t->server_fin_us, 0);
	}
	if (x->is_frontend)
		put_time(b, "timeout client-fin", t->client_fin_us, 0);
	put_time(b, "timeout tarpit", t->tarpit_us, 0);
}

static void dump_forwardfor(struct strbuf *b, const struct cfg_proxy *x)
{
	if (!x->forwardfor)
		return;
	strbuf_adds(b, "\toption forwardfor");
	if (x->forwardfor_except.len) {
		strbuf_adds(b, " except ");
		add_addr(b, &x->forwardfor_except, false);
		strbuf_addf(b, "/%u", x->forwardfor_except_bits);
	}
	if (!str_eq(x->forwardfor_header, STR("X-Forwarded-For"))) {
		strbuf_adds(b, " header ");
		cfg_put_word(b, x->forwardfor_header);
	}
	add_flag(b, "if-none", x->forwardfor_ifnone);
	strbuf_addc(b, '\n');
}

static void dump_originalto(struct strbuf *b, const struct cfg_originalto *o)
{
	if (!o->enabled)
		return;
	strbuf_adds(b, "\toption originalto");
	if (o->except.len) {
		strbuf_adds(b, " except ");
		add_addr(b, &o->except, false);
		strbuf_addf(b, "/%u", o->except_bits);
	}
	if (!str_eq(o->header, STR("X-Original-To"))) {
		strbuf_adds(b, " header ");
		cfg_put_word(b, o->header);
	}
	strbuf_addc(b, '\n');
}

static void put_format(struct strbuf *b, const char *name, const struct log_program *f)
{
	if (f)
		put(b, name, f->source);
}

static void dump_captures(struct strbuf *b, const char *name, const struct cfg_captures *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		strbuf_addf(b, "\t%s ", name);
		cfg_put_word(b, all->items[i].name);
		strbuf_addf(b, " len %u\n", all->items[i].max_len);
	}
}

static void dump_log_line(struct strbuf *b, const struct cfg_proxy *x)
{
	switch (x->log_line) {
	case CFG_LINE_DEFAULT:
		break;
	case CFG_LINE_TCP:
		strbuf_adds(b, "\toption tcplog\n");
		break;
	case CFG_LINE_HTTP:
		strbuf_adds(b, "\toption httplog\n");
		break;
	case CFG_LINE_CLF:
		strbuf_adds(b, "\toption httplog clf\n");
		break;
	case CFG_LINE_OWN:
		put_format(b, "log-format", x->log_format);
		break;
	}
	put_format(b, "error-log-format", x->error_log_format);
	put_format(b, "log-format-sd", x->log_format_sd);
	put_format(b, "unique-id-format", x->unique_id_format);
	if (x->unique_id_header.len)
		put(b, "unique-id-header", x->unique_id_header);
	dump_captures(b, "capture request header", &x->req_captures);
	dump_captures(b, "capture response header", &x->res_captures);
	if (x->cookie_capture.name.len)
		dump_captures(b, "capture cookie", &(struct cfg_captures){ &x->cookie_capture, 1 });
}

static void dump_options(struct strbuf *b, const struct cfg_proxy *x)
{
	if (x->is_frontend) {
		dump_log_line(b, x);
		put_flag(b, "option dontlognull", x->dontlognull);
		put_flag(b, "option dontlog-normal", x->dontlog_normal);
		put_flag(b, "option logasap", x->logasap);
		put_flag(b, "option log-separate-errors", x->log_separate_errors);
		put_flag(b, "option contstats", x->contstats);
		put_flag(b, "option idle-close-on-response", x->idle_close_on_response);
		put_flag(b, "option clitcpka", x->tcpka_client);
	}
	put_flag(b, "option http-server-close", x->http_server_close);
	put_flag(b, "option httpclose", x->httpclose);
	put_flag(b, "option nolinger", x->nolinger);
	put_flag(b, "option http-buffer-request", x->http_buffer_request);
	dump_forwardfor(b, x);
	dump_originalto(b, &x->originalto);
	if (!x->is_backend)
		return;
	put_flag(b, "option log-health-checks", x->log_health_checks);
	if (x->redispatch && x->redispatch_interval != -1)
		strbuf_addf(b, "\toption redispatch %d\n", x->redispatch_interval);
	else
		put_flag(b, "option redispatch", x->redispatch);
	put_flag(b, "option abortonclose", x->abortonclose);
	put_flag(b, "option persist", x->persist);
	put_flag(b, "option prefer-last-server", x->prefer_last_server);
	put_flag(b, "option allbackups", x->allbackups);
	put_flag(b, "option srvtcpka", x->tcpka_server);
	put_flag(b, "option http-pretend-keepalive", x->http_pretend_keepalive);
	if (x->forwarded) {
		strbuf_adds(b, "\toption forwarded");
		for (unsigned i = 0; cfg_forwarded_fields[i]; i++)
			add_flag(b, cfg_forwarded_fields[i], (x->forwarded & (1u << i)) != 0);
		strbuf_addc(b, '\n');
	}
	if (x->http_reuse)
		strbuf_addf(b, "\thttp-reuse %s\n", cfg_reuses[x->http_reuse]);
}

static void add_words(struct strbuf *b, const struct str *words, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		strbuf_addc(b, ' ');
		cfg_put_word(b, words[i]);
	}
}

static void dump_acls(struct strbuf *b, const struct acl *acls)
{
	for (const struct acl *a = acls; a; a = a->next) {
		for (const struct acl_test *t = a->tests; t; t = t->next) {
			strbuf_addf(b, "\tacl %s", a->name);
			add_words(b, t->words, t->n_words);
			strbuf_addc(b, '\n');
		}
	}
}

/* "\tNAME TARGET if CONDITION\n" */
static void dump_rule(struct strbuf *b, const char *name, const char *target,
		      const struct acl_cond *cond)
{
	strbuf_addf(b, "\t%s%s%s", name, target[0] ? " " : "", target);
	if (cond)
		add_words(b, cond->words, cond->n_words);
	strbuf_addc(b, '\n');
}

static void dump_stats(struct strbuf *b, const struct cfg_stats *s)
{
	if (!s->enabled)
		return;
	strbuf_adds(b, "\tstats enable\n");
	put(b, "stats uri", s->uri);
	if (s->realm.len)
		put(b, "stats realm", s->realm);
	put_uint(b, "stats refresh", s->refresh_s, 0);
	for (const struct cfg_stats_auth *a = s->auth; a; a = a->next)
		put(b, "stats auth", a->userpass);
	put_flag(b, "stats hide-version", s->hide_version);
	put_flag(b, "stats show-legends", s->show_legends);
	if (s->show_node && s->node.len)
		put(b, "stats show-node", s->node);
	else
		put_flag(b, "stats show-node", s->show_node);
	if (s->show_desc && s->desc.len)
		put(b, "stats show-desc", s->desc);
	else
		put_flag(b, "stats show-desc", s->show_desc);
	for (const struct cfg_rule *r = s->admin_rules; r; r = r->next)
		dump_rule(b, "stats admin", "", r->cond);
}

static void dump_server(struct strbuf *b, const struct cfg_server *s, bool with_id)
{
	strbuf_adds(b, "\tserver ");
	cfg_put_word(b, str_from(s->name));
	strbuf_addc(b, ' ');
	cfg_put_word(b, str_from(s->host));
	if (s->port_is_from_client && s->port_offset)
		strbuf_addf(b, ":%+d", s->port_offset);
	else if (s->addr.sa.sa_family != AF_UNIX && !s->port_is_from_client)
		strbuf_addf(b, ":%u", s->port);
	if (with_id)
		strbuf_addf(b, " id %u", s->id);
	cfg_dump_server_resolve(b, s);
	add_uint(b, "weight", s->weight, 1);
	add_flag(b, "backup", s->backup);
	add_flag(b, "disabled", s->disabled);
	add_uint(b, "maxconn", s->maxconn, 0);
	add_uint(b, "minconn", s->minconn, 0);
	add_uint(b, "maxqueue", s->maxqueue, 0);
	if (s->pool_max_conn != -1)
		strbuf_addf(b, " pool-max-conn %d", s->pool_max_conn);
	add_time(b, "pool-purge-delay", s->pool_purge_delay_us, 5000000);
	if (s->max_reuse != -1)
		strbuf_addf(b, " max-reuse %d", s->max_reuse);
	add_flag(b, "check", s->check);
	add_time(b, "inter", s->inter_us, 2000000);
	add_time(b, "fastinter", s->fastinter_us, 0);
	add_time(b, "downinter", s->downinter_us, 0);
	add_uint(b, "rise", s->rise, 2);
	add_uint(b, "fall", s->fall, 3);
	add_uint(b, "port", s->check_port, 0);
	if (s->check_addr.len) {
		strbuf_adds(b, " addr ");
		add_addr(b, &s->check_addr, false);
	}
	if (s->cookie.len) {
		strbuf_adds(b, " cookie ");
		cfg_put_word(b, s->cookie);
	}
	cfg_dump_server_check(b, s);
	add_time(b, "slowstart", s->slowstart_us, 0);
	add_flag(b, "send-proxy", s->send_proxy == 1);
	add_flag(b, "send-proxy-v2", s->send_proxy == 2);
	if (s->source.len) {
		strbuf_adds(b, " source ");
		add_addr(b, &s->source, addr_port(&s->source) != 0);
	}
	if (s->usesrc == CFG_USESRC_ADDR) {
		strbuf_adds(b, " usesrc ");
		add_addr(b, &s->usesrc_addr, addr_port(&s->usesrc_addr) != 0);
	} else if (s->usesrc != CFG_USESRC_NONE) {
		add_text(b, "usesrc", s->usesrc == CFG_USESRC_CLIENT ? "client" : "clientip");
	}
	add_text(b, "interface", s->source_interface);
	add_time(b, "tcp-ut", s->tcp_ut_us, 0);
	strbuf_addc(b, '\n');
}

static void dump_servers(struct strbuf *b, const struct cfg_proxy *x)
{
	bool with_id = false;
	unsigned n = 0;

	for (const struct cfg_server *s = x->servers; s; s = s->next)
		with_id = with_id || s->id != ++n;
	for (const struct cfg_server *s = x->servers; s; s = s->next)
		dump_server(b, s, with_id);
}

/* "NAME VALUE" for each of the values that were joined. */
static void add_list(struct strbuf *b, const char *name, struct str joined, struct str by)
{
	while (joined.len) {
		const char *end = memmem(joined.p, joined.len, by.p, by.len);
		const size_t n = end ? (size_t)(end - joined.p) : joined.len;
		const size_t skip = end ? n + by.len : n;

		strbuf_addf(b, " %s ", name);
		cfg_put_word(b, (struct str){ joined.p, n });
		joined.p += skip;
		joined.len -= skip;
	}
}

static void dump_retry_on(struct strbuf *b, unsigned mask)
{
	if (mask == 0 || mask == CFG_RETRY_CONN)
		return;
	strbuf_adds(b, "\tretry-on");
	for (const struct cfg_retry_word *w = cfg_retry_words; w->name; w++)
		add_flag(b, w->name, mask & w->bit);
	strbuf_addc(b, '\n');
}

static void dump_balance(struct strbuf *b, const struct cfg_proxy *x)
{
	const struct cfg_lb *lb = &x->lb;

	if (x->balance != CFG_LB_ROUNDROBIN) {
		strbuf_addf(b, "\tbalance %s", cfg_balances[x->balance]);
		if (x->balance == CFG_LB_HDR || x->balance == CFG_LB_URL_PARAM) {
			strbuf_addc(b, x->balance == CFG_LB_HDR ? '(' : ' ');
			cfg_put_word(b, lb->name);
			strbuf_adds(b, x->balance == CFG_LB_HDR ? ")" : "");
		}
		if (x->balance == CFG_LB_RANDOM && lb->draws != 2)
			strbuf_addf(b, "(%u)", lb->draws);
		add_flag(b, "check_post", lb->check_post);
		add_uint(b, "len", lb->len, 0);
		if (lb->depth)
			strbuf_addf(b, " depth %u", lb->depth - 1);
		add_flag(b, "whole", lb->whole);
		add_flag(b, "path-only", lb->path_only);
		add_flag(b, "use_domain_only", lb->domain_only);
		strbuf_addc(b, '\n');
	}
	if (lb->is_consistent || lb->avalanche || lb->hash_fn != CFG_HASH_SDBM) {
		strbuf_addf(b, "\thash-type %s", lb->is_consistent ? "consistent" : "map-based");
		if (!lb->is_consistent || !lb->avalanche || lb->hash_fn != CFG_HASH_SDBM)
			strbuf_addf(b, " %s%s", cfg_hash_fns[lb->hash_fn],
				    lb->avalanche ? " avalanche" : "");
		strbuf_addc(b, '\n');
	}
	put_uint(b, "hash-balance-factor", lb->balance_factor, 0);
}

static void dump_cookie(struct strbuf *b, const struct cfg_proxy *x)
{
	static const char *const modes[] = { "", " rewrite", " insert", " prefix" };
	const struct cfg_cookie *ck = &x->cookie;

	if (x->dynamic_cookie_key.len)
		put(b, "dynamic-cookie-key", x->dynamic_cookie_key);
	if (ck->name.len == 0)
		return;
	strbuf_adds(b, "\tcookie ");
	cfg_put_word(b, ck->name);
	strbuf_adds(b, modes[ck->mode]);
	add_flag(b, "indirect", ck->indirect);
	add_flag(b, "nocache", ck->nocache);
	add_flag(b, "postonly", ck->postonly);
	add_flag(b, "preserve", ck->preserve);
	add_flag(b, "httponly", ck->httponly);
	add_flag(b, "secure", ck->secure);
	add_flag(b, "dynamic", ck->is_dynamic);
	add_time(b, "maxidle", ck->maxidle_s * 1000000, 0);
	add_time(b, "maxlife", ck->maxlife_s * 1000000, 0);
	add_list(b, "domain", ck->domain, STR("; domain="));
	add_list(b, "attr", ck->attrs, STR("; "));
	strbuf_addc(b, '\n');
}

static const char *const actions[] = {
	[CFG_ACTION_FORCE_PERSIST] = "force-persist",
	[CFG_ACTION_IGNORE_PERSIST] = "ignore-persist",
	[CFG_ACTION_DISABLE_L7_RETRY] = "http-request disable-l7-retry",
	[CFG_ACTION_METRICS] = "http-request use-service prometheus-exporter",
};

static void dump_proxy(struct strbuf *b, const struct cfg_proxy *x, bool with_id)
{
	strbuf_addf(b, "\n%s %s\n",
		    x->is_frontend ? (x->is_backend ? "listen" : "frontend") : "backend", x->name);
	strbuf_addf(b, "\tmode %s\n", x->mode == CFG_MODE_HTTP ? "http" : "tcp");
	if (with_id)
		strbuf_addf(b, "\tid %u\n", x->id);
	put_flag(b, "disabled", x->disabled);
	dump_binds(b, x->binds);
	dump_acls(b, x->acls);
	dump_logs(b, x->logs);
	if (x->log_tag.len)
		put(b, "log-tag", x->log_tag);
	if (x->is_frontend) {
		put_uint(b, "maxconn", x->maxconn, 0);
		put_uint(b, "backlog", x->backlog, 0);
		put_uint(b, "rate-limit sessions", x->rate_limit, 0);
	}
	dump_timeouts(b, x);
	dump_options(b, x);
	if (x->is_frontend && x->monitor_uri.len)
		put(b, "monitor-uri", x->monitor_uri);
	for (size_t i = 0; i < CFG_N_ERROR_PAGES; i++) {
		if (!x->errors[i].path)
			continue;
		strbuf_addf(b, "\t%s %u ",
			    x->errors[i].kind == CFG_ERROR_FILE     ? "errorfile"
			    : x->errors[i].kind == CFG_ERROR_LOC302 ? "errorloc302"
								    : "errorloc303",
			    cfg_error_codes[i]);
		cfg_put_word(b, str_from(x->errors[i].path));
		strbuf_addc(b, '\n');
	}
	dump_stats(b, &x->stats);
	if (x->is_backend) {
		if (x->load_state != CFG_STATE_NONE)
			put_text(b, "load-server-state-from-file",
				 cfg_state_sources[x->load_state]);
		put_word(b, "server-state-file-name", x->state_file);
		put_uint(b, "retries", x->retries, 3);
		dump_retry_on(b, x->retry_on);
		put_uint(b, "fullconn", x->fullconn, 0);
		dump_balance(b, x);
		dump_cookie(b, x);
		cfg_dump_check(b, x->check);
		dump_servers(b, x);
	}
	for (const struct cfg_rule *r = x->monitor_fails; r; r = r->next)
		dump_rule(b, "monitor fail", "", r->cond);
	for (const struct cfg_rule *r = x->http_requests; r; r = r->next)
		dump_rule(b, actions[r->action], "", r->cond);
	for (const struct cfg_rule *r = x->persist_rules; r; r = r->next)
		dump_rule(b, actions[r->action], "", r->cond);
	for (const struct cfg_rule *r = x->use_servers; r; r = r->next)
		dump_rule(b, "use-server", r->server->name, r->cond);
	for (const struct cfg_rule *r = x->use_backends; r; r = r->next)
		dump_rule(b, "use_backend", r->backend->name, r->cond);
	if (x->is_frontend && x->default_backend)
		put_text(b, "default_backend", x->default_backend->name);
}

void cfg_dump(const struct cfg *c, struct strbuf *out)
{
	bool with_id = false;
	unsigned n = c->global.sockets ? 1 : 0;

	for (const struct cfg_proxy *x = c->proxies; x; x = x->next)
		with_id = with_id || x->id != ++n;
	dump_global(out, &c->global);
	cfg_dump_resolvers(out, c);
	for (const struct cfg_proxy *x = c->proxies; x; x = x->next)
		dump_proxy(out, x, with_id);
}
