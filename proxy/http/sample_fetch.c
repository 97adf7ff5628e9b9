/* sample_fetch.c - fetches of the connection and of the process's state. */
#include "http/sample.h"

static bool set_int(struct sample *out, enum sample_type type, int64_t v)
{
	*out = (struct sample){ .type = type, .i = v };
	return true;
}

static bool get_constant(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
			 struct sample *out)
{
	(void)x;
	it->is_over = true;
	return set_int(out, SAMPLE_BOOL, e->fetch->variant);
}

/* str(text), int(number), bool(word) */
static bool get_literal(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
			struct sample *out)
{
	(void)x;
	it->is_over = true;
	if (e->fetch->type == SAMPLE_INT)
		return set_int(out, SAMPLE_INT, e->args[0].i);
	if (e->fetch->type == SAMPLE_BOOL)
		return set_int(out, SAMPLE_BOOL,
			       str_eq_nocase(e->args[0].text, STR("true")) ||
				       str_eq(e->args[0].text, STR("1")));
	*out = (struct sample){ .type = SAMPLE_STR, .s = e->args[0].text };
	return true;
}

enum { ADDR_CLIENT, ADDR_LOCAL };

static const struct addr *address(struct sample_ctx *x, int which, struct addr *room)
{
	if (which == ADDR_CLIENT)
		return x->source->client(x->arg);
	return x->source->local(x->arg, room) ? room : NULL;
}

static bool get_ip(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		   struct sample *out)
{
	struct addr room;
	const struct addr *a = address(x, e->fetch->variant, &room);

	it->is_over = true;
	if (a && a->sa.sa_family == AF_INET)
		*out = (struct sample){ .type = SAMPLE_IPV4, .ip4 = a->in.sin_addr };
	else if (a && a->sa.sa_family == AF_INET6)
		*out = (struct sample){ .type = SAMPLE_IPV6, .ip6 = a->in6.sin6_addr };
	else
		return false;
	return true;
}

static bool get_port(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		     struct sample *out)
{
	struct addr room;
	const struct addr *a = address(x, e->fetch->variant, &room);

	it->is_over = true;
	if (!a || (a->sa.sa_family != AF_INET && a->sa.sa_family != AF_INET6))
		return false;
	return set_int(out, SAMPLE_INT, addr_port(a));
}

static bool get_connections(struct sample_ctx *x, const struct sample_expr *e,
			    struct sample_iter *it, struct sample *out)
{
	int64_t v;

	it->is_over = true;
	return x->source->connections(x->arg, e->args[0].px, e->fetch->variant, &v) &&
	       set_int(out, SAMPLE_INT, v);
}

static bool get_free_slots(struct sample_ctx *x, const struct sample_expr *e,
			   struct sample_iter *it, struct sample *out)
{
	int64_t v;

	it->is_over = true;
	return x->source->free_slots(x->arg, e->args[0].px, &v) && set_int(out, SAMPLE_INT, v);
}

static bool get_usable(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		       struct sample *out)
{
	int64_t v;

	it->is_over = true;
	return x->source->usable_servers(x->arg, e->args[0].px, &v) && set_int(out, SAMPLE_INT, v);
}

static bool get_server_is_up(struct sample_ctx *x, const struct sample_expr *e,
			     struct sample_iter *it, struct sample *out)
{
	bool is_up;

	it->is_over = true;
	return x->source->server_is_up(x->arg, e->args[0].srv, &is_up) &&
	       set_int(out, SAMPLE_BOOL, is_up);
}

#define FETCH(n, t, need, fn, v, h)                                                                \
	{                                                                                          \
		n, t, need, 0, { 0 }, fn, v, "", h, false                                          \
	}
#define FETCH1(n, t, need, min, arg, fn, v, u, h)                                                  \
	{                                                                                          \
		n, t, need, min, { arg }, fn, v, u, h, false                                       \
	}

const struct sample_fetch sample_fetches[] = {
	FETCH("always_true", SAMPLE_BOOL, SAMPLE_NEED_NOTHING, get_constant, 1, "true"),
	FETCH("always_false", SAMPLE_BOOL, SAMPLE_NEED_NOTHING, get_constant, 0, "false"),
	FETCH1("str", SAMPLE_STR, SAMPLE_NEED_NOTHING, 1, ARG_STR, get_literal, 0, "(TEXT)",
	       "this text"),
	FETCH1("int", SAMPLE_INT, SAMPLE_NEED_NOTHING, 1, ARG_INT, get_literal, 0, "(NUMBER)",
	       "this number"),
	FETCH1("bool", SAMPLE_BOOL, SAMPLE_NEED_NOTHING, 1, ARG_STR, get_literal, 0, "(true|false)",
	       "this truth value"),
	FETCH("src", SAMPLE_IPV4, SAMPLE_NEED_CLIENT, get_ip, ADDR_CLIENT, "the client's address"),
	FETCH("src_port", SAMPLE_INT, SAMPLE_NEED_CLIENT, get_port, ADDR_CLIENT,
	      "the client's port"),
	FETCH("dst", SAMPLE_IPV4, SAMPLE_NEED_CLIENT, get_ip, ADDR_LOCAL,
	      "the address that the client connected to"),
	FETCH("dst_port", SAMPLE_INT, SAMPLE_NEED_CLIENT, get_port, ADDR_LOCAL,
	      "the port that the client connected to"),
	FETCH("ssl_fc", SAMPLE_BOOL, SAMPLE_NEED_CLIENT, get_constant, 0,
	      "does the client use TLS? (not yet)"),
	FETCH1("fe_conn", SAMPLE_INT, SAMPLE_NEED_NOTHING, 0, ARG_FRONTEND, get_connections, 1,
	       "[(FRONTEND)]", "connections of a frontend"),
	FETCH1("be_conn", SAMPLE_INT, SAMPLE_NEED_NOTHING, 0, ARG_BACKEND, get_connections, 0,
	       "[(BACKEND)]", "streams of a backend"),
	FETCH1("connslots", SAMPLE_INT, SAMPLE_NEED_NOTHING, 0, ARG_BACKEND, get_free_slots, 0,
	       "[(BACKEND)]", "free connections and places in the queues of its servers"),
	FETCH1("nbsrv", SAMPLE_INT, SAMPLE_NEED_NOTHING, 0, ARG_BACKEND, get_usable, 0,
	       "[(BACKEND)]", "usable servers of a backend"),
	FETCH1("srv_is_up", SAMPLE_BOOL, SAMPLE_NEED_NOTHING, 1, ARG_SERVER, get_server_is_up, 0,
	       "([BACKEND/]SERVER)", "is the server up?"),
	{ 0 },
};
