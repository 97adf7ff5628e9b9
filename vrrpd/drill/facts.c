/* facts.c - may a drill begin, and what will it do: pure. */
#include <stdio.h>
#include <string.h>
#include <tandem/util.h>

#include "drill.h"

#define SETTLED_S 5 /* after a transition */
#define FRESH_S   3 /* a peer that was silent for longer is not there */

static const char *const kinds[DRILL_N_KINDS] = {
	"handover", "proxy-kill", "daemon-kill", "freeze", "link-down",
};

const char *drill_kind_text(enum drill_kind k)
{
	return kinds[k];
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static double number_of(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static void read_peers(const json_t *peers, struct drill_facts *f)
{
	const json_t *p;
	size_t k;

	json_array_foreach(peers, k, p)
	{
		double heard_s = number_of(p, "heard_s_ago");

		if (f->peer && heard_s >= f->peer_heard_s)
			continue;
		f->peer = text_of(p, "address");
		f->peer_state = text_of(p, "state");
		f->peer_heard_s = heard_s;
		f->has_report = json_is_true(json_object_get(p, "reports"));
		f->is_deaf = f->has_report && json_is_false(json_object_get(p, "hears_us"));
		f->differs = json_array_size(json_object_get(p, "differs")) > 0;
	}
}

void drill_read_facts(const json_t *i, struct drill_facts *f)
{
	const json_t *vip = json_array_get(json_object_get(i, "addresses"), 0);

	*f = (struct drill_facts){
		.state = text_of(i, "state"),
		.vip = text_of(vip, "address"),
		.interface = text_of(i, "interface"),
		.master = text_of(i, "master"),
		.fault = text_of(i, "fault"),
		.vrid = (int)json_integer_value(json_object_get(i, "vrid")),
		.since_s = number_of(i, "since_s"),
		.has_conflict = json_is_object(json_object_get(i, "conflict")),
		.is_handed_over = json_is_true(json_object_get(i, "handed_over")),
		.preempts = json_is_true(json_object_get(i, "preempt")),
	};
	if (!f->state)
		f->state = "unknown";
	read_peers(json_object_get(i, "peers"), f);
}

const char *drill_refusal(const struct drill_facts *f)
{
	if (strcmp(f->state, "MASTER") != 0)
		return "this node is not MASTER: run the drill on the node that is";
	if (!f->vip)
		return "the instance has no virtual address";
	if (f->has_conflict)
		return "there is a CONFLICT: two nodes claim the address";
	if (!f->peer || f->peer_heard_s > FRESH_S)
		return "no other vrrpd is heard: nobody would take over (a keepalived as peer "
		       "cannot say that it is well)";
	if (!f->peer_state || strcmp(f->peer_state, "BACKUP") != 0)
		return "the peer is not BACKUP: it, or its proxy, is not well";
	if (f->is_deaf)
		return "the peer does not hear us: it would take the address at any moment";
	if (f->differs)
		return "the peer's configuration differs ('vrrpd ctl status' says in what)";
	if (f->is_handed_over)
		return "this node was handed over before ('vrrpd ctl resume' first)";
	if (f->since_s < SETTLED_S)
		return "the last transition was less than five seconds ago";
	return NULL;
}

void drill_describe(const struct drill_options *o, const struct drill_facts *f, char *out,
		    size_t room)
{
	char back[96] = "The address stays with the peer.";

	if (o->kind == DRILL_HANDOVER && o->return_us >= 0)
		snprintf(back, sizeof(back), "After %.0f s this node takes part again%s.",
			 (double)o->return_us / 1e6,
			 f->preempts ? " and takes it back if its priority is higher" : "");
	switch (o->kind) {
	case DRILL_HANDOVER:
		snprintf(out, room, "%s is handed over from this node to %s. %s", f->vip, f->peer,
			 back);
		return;
	case DRILL_PROXY_KILL:
		snprintf(out, room,
			 "proxyd on this node, MASTER for %s, is killed (SIGKILL): the "
			 "connections that it carries break. It is started again after %.0f s.",
			 f->vip, (double)o->for_us / 1e6);
		return;
	case DRILL_DAEMON_KILL:
		snprintf(out, room,
			 "All of vrrpd on this node, MASTER for %s, is killed (SIGKILL) and "
			 "started again after %.0f s.",
			 f->vip, (double)o->for_us / 1e6);
		return;
	case DRILL_FREEZE:
		snprintf(out, room,
			 "All of vrrpd on this node, MASTER for %s, is frozen (SIGSTOP) for "
			 "%.0f s.",
			 f->vip, (double)o->for_us / 1e6);
		return;
	case DRILL_LINK_DOWN:
		snprintf(out, room,
			 "%s of this node, MASTER for %s, is set down for %.0f s: all that uses "
			 "it is cut off, sessions of operators too.",
			 f->interface, f->vip, (double)o->for_us / 1e6);
		return;
	case DRILL_N_KINDS:
		break;
	}
	UNREACHABLE();
}
