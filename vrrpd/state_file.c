/* state_file.c - which addresses this daemon may hold. */
#include "state_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tandem/buf.h>
#include <tandem/diag.h>
#include <tandem/log.h>
#include <tandem/str.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "link_watch.h"
#include "routing.h"
#include "vip.h"
#include "vmac.h"

#define VMAC_LINE_ROOM 64

static void write_list(FILE *f, const struct cfg_vip *v)
{
	char text[INET6_ADDRSTRLEN];

	for (; v; v = v->next) {
		addr_format_ip(&v->addr, text);
		fprintf(f, "%s %s/%u\n", v->on, text, v->prefix_len);
	}
}

static void write_vmac(char *out, size_t room, const char *name, const uint8_t mac[6])
{
	snprintf(out, room, "vmac %s %02x:%02x:%02x:%02x:%02x:%02x", name, mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
}

static void write_routing(FILE *f, const struct cfg_route *routes, const struct cfg_rule *rules)
{
	for (const struct cfg_route *r = routes; r; r = r->next)
		fprintf(f, "route %s\n", r->text);
	for (const struct cfg_rule *r = rules; r; r = r->next)
		fprintf(f, "rule %s\n", r->text);
}

/* A route leads over the instance's interfaces, so it is written as the configuration has it. */
static void write_rest(FILE *f, const struct cfg_instance *i)
{
	char text[VMAC_LINE_ROOM];

	for (const struct cfg_vmac *v = i->vmacs; v; v = v->next) {
		write_vmac(text, sizeof(text), v->name, v->mac);
		fprintf(f, "%s\n", text);
	}
	write_routing(f, i->routes, i->rules);
}

static void make_dir_of(const char *path)
{
	char dir[256];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		(void)mkdir(dir, 0755);
	}
}

void state_file_write(const struct cfg *cfg)
{
	const char *path = cfg->global.state_file;
	char tmp[256];
	FILE *f;

	if (!path)
		return;
	make_dir_of(path);
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	f = fopen(tmp, "we");
	if (!f) {
		log_notice("vrrp", "state_file_unwritable", "path=%s error=%s",
			   log_quoted(str_from(path)), log_quoted(str_from(strerror(errno))));
		return;
	}
	for (const struct cfg_instance *i = cfg->instances; i; i = i->next) {
		write_list(f, i->vips);
		write_list(f, i->vips_excluded);
	}
	for (const struct cfg_instance *i = cfg->instances; i; i = i->next)
		write_rest(f, i);
	write_list(f, cfg->statics.addrs);
	write_routing(f, cfg->statics.routes, cfg->statics.rules);
	if (ferror(f) | fclose(f) || rename(tmp, path))
		(void)unlink(tmp);
}

bool state_file_parse(struct str line, char *ifname, struct vip *out)
{
	const char *blank = memchr(line.p, ' ', line.len);
	const char *slash = line.len ? memrchr(line.p, '/', line.len) : NULL;
	const char *end = line.p + line.len;
	struct vip v = { 0 };
	int64_t prefix;

	if (!blank || !slash || slash < blank || (size_t)(blank - line.p) >= IFNAMSIZ ||
	    addr_parse_ip((struct str){ blank + 1, (size_t)(slash - blank - 1) }, &v.addr) ||
	    str_parse_int((struct str){ slash + 1, (size_t)(end - slash - 1) }, 0, 128, &prefix))
		return false;
	v.prefix_len = (uint8_t)prefix;
	memcpy(ifname, line.p, (size_t)(blank - line.p));
	ifname[blank - line.p] = '\0';
	*out = v;
	return true;
}

/* Lines "route ..." and "rule ..." as a configuration, to be read by its own reader. */
static bool collect(const char *line, struct strbuf *routes, struct strbuf *rules)
{
	if (strncmp(line, "route ", 6) == 0)
		strbuf_addf(routes, "%s\n", line + 6);
	else if (strncmp(line, "rule ", 5) == 0)
		strbuf_addf(rules, "%s\n", line + 5);
	else
		return false;
	return true;
}

/* "vmac NAME MAC": an interface that is still the one we made. */
static bool clean_vmac(const char *line, const struct link_watch *links, struct vip_nl *nl)
{
	const struct link *l, *found = NULL;
	char text[VMAC_LINE_ROOM];

	if (strncmp(line, "vmac ", 5) != 0)
		return false;
	list_for_each (l, &links->links, node) {
		write_vmac(text, sizeof(text), l->name, l->mac);
		if (l->is_macvlan && strcmp(text, line) == 0)
			found = l;
	}
	if (found && !vmac_del(nl, found->ifindex))
		log_notice("vrrp", "leftover_removed", "interface=%s", found->name);
	return true;
}

static void clean_routing(const char *routes, const char *rules, const struct link_watch *links,
			  struct vip_nl *nl)
{
	struct strbuf text = { 0 };
	struct routing_set set = { 0 };
	struct diag d;
	struct cfg *c;

	if (!*routes && !*rules)
		return;
	strbuf_addf(&text,
		    "vrrp_instance left {\ninterface lo\nvirtual_router_id 1\n"
		    "virtual_ipaddress {\n127.0.0.9\n}\nvirtual_routes {\n%s}\n"
		    "virtual_rules {\n%s}\n}\n",
		    routes, rules);
	diag_init(&d);
	c = cfg_load_text("state", str_from(strbuf_str(&text)), NULL, &d);
	if (c) {
		routing_build(&set, c->instances->routes, c->instances->rules, links);
		(void)!routing_del(nl, set.del, set.del_len);
		routing_fini(&set);
	}
	cfg_free(c);
	diag_fini(&d);
	strbuf_fini(&text);
}

void state_file_clean(const struct cfg *cfg, const struct link_watch *links, struct vip_nl *nl)
{
	char *line = NULL, ifname[IFNAMSIZ], text[INET6_ADDRSTRLEN];
	size_t room = 0;
	struct strbuf routes = { 0 }, rules = { 0 };
	FILE *f = cfg->global.state_file ? fopen(cfg->global.state_file, "re") : NULL;

	while (f && getline(&line, &room, f) > 0) {
		const struct link *l;
		struct vip v;

		line[strcspn(line, "\n")] = '\0';
		if (clean_vmac(line, links, nl) || collect(line, &routes, &rules) ||
		    !state_file_parse(str_from(line), ifname, &v))
			continue;
		l = link_find(links, ifname);
		if (!l || !link_has_addr(l, &v.addr))
			continue;
		v.ifindex = l->ifindex;
		addr_format_ip(&v.addr, text);
		if (!vip_del(nl, &v, 1, NULL))
			log_notice("vrrp", "leftover_removed", "interface=%s address=%s/%u", ifname,
				   text, v.prefix_len);
	}
	if (f)
		fclose(f);
	free(line);
	clean_routing(strbuf_str(&routes), strbuf_str(&rules), links, nl);
	strbuf_fini(&routes);
	strbuf_fini(&rules);
}
