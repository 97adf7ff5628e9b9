/* lexer.c - configuration text to lines of words with positions. */
#include <tandem/lexer.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES ((off_t)16 << 20)
#define END_OF_LINE    (-1) /* what peek() returns for LF, CR LF and the end of the text */

/* One logical line while it is read. */
struct scan {
	struct lexer *lx;
	size_t start;      /* of the logical line, in the text */
	size_t line_start; /* of the physical line where lx->at is */
	unsigned first_line;
	struct strbuf word;
	bool in_word, is_quoted;
	unsigned word_line, word_col;
	unsigned end_line, end_col; /* just after the last word */
	struct token *tok;          /* LEX_MAX_WORDS + 1 of them */
	unsigned n;
	bool is_cut; /* the rest of the line is ignored; the error was reported */
};

void lexer_init(struct lexer *lx, enum lex_dialect dialect, const char *file, struct str text,
		struct arena *arena, struct diag *diag, const char *(*getenv_fn)(const char *))
{
	*lx = (struct lexer){
		.dialect = dialect,
		.file = arena_strdup(arena, file),
		.text = text,
		.line = 1,
		.arena = arena,
		.diag = diag,
		.getenv = getenv_fn,
	};
}

/* The byte `ahead` of the current one, or END_OF_LINE. */
static int peek(const struct lexer *lx, size_t ahead)
{
	size_t at = lx->at + ahead;

	if (at >= lx->text.len || lx->text.p[at] == '\n')
		return END_OF_LINE;
	if (lx->text.p[at] == '\r' && (at + 1 == lx->text.len || lx->text.p[at + 1] == '\n'))
		return END_OF_LINE;
	return (unsigned char)lx->text.p[at];
}

static void skip_rest(struct lexer *lx)
{
	while (peek(lx, 0) != END_OF_LINE)
		lx->at++;
}

/* Step over LF or CR LF. */
static void skip_end_of_line(struct lexer *lx)
{
	if (lx->at < lx->text.len && lx->text.p[lx->at] == '\r')
		lx->at++;
	if (lx->at < lx->text.len) {
		lx->at++;
		lx->line++;
	}
}

/* The physical line that begins at p, of at most len bytes, without its end. */
static struct str physical_line(const char *p, size_t len)
{
	const char *lf = len ? memchr(p, '\n', len) : NULL;
	struct str s = { p, lf ? (size_t)(lf - p) : len };

	if (s.len && s.p[s.len - 1] == '\r')
		s.len--;
	return s;
}

/* Byte `at` of the text, which is in the current physical line, as a place. */
static struct diag_pos place(const struct scan *s, size_t at)
{
	const struct lexer *lx = s->lx;

	return (struct diag_pos){
		.file = lx->file,
		.line = lx->line,
		.col = (unsigned)(at - s->line_start) + 1,
		.text = physical_line(lx->text.p + s->line_start, lx->text.len - s->line_start),
	};
}

static void begin_word(struct scan *s)
{
	if (s->in_word)
		return;
	s->in_word = true;
	s->is_quoted = false;
	s->word_line = s->lx->line;
	s->word_col = (unsigned)(s->lx->at - s->line_start) + 1;
	strbuf_clear(&s->word);
}

static void end_word(struct scan *s)
{
	if (!s->in_word)
		return;
	s->in_word = false;
	if (s->is_cut)
		return;
	s->end_line = s->lx->line;
	s->end_col = (unsigned)(s->lx->at - s->line_start) + 1;
	if (s->n == LEX_MAX_WORDS) {
		struct diag_pos pos = place(s, s->lx->at);

		pos.col = s->word_line == pos.line ? s->word_col : 0;
		diag_error(s->lx->diag, pos, "more than %d words in a line", LEX_MAX_WORDS);
		s->is_cut = true;
		return;
	}
	s->tok[s->n++] = (struct token){
		.text = arena_str(s->lx->arena, (struct str){ s->word.p, s->word.len }),
		.line = s->word_line,
		.col = s->word_col,
		.quoted = s->is_quoted,
	};
}

/* Add the current byte to the word. */
static void take(struct scan *s)
{
	struct lexer *lx = s->lx;
	char c = lx->text.p[lx->at];

	begin_word(s);
	if (c == '\r' || c == '\0')
		diag_error(lx->diag, place(s, lx->at), "%s in the middle of a line",
			   c == '\r' ? "a carriage return" : "a NUL byte");
	else
		strbuf_addc(&s->word, c);
	lx->at++;
}

/* Add c, which `len` bytes of the text stand for. */
static void take_as(struct scan *s, char c, size_t len)
{
	begin_word(s);
	strbuf_addc(&s->word, c);
	s->lx->at += len;
}

static int hex_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void bad_escape(struct scan *s, size_t len, const char *why)
{
	diag_error(s->lx->diag, place(s, s->lx->at), "%s", why);
	begin_word(s);
	s->lx->at += len;
}

/* A byte given by number: NUL would end the word for everybody who reads it as a C string. */
static void take_number(struct scan *s, unsigned value, size_t len)
{
	if (value == 0)
		bad_escape(s, len, "an escape stands for a NUL byte, which no word may contain");
	else if (value > 0xff)
		bad_escape(s, len, "an escape stands for more than one byte");
	else
		take_as(s, (char)value, len);
}

/* lx->at is at a backslash outside of single quotes. HAProxy's manual also lists "\\<TAB>", and
 * "\\$" outside of quotes; HAProxy 2.6 itself keeps both as they are, and files are written for
 * what the program does. */
static void escape_haproxy(struct scan *s, bool in_quotes)
{
	struct lexer *lx = s->lx;
	int c = peek(lx, 1), hi, lo;

	switch (c) {
	case END_OF_LINE:
		if (!in_quotes) /* in quotes, the open quote is reported */
			diag_warning(lx->diag, place(s, lx->at),
				     "a backslash at the end of a line does not join it with the "
				     "next: it stands for itself, as in HAProxy");
		take(s);
		return;
	case 'n':
		take_as(s, '\n', 2);
		return;
	case 'r':
		take_as(s, '\r', 2);
		return;
	case 't':
		take_as(s, '\t', 2);
		return;
	case 'x':
		hi = hex_value(peek(lx, 2));
		lo = hi < 0 ? -1 : hex_value(peek(lx, 3));
		if (lo < 0)
			bad_escape(s, 2, "'\\x' must be followed by two hexadecimal digits");
		else
			take_number(s, (unsigned)(hi * 16 + lo), 4);
		return;
	case ' ':
	case '\\':
	case '"':
	case '\'':
	case '#':
		take_as(s, (char)c, 2);
		return;
	case '$':
		if (!in_quotes)
			take(s);
		take_as(s, '$', in_quotes ? 2 : 1);
		return;
	default:
		take(s); /* not an escape: the backslash is a character like others */
	}
}

/* Inside quotes only, as a shell's $'...', which keepalived's manual refers to. Outside of quotes
 * keepalived takes a backslash as it is, think of passwords. */
static void escape_keepalived(struct scan *s)
{
	static const char names[] = "abEfnrtv", values[] = "\a\b\033\f\n\r\t\v";
	struct lexer *lx = s->lx;
	int c = peek(lx, 1);
	const char *name;
	unsigned value = 0;
	size_t len = 1;

	if (c == END_OF_LINE || c == '\0' || c == '\r') {
		take(s); /* the next is reported in its turn */
	} else if (c >= '0' && c <= '7') {
		for (; len <= 3 && peek(lx, len) >= '0' && peek(lx, len) <= '7'; len++)
			value = value * 8 + (unsigned)(peek(lx, len) - '0');
		take_number(s, value, len);
	} else if (c == 'x' && hex_value(peek(lx, 2)) >= 0) {
		for (len = 2; hex_value(peek(lx, len)) >= 0; len++)
			value = MIN(value * 16 + (unsigned)hex_value(peek(lx, len)), 0xffffu);
		take_number(s, value, len);
	} else if (c == 'x') {
		bad_escape(s, 2, "'\\x' must be followed by hexadecimal digits");
	} else if (c == 'c' && peek(lx, 2) != END_OF_LINE) {
		take_number(s, (unsigned)peek(lx, 2) & 0x1f, 3);
	} else {
		char as = lx->text.p[lx->at + 1];

		name = strchr(names, c);
		if (name)
			as = values[name - names];
		take_as(s, as, 2);
	}
}

static bool is_name_char(int c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* Add the value of a variable; with is_list, blanks in it separate words. */
static void take_value(struct scan *s, const char *value, bool is_list)
{
	for (; *value; value++) {
		if (is_list && (*value == ' ' || *value == '\t')) {
			end_word(s);
			while (value[1] == ' ' || value[1] == '\t')
				value++;
			if (value[1] == '\0')
				return;
			begin_word(s);
			s->is_quoted = true;
		} else {
			strbuf_addc(&s->word, *value);
		}
	}
}

/* lx->at is at a '$' inside double quotes: $NAME, ${NAME}, ${NAME-default} or ${NAME[*]}. */
static void expand_variable(struct scan *s)
{
	struct lexer *lx = s->lx;
	size_t dollar = lx->at, name_at, name_len = 0, end;
	bool has_brace = peek(lx, 1) == '{', is_list = false;
	struct str fallback = { 0 };
	const char *name, *value;

	name_at = dollar + 1 + has_brace;
	lx->at = name_at;
	while (is_name_char(peek(lx, name_len)))
		name_len++;
	end = name_at + name_len;
	if (name_len == 0 || isdigit((unsigned char)lx->text.p[name_at])) {
		diag_error(lx->diag, place(s, name_at),
			   "the name of an environment variable must begin here with a letter or "
			   "'_'; write '\\$' for a dollar sign");
		return;
	}
	lx->at = end;
	if (has_brace) {
		if (peek(lx, 0) == '[' && peek(lx, 1) == '*' && peek(lx, 2) == ']') {
			is_list = true;
			lx->at += 3;
		}
		if (peek(lx, 0) == '-') {
			fallback.p = lx->text.p + ++lx->at;
			while (peek(lx, 0) != '}' && peek(lx, 0) != END_OF_LINE)
				lx->at++;
			fallback.len = (size_t)(lx->text.p + lx->at - fallback.p);
		}
		if (peek(lx, 0) != '}') {
			diag_error(lx->diag, place(s, dollar + 1),
				   "the '{' of an environment variable is not closed by '}'");
			return;
		}
		lx->at++;
	}
	name = arena_str(lx->arena, (struct str){ lx->text.p + name_at, name_len }).p;
	value = lx->getenv ? lx->getenv(name) : getenv(name);
	if (value)
		take_value(s, value, is_list);
	else
		take_value(s, arena_str(lx->arena, fallback).p, is_list);
}

/* The part of a word in quotes; lx->at is at the opening one. */
static void read_quoted(struct scan *s)
{
	struct lexer *lx = s->lx;
	bool is_haproxy = lx->dialect == LEX_HAPROXY;
	char quote = lx->text.p[lx->at];
	struct diag_pos opening = place(s, lx->at);

	begin_word(s);
	s->is_quoted = true;
	lx->at++;
	for (;;) {
		int c = peek(lx, 0);

		if (c == END_OF_LINE) {
			diag_error(lx->diag, opening, "this quote is not closed");
			return;
		}
		if (c == quote) {
			lx->at++;
			return;
		}
		if (c == '\\' && (quote == '"' || !is_haproxy)) {
			if (is_haproxy)
				escape_haproxy(s, true);
			else
				escape_keepalived(s);
		} else if (c == '$' && is_haproxy && quote == '"') {
			expand_variable(s);
		} else {
			take(s);
		}
	}
}

static bool is_comment(const struct lexer *lx, int c)
{
	return c == '#' || (c == '!' && lx->dialect == LEX_KEEPALIVED);
}

/* Whatever begins at lx->at outside of quotes. */
static void read_unquoted(struct scan *s, int c)
{
	struct lexer *lx = s->lx;

	if (c == ' ' || c == '\t') {
		end_word(s);
		lx->at++;
	} else if (is_comment(lx, c)) {
		end_word(s);
		skip_rest(lx);
	} else if (c == '"' || c == '\'') {
		read_quoted(s);
	} else if (c == '\\' && lx->dialect == LEX_HAPROXY) {
		escape_haproxy(s, false);
	} else if ((c == '{' || c == '}') && lx->dialect == LEX_KEEPALIVED) {
		end_word(s);
		take(s);
		end_word(s);
	} else {
		take(s);
	}
}

static void cut_line(struct scan *s)
{
	struct diag_pos pos = place(s, s->lx->at);

	pos.col = 0;
	pos.text.len = MIN(pos.text.len, 80);
	diag_error(s->lx->diag, pos, "the line is longer than %d bytes", LEX_MAX_LINE);
	s->is_cut = true;
}

/* Read one logical line into s, up to and with its end. */
static void read_line(struct scan *s)
{
	struct lexer *lx = s->lx;
	int c;

	while (!s->is_cut && (c = peek(lx, 0)) != END_OF_LINE) {
		read_unquoted(s, c);
		if (lx->at - s->start > LEX_MAX_LINE)
			cut_line(s);
	}
	skip_rest(lx);
	end_word(s);
	if (lx->at >= lx->text.len && lx->dialect == LEX_HAPROXY)
		diag_warning(
			lx->diag, place(s, lx->at),
			"the last line does not end with a newline: the file might be truncated");
	skip_end_of_line(lx);
}

/* Move what was read to the arena. */
static void finish_line(const struct scan *s, size_t end, struct lex_line *out)
{
	const struct lexer *lx = s->lx;
	struct str source = { lx->text.p + s->start, end - s->start };
	struct token *tok = arena_array(lx->arena, struct token, s->n + 1);

	memcpy(tok, s->tok, s->n * sizeof(*tok));
	source = arena_str(lx->arena, source);
	*out = (struct lex_line){
		.tok = tok,
		.n = s->n,
		.source = source,
		.pos = { .file = lx->file,
			 .line = s->first_line,
			 .text = physical_line(source.p, source.len) },
	};
	tok[s->n] = (struct token){ .text = STR(""), .line = s->end_line, .col = s->end_col };
}

bool lexer_next(struct lexer *lx, struct lex_line *out)
{
	struct token tok[LEX_MAX_WORDS + 1];
	struct scan s = { .lx = lx, .tok = tok };

	while (s.n == 0 && lx->at < lx->text.len) {
		s.start = s.line_start = lx->at;
		s.first_line = lx->line;
		s.is_cut = false;
		read_line(&s);
	}
	strbuf_fini(&s.word);
	if (s.n == 0)
		return false;
	finish_line(&s, lx->at, out);
	return true;
}

struct diag_pos lex_pos(const struct lex_line *l, unsigned i)
{
	const struct token *t = &l->tok[MIN(i, l->n)];
	struct diag_pos pos = l->pos;
	struct str rest = l->source;

	for (; pos.line < t->line && rest.len; pos.line++) {
		const char *lf = memchr(rest.p, '\n', rest.len);

		if (!lf)
			break;
		rest.len -= (size_t)(lf + 1 - rest.p);
		rest.p = lf + 1;
	}
	pos.col = t->col;
	pos.text = physical_line(rest.p, rest.len);
	return pos;
}

static int read_all(int fd, char *p, size_t size)
{
	while (size > 0) {
		ssize_t n = read(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO; /* shrank while it was read */
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

int lexer_read_file(const char *path, struct arena *arena, struct str *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hang us */
	struct stat st;
	char *p;
	int rc;

	if (fd < 0)
		return -errno;
	rc = fstat(fd, &st) ? -errno : 0;
	if (rc == 0 && S_ISDIR(st.st_mode))
		rc = -EISDIR;
	else if (rc == 0 && !S_ISREG(st.st_mode))
		rc = -EINVAL;
	else if (rc == 0 && st.st_size > FILE_MAX_BYTES)
		rc = -EFBIG;
	if (rc < 0)
		goto out_close;
	p = arena_alloc(arena, (size_t)st.st_size + 1);
	rc = read_all(fd, p, (size_t)st.st_size);
	if (rc == 0 && memchr(p, '\0', (size_t)st.st_size))
		rc = -EILSEQ;
	if (rc == 0)
		*out = (struct str){ p, (size_t)st.st_size };
out_close:
	close(fd);
	return rc;
}
