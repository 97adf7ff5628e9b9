/* expect.c - does what a server sent satisfy a step of a health check? */
#include "health/expect.h"

#include <stdio.h>
#include <tandem/regex.h>

#include "config/cfg_model.h"

static bool contains(struct str hay, struct str needle)
{
	return needle.len == 0 ||
	       (hay.len >= needle.len && memmem(hay.p, hay.len, needle.p, needle.len) != NULL);
}

static struct str from(struct str s, size_t at)
{
	return at >= s.len ? STR("") : (struct str){ s.p + at, s.len - at };
}

/* ---- the words ---- */

/* What the server said, up to its first NUL. */
static struct str payload_of(const struct cfg_check_info *info, struct str bytes)
{
	struct str s = from(bytes, info->from);

	s.len = s.len > 0 ? strnlen(s.p, s.len) : 0;
	if (info->kind != CFG_INFO_PAYLOAD_LINE)
		return s;
	while (info->from > 0 && s.len > 0 && s.p[0] == ' ')
		s = from(s, 1);
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n')
			s.len = i;
	return s;
}

static void add_info(struct strbuf *out, const struct cfg_check_info *info, struct str bytes)
{
	struct str payload;

	switch (info->kind) {
	case CFG_INFO_NONE:
		return;
	case CFG_INFO_TEXT:
		strbuf_add(out, info->text.p, info->text.len);
		return;
	case CFG_INFO_PAYLOAD:
	case CFG_INFO_PAYLOAD_LINE:
		payload = payload_of(info, bytes);
		strbuf_add(out, payload.p, payload.len);
		return;
	}
	UNREACHABLE();
}

static int code_of(const struct cfg_check_code *c, struct str bytes)
{
	struct str s = from(bytes, c->from);
	int value = 0;

	switch (c->kind) {
	case CFG_CODE_NONE:
		return -1;
	case CFG_CODE_INT:
		return c->value;
	case CFG_CODE_PAYLOAD:
		if (c->len > 0)
			s.len = MIN(s.len, (size_t)c->len);
		for (size_t i = 0; i < s.len && i < 9 && s.p[i] >= '0' && s.p[i] <= '9'; i++)
			value = value * 10 + (s.p[i] - '0');
		return value;
	}
	UNREACHABLE();
}

/* What a failed pattern is called in messages. */
static void add_pattern(struct strbuf *out, const struct cfg_step *st)
{
	switch (st->what) {
	case CFG_EXPECT_STRING:
	case CFG_EXPECT_BODY:
		strbuf_addf(out, " '" STR_FMT "'", STR_ARG(st->text));
		return;
	case CFG_EXPECT_BINARY:
		strbuf_adds(out, " (binary)");
		return;
	case CFG_EXPECT_RSTRING:
	case CFG_EXPECT_RBODY:
	case CFG_EXPECT_RSTATUS:
		strbuf_adds(out, " (regex)");
		return;
	case CFG_EXPECT_RBINARY:
		strbuf_adds(out, " (binary regex)");
		return;
	case CFG_EXPECT_STATUS:
	case CFG_EXPECT_HDR:
	case CFG_EXPECT_FHDR:
	case CFG_EXPECT_MYSQL_HELLO:
	case CFG_EXPECT_MYSQL_OK:
	case CFG_EXPECT_LDAP_BIND:
	case CFG_EXPECT_LINE:
		return; /* they have words of their own */
	}
	UNREACHABLE();
}

static void add_comment(struct strbuf *out, const struct cfg_step *st)
{
	if (st->comment.len > 0)
		strbuf_addf(out, " comment: " STR_FMT, STR_ARG(st->comment));
}

static void add_hex(struct strbuf *out, struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		strbuf_addf(out, "%02X", (unsigned char)bytes.p[i]);
}

void expect_describe_place(const struct cfg_step *st, struct strbuf *out)
{
	if (st->number == 0) {
		strbuf_adds(out, " at initial connection step of tcp-check");
		return;
	}
	strbuf_addf(out, " at step %u of tcp-check", st->number);
	switch (st->kind) {
	case CFG_STEP_CONNECT:
		if (st->port != 0)
			strbuf_addf(out, " (connect port %u)", st->port);
		else
			strbuf_adds(out, " (connect)");
		break;
	case CFG_STEP_SEND:
		strbuf_adds(out, " (send)");
		break;
	case CFG_STEP_EXPECT:
		if (st->what == CFG_EXPECT_STRING) {
			strbuf_addf(out, " (expect string '" STR_FMT "')", STR_ARG(st->text));
		} else if (st->what == CFG_EXPECT_BINARY) {
			strbuf_adds(out, " (expect binary '");
			add_hex(out, st->text);
			strbuf_adds(out, "')");
		} else {
			strbuf_adds(out, st->what == CFG_EXPECT_RBINARY ? " (expect binary regex)"
									: " (expect regex)");
		}
		break;
	}
	if (st->comment.len > 0)
		strbuf_addf(out, " comment: '" STR_FMT "'", STR_ARG(st->comment));
}

/* ---- verdicts ---- */

static enum expect_verdict pass(const struct cfg_check *check, const struct cfg_step *st,
				const struct expect_input *in, struct expect_result *out)
{
	out->status = st->ok_status != CHECK_UNKNOWN ? st->ok_status : CHECK_L7OK;
	out->code = code_of(&st->code, in->bytes);
	if (st->on_success.kind != CFG_INFO_NONE)
		add_info(&out->text, &st->on_success, in->bytes);
	else if (check->kind == CFG_CHECK_SCRIPT)
		strbuf_adds(&out->text, "(tcp-check)");
	return EXPECT_MET;
}

/* own: words that win over on-error; otherwise: what is said without either. */
static enum expect_verdict fail(const struct cfg_step *st, const struct expect_input *in,
				enum check_status usual, const char *own, struct str otherwise,
				struct expect_result *out)
{
	out->status = st->error_status != CHECK_UNKNOWN ? st->error_status : usual;
	out->code = code_of(&st->code, in->bytes);
	if (own != NULL)
		strbuf_adds(&out->text, own);
	else if (st->on_error.kind != CFG_INFO_NONE)
		add_info(&out->text, &st->on_error, in->bytes);
	else
		strbuf_add(&out->text, otherwise.p, otherwise.len);
	add_comment(&out->text, st);
	return EXPECT_FAILED;
}

static enum expect_verdict fail_empty(const struct cfg_step *st, const struct expect_input *in,
				      struct expect_result *out)
{
	char text[64];

	snprintf(text, sizeof(text), "TCPCHK got an empty response at step %u", st->number);
	return fail(st, in, CHECK_L7RSP, text, STR(""), out);
}

/* ---- bytes ---- */

static bool matches_bytes(const struct cfg_step *st, struct str bytes)
{
	struct strbuf hex = { 0 };
	bool r;

	if (st->what == CFG_EXPECT_STRING || st->what == CFG_EXPECT_BINARY)
		return contains(bytes, st->text);
	if (st->what == CFG_EXPECT_RSTRING)
		return regex_matches(st->re->re, bytes);
	add_hex(&hex, bytes);
	r = regex_matches(st->re->re, (struct str){ hex.p, hex.len });
	strbuf_fini(&hex);
	return r;
}

static enum expect_verdict eval_bytes(const struct cfg_check *check, const struct cfg_step *st,
				      const struct expect_input *in, struct expect_result *out)
{
	const bool is_exact = st->what == CFG_EXPECT_STRING || st->what == CFG_EXPECT_BINARY;
	struct strbuf words = { 0 };
	enum expect_verdict v;
	bool does_match;

	if (!in->is_last && ((is_exact && in->bytes.len < st->text.len) ||
			     (st->min_recv > 0 && in->bytes.len < (size_t)st->min_recv)))
		return EXPECT_WAIT;
	if (in->bytes.len == 0 && in->is_last)
		return fail_empty(st, in, out);
	does_match = matches_bytes(st, in->bytes);
	/* without a minimum, the absence of a match proves nothing before the end */
	if (!does_match && !in->is_last && st->min_recv == -1)
		return EXPECT_WAIT;
	if (does_match != st->is_negated)
		return pass(check, st, in, out);
	if (check->kind == CFG_CHECK_SCRIPT) {
		strbuf_adds(&words, does_match ? "TCPCHK matched unwanted content"
					       : "TCPCHK did not match content");
		add_pattern(&words, st);
		strbuf_addf(&words, " at step %u", st->number);
	}
	v = fail(st, in, CHECK_L7RSP, NULL, str_from(strbuf_str(&words)), out);
	strbuf_fini(&words);
	return v;
}

/* ---- HTTP ---- */

static bool matches_text(const struct cfg_match *m, struct str s, bool nocase)
{
	struct str part = s;

	switch (m->how) {
	case CFG_MATCH_STR:
		break;
	case CFG_MATCH_BEG:
		part.len = MIN(part.len, m->text.len);
		break;
	case CFG_MATCH_END:
		part = from(s, s.len > m->text.len ? s.len - m->text.len : 0);
		break;
	case CFG_MATCH_SUB:
		if (!nocase)
			return contains(s, m->text);
		for (size_t i = 0; i + m->text.len <= s.len; i++)
			if (str_eq_nocase((struct str){ s.p + i, m->text.len }, m->text))
				return true;
		return false;
	case CFG_MATCH_REG:
		return regex_matches(m->re->re, s);
	}
	return nocase ? str_eq_nocase(part, m->text) : str_eq(part, m->text);
}

/* The next element of a comma-separated value; commas in quotes do not count. */
static struct str next_element(struct str *rest)
{
	struct str one = *rest;
	bool is_quoted = false;

	for (size_t i = 0; i < rest->len; i++) {
		if (rest->p[i] == '"')
			is_quoted = !is_quoted;
		if (rest->p[i] == ',' && !is_quoted) {
			one.len = i;
			break;
		}
	}
	*rest = from(*rest, one.len + 1);
	return str_trim(one);
}

static bool matches_value(const struct cfg_step *st, struct str value)
{
	if (!st->has_value)
		return true;
	if (st->what == CFG_EXPECT_FHDR)
		return matches_text(&st->value, value, false);
	do {
		if (matches_text(&st->value, next_element(&value), false))
			return true;
	} while (value.len > 0);
	return false;
}

static bool matches_header(const struct cfg_step *st, struct str fields)
{
	while (fields.len > 0) {
		const char *end = memchr(fields.p, '\n', fields.len);
		struct str line = { fields.p, end != NULL ? (size_t)(end - fields.p) : fields.len };
		const char *colon;

		fields = from(fields, line.len + 1);
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		colon = line.len > 0 ? memchr(line.p, ':', line.len) : NULL;
		if (colon == NULL)
			continue;
		if (matches_text(&st->name, (struct str){ line.p, (size_t)(colon - line.p) },
				 true) &&
		    matches_value(st, str_trim(from(line, (size_t)(colon - line.p) + 1))))
			return true;
	}
	return false;
}

static bool matches_status(const struct cfg_step *st, int code)
{
	char text[8];

	if (st->what == CFG_EXPECT_RSTATUS) {
		snprintf(text, sizeof(text), "%d", code % 1000);
		return regex_matches(st->re->re, str_from(text));
	}
	for (unsigned i = 0; i < st->n_statuses; i++)
		if (code >= st->statuses[i].lo && code <= st->statuses[i].hi)
			return true;
	return false;
}

static enum expect_verdict eval_body(const struct cfg_check *check, const struct cfg_step *st,
				     const struct expect_input *in, struct expect_result *out)
{
	bool does_match;

	if (in->body.len == 0)
		return in->is_last
			       ? fail(st, in, CHECK_L7RSP, NULL,
				      STR("HTTP content check could not find a response body"), out)
			       : EXPECT_WAIT;
	if (!in->is_last && st->min_recv > 0 && in->body.len < (size_t)st->min_recv)
		return EXPECT_WAIT;
	does_match = st->what == CFG_EXPECT_BODY ? contains(in->body, st->text)
						 : regex_matches(st->re->re, in->body);
	if (!does_match && !in->is_last && st->min_recv == -1)
		return EXPECT_WAIT;
	if (does_match != st->is_negated)
		return pass(check, st, in, out);
	return fail(st, in, CHECK_L7RSP, NULL,
		    st->is_negated ? STR("HTTP check matched unwanted content")
				   : STR("HTTP content check did not match"),
		    out);
}

static enum expect_verdict eval_head(const struct cfg_check *check, const struct cfg_step *st,
				     const struct expect_input *in, struct expect_result *out)
{
	const bool is_header = st->what == CFG_EXPECT_HDR || st->what == CFG_EXPECT_FHDR;
	const bool does_match =
		is_header ? matches_header(st, in->fields) : matches_status(st, in->code);

	if (does_match != st->is_negated)
		return pass(check, st, in, out);
	return fail(st, in, CHECK_L7STS, NULL, in->reason, out);
}

/* ---- protocols ---- */

static unsigned le24(struct str s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p + at;

	return p[0] | (unsigned)p[1] << 8 | (unsigned)p[2] << 16;
}

static enum expect_verdict mysql_failed(const struct expect_input *in, enum check_status status,
					const char *words, struct expect_result *out)
{
	(void)in;
	out->status = status;
	strbuf_adds(&out->text, words);
	return EXPECT_FAILED;
}

/* A server's error packet: 0xff, code, words. */
static enum expect_verdict mysql_error(struct str packet, struct expect_result *out)
{
	out->status = CHECK_L7STS;
	if (packet.len < 3)
		return EXPECT_FAILED;
	out->code = (unsigned char)packet.p[1] | (unsigned char)packet.p[2] << 8;
	packet = from(packet, 3);
	strbuf_add(&out->text, packet.p, packet.len);
	return EXPECT_FAILED;
}

/* The packet that begins at byte `at`: three bytes of length, one of sequence, then its content. */
static enum expect_verdict mysql_packet(const struct expect_input *in, size_t at,
					struct str *packet, struct expect_result *out)
{
	if (in->bytes.len >= at + 4 && in->bytes.len >= at + 4 + le24(in->bytes, at)) {
		*packet = (struct str){ in->bytes.p + at + 4, le24(in->bytes, at) };
		return EXPECT_MET;
	}
	if (!in->is_last)
		return EXPECT_WAIT;
	return mysql_failed(in, CHECK_L7RSP, in->bytes.len == 0 ? "" : "MySQL packet is incomplete",
			    out);
}

static void mysql_welcome(struct str hello, struct expect_result *out)
{
	struct str version = from(hello, 1); /* behind the version of the protocol */

	out->status = CHECK_L7OK;
	strbuf_add(&out->text, version.p,
		   version.len > 0 ? strnlen(version.p, MIN(version.len, (size_t)60)) : 0);
}

static enum expect_verdict eval_mysql(const struct cfg_step *st, const struct expect_input *in,
				      struct expect_result *out)
{
	struct str hello, ok;
	enum expect_verdict v = mysql_packet(in, 0, &hello, out);

	if (v != EXPECT_MET)
		return v;
	if (hello.len == 0)
		return mysql_failed(in, CHECK_L7RSP, "MySQL sent an empty packet", out);
	if ((unsigned char)hello.p[0] == 0xff)
		return mysql_error(hello, out);
	if (st->what == CFG_EXPECT_MYSQL_OK) {
		v = mysql_packet(in, 4 + hello.len, &ok, out);
		if (v != EXPECT_MET)
			return v;
		if (ok.len > 0 && (unsigned char)ok.p[0] == 0xff)
			return mysql_error(ok, out);
	}
	mysql_welcome(hello, out);
	return EXPECT_MET;
}

/* RFC 4511: SEQUENCE { messageID 1, [APPLICATION 1] BindResponse { resultCode ... } } */
static enum expect_verdict eval_ldap(const struct expect_input *in, struct expect_result *out)
{
	static const char bind_response[] = { 0x02, 0x01, 0x01, 0x61 };
	struct str s = in->bytes;
	size_t at = 2;

	if (s.len < 14 && !in->is_last)
		return EXPECT_WAIT;
	if (s.len > 1 && ((unsigned char)s.p[1] & 0x80) != 0)
		at += (unsigned char)s.p[1] & 0x7f; /* a long form of length */
	out->status = CHECK_L7RSP;
	if (s.len < at + 8 || s.p[0] != 0x30 || memcmp(s.p + at, bind_response, 4) != 0) {
		strbuf_adds(&out->text, "Not LDAPv3 protocol");
		return EXPECT_FAILED;
	}
	out->code = (unsigned char)s.p[at + 7];
	out->status = out->code == 0 ? CHECK_L7OK : CHECK_L7STS;
	strbuf_adds(&out->text,
		    out->code == 0 ? "Success"
				   : "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9");
	return out->code == 0 ? EXPECT_MET : EXPECT_FAILED;
}

/* An agent's: the text is the line. */
static enum expect_verdict eval_line(const struct cfg_step *st, const struct expect_input *in,
				     struct expect_result *out)
{
	struct str line = in->bytes;
	bool has_end = in->is_last;

	for (size_t i = 0; i < line.len; i++)
		if (line.p[i] == '\r' || line.p[i] == '\n') {
			line.len = i;
			has_end = true;
		}
	if (!has_end)
		return EXPECT_WAIT;
	if (in->bytes.len == 0)
		return fail_empty(st, in, out);
	out->status = CHECK_L7OK;
	strbuf_add(&out->text, line.p, strnlen(line.p, line.len));
	return EXPECT_MET;
}

enum expect_verdict expect_eval(const struct cfg_check *check, const struct cfg_step *st,
				const struct expect_input *in, struct expect_result *out)
{
	out->code = -1;
	switch (st->what) {
	case CFG_EXPECT_STRING:
	case CFG_EXPECT_RSTRING:
	case CFG_EXPECT_BINARY:
	case CFG_EXPECT_RBINARY:
		return eval_bytes(check, st, in, out);
	case CFG_EXPECT_STATUS:
	case CFG_EXPECT_RSTATUS:
	case CFG_EXPECT_HDR:
	case CFG_EXPECT_FHDR:
		return eval_head(check, st, in, out);
	case CFG_EXPECT_BODY:
	case CFG_EXPECT_RBODY:
		return eval_body(check, st, in, out);
	case CFG_EXPECT_MYSQL_HELLO:
	case CFG_EXPECT_MYSQL_OK:
		return eval_mysql(st, in, out);
	case CFG_EXPECT_LDAP_BIND:
		return eval_ldap(in, out);
	case CFG_EXPECT_LINE:
		return eval_line(st, in, out);
	}
	UNREACHABLE();
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool expect_dechunk(struct str raw, struct strbuf *out)
{
	while (raw.len > 0) {
		const char *end = memchr(raw.p, '\n', raw.len);
		size_t size = 0;

		if (end == NULL)
			return false;
		for (size_t i = 0; hex_value(raw.p[i]) >= 0 && size < (1U << 24); i++)
			size = size * 16 + (size_t)hex_value(raw.p[i]);
		raw = from(raw, (size_t)(end - raw.p) + 1);
		if (size == 0)
			return true;
		strbuf_add(out, raw.p, MIN(size, raw.len));
		if (raw.len < size + 2)
			return false;
		raw = from(raw, size + 2);
	}
	return false;
}
