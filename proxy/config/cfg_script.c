/* cfg_script.c - option tcp-check and its lines, the checks that know a protocol, external checks.
 */
#include "config/cfg_internal.h"

/* ---- tcp-check ---- */

static void option_tcp_check(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw, (void)at;
	p->cur->check.kind = CFG_CHECK_SCRIPT;
}

static void tcp_check_connect(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_step step;

	if (cfg_connect_parse(p, kw, at, &step))
		cfg_step_add(p, &p->cur->check.tcp, &step);
}

static void tcp_check_expect(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_step step;

	if (cfg_expect_parse(p, kw, at, false, &step))
		cfg_step_add(p, &p->cur->check.tcp, &step);
}

/* What follows the data: "[comment TEXT]". */
static void add_send(struct cfg_parser *p, const struct keyword *kw, unsigned at,
		     struct cfg_step *step)
{
	if (cfg_arg_is(p, at, "comment")) {
		step->comment = cfg_arg(p, at + 1);
		if (step->comment.len == 0) {
			cfg_error(p, at + 1, "'%s comment' expects a text", kw->name);
			return;
		}
		at += 2;
	}
	if (cfg_no_more_args(p, at))
		cfg_step_add(p, &p->cur->check.tcp, step);
}

static void tcp_check_send(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_step step = { .kind = CFG_STEP_SEND, .data = cfg_arg(p, at) };

	if (step.data.len == 0)
		cfg_error(p, at, "'%s' expects a text to send", kw->name);
	else
		add_send(p, kw, at + 1, &step);
}

static void tcp_check_send_binary(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_step step = { .kind = CFG_STEP_SEND, .is_binary = true };

	if (cfg_read_hex(p, at, kw->name, &step.data))
		add_send(p, kw, at + 1, &step);
}

static void tcp_check_comment(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw;
	cfg_step_comment(p, &p->cur->check.tcp, cfg_arg(p, at));
}

/* ---- protocols ---- */

static void set_protocol(struct cfg_parser *p, enum cfg_check_kind kind, struct str argument)
{
	p->cur->check.kind = kind;
	p->cur->check.argument = argument;
	p->cur->check.is_pre41 = false;
}

static void option_redis_check(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw, (void)at;
	set_protocol(p, CFG_CHECK_REDIS, STR(""));
}

static void option_ldap_check(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw, (void)at;
	set_protocol(p, CFG_CHECK_LDAP, STR(""));
}

static void option_ssl_hello_chk(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw, (void)at;
	set_protocol(p, CFG_CHECK_SSL_HELLO, STR(""));
}

/* option smtpchk [HELO|EHLO DOMAIN] */
static void option_smtpchk(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct str greeting = STR("HELO localhost");

	(void)kw;
	/* as HAProxy: another word, or none behind it, is the default */
	if ((cfg_arg_is(p, at, "EHLO") || cfg_arg_is(p, at, "HELO")) && cfg_arg(p, at + 1).len > 0)
		greeting = str_from(
			arena_printf(p->arena, "%s %s", cfg_argz(p, at), cfg_argz(p, at + 1)));
	set_protocol(p, CFG_CHECK_SMTP, greeting);
}

static bool read_user(struct cfg_parser *p, const struct keyword *kw, unsigned at, struct str *out)
{
	if (!cfg_arg_is(p, at, "user") || cfg_arg(p, at + 1).len == 0) {
		cfg_error(p, at, "'%s' expects 'user' and a name", kw->name);
		return false;
	}
	*out = cfg_arg(p, at + 1);
	if (out->len <= 200)
		return true;
	cfg_error(p, at + 1, "'%s' expects a name of at most 200 bytes", kw->name);
	return false;
}

static void option_pgsql_check(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct str user;

	if (read_user(p, kw, at, &user))
		set_protocol(p, CFG_CHECK_PGSQL, user);
}

/* option mysql-check [user NAME [post-41 | pre-41]] */
static void option_mysql_check(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct str user = STR("");

	if (at < p->line->n && !read_user(p, kw, at, &user))
		return;
	if (at + 2 < p->line->n && !cfg_arg_is(p, at + 2, "post-41") &&
	    !cfg_arg_is(p, at + 2, "pre-41")) {
		cfg_error(p, at + 2, "'%s' expects post-41 or pre-41 behind the user, got '%s'",
			  kw->name, cfg_argz(p, at + 2));
		return;
	}
	set_protocol(p, CFG_CHECK_MYSQL, user);
	p->cur->check.is_pre41 = cfg_arg_is(p, at + 2, "pre-41");
}

/* ---- external ---- */

static void option_external_check(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw, (void)at;
	p->cur->check.kind = CFG_CHECK_EXTERNAL;
}

static void external_check_command(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (cfg_arg(p, at).len == 0)
		cfg_error(p, at, "'%s' expects the path of a program", kw->name);
	else
		p->cur->check.command = cfg_argz(p, at);
}

static void external_check_path(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw;
	p->cur->check.path = cfg_argz(p, at);
}

const struct keyword cfg_script_keywords[] = {
	{ "option tcp-check", SEC_DEF_BE, 0, 0, KW_SIDE, option_tcp_check, 0, "",
	  "health checks are what the tcp-check lines say; without any, connects" },
	{ "tcp-check connect", SEC_DEF_BE, 0, ARGS_ANY, KW_SIDE, tcp_check_connect, 0,
	  "[default] [port N] [addr A] [send-proxy] [linger] [comment TEXT]",
	  "open a connection, the first or another one" },
	{ "tcp-check send", SEC_DEF_BE, 1, 3, KW_SIDE, tcp_check_send, 0, "TEXT [comment TEXT]",
	  "send a text" },
	{ "tcp-check send-binary", SEC_DEF_BE, 1, 3, KW_SIDE, tcp_check_send_binary, 0,
	  "HEXDIGITS [comment TEXT]", "send bytes" },
	{ "tcp-check expect", SEC_DEF_BE, 1, ARGS_ANY, KW_SIDE, tcp_check_expect, 0,
	  "[OPTIONS] [!] string|rstring|binary|rbinary PATTERN", "what a healthy server answers" },
	{ "tcp-check comment", SEC_DEF_BE, 1, 1, KW_SIDE, tcp_check_comment, 0, "TEXT",
	  "told when the next step fails" },
	{ "option smtpchk", SEC_DEF_BE, 0, 2, KW_SIDE, option_smtpchk, 0, "[HELO|EHLO DOMAIN]",
	  "health checks are greetings of SMTP" },
	{ "option redis-check", SEC_DEF_BE, 0, 0, KW_SIDE, option_redis_check, 0, "",
	  "health checks are PINGs of Redis" },
	{ "option mysql-check", SEC_DEF_BE, 0, 3, KW_SIDE, option_mysql_check, 0,
	  "[user NAME [post-41|pre-41]]", "health checks are logins to MySQL" },
	{ "option pgsql-check", SEC_DEF_BE, 0, 2, KW_SIDE, option_pgsql_check, 0, "user NAME",
	  "health checks are starts of a PostgreSQL session" },
	{ "option ldap-check", SEC_DEF_BE, 0, 0, KW_SIDE, option_ldap_check, 0, "",
	  "health checks are anonymous binds of LDAPv3" },
	{ "option ssl-hello-chk", SEC_DEF_BE, 0, 0, KW_SIDE, option_ssl_hello_chk, 0, "",
	  "health checks are hellos of SSLv3" },
	{ "option external-check", SEC_DEF_BE, 0, 0, KW_SIDE, option_external_check, 0, "",
	  "health checks are runs of a program" },
	{ "external-check command", SEC_DEF_BE, 1, 1, KW_SIDE, external_check_command, 0, "PATH",
	  "the program; exit status 0 means healthy" },
	{ "external-check path", SEC_DEF_BE, 1, 1, KW_SIDE, external_check_path, 0, "DIRECTORIES",
	  "its PATH; default empty" },
	{ 0 },
};
