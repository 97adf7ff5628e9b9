/* test_lb_key.c - balance uri, url_param, hdr, source and static-rr send 36 requests where HAProxy
 * 2.6 sent them, with each hash-type. */
#include "http/lb_key.h"

#include <tandem/diag.h>

#include "../../lib/pool_fixture.h"
#include "../../lib/unit.h"
#include "config/cfg_parse.h"

/* Recorded from HAProxy 2.6 with the requests of make_request(). */
static const struct {
	const char *balance, *hash_type;
	unsigned weights[5];
	const char *chosen;
} rows[] = {
	{ "uri", "map-based", { 5, 1, 1 }, "111123111311132111111211211111113131" },
	{ "uri", "map-based", { 1, 2, 4 }, "112233323312333322333322323333323333" },
	{ "uri", "map-based", { 7, 3, 2, 9 }, "214414143414343144223344141121244141" },
	{ "uri", "map-based sdbm", { 5, 1, 1 }, "111123111311132111111211211111113131" },
	{ "uri", "map-based sdbm", { 1, 2, 4 }, "112233323312333322333322323333323333" },
	{ "uri", "map-based sdbm", { 7, 3, 2, 9 }, "214414143414343144223344141121244141" },
	{ "uri", "map-based djb2", { 5, 1, 1 }, "211111311313211331111111113113111113" },
	{ "uri", "map-based djb2", { 1, 2, 4 }, "322223323333323333222233223233233223" },
	{ "uri", "map-based djb2", { 7, 3, 2, 9 }, "144443441414141441444422444414423444" },
	{ "uri", "map-based wt6", { 5, 1, 1 }, "311113131111211111121131111111112311" },
	{ "uri", "map-based wt6", { 1, 2, 4 }, "333233331133322313333333322122213332" },
	{ "uri", "map-based wt6", { 7, 3, 2, 9 }, "411434142211144112332141144144421424" },
	{ "uri", "map-based crc32", { 5, 1, 1 }, "121211131111311312212132113113112132" },
	{ "uri", "map-based crc32", { 1, 2, 4 }, "133313232322311323323333213133213233" },
	{ "uri", "map-based crc32", { 7, 3, 2, 9 }, "231113444244411441141343414114411441" },
	{ "uri", "map-based sdbm avalanche", { 5, 1, 1 }, "131231131113113112111111311213311113" },
	{ "uri", "map-based sdbm avalanche", { 1, 2, 4 }, "233331232223223233322222323313323333" },
	{ "uri",
	  "map-based sdbm avalanche",
	  { 7, 3, 2, 9 },
	  "442341444444444413144444443114441134" },
	{ "uri", "map-based crc32 avalanche", { 5, 1, 1 }, "132111122221111113111112111111131321" },
	{ "uri", "map-based crc32 avalanche", { 1, 2, 4 }, "333321333332232213323223222332333332" },
	{ "uri",
	  "map-based crc32 avalanche",
	  { 7, 3, 2, 9 },
	  "141142211114414424142443444124341414" },
	{ "uri", "consistent", { 5, 1, 1 }, "121111122132311123311111111121111121" },
	{ "uri", "consistent", { 1, 2, 4 }, "322333322332233322331233333321331333" },
	{ "uri", "consistent", { 7, 3, 2, 9 }, "122131444432214421144144144121144144" },
	{ "uri", "consistent sdbm", { 5, 1, 1 }, "123131111113113111111132211211111313" },
	{ "uri", "consistent sdbm", { 1, 2, 4 }, "323333313333112122313333213213132333" },
	{ "uri", "consistent sdbm", { 7, 3, 2, 9 }, "444144414442112414124444441211112414" },
	{ "uri", "consistent djb2", { 5, 1, 1 }, "111111111131313111211211212111112211" },
	{ "uri", "consistent djb2", { 1, 2, 4 }, "333313332322233113231213332112332212" },
	{ "uri", "consistent djb2", { 7, 3, 2, 9 }, "411414144422214141141114242142444241" },
	{ "uri", "consistent wt6", { 5, 1, 1 }, "111111331311113121213111111113121131" },
	{ "uri", "consistent wt6", { 1, 2, 4 }, "322223323332213221332132213323122331" },
	{ "uri", "consistent wt6", { 7, 3, 2, 9 }, "412441424441112241414142111414122131" },
	{ "uri", "consistent crc32", { 5, 1, 1 }, "111111122111113131111121311123132111" },
	{ "uri", "consistent crc32", { 1, 2, 4 }, "133213322311313232111233323323332231" },
	{ "uri", "consistent crc32", { 7, 3, 2, 9 }, "144244224311144141144441214143434244" },
	{ "uri", "consistent wt6 avalanche", { 5, 1, 1 }, "111111111111332121213111111211113131" },
	{ "uri", "consistent wt6 avalanche", { 1, 2, 4 }, "323333233233332323233313332233213232" },
	{ "uri",
	  "consistent wt6 avalanche",
	  { 7, 3, 2, 9 },
	  "411111111143424414243414241414142132" },
	{ "uri", "consistent djb2 avalanche", { 5, 1, 1 }, "311111111111111131311122211113113112" },
	{ "uri", "consistent djb2 avalanche", { 1, 2, 4 }, "331213233311331331312222332313133232" },
	{ "uri",
	  "consistent djb2 avalanche",
	  { 7, 3, 2, 9 },
	  "334112224111441431244142114114113144" },
	{ "source", "consistent", { 1, 3 }, "222222221221222122222222222222212221" },
	{ "source", "map-based sdbm avalanche", { 1, 3 }, "222211212221222212222222222222221222" },
	{ "source", "consistent sdbm", { 1, 3 }, "222222222222222222222222222222222222" },
	{ "source", "consistent", { 5, 1, 1 }, "111111111111111111111121223311111113" },
	{ "source",
	  "map-based sdbm avalanche",
	  { 5, 1, 1 },
	  "211213122331122223113212121133132211" },
	{ "source", "consistent sdbm", { 5, 1, 1 }, "111111111111111111111111111111111111" },
	{ "source", "consistent", { 1, 2, 4 }, "313233321333333323333223233323213123" },
	{ "source",
	  "map-based sdbm avalanche",
	  { 1, 2, 4 },
	  "333313233333133333223313332233333321" },
	{ "source", "consistent sdbm", { 1, 2, 4 }, "222222222222222222222222222222222222" },
	{ "source", "consistent", { 7, 3, 2, 9 }, "211144111441421121144244141311214224" },
	{ "source",
	  "map-based sdbm avalanche",
	  { 7, 3, 2, 9 },
	  "331314413443211134444121234444141141" },
	{ "source", "consistent sdbm", { 7, 3, 2, 9 }, "222222222222222222222222222222222222" },
	{ "source", "consistent", { 256, 1, 128, 64 }, "113314111143111441313134143111431341" },
	{ "source",
	  "map-based sdbm avalanche",
	  { 256, 1, 128, 64 },
	  "131131334431411131113113131343143112" },
	{ "source",
	  "consistent sdbm",
	  { 256, 1, 128, 64 },
	  "444444444444444444444444444444444444" },
	{ "source", "consistent", { 1, 1, 1, 1, 5 }, "415555551445555555545525243355515153" },
	{ "source",
	  "map-based sdbm avalanche",
	  { 1, 1, 1, 1, 5 },
	  "535551545355541153155552552555252214" },
	{ "source", "consistent sdbm", { 1, 1, 1, 1, 5 }, "555555555555555555555555555555555555" },
	{ "uri len 4", "map-based", { 7, 3, 2, 9 }, "421424441441414414444441441414412414" },
	{ "uri len 4", "consistent", { 7, 3, 2, 9 }, "241244244234211211244212211233214214" },
	{ "uri depth 1", "map-based", { 7, 3, 2, 9 }, "214214241241214214244241241214212214" },
	{ "uri depth 1", "consistent", { 7, 3, 2, 9 }, "411413411434411411444412411433414414" },
	{ "uri depth 2", "map-based", { 7, 3, 2, 9 }, "414411441142112141324322144134144144" },
	{ "uri depth 2", "consistent", { 7, 3, 2, 9 }, "414441114144442114244141144344121414" },
	{ "uri whole", "map-based", { 7, 3, 2, 9 }, "421234144114414442411144411344443141" },
	{ "uri whole", "consistent", { 7, 3, 2, 9 }, "414211111231424314312231421144214142" },
	{ "uri path-only", "map-based", { 7, 3, 2, 9 }, "214414143414143444123344441121444441" },
	{ "uri path-only", "consistent", { 7, 3, 2, 9 }, "122431444332214421444344344121144244" },
	{ "uri whole path-only",
	  "map-based",
	  { 7, 3, 2, 9 },
	  "121434344114414142411144111244443441" },
	{ "uri whole path-only",
	  "consistent",
	  { 7, 3, 2, 9 },
	  "114111111431124414412131421244214442" },
	{ "uri depth 2 len 6",
	  "map-based",
	  { 7, 3, 2, 9 },
	  "214224211222222222222222222211211211" },
	{ "uri depth 2 len 6",
	  "consistent",
	  { 7, 3, 2, 9 },
	  "414444414424434414414421411444411441" },
	{ "uri whole depth 2",
	  "map-based",
	  { 7, 3, 2, 9 },
	  "414411441142112141324322144134144144" },
	{ "uri whole depth 2",
	  "consistent",
	  { 7, 3, 2, 9 },
	  "414441114144442114244141144344121414" },
	{ "url_param id", "map-based", { 7, 3, 2, 9 }, "444413144444412112211224441311131121" },
	{ "url_param id", "consistent", { 7, 3, 2, 9 }, "114321312122312312212314411444221443" },
	{ "hdr(x-k)", "map-based", { 7, 3, 2, 9 }, "411211214444414411311314441441412412" },
	{ "hdr(x-k)", "consistent", { 7, 3, 2, 9 }, "111443142211221411141121414211441144" },
	{ "hdr(host) use_domain_only",
	  "map-based",
	  { 7, 3, 2, 9 },
	  "241441114114442443113112114442224443" },
	{ "hdr(host) use_domain_only",
	  "consistent",
	  { 7, 3, 2, 9 },
	  "222412244442124442434421241234411241" },
	{ "hdr(x-none)", "map-based", { 7, 3, 2, 9 }, "124141421434141241434124141421434141" },
	{ "hdr(x-none)", "consistent", { 7, 3, 2, 9 }, "441343344444441111444414214143444442" },
	{ "static-rr", "map-based", { 7, 3, 2, 9 }, "124141421434141241434124141421434141" },
	{ "static-rr", "consistent", { 7, 3, 2, 9 }, "124141421434141241434124141421434141" },
	{ "url_param none", "map-based", { 7, 3, 2, 9 }, "124141421434141241434124141421434141" },
	{ "url_param none", "consistent", { 7, 3, 2, 9 }, "441343344444441111444414214143444442" },
	{ "static-rr", "map-based", { 1, 3 }, "122212221222122212221222122212221222" },
	{ "static-rr", "map-based", { 5, 1, 1 }, "111211311121131112113111211311121131" },
	{ "static-rr", "map-based", { 1, 2, 4 }, "132323313232331323233132323313232331" },
	{ "static-rr", "map-based", { 7, 3, 2, 9 }, "124141421434141241434124141421434141" },
	{ "static-rr", "map-based", { 256, 1, 128, 64 }, "112311341131134113113411311341131134" },
	{ "static-rr", "map-based", { 1, 1, 1, 1, 5 }, "152535455152535455152535455152535455" },
};

/* Request i of the recording. */
static void make_request(char *out, size_t size, unsigned i)
{
	char origin[64] = "", host[64];

	if (i % 3 == 0)
		snprintf(origin, sizeof(origin), "http://ex%u.org", i);
	if (i % 3 == 0)
		snprintf(host, sizeof(host), "ex%u.org", i);
	else
		snprintf(host, sizeof(host), "h%u.dom%u.org", i, i);
	snprintf(out, size,
		 "GET %s/a%u/b%u/c%u?id=%u&x=y HTTP/1.1\r\nHost: %s\r\nX-K: key-%u, second\r\n\r\n",
		 origin, i, i * 7, i % 5, i * 31, host, i * 13);
}

static struct cfg *load(unsigned row)
{
	struct strbuf b = { 0 };
	struct cfg *c;
	struct diag d;

	strbuf_addf(&b,
		    "backend web\n mode http\n balance %s\n hash-type %s\n"
		    " timeout connect 1s\n timeout server 1s\n",
		    rows[row].balance, rows[row].hash_type);
	for (unsigned i = 0; i < 5 && rows[row].weights[i] != 0; i++)
		strbuf_addf(&b, " server s%u 127.0.0.1:%u weight %u\n", i + 1, 8001 + i,
			    rows[row].weights[i]);
	diag_init(&d);
	c = cfg_load_text("cfg", str_from(strbuf_str(&b)), &d);
	diag_fini(&d);
	strbuf_fini(&b);
	ck_assert_ptr_nonnull(c);
	return c;
}

static unsigned pick(struct backend *be, unsigned i)
{
	const struct backend_view *v = backend_view(be);
	const struct view_server *vs;
	struct h1_field fields[16];
	struct h1_head h = { .fields = fields, .max_fields = 16 };
	char text[512], ip[INET_ADDRSTRLEN];
	struct addr client;
	struct lb_key key = { .client = &client };

	make_request(text, sizeof(text), i);
	ck_assert_int_eq(h1_parse_request(&h, text, strlen(text)), H1_DONE);
	snprintf(ip, sizeof(ip), "127.0.%u.%u", i, i + 1);
	client = fix_addr(ip, 1);
	key.has_hash = lb_key_of_request(be->cfg->balance, &be->cfg->lb, &h, STR(""), &key.hash);
	vs = v->algo->pick(v, &be->lb, &key);
	return vs->srv->index + 1;
}

START_TEST(same_server_as_haproxy)
{
	struct cfg *c = load((unsigned)_i);
	struct backend *be = backend_new(c->proxies, 1);
	char chosen[37] = "";

	for (unsigned i = 0; i < 36; i++)
		chosen[i] = (char)('0' + pick(be, i));
	ck_assert_msg(strcmp(chosen, rows[_i].chosen) == 0, "%s, %s\n%s\n%s", rows[_i].balance,
		      rows[_i].hash_type, rows[_i].chosen, chosen);
	fix_free_backend(be);
	cfg_free(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lb_key");
	TCase *tc = tcase_create("lb_key");
	int rc;

	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	log_to_stderr(false);
	tcase_add_loop_test(tc, same_server_as_haproxy, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	rc = unit_run(s);
	urcu_qsbr_unregister_thread();
	return rc;
}
