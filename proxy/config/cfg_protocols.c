/* cfg_protocols.c - health checks from what was configured to a list of steps: HTTP, scripts, and
 * the protocols that we know. */
#include "config/cfg_internal.h"

/* ---- building lists ---- */

struct chain {
	struct cfg_parser *p;
	struct cfg_step *first, *last;
};

static struct cfg_step *add(struct chain *c, enum cfg_step_kind kind)
{
	struct cfg_step *s = arena_new(c->p->arena, struct cfg_step);

	*s = (struct cfg_step){ .kind = kind, .min_recv = -1, .is_implicit = true };
	if (c->last) {
		c->last->next = s;
		s->number = c->last->number + 1;
	} else {
		c->first = s;
	}
	c->last = s;
	return s;
}

/* counts: HAProxy counts the connect of some protocols as a step, when it names one. */
static void add_connect(struct chain *c, bool counts)
{
	struct cfg_step *s = add(c, CFG_STEP_CONNECT);

	s->linger = true;
	s->number = counts;
}

static void add_send(struct chain *c, struct str data)
{
	add(c, CFG_STEP_SEND)->data = arena_str(c->p->arena, data);
}

static struct cfg_step *add_expect(struct chain *c, enum cfg_expect what, const char *pattern)
{
	struct cfg_step *s = add(c, CFG_STEP_EXPECT);

	s->what = what;
	s->text = str_from(pattern);
	if (what == CFG_EXPECT_RSTRING || what == CFG_EXPECT_RBINARY)
		s->re = cfg_read_regex(c->p, 0, "check", s->text, 0);
	return s;
}

static struct cfg_check_info text_info(const char *z)
{
	return (struct cfg_check_info){ .kind = CFG_INFO_TEXT, .text = str_from(z) };
}

static struct cfg_check_info line_info(unsigned from)
{
	return (struct cfg_check_info){ .kind = CFG_INFO_PAYLOAD_LINE, .from = from };
}

/* ---- protocols ---- */

static void redis_steps(struct chain *c)
{
	struct cfg_step *s;

	add_send(c, STR("*1\r\n$4\r\nPING\r\n"));
	s = add_expect(c, CFG_EXPECT_STRING, "+PONG\r\n");
	s->error_status = CHECK_L7STS;
	s->on_error = line_info(0);
	s->on_success = text_info("Redis server is ok");
}

static struct cfg_step *smtp_reply(struct chain *c, const char *pattern)
{
	struct cfg_step *s = add_expect(c, CFG_EXPECT_RSTRING, pattern);

	s->min_recv = 4;
	s->error_status = CHECK_L7STS;
	s->on_error = s->on_success = line_info(4);
	s->code = (struct cfg_check_code){ .kind = CFG_CODE_PAYLOAD, .len = 3 };
	return s;
}

static void smtp_steps(struct chain *c, struct str greeting)
{
	struct cfg_step *s = smtp_reply(c, "^[0-9]{3}[ \r]");

	s->error_status = CHECK_L7RSP;
	s->on_error = line_info(0);
	s->code.kind = CFG_CODE_NONE;
	smtp_reply(c, "^2[0-9]{2}[ \r]");
	add_send(c, str_from(arena_printf(c->p->arena, STR_FMT "\r\n", STR_ARG(greeting))));
	smtp_reply(c, "^2[0-9]{2}[- \r]");
	add_send(c, STR("QUIT\r\n"));
	smtp_reply(c, "^2[0-9]{2}[- \r]");
}

static void put_be32(struct strbuf *b, uint32_t v)
{
	const unsigned char bytes[4] = { (unsigned char)(v >> 24), (unsigned char)(v >> 16),
					 (unsigned char)(v >> 8), (unsigned char)v };

	strbuf_add(b, bytes, 4);
}

/* StartupMessage: length, version 3.0, "user" NAME, end */
static void pgsql_steps(struct chain *c, struct str user)
{
	struct strbuf b = { 0 };
	struct cfg_step *s;

	put_be32(&b, (uint32_t)(4 + 4 + 5 + user.len + 1 + 1));
	put_be32(&b, 0x00030000);
	strbuf_add(&b, "user", 5);
	strbuf_add(&b, user.p, user.len);
	strbuf_add(&b, "\0", 2);
	add_send(c, (struct str){ b.p, b.len });
	strbuf_fini(&b);
	s = add_expect(c, CFG_EXPECT_RSTRING, "^E");
	s->is_negated = true;
	s->min_recv = 5;
	s->error_status = CHECK_L7RSP;
	s->on_error = (struct cfg_check_info){ .kind = CFG_INFO_PAYLOAD, .from = 6 };
	/* AuthenticationOk or a request for one of the ways to authenticate */
	s = add_expect(c, CFG_EXPECT_RBINARY,
		       "^52000000[A-F0-9]{2}000000(00|02|03|04|05|06|07|09|0A)");
	s->min_recv = 9;
	s->error_status = CHECK_L7STS;
	s->on_success = text_info("PostgreSQL server is ok");
	s->on_error = text_info("PostgreSQL unknown error");
}

/* BindRequest of LDAPv3, message 1: no name, empty password */
static void ldap_steps(struct chain *c)
{
	struct cfg_step *s;

	add_send(c, STR("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"));
	s = add_expect(c, CFG_EXPECT_RBINARY, "^30");
	s->min_recv = 14;
	s->error_status = CHECK_L7RSP;
	s->on_error = text_info("Not LDAPv3 protocol");
	add_expect(c, CFG_EXPECT_LDAP_BIND, NULL);
}

/* The login of a client that knows protocol 4.1, or of an older one; then COM_QUIT. */
static void mysql_login(struct chain *c, struct str user, bool is_pre41)
{
	static const char caps41[] = "\x00\x82\x00\x00\x00\x80\x00\x01\x21";
	static const char caps_old[] = "\x00\x80\x00\x00\x01";
	static const char zeros[23], quit[] = "\x01\x00\x00\x00\x01";
	const size_t n = is_pre41 ? 5 + user.len + 2 : 32 + user.len + 2;
	const char head[4] = { (char)n, (char)(n >> 8), 0, 1 };
	struct strbuf b = { 0 };

	strbuf_add(&b, head, 4);
	strbuf_add(&b, is_pre41 ? caps_old : caps41, is_pre41 ? 5 : 9);
	if (!is_pre41)
		strbuf_add(&b, zeros, sizeof(zeros));
	strbuf_add(&b, user.p, user.len);
	strbuf_add(&b, "\0", 2); /* end of the name; no password */
	strbuf_add(&b, quit, 5);
	add_send(c, (struct str){ b.p, b.len });
	strbuf_fini(&b);
}

static void mysql_steps(struct chain *c, struct str user, bool is_pre41)
{
	if (user.len > 0)
		mysql_login(c, user, is_pre41);
	add_expect(c, CFG_EXPECT_MYSQL_HELLO, NULL);
	if (user.len > 0)
		add_expect(c, CFG_EXPECT_MYSQL_OK, NULL);
}

/* A ClientHello of SSLv3 with every old cipher suite: a server answers with a handshake or an
 * alert. */
static void ssl_hello_steps(struct chain *c)
{
	static const unsigned char head[] = { 0x16, 0x03, 0x00, 0x00, 0x79, 0x01,
					      0x00, 0x00, 0x75, 0x03, 0x00 };
	static const char random[33] = "\x65\x00\x00\x00"
				       "TANDEM HELLO: ARE YOU THERE?";
	static const unsigned char suites[] = { 1,    2,    3,    4,    5,    6,    7,    8,
						9,    10,   11,   12,   13,   14,   15,   16,
						17,   18,   19,   20,   21,   22,   23,   24,
						25,   26,   27,   0x2f, 0x30, 0x31, 0x32, 0x33,
						0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a };
	struct strbuf b = { 0 };
	struct cfg_step *s;

	strbuf_add(&b, head, sizeof(head));
	strbuf_add(&b, random, 32);
	strbuf_add(&b, "\0\0\x4e", 3); /* no session; 39 suites */
	for (size_t i = 0; i < sizeof(suites); i++) {
		strbuf_addc(&b, '\0');
		strbuf_addc(&b, (char)suites[i]);
	}
	strbuf_add(&b, "\x01\0", 2); /* no compression */
	add_send(c, (struct str){ b.p, b.len });
	strbuf_fini(&b);
	s = add_expect(c, CFG_EXPECT_RBINARY, "^1[56]");
	s->min_recv = 5;
	s->ok_status = CHECK_L6OK;
	s->error_status = CHECK_L6RSP;
	s->tout_status = CHECK_L6TOUT;
}

static struct cfg_step *protocol_steps(struct cfg_parser *p, const struct cfg_check *k)
{
	struct chain c = { .p = p };

	add_connect(&c, k->kind == CFG_CHECK_SMTP || k->kind == CFG_CHECK_PGSQL);
	switch (k->kind) {
	case CFG_CHECK_SMTP:
		smtp_steps(&c, k->argument);
		break;
	case CFG_CHECK_REDIS:
		redis_steps(&c);
		break;
	case CFG_CHECK_MYSQL:
		mysql_steps(&c, k->argument, k->is_pre41);
		break;
	case CFG_CHECK_PGSQL:
		pgsql_steps(&c, k->argument);
		break;
	case CFG_CHECK_LDAP:
		ldap_steps(&c);
		break;
	case CFG_CHECK_SSL_HELLO:
		ssl_hello_steps(&c);
		break;
	case CFG_CHECK_TCP:
	case CFG_CHECK_HTTP:
	case CFG_CHECK_SCRIPT:
	case CFG_CHECK_EXTERNAL:
	case CFG_CHECK_AGENT:
		break;
	}
	return c.first;
}

const struct cfg_check *cfg_agent_build(struct cfg_parser *p, struct str send)
{
	struct cfg_check *k = arena_new(p->arena, struct cfg_check);
	struct chain c = { .p = p };

	add_connect(&c, false);
	if (send.len > 0)
		add_send(&c, send);
	add_expect(&c, CFG_EXPECT_LINE, NULL)->number = 2;
	*k = (struct cfg_check){ .kind = CFG_CHECK_AGENT, .steps = c.first };
	return k;
}

/* ---- HTTP ---- */

static bool has_header(struct str headers, struct str name)
{
	while (headers.len > name.len) {
		const char *end = memmem(headers.p, headers.len, "\r\n", 2);
		const size_t n = end ? (size_t)(end - headers.p) + 2 : headers.len;

		if (headers.p[name.len] == ':' &&
		    str_eq_nocase((struct str){ headers.p, name.len }, name))
			return true;
		headers = (struct str){ headers.p + n, headers.len - n };
	}
	return false;
}

static struct str first_of(struct str a, struct str b, struct str otherwise)
{
	return a.len ? a : b.len ? b : otherwise;
}

/* Complete a request; option: what `option httpchk` said of the first one. */
static void compose_request(struct cfg_parser *p, struct cfg_step *s,
			    const struct cfg_check_send *option)
{
	const struct cfg_check_send given = s->send;
	const struct str none = STR("");
	struct cfg_check_send *o = &s->send;
	struct strbuf b = { 0 };

	o->method = first_of(given.method, option->method, STR("OPTIONS"));
	o->uri = first_of(given.uri, option->uri, STR("/"));
	o->version = first_of(given.version, option->version, STR("HTTP/1.0"));
	o->headers = first_of(given.headers, option->headers, none);
	o->body = first_of(given.body, option->body, none);
	strbuf_addf(&b, STR_FMT " " STR_FMT " " STR_FMT "\r\n", STR_ARG(o->method), STR_ARG(o->uri),
		    STR_ARG(o->version));
	strbuf_add(&b, o->headers.p, o->headers.len);
	if (o->body.len > 0)
		strbuf_addf(&b, "Content-Length: %zu\r\n", o->body.len);
	if (!str_eq(o->version, STR("HTTP/1.0")) && !has_header(o->headers, STR("connection")))
		strbuf_adds(&b, "Connection: close\r\n");
	s->data = arena_str(p->arena, (struct str){ strbuf_str(&b), b.len });
	strbuf_fini(&b);
}

static struct cfg_step *insert(struct cfg_parser *p, struct cfg_step **at, enum cfg_step_kind kind)
{
	struct cfg_step *s = arena_new(p->arena, struct cfg_step);

	*s = (struct cfg_step){ .next = *at, .kind = kind, .min_recv = -1, .is_implicit = true };
	*at = s;
	return s;
}

static void begin_with_connect(struct cfg_parser *p, struct cfg_step **first)
{
	if (!*first || (*first)->kind != CFG_STEP_CONNECT)
		insert(p, first, CFG_STEP_CONNECT);
}

static struct cfg_step *http_steps(struct cfg_parser *p, const struct check_draft *d)
{
	static const struct cfg_status_range good = { 200, 399 };
	const struct cfg_check_send nothing = { 0 };
	const bool drops_option = d->http.has_request && d->option_is_inherited;
	const struct cfg_check_send *option = drops_option ? &nothing : &d->option;
	struct cfg_step *first = cfg_http_steps(p, d), *last = NULL, *s;
	bool has_send = false;

	begin_with_connect(p, &first);
	for (s = first; s; s = s->next)
		has_send = has_send || s->kind == CFG_STEP_SEND;
	if (!has_send)
		insert(p, &first->next, CFG_STEP_SEND);
	for (s = first; s; last = s, s = s->next) {
		if (s->kind != CFG_STEP_SEND)
			continue;
		compose_request(p, s, option);
		option = &nothing;
	}
	if (last->kind != CFG_STEP_EXPECT) {
		s = insert(p, &last->next, CFG_STEP_EXPECT);
		s->what = CFG_EXPECT_STATUS;
		s->statuses = &good;
		s->n_statuses = 1;
	}
	return first;
}

const struct cfg_check *cfg_probe_build(struct cfg_parser *p, const struct draft *d)
{
	const struct check_draft *k = &d->check;
	struct cfg_check *c = arena_new(p->arena, struct cfg_check);
	struct cfg_step *first = NULL;

	*c = (struct cfg_check){ .kind = k->kind,
				 .sends_state = k->sends_state,
				 .stops_on_404 = k->stops_on_404,
				 .argument = k->argument,
				 .is_pre41 = k->is_pre41,
				 .command = k->command,
				 .path = k->path };
	if (k->kind == CFG_CHECK_HTTP)
		first = http_steps(p, k);
	else if (k->kind == CFG_CHECK_SCRIPT)
		first = cfg_tcp_steps(p, k);
	else
		first = protocol_steps(p, c);
	if (k->kind != CFG_CHECK_EXTERNAL)
		begin_with_connect(p, &first);
	c->steps = first;
	return c;
}
