/* cfg_dump_check.c - health checks as canonical text. */
#include "config/cfg_internal.h"

static const char *const match_names[] = { "str", "beg", "end", "sub", "reg" };

static void put(struct strbuf *b, const char *name, struct str value)
{
	strbuf_addf(b, " %s ", name);
	cfg_put_word(b, value);
}

static void put_hex(struct strbuf *b, struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		strbuf_addf(b, "%02x", (unsigned char)bytes.p[i]);
}

static void put_comment(struct strbuf *b, const struct cfg_step *s)
{
	if (s->comment.len)
		put(b, "comment", s->comment);
}

static void put_connect(struct strbuf *b, const struct cfg_step *s)
{
	char text[ADDR_TEXT_LEN];

	if (s->is_default)
		strbuf_adds(b, " default");
	if (s->port)
		strbuf_addf(b, " port %u", s->port);
	if (s->addr.len)
		put(b, "addr",
		    s->addr.sa.sa_family == AF_UNIX ? str_from(s->addr.un.sun_path)
						    : str_from(addr_format(&s->addr, false, text)));
	if (s->send_proxy)
		strbuf_adds(b, " send-proxy");
	if (s->linger)
		strbuf_adds(b, " linger");
	put_comment(b, s);
}

static void put_headers(struct strbuf *b, struct str h)
{
	while (h.len > 0) {
		const char *end = memmem(h.p, h.len, "\r\n", 2);
		const char *colon = memchr(h.p, ':', h.len);

		put(b, "hdr", (struct str){ h.p, (size_t)(colon - h.p) });
		strbuf_addc(b, ' ');
		cfg_put_word(b, str_trim((struct str){ colon + 1, (size_t)(end - colon - 1) }));
		h.len -= (size_t)(end + 2 - h.p);
		h.p = end + 2;
	}
}

/* with_line: the request line too; the first one's is in `option httpchk`. */
static void put_request(struct strbuf *b, const struct cfg_step *s, bool with_line)
{
	if (with_line) {
		put(b, "meth", s->send.method);
		put(b, "uri", s->send.uri);
		put(b, "ver", s->send.version);
	}
	put_headers(b, s->send.headers);
	if (s->send.body.len)
		put(b, "body", s->send.body);
	put_comment(b, s);
}

static void put_info(struct strbuf *b, const char *name, const struct cfg_check_info *info)
{
	struct strbuf text = { 0 };

	if (info->kind != CFG_INFO_TEXT)
		return;
	for (size_t i = 0; i < info->text.len; i++)
		strbuf_adds(&text,
			    info->text.p[i] == '%' ? "%%" : (char[]){ info->text.p[i], '\0' });
	put(b, name, (struct str){ text.p, text.len });
	strbuf_fini(&text);
}

static void put_status(struct strbuf *b, const char *name, enum check_status s)
{
	if (s != CHECK_UNKNOWN)
		strbuf_addf(b, " %s %s", name, check_status_code(s));
}

static void put_match(struct strbuf *b, const char *name, const struct cfg_match *m)
{
	strbuf_addf(b, " %s ", name);
	if (m->how != CFG_MATCH_STR)
		strbuf_addf(b, "-m %s ", match_names[m->how]);
	cfg_put_word(b, m->text);
}

static void put_statuses(struct strbuf *b, const struct cfg_step *s)
{
	for (unsigned i = 0; i < s->n_statuses; i++) {
		strbuf_addf(b, "%s%u", i ? "," : " status ", s->statuses[i].lo);
		if (s->statuses[i].hi != s->statuses[i].lo)
			strbuf_addf(b, "-%u", s->statuses[i].hi);
	}
}

static void put_pattern(struct strbuf *b, const struct cfg_step *s)
{
	switch (s->what) {
	case CFG_EXPECT_STRING:
	case CFG_EXPECT_BODY:
		put(b, "string", s->text);
		return;
	case CFG_EXPECT_RSTRING:
	case CFG_EXPECT_RBODY:
		put(b, "rstring", s->text);
		return;
	case CFG_EXPECT_BINARY:
		strbuf_adds(b, " binary ");
		put_hex(b, s->text);
		return;
	case CFG_EXPECT_RBINARY:
		put(b, "rbinary", s->text);
		return;
	case CFG_EXPECT_STATUS:
		put_statuses(b, s);
		return;
	case CFG_EXPECT_RSTATUS:
		put(b, "rstatus", s->text);
		return;
	case CFG_EXPECT_HDR:
	case CFG_EXPECT_FHDR:
		strbuf_adds(b, s->what == CFG_EXPECT_HDR ? " hdr" : " fhdr");
		put_match(b, "name", &s->name);
		if (s->has_value)
			put_match(b, "value", &s->value);
		return;
	case CFG_EXPECT_MYSQL_HELLO:
	case CFG_EXPECT_MYSQL_OK:
	case CFG_EXPECT_LDAP_BIND:
	case CFG_EXPECT_LINE:
		return;
	}
}

static void put_expect(struct strbuf *b, const struct cfg_step *s)
{
	if (s->min_recv != -1)
		strbuf_addf(b, " min-recv %d", s->min_recv);
	put_comment(b, s);
	put_status(b, "ok-status", s->ok_status);
	put_status(b, "error-status", s->error_status);
	put_status(b, "tout-status", s->tout_status);
	put_info(b, "on-success", &s->on_success);
	put_info(b, "on-error", &s->on_error);
	if (s->code.kind == CFG_CODE_INT)
		strbuf_addf(b, " status-code int(%d)", s->code.value);
	else if (s->code.kind == CFG_CODE_PAYLOAD)
		strbuf_addf(b, " status-code res.payload(%u,%u)", s->code.from, s->code.len);
	if (s->is_negated)
		strbuf_adds(b, " !");
	put_pattern(b, s);
}

static unsigned count_sends(const struct cfg_step *s)
{
	unsigned n = 0;

	for (; s; s = s->next)
		n += s->kind == CFG_STEP_SEND;
	return n;
}

/* A request that `option httpchk` says completely. */
static bool is_bare(const struct cfg_check *c, const struct cfg_step *s)
{
	return c->kind == CFG_CHECK_HTTP && s->kind == CFG_STEP_SEND && s == c->steps->next &&
	       count_sends(s) == 1 && s->send.headers.len == 0 && s->send.body.len == 0 &&
	       s->comment.len == 0;
}

static void put_send(struct strbuf *b, const struct cfg_check *c, const struct cfg_step *s)
{
	if (c->kind == CFG_CHECK_HTTP) {
		strbuf_adds(b, " send");
		put_request(b, s, count_sends(c->steps) > 1);
		return;
	}
	strbuf_adds(b, s->is_binary ? " send-binary " : " send ");
	if (s->is_binary)
		put_hex(b, s->data);
	else
		cfg_put_word(b, s->data);
	put_comment(b, s);
}

static void put_steps(struct strbuf *b, const struct cfg_check *c)
{
	for (const struct cfg_step *s = c->steps; s; s = s->next) {
		if (is_bare(c, s) || (s->is_implicit && s->kind != CFG_STEP_SEND))
			continue;
		strbuf_adds(b, c->kind == CFG_CHECK_HTTP ? "\thttp-check" : "\ttcp-check");
		switch (s->kind) {
		case CFG_STEP_CONNECT:
			strbuf_adds(b, " connect");
			put_connect(b, s);
			break;
		case CFG_STEP_SEND:
			put_send(b, c, s);
			break;
		case CFG_STEP_EXPECT:
			strbuf_adds(b, " expect");
			put_expect(b, s);
			break;
		}
		strbuf_addc(b, '\n');
	}
}

static void put_http_option(struct strbuf *b, const struct cfg_check *c)
{
	const struct cfg_step *s = c->steps;

	while (s->kind != CFG_STEP_SEND)
		s = s->next;
	strbuf_adds(b, "\toption httpchk ");
	cfg_put_word(b, s->send.method);
	strbuf_addc(b, ' ');
	cfg_put_word(b, s->send.uri);
	strbuf_addc(b, ' ');
	cfg_put_word(b, s->send.version);
	strbuf_addc(b, '\n');
	if (c->sends_state)
		strbuf_adds(b, "\thttp-check send-state\n");
	if (c->stops_on_404)
		strbuf_adds(b, "\thttp-check disable-on-404\n");
}

static void put_external(struct strbuf *b, const struct cfg_check *c)
{
	strbuf_adds(b, "\toption external-check\n");
	if (c->command) {
		strbuf_adds(b, "\texternal-check command ");
		cfg_put_word(b, str_from(c->command));
		strbuf_addc(b, '\n');
	}
	if (c->path) {
		strbuf_adds(b, "\texternal-check path ");
		cfg_put_word(b, str_from(c->path));
		strbuf_addc(b, '\n');
	}
}

void cfg_dump_check(struct strbuf *b, const struct cfg_check *c)
{
	switch (c->kind) {
	case CFG_CHECK_TCP:
	case CFG_CHECK_AGENT:
		return;
	case CFG_CHECK_HTTP:
		put_http_option(b, c);
		put_steps(b, c);
		return;
	case CFG_CHECK_SCRIPT:
		strbuf_adds(b, "\toption tcp-check\n");
		put_steps(b, c);
		return;
	case CFG_CHECK_EXTERNAL:
		put_external(b, c);
		return;
	case CFG_CHECK_SMTP:
		strbuf_addf(b, "\toption smtpchk " STR_FMT "\n", STR_ARG(c->argument));
		return;
	case CFG_CHECK_REDIS:
		strbuf_adds(b, "\toption redis-check\n");
		return;
	case CFG_CHECK_MYSQL:
	case CFG_CHECK_PGSQL:
		strbuf_adds(b, c->kind == CFG_CHECK_MYSQL ? "\toption mysql-check"
							  : "\toption pgsql-check");
		if (c->argument.len)
			put(b, "user", c->argument);
		strbuf_adds(b, c->is_pre41 ? " pre-41\n" : "\n");
		return;
	case CFG_CHECK_LDAP:
		strbuf_adds(b, "\toption ldap-check\n");
		return;
	case CFG_CHECK_SSL_HELLO:
		strbuf_adds(b, "\toption ssl-hello-chk\n");
		return;
	}
}

/* What a server line says about checks beyond their intervals and addresses. */
void cfg_dump_server_check(struct strbuf *b, const struct cfg_server *s)
{
	static const char *const observed[] = { "none", "layer4", "layer7" };
	static const char *const errors[] = { "fail-check", "fastinter", "sudden-death",
					      "mark-down" };
	static const char *const states[] = { "up", "fully-up", "down", "fully-down" };
	char text[ADDR_TEXT_LEN];

	if (s->check_send_proxy)
		strbuf_adds(b, " check-send-proxy");
	if (s->init_state != CFG_INIT_UP)
		strbuf_addf(b, " init-state %s", states[s->init_state]);
	if (s->track)
		strbuf_addf(b, " track %s/%s", s->track_proxy->name, s->track->name);
	if (s->agent)
		strbuf_adds(b, " agent-check");
	if (s->agent_port)
		strbuf_addf(b, " agent-port %u", s->agent_port);
	if (s->agent_addr.len)
		put(b, "agent-addr", str_from(addr_format(&s->agent_addr, false, text)));
	if (s->agent_inter_us) {
		strbuf_adds(b, " agent-inter ");
		cfg_put_time(b, s->agent_inter_us);
	}
	if (s->agent_send.len)
		put(b, "agent-send", s->agent_send);
	if (s->observe != CFG_OBSERVE_NONE)
		strbuf_addf(b, " observe %s", observed[s->observe]);
	if (s->error_limit != 10)
		strbuf_addf(b, " error-limit %u", s->error_limit);
	if (s->on_error != CFG_ON_ERROR_FAIL_CHECK)
		strbuf_addf(b, " on-error %s", errors[s->on_error]);
	if (s->shuts_sessions_down)
		strbuf_adds(b, " on-marked-down shutdown-sessions");
	if (s->shuts_backup_sessions_down)
		strbuf_adds(b, " on-marked-up shutdown-backup-sessions");
}
