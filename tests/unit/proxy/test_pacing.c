/* test_pacing.c - sockets of connections inside of this host do not get BBR; others keep what they
 * have. */
#include "pool/pacing.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include "../../lib/unit.h"

struct name {
	char text[16];
};

static struct name algorithm(int fd)
{
	struct name n = { "" };
	socklen_t len = sizeof(n.text) - 1;

	ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, n.text, &len), 0);
	return n;
}

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(test_this_host)
{
	struct addr here = { .len = sizeof(here.in) };
	int listener = tcp_socket(), client = tcp_socket(), server;

	here.in.sin_family = AF_INET;
	here.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	pacing_avoid(listener, &here);
	ck_assert_int_eq(bind(listener, &here.sa, here.len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, &here.sa, &here.len), 0);
	pacing_avoid(client, &here);
	ck_assert_int_eq(connect(client, &here.sa, here.len), 0);
	server = accept(listener, NULL, NULL);
	ck_assert_int_ge(server, 0);
	ck_assert_str_ne(algorithm(client).text, "bbr");
	ck_assert_str_ne(algorithm(server).text, "bbr");
	close(server);
	close(client);
	close(listener);
}
END_TEST

START_TEST(test_elsewhere)
{
	struct addr away;
	int fd = tcp_socket(), untouched = tcp_socket();

	ck_assert_int_eq(addr_parse_ip(STR("192.0.2.1"), &away), 0);
	pacing_avoid(fd, &away);
	ck_assert_str_eq(algorithm(fd).text, algorithm(untouched).text);
	close(untouched);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pacing");
	TCase *tc = tcase_create("pacing");

	tcase_add_test(tc, test_this_host);
	tcase_add_test(tc, test_elsewhere);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
