/* ctl_client.c - the other end of a control socket. */
#include <tandem/ctl_client.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int ctl_client_parse_addr(struct str text, struct addr *out)
{
	const char *colon;
	struct str ip;
	int64_t port;

	if (str_starts_with(text, STR("unix@")))
		return addr_from_path((struct str){ text.p + 5, text.len - 5 }, out);
	if (text.len > 0 && memchr(text.p, '/', text.len) != NULL)
		return addr_from_path(text, out);
	colon = text.len > 0 ? memrchr(text.p, ':', text.len) : NULL;
	if (colon == NULL)
		return text.len > 0 ? addr_from_path(text, out) : -EINVAL;
	ip = (struct str){ text.p, (size_t)(colon - text.p) };
	if (ip.len > 1 && ip.p[0] == '[' && ip.p[ip.len - 1] == ']')
		ip = (struct str){ ip.p + 1, ip.len - 2 };
	if (str_parse_int((struct str){ colon + 1, text.len - (size_t)(colon + 1 - text.p) }, 1,
			  65535, &port) != 0 ||
	    addr_parse_ip(ip, out) != 0)
		return -EINVAL;
	addr_set_port(out, (uint16_t)port);
	return 0;
}

int ctl_client_connect(const struct addr *a, int timeout_ms)
{
	struct timeval limit = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -errno;
	/* SO_SNDTIMEO bounds connect() too */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
	    connect(fd, &a->sa, a->len) == 0)
		return fd;
	rc = errno == EAGAIN || errno == EINPROGRESS ? -ETIMEDOUT : -errno;
	close(fd);
	return rc;
}

static int send_line(int fd, struct str line)
{
	struct strbuf text = { 0 };
	size_t sent = 0;
	int rc = 0;

	strbuf_add(&text, line.p, line.len);
	strbuf_addc(&text, '\n');
	while (rc == 0 && sent < text.len) {
		ssize_t n = send(fd, text.p + sent, text.len - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		else if (n < 0 && errno != EINTR)
			rc = -errno;
	}
	strbuf_fini(&text);
	return rc;
}

int ctl_client_stream(int fd, struct str line, ctl_client_fn *fn, void *arg)
{
	char piece[16384];
	int rc = send_line(fd, line);

	while (rc == 0) {
		ssize_t n = recv(fd, piece, sizeof(piece), 0);

		if (n == 0)
			break;
		if (n > 0)
			rc = fn(piece, (size_t)n, arg);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			rc = -ETIMEDOUT;
		else if (errno != EINTR)
			rc = -errno;
	}
	close(fd);
	return rc;
}

static int keep(const char *bytes, size_t len, void *arg)
{
	struct strbuf *out = arg;

	if (out->len + len > CTL_CLIENT_MAX_ANSWER)
		return -EFBIG;
	strbuf_add(out, bytes, len);
	return out->failed ? -ENOMEM : 0;
}

int ctl_client_ask(int fd, struct str line, struct strbuf *out)
{
	return ctl_client_stream(fd, line, keep, out);
}

int ctl_client_ask_at(struct str place, int timeout_ms, struct str line, struct strbuf *out)
{
	struct addr a;
	int fd, rc = ctl_client_parse_addr(place, &a);

	if (rc)
		return rc;
	fd = ctl_client_connect(&a, timeout_ms);
	return fd < 0 ? fd : ctl_client_ask(fd, line, out);
}

/* ---- tables ---- */

void ctl_table_add(struct ctl_table *t, struct str cell)
{
	for (size_t i = 0; i < cell.len; i++) {
		unsigned char c = (unsigned char)cell.p[i];

		strbuf_addc(&t->cells, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
	strbuf_addc(&t->cells, '\0');
	t->n_cells++;
}

void ctl_table_addf(struct ctl_table *t, const char *fmt, ...)
{
	struct strbuf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	ctl_table_add(t, str_from(strbuf_str(&text)));
	strbuf_fini(&text);
}

/* On a terminal: a character of UTF-8 takes one column. */
static int width_of(const char *cell)
{
	int n = 0;

	for (; *cell != '\0'; cell++)
		n += ((unsigned char)*cell & 0xc0) != 0x80;
	return n;
}

static bool is_number(const char *cell)
{
	if (*cell == '\0' || strcmp(cell, "-") == 0)
		return true; /* stands for one */
	for (; *cell != '\0'; cell++)
		if (!isdigit((unsigned char)*cell) && strchr(".-%", *cell) == NULL)
			return false;
	return true;
}

static void print_row(const char *cell, unsigned n, const int *widths, const bool *is_right,
		      FILE *f)
{
	for (unsigned i = 0; i < n; i++) {
		int pad = widths[i] - width_of(cell);

		if (is_right[i])
			fprintf(f, "%*s%s", pad, "", cell);
		else
			fprintf(f, "%s%*s", cell, i + 1 < n ? pad : 0, "");
		fputs(i + 1 < n ? "  " : "\n", f);
		cell += strlen(cell) + 1;
	}
}

void ctl_table_print(const struct ctl_table *t, FILE *f)
{
	unsigned n = t->n_columns;
	const char *cell = t->cells.p;
	int *widths;
	bool *is_right;

	if (t->cells.failed || t->n_cells < n || n == 0)
		return;
	widths = xcalloc(n, sizeof(*widths));
	is_right = xcalloc(n, sizeof(*is_right));
	for (unsigned i = 0; i < t->n_cells; i++, cell += strlen(cell) + 1) {
		widths[i % n] = MAX(widths[i % n], width_of(cell));
		if (i < n)
			is_right[i] = t->n_cells > n;
		else if (!is_number(cell))
			is_right[i % n] = false;
	}
	cell = t->cells.p;
	for (unsigned row = 0; row < t->n_cells / n; row++) {
		print_row(cell, n, widths, is_right, f);
		for (unsigned i = 0; i < n; i++)
			cell += strlen(cell) + 1;
	}
	free(widths);
	free(is_right);
}

void ctl_table_fini(struct ctl_table *t)
{
	strbuf_fini(&t->cells);
	t->n_cells = 0;
}
