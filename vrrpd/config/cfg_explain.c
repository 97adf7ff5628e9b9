/* cfg_explain.c - checks that cannot move the address, and two files that should belong together.
 */
#include <stdio.h>
#include <string.h>

#include "config/cfg_keyword.h"
#include "config/cfg_parse.h"
#include "explain.h"
#include "vrrp_report.h"

#define OWNER 255

static void advise(struct diag *d, const struct cfg_instance *in, const struct cfg_track *t,
		   uint8_t peer)
{
	struct explain_row r = explain_track(in, t, peer);
	char sum[96];

	if (!explain_is_useless(r.verdict))
		return;
	diag_warning(d, t->pos,
		     "vrrp_instance '%s': a failure of '%s' cannot move the address: %s; %s",
		     in->name, t->name, explain_text(in, &r, peer, sum, sizeof(sum)),
		     r.verdict == EXPLAIN_STAYS ? "give it a greater weight, or weight 0 (fault)"
						: "choose another priority or weight");
}

void cfg_check_weights(struct cfg_parser *p, const struct cfg_instance *in)
{
	if (in->priority == OWNER) /* said already: the owner is never moved */
		return;
	for (const struct cfg_track *t = in->tracks; t; t = t->next)
		advise(p->diag, in, t, in->peer_priority);
}

/* The other file's instance for the same virtual router. */
static const struct cfg_instance *find_partner(const struct cfg *c, const struct cfg_instance *in)
{
	const struct cfg_instance *o;

	for (o = c->instances; o; o = o->next) {
		if (o->vrid == in->vrid && o->family == in->family)
			return o;
	}
	return NULL;
}

static void compare(struct diag *d, const struct cfg_instance *in, const struct cfg_instance *o,
		    const char *path)
{
	struct vrrp_digest ours, theirs;
	char text[256];
	unsigned mask;

	vrrp_digest_make(in, explain_best(in), explain_least(in), &ours);
	vrrp_digest_make(o, explain_best(o), explain_least(o), &theirs);
	mask = vrrp_digest_compare(&ours, &theirs);
	vrrp_difference_explain(mask, &ours, &theirs, text, sizeof(text));
	if (mask)
		diag_warning(d, in->pos, "vrrp_instance '%s': %s has another configuration: %s",
			     in->name, path, text);
	if (explain_best(in) == explain_best(o))
		diag_warning(
			d, in->pos,
			"vrrp_instance '%s': both have priority %u: the greater address decides",
			in->name, explain_best(in));
	/* Said already when the file names the same priority. */
	for (const struct cfg_track *t = in->tracks; t; t = t->next) {
		if (in->peer_priority != explain_best(o) && explain_best(in) > explain_best(o))
			advise(d, in, t, explain_best(o));
	}
}

void cfg_compare(const struct cfg *c, const struct cfg *peer, const char *path, struct diag *d)
{
	for (const struct cfg_instance *in = c->instances; in; in = in->next) {
		const struct cfg_instance *o = find_partner(peer, in);

		if (o)
			compare(d, in, o, path);
		else
			diag_warning(d, in->pos,
				     "vrrp_instance '%s': %s has none with virtual_router_id %u",
				     in->name, path, in->vrid);
	}
}
