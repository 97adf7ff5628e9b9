/* headers.c - edits of a received head: which lines go, which come. */
#include "http/headers.h"

void headers_edit(struct headers *e, uint32_t off, uint32_t n_removed, struct str insert)
{
	if (e->n == HEADERS_MAX_EDITS) {
		e->is_full = true;
		return;
	}
	e->edits[e->n++] = (struct headers_edit){ off, n_removed, insert.p, (uint32_t)insert.len };
	e->growth += (int32_t)insert.len - (int32_t)n_removed;
}

void headers_remove(struct headers *e, const struct h1_head *h, const struct h1_field *f)
{
	uint32_t end = f == &h->fields[h->n_fields - 1] ? h->len - 2 : f[1].name;

	headers_edit(e, f->name, end - f->name, (struct str){ 0 });
}

void headers_append(struct headers *e, const struct h1_head *h, struct str lines)
{
	headers_edit(e, h->len - 2, 0, lines);
}

/* Is the name among the options of a Connection field? */
static bool is_listed(const struct h1_head *h, struct str name)
{
	for (unsigned i = 0; i < h->n_fields; i++) {
		struct str v = h1_field_value(h, &h->fields[i]);

		if (h->fields[i].id != H1F_CONNECTION)
			continue;
		while (v.len) {
			const char *comma = memchr(v.p, ',', v.len);
			size_t n = comma ? (size_t)(comma - v.p) : v.len;

			if (str_eq_nocase(str_trim((struct str){ v.p, n }), name))
				return true;
			n += comma ? 1 : 0;
			v.p += n;
			v.len -= n;
		}
	}
	return false;
}

void headers_remove_hop_by_hop(struct headers *e, const struct h1_head *h, bool keep_upgrade,
			       struct str added)
{
	if (!h->has_hop)
		return;
	for (unsigned i = 0; i < h->n_fields; i++) {
		const struct h1_field *f = &h->fields[i];
		struct str name;

		if (LIKELY(f->id == H1F_OTHER && !h->conn_others))
			continue;
		switch ((enum h1_field_id)f->id) {
		case H1F_CONNECTION:
		case H1F_KEEP_ALIVE:
		case H1F_PROXY_CONNECTION:
			headers_remove(e, h, f);
			break;
		case H1F_UPGRADE:
			if (!keep_upgrade)
				headers_remove(e, h, f);
			break;
		case H1F_HOST:
		case H1F_CONTENT_LENGTH:
		case H1F_TRANSFER_ENCODING:
		case H1F_AUTHORIZATION:
		case H1F_EXPECT:
			break; /* listing these in Connection is an attack, not an option */
		case H1F_TE:
		case H1F_X_FORWARDED_FOR:
		case H1F_OTHER:
			name = h1_field_name(h, f);
			if (h->conn_others && !str_eq_nocase(name, added) && is_listed(h, name))
				headers_remove(e, h, f);
			break;
		}
	}
}

void headers_remove_framing(struct headers *e, const struct h1_head *h)
{
	for (unsigned i = 0; i < h->n_fields; i++)
		if (h->fields[i].id == H1F_CONTENT_LENGTH ||
		    h->fields[i].id == H1F_TRANSFER_ENCODING)
			headers_remove(e, h, &h->fields[i]);
}

void headers_sort(struct headers *e)
{
	unsigned n = 0;
	uint32_t end = 0;

	for (unsigned i = 1; i < e->n; i++) {
		struct headers_edit x = e->edits[i];
		unsigned k = i;

		for (; k > 0 && e->edits[k - 1].off > x.off; k--)
			e->edits[k] = e->edits[k - 1];
		e->edits[k] = x;
	}
	e->growth = 0;
	for (unsigned i = 0; i < e->n; i++) {
		const struct headers_edit *x = &e->edits[i];

		if (x->off < end)
			continue;
		end = x->off + x->n_removed;
		e->growth += (int32_t)x->n_inserted - (int32_t)x->n_removed;
		e->edits[n++] = *x;
	}
	e->n = n;
}

char *headers_apply(const struct headers *e, char *p, size_t head_len)
{
	char *dst = p + head_len; /* end of what is in place already */
	size_t src_end = head_len;

	for (unsigned i = e->n; i-- > 0;) {
		const struct headers_edit *x = &e->edits[i];
		size_t kept_from = x->off + x->n_removed, kept = src_end - kept_from;

		dst -= kept;
		if (kept && dst != p + kept_from)
			memmove(dst, p + kept_from, kept);
		dst -= x->n_inserted;
		/* In front of dst, the bytes up to x->off are still to be moved; an insertion
		 * larger than what is removed behind it would overwrite them. */
		src_end = x->off;
		if (dst < p + src_end) {
			char *front = dst - src_end;

			memmove(front, p, src_end);
			memcpy(dst, x->insert, x->n_inserted);
			p = front;
		} else if (x->n_inserted) {
			memcpy(dst, x->insert, x->n_inserted);
		}
	}
	dst -= src_end;
	if (src_end && dst != p)
		memmove(dst, p, src_end);
	return dst;
}
