/* html.c - text inside of HTML and JSON, with everything that would end it escaped. */
#include <tandem/html.h>

void html_add(struct strbuf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		switch (s.p[i]) {
		case '<':
			strbuf_adds(out, "&lt;");
			break;
		case '>':
			strbuf_adds(out, "&gt;");
			break;
		case '&':
			strbuf_adds(out, "&amp;");
			break;
		case '"':
			strbuf_adds(out, "&quot;");
			break;
		case '\'':
			strbuf_adds(out, "&#39;");
			break;
		default:
			strbuf_addc(out, s.p[i]);
		}
	}
}

void html_addz(struct strbuf *out, const char *z)
{
	html_add(out, str_from(z));
}

void html_add_duration(struct strbuf *out, int64_t s)
{
	if (s < 60)
		strbuf_addf(out, "%llds", (long long)s);
	else if (s < 3600)
		strbuf_addf(out, "%lldm%llds", (long long)(s / 60), (long long)(s % 60));
	else if (s < 86400)
		strbuf_addf(out, "%lldh%lldm", (long long)(s / 3600), (long long)(s / 60 % 60));
	else
		strbuf_addf(out, "%lldd%lldh", (long long)(s / 86400), (long long)(s / 3600 % 24));
}

void json_add(struct strbuf *out, struct str s)
{
	strbuf_addc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			strbuf_addf(out, "\\%c", c);
		else if (c < 0x20 || c == '<' || c == 0x7f)
			strbuf_addf(out, "\\u%04x", c);
		else
			strbuf_addc(out, (char)c);
	}
	strbuf_addc(out, '"');
}
