/* resolution.c - one round of questions about a name. */
#include "dns/resolution.h"

static enum resolution_action fail(struct resolution *r)
{
	if (r->error == DNS_VALID)
		r->error = DNS_TIMEOUT;
	r->is_running = false;
	return RESOLUTION_FAILED;
}

static void ask(struct resolution *r, enum dns_type type)
{
	r->type = type;
	r->n_answered = 0;
}

enum resolution_action resolution_start(struct resolution *r, enum dns_type preferred,
					unsigned n_nameservers, unsigned retries)
{
	*r = (struct resolution){ .preferred = preferred,
				  .type = preferred,
				  .is_running = true,
				  .n_asked = n_nameservers,
				  .tries_left = retries > 0 ? retries : 1 };
	if (n_nameservers > 0)
		return RESOLUTION_ASK;
	r->error = DNS_UNREACHABLE;
	return fail(r);
}

static bool was_heard(enum dns_status s)
{
	return s != DNS_TIMEOUT && s != DNS_UNREACHABLE;
}

static enum resolution_action try_other_family(struct resolution *r)
{
	r->error = DNS_VALID;
	ask(r, r->preferred == DNS_A ? DNS_AAAA : DNS_A);
	return RESOLUTION_ASK;
}

enum resolution_action resolution_answer(struct resolution *r, enum dns_status status)
{
	bool has_other = r->preferred != DNS_SRV && r->type == r->preferred;

	if (!r->is_running || r->n_answered == r->n_asked)
		return RESOLUTION_NOTHING;
	r->n_answered++;
	if (status == DNS_VALID) {
		r->is_running = false;
		return RESOLUTION_SUCCEEDED;
	}
	if (was_heard(status) || r->error == DNS_VALID)
		r->error = status;
	/* a name without addresses of this family: no other server will know better */
	if (status == DNS_EMPTY && has_other)
		return try_other_family(r);
	if (r->n_answered < r->n_asked)
		return RESOLUTION_NOTHING;
	if (has_other && was_heard(r->error))
		return try_other_family(r);
	if (--r->tries_left == 0)
		return fail(r);
	return RESOLUTION_RETRY;
}

void resolution_ask_again(struct resolution *r)
{
	r->error = DNS_VALID;
	ask(r, r->preferred);
}
