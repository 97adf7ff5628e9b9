/* rawgen.c - makes exchanges for rawdiff: lines of its table, from a seed.
 *
 *   rawgen SEED N
 *
 * Requests of all shapes (methods, targets, versions, fields, framings, bodies in chunks, several
 * on a connection, cut into pieces) and one response for them. Most are what honest software could
 * send, each has a few oddities with some probability. An oddity that we refuse on purpose and
 * haproxy does not brings its reason along: the line then begins its second field with '?', and a
 * difference is tolerated if it is a refusal. Reasons are those of tests/diff/diff.sh. */
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/str.h>
#include <tandem/util.h>

static uint64_t state;

/* 0..n-1; xorshift, the same everywhere. */
static unsigned draw(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 11) % n);
}

static bool percent(unsigned p)
{
	return draw(100) < p;
}

struct exchange {
	struct strbuf request, response, reasons;
	bool is_over;  /* what follows would not be read as a request */
	bool is_old;   /* one of the requests is HTTP/1.0 */
	unsigned n;    /* requests */
	bool is_head;  /* a HEAD must be alone: rawdiff reads answers by the first request */
	bool has_body; /* of the request being made */
	unsigned version;
};

#define PICK(table) ((table)[draw(ARRAY_LEN(table))])

static void because(struct exchange *x, const char *reason)
{
	if (reason == NULL || strstr(strbuf_str(&x->reasons), reason) != NULL)
		return;
	strbuf_adds(&x->reasons, x->reasons.len > 0 ? "; " : "?");
	strbuf_adds(&x->reasons, reason);
}

/* Text and why a difference is accepted, or NULL. */
struct choice {
	const char *text, *reason;
};

static const char *take(struct exchange *x, const struct choice *c)
{
	because(x, c->reason);
	return c->text;
}

#define VERSION "only HTTP/1.0 and HTTP/1.1 are served"
#define BLANKS  "one blank between the parts of the start line"
#define BYTES   "control bytes in a value are refused"
#define HOST    "Host must be one valid name, and be there in HTTP/1.1"
#define TWICE   "a framing field may come once, with one value"
#define BOTH    "Transfer-Encoding beside Content-Length is refused"
#define OLD     "400 for Transfer-Encoding in HTTP/1.0"
#define FOLD    "folded lines are refused"
#define LF      "a line ends with CR LF"
#define CHUNK   "a chunk size is one to fifteen hex digits, CR LF or an extension behind it"
#define CODING  "400 for codings that we do not know"
#define STAR    "only OPTIONS has the target *"
#define NO_HOST "an absolute target names a host (RFC 9110 section 4.2.1)"
#define INTERIM "ours: no interim response to a client of HTTP/1.0 (RFC 9110 section 15.2)"
#define SHORT                                                                                      \
	"ours: 408 when timeout client ends in a body; HAProxy waits for the server and says 504"
#define OLD_END "ours: a close ends a chunked response to HTTP/1.0"
#define STATUS  "a status has three digits, 100 to 599"
#define CUT     "ours: chunks are forwarded as they came, HAProxy makes them anew"

/* ---- the start line ---- */

static const char *const methods[] = { "GET",      "GET",   "GET",    "GET",     "POST",
				       "POST",     "PUT",   "DELETE", "OPTIONS", "PATCH",
				       "PROPFIND", "PURGE", "TRACE",  "get",     "M-SEARCH" };
static const char *const targets[] = {
	"/",          "/",        "/a/b?c=d&e=%20f", "/a?b?c",      "//x",        "/a/../b/./c",
	"/%00%0d%0a", "/?",       "/;p=1",           "/\\x80\\xff", "/a\"<>{}^`", "/\\*3000;x",
	"http://a/x", "http://a", "http://a/?q",     "/http://b/",  "/#f",
};
static const struct choice odd_targets[] = {
	{ "*", STAR },           { "x", NULL },          { "/a b", NULL },
	{ "/\\x01", NULL },      { "/\\x7f", NULL },     { "/\\t", BLANKS },
	{ "", BLANKS },          { "http://b/x", NULL }, { "http:///x", NO_HOST },
	{ "/\\*20000;y", NULL },
};
static const struct choice odd_versions[] = {
	{ " HTTP/1.2", VERSION },
	{ " HTTP/2.0", VERSION },
	{ " HTTP/0.9", VERSION },
	{ " http/1.1", NULL },
	{ " HTTP/1.10", NULL },
	{ " HTTP/1.1 ", NULL },
	{ " HTTP/11", NULL },
	{ " HTTP/1.", NULL },
	{ "  HTTP/1.1", BLANKS },
	{ "\\tHTTP/1.1", BLANKS },
	{ "", NULL },
};

static void add_start_line(struct exchange *x, bool is_only)
{
	const char *method = PICK(methods), *target = PICK(targets);

	x->has_body = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
		      strcmp(method, "PATCH") == 0 || percent(4);
	if (is_only && percent(6)) {
		method = "HEAD";
		x->has_body = false;
	}
	if (percent(3) && !x->has_body) {
		method = "OPTIONS";
		target = "*";
	} else if (percent(3)) {
		target = take(x, &PICK(odd_targets));
	}
	if (percent(1))
		method = percent(50) ? "G(T" : "G\\x80T";
	x->version = percent(90) ? 1 : 0;
	x->is_old = x->is_old || x->version == 0;
	x->n++;
	strbuf_addf(&x->request, "%s %s", method, target);
	if (percent(2))
		strbuf_adds(&x->request, take(x, &PICK(odd_versions)));
	else
		strbuf_addf(&x->request, " HTTP/1.%u", x->version);
	if (percent(1)) {
		because(x, LF);
		strbuf_adds(&x->request, "\\n");
	} else {
		strbuf_adds(&x->request, "\\r\\n");
	}
}

/* ---- fields ---- */

static const char *const hosts[] = { "a", "a", "a", "a", "A", "a:80", "a:", "[::1]:8080", "a.b-c" };
static const struct choice odd_hosts[] = {
	{ "Host: a\\r\\nHost: a\\r\\n", HOST },
	{ "Host: a\\r\\nHost: b\\r\\n", NULL },
	{ "Host: a b\\r\\n", HOST },
	{ "Host: a/b\\r\\n", HOST },
	{ "Host: a:b\\r\\n", HOST },
	{ "Host:\\r\\n", NULL },
	{ "", HOST },
};
static const char *const fields[] = {
	"X-A: 1\\r\\n",
	"x-a: 2\\r\\n",
	"X-Empty:\\r\\n",
	"X-Blank: \\r\\n",
	"X-Blanks: \\t v \\t \\r\\n",
	"X-Tight:v\\r\\n",
	"X-Tab: a\\tb\\r\\n",
	"X-8bit: \\xc3\\xa9\\xff\\r\\n",
	"!#$%&'*+-.^_~09azAZ: token\\r\\n",
	"X_Under: 1\\r\\n",
	"Cookie: a=b; c=d\\r\\nCookie: e=f\\r\\n",
	"X-Client: 192.0.2.1\\r\\n",
	"Accept: text/html, */*;q=0.1\\r\\n",
	"X-Long: \\*2000;v\\r\\n",
	"X-Colons: a:b::c\\r\\n",
	"X-Quotes: \"a, \\\\\"b\\r\\n",
	"Range: bytes=0-\\r\\n",
	"Referer: http://x/\\r\\n",
	"Transfer_Encoding: chunked\\r\\n",
	"Content_Length: 5\\r\\n",
	"X-Content-Length: 5\\r\\n",
	"Content-Lengthy: 5\\r\\n",
};
static const struct choice odd_fields[] = {
	{ "X : 1\\r\\n", NULL },
	{ "X Y: 1\\r\\n", NULL },
	{ "word\\r\\n", NULL },
	{ ": 1\\r\\n", NULL },
	{ "X\\xc3: 1\\r\\n", NULL },
	{ "X[1]: 1\\r\\n", NULL },
	{ "X: 1\\rY: 2\\r\\n", NULL },
	{ "X: \\x00\\r\\n", BYTES },
	{ "X: a\\x01b\\r\\n", BYTES },
	{ "X: \\x7f\\r\\n", BYTES },
	{ "X: 1\\r\\n 2\\r\\n", FOLD },
	{ "X: 1\\r\\n\\t2\\r\\n", FOLD },
	{ "X: 1\\n", LF },
	{ "X: 1\\r\\r\\n", NULL },
	{ "X: \\*17000;v\\r\\n", NULL },
};
static const char *const connections[] = { "close",      "Close",      "CLOSE ",
					   "keep-alive", "Keep-Alive", "keep-alive, close" };

static void add_fields(struct exchange *x, bool is_last)
{
	unsigned n = draw(5);

	if (percent(3))
		strbuf_adds(&x->request, take(x, &PICK(odd_hosts)));
	else if (x->version == 1 || percent(60))
		strbuf_addf(&x->request, "Host: %s\\r\\n", PICK(hosts));
	for (unsigned i = 0; i < n; i++)
		strbuf_adds(&x->request, PICK(fields));
	if (percent(5))
		strbuf_adds(&x->request, take(x, &PICK(odd_fields)));
	if (is_last && percent(75))
		strbuf_adds(&x->request, "Connection: close\\r\\n");
	else if (percent(10))
		strbuf_addf(&x->request, "Connection: %s\\r\\n", PICK(connections));
}

/* ---- framing and bodies of requests ---- */

static const struct choice odd_framings[] = {
	{ "Content-Length: 5\\r\\nContent-Length: 5\\r\\n", TWICE },
	{ "Content-Length: 5, 5\\r\\n", TWICE },
	{ "Content-Length: 5\\r\\nContent-Length: 6\\r\\n", NULL },
	{ "Content-Length: 6, 5\\r\\n", NULL },
	{ "Content-Length: +5\\r\\n", NULL },
	{ "Content-Length: -5\\r\\n", NULL },
	{ "Content-Length: 0x5\\r\\n", NULL },
	{ "Content-Length: 5 5\\r\\n", NULL },
	{ "Content-Length: 5.0\\r\\n", NULL },
	{ "Content-Length:\\r\\n", NULL },
	{ "Content-Length: 18446744073709551621\\r\\n", NULL },
	{ "Content-Length: 5\\r\\nTransfer-Encoding: chunked\\r\\n", BOTH },
	{ "Transfer-Encoding: chunked\\r\\nContent-Length: 5\\r\\n", BOTH },
	{ "Transfer-Encoding: identity\\r\\n", NULL },
	{ "Transfer-Encoding: xchunked\\r\\n", NULL },
	{ "Transfer-Encoding: gzip, chunked\\r\\n", CODING },
	{ "Transfer-Encoding: chunked, gzip\\r\\n", NULL },
	{ "Transfer-Encoding: chunked, chunked\\r\\n", NULL },
	{ "Transfer-Encoding: \\x0bchunked\\r\\n", NULL },
	{ "Transfer-Encoding:\\r\\n", NULL },
	{ "Transfer-Encoding: \"chunked\"\\r\\n", NULL },
	{ "Transfer-Encoding: chunked;a=b\\r\\n", NULL },
	{ "Transfer-Encoding: ,chunked\\r\\n", CODING },
	{ "Transfer-Encoding: chunked\\r\\nTransfer-Encoding: chunked\\r\\n", NULL },
};
static const char *const codings[] = { "chunked", "chunked", "Chunked", "CHUNKED", " chunked \\t" };
static const char *const extensions[] = { ";a", ";a=b", ";a=\"b c\"", ";a=b;c=d" };
static const struct choice odd_chunks[] = {
	{ "5 \\r\\nhello\\r\\n", CHUNK },
	{ "5\\nhello\\n", CHUNK },
	{ " 5\\r\\nhello\\r\\n", NULL },
	{ "+5\\r\\nhello\\r\\n", NULL },
	{ "-5\\r\\nhello\\r\\n", NULL },
	{ "0x5\\r\\nhello\\r\\n", NULL },
	{ "5\\r\\nhelloxx", NULL },
	{ "10000000000000005\\r\\nhello\\r\\n", NULL },
	{ "\\r\\nhello\\r\\n", NULL },
	{ "g\\r\\nhello\\r\\n", NULL },
	{ "5;a\\x01b\\r\\nhello\\r\\n", CHUNK },
	{ "5;a\\rb\\r\\nhello\\r\\n", CHUNK },
};
static const char *const trailers[] = { "X-T: 1\\r\\n", "X-T: a\\r\\nX-U:\\r\\n" };

static void add_chunks(struct exchange *x, struct strbuf *out)
{
	unsigned n = draw(5);

	for (unsigned i = 0; i < n; i++) {
		unsigned len = 1 + draw(percent(10) ? 20000 : 40);

		if (percent(5))
			strbuf_adds(out, "00");
		strbuf_addf(out, percent(50) ? "%x" : "%X", len);
		if (percent(10))
			strbuf_adds(out, PICK(extensions));
		strbuf_addf(out, "\\r\\n\\*%u;%c\\r\\n", len, 'a' + (char)draw(26));
	}
	if (percent(8)) {
		strbuf_adds(out, take(x, &PICK(odd_chunks)));
		x->is_over = true;
	}
	strbuf_adds(out, percent(10) ? "000\\r\\n" : "0\\r\\n");
	if (percent(10))
		strbuf_adds(out, PICK(trailers));
	strbuf_adds(out, "\\r\\n");
}

static void add_body(struct exchange *x)
{
	if (percent(4)) {
		strbuf_addf(&x->request, "%s\\r\\n5\\r\\nhello\\r\\n0\\r\\n\\r\\n",
			    take(x, &PICK(odd_framings)));
		x->is_over = true;
	} else if (!x->has_body) {
		strbuf_adds(&x->request, "\\r\\n");
	} else if (percent(45)) {
		unsigned len = draw(percent(10) ? 30000 : 60);

		strbuf_addf(&x->request, "%sontent-%sength: %s%u\\r\\n\\r\\n",
			    percent(80) ? "C" : "c", percent(80) ? "L" : "l",
			    percent(5) ? "00" : "", len);
		if (percent(3) && len > 0) {
			len--; /* too short: the client's timeout ends it */
			because(x, SHORT);
			x->is_over = true;
		}
		strbuf_addf(&x->request, "\\*%u;%c", len, 'a' + (char)draw(26));
	} else if (percent(90)) {
		if (x->version == 0) {
			because(x, OLD);
			x->is_over = true;
		}
		strbuf_addf(&x->request, "Transfer-Encoding: %s\\r\\n\\r\\n", PICK(codings));
		add_chunks(x, &x->request);
	} else {
		strbuf_adds(&x->request, "Content-Length: 0\\r\\n\\r\\n");
	}
}

/* ---- the response ---- */

static const char *const statuses[] = { "200 OK",   "200 OK",    "200",       "201 ",
					"404 No",   "500 Error", "302 Found", "206 Part of it",
					"599 last", "204 None",  "304 Same" };
static const struct choice odd_responses[] = {
	{ "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nContent-Length: 3\\r\\n\\r\\nok", NULL },
	{ "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nContent-Length: 2\\r\\n\\r\\nok", TWICE },
	{ "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nTransfer-Encoding: chunked\\r\\n"
	  "\\r\\n0\\r\\n\\r\\n",
	  BOTH },
	{ "HTTP/1.1 20 x\\r\\nContent-Length: 2\\r\\n\\r\\nok", STATUS },
	{ "HTTP/1.1 999 x\\r\\nContent-Length: 2\\r\\n\\r\\nok", STATUS },
	{ "HTTP/1.1 200 OK\\r\\nX Y: 1\\r\\nContent-Length: 2\\r\\n\\r\\nok", NULL },
	{ "HTTP/1.1 200 OK\\r\\nContent-Length: x\\r\\n\\r\\nok", NULL },
	{ "HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nhello <close>", NULL },
	{ "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n9\\r\\nhello <close>", CUT },
	{ "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\nhello\\r\\n", NULL },
	{ "HTTP/1.1 200 OK\\r\\nContent- <close>", NULL },
	{ "SSH-2.0-x\\r\\n\\r\\n", NULL },
	{ " <close>", NULL },
	{ "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhello", NULL },
	{ "HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n", NULL },
};
static const char *const answer_fields[] = { "Server: x\\r\\n",
					     "Set-Cookie: a=b\\r\\nSet-Cookie: c=d\\r\\n",
					     "X-8bit: \\xe9\\r\\n",
					     "X-Empty:\\r\\n",
					     "Date: Thu, 01 Jan 1970\\r\\n",
					     "Connection: keep-alive\\r\\n" };

static void add_response(struct exchange *x)
{
	struct strbuf *r = &x->response;
	const char *status = PICK(statuses);
	bool has_body = strncmp(status, "204", 3) != 0 && strncmp(status, "304", 3) != 0;
	unsigned minor = percent(90) ? 1 : 0, len = draw(percent(10) ? 30000 : 60),
		 shape = draw(10);

	if (percent(6)) {
		because(x, x->is_old ? OLD_END : NULL);
		strbuf_adds(r, take(x, &PICK(odd_responses)));
		return;
	}
	/* haproxy 2.6 loses bytes of a large body behind an interim response */
	if (percent(5) && len < 1000) {
		because(x, x->is_old ? INTERIM : NULL);
		strbuf_adds(r, percent(50) ? "HTTP/1.1 100 Continue\\r\\n\\r\\n"
					   : "HTTP/1.1 103 Hints\\r\\nLink: x\\r\\n\\r\\n");
	}
	strbuf_addf(r, "HTTP/1.%u %s\\r\\n", minor, status);
	for (unsigned i = draw(3); i > 0; i--)
		strbuf_adds(r, PICK(answer_fields));
	if (!has_body) {
		strbuf_adds(r, "\\r\\n");
	} else if (shape < 5 || x->is_head) {
		strbuf_addf(r, "Content-Length: %u\\r\\n\\r\\n", len);
		if (!x->is_head)
			strbuf_addf(r, "\\*%u;%c", len, 'A' + (char)draw(26));
	} else if (shape < 8 && minor == 1) {
		because(x, x->is_old ? OLD_END : NULL);
		strbuf_adds(r, "Transfer-Encoding: chunked\\r\\n\\r\\n");
		strbuf_addf(r, "%x\\r\\n\\*%u;%c\\r\\n5\\r\\nhello\\r\\n0\\r\\n\\r\\n", len + 1,
			    len + 1, 'A' + (char)draw(26));
	} else {
		strbuf_addf(r, "%s\\r\\n\\*%u;%c", percent(50) ? "Connection: close\\r\\n" : "",
			    len, 'A' + (char)draw(26));
		strbuf_adds(r, " <close>");
		return;
	}
	if (percent(10) && x->n == 1) /* else it would race with the next request */
		strbuf_adds(r, " <close>");
}

/* ---- the whole ---- */

/* Cut into pieces: \~ between two characters of the table's notation. */
static void print_in_pieces(const char *p, unsigned pieces)
{
	size_t len = strlen(p);

	for (size_t i = 0; i < len;) {
		size_t n = 1;

		if (p[i] == '\\' && p[i + 1] == 'x')
			n = 4;
		else if (p[i] == '\\' && p[i + 1] == '*')
			n = strcspn(p + i, ";") + 2;
		else if (p[i] == '\\')
			n = 2;
		if (pieces > 0 && draw((unsigned)(len / 2 + 1)) < pieces)
			printf("\\~");
		printf("%.*s", (int)n, p + i);
		i += n;
	}
}

static void make(unsigned long seed, unsigned number)
{
	struct exchange x = { 0 };
	unsigned n = percent(70) ? 1 : 2 + draw(2);

	for (unsigned i = 0; i < n && !x.is_over; i++) {
		if (percent(2))
			strbuf_adds(&x.request, "\\r\\n");
		add_start_line(&x, n == 1);
		add_fields(&x, i + 1 == n);
		add_body(&x);
	}
	x.is_head = strncmp(strbuf_str(&x.request), "HEAD", 4) == 0;
	add_response(&x);
	printf("%lu.%u | %s | ", seed, number, strbuf_str(&x.reasons));
	print_in_pieces(strbuf_str(&x.request), percent(30) ? 1 + draw(6) : 0);
	printf(" | %s\n", strbuf_str(&x.response));
	strbuf_fini(&x.request);
	strbuf_fini(&x.response);
	strbuf_fini(&x.reasons);
}

int main(int argc, char **argv)
{
	unsigned long seed, n;

	if (argc != 3)
		errx(2, "usage: rawgen SEED N");
	seed = strtoul(argv[1], NULL, 10);
	n = strtoul(argv[2], NULL, 10);
	for (unsigned i = 0; i < n; i++) {
		state = (seed * 1000003 + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
		for (int k = 0; k < 4; k++)
			(void)draw(2);
		make(seed, i);
	}
	return 0;
}
