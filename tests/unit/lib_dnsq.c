/* SPDX-License-Identifier: 0BSD */
/* dnsq against a name server in a child process; lies and time-outs are in
 * tests/golden/remote.t. */
#include "lib/dnsq.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/stamp.h"
#include "tap.h"

/* Answers A with 192.0.2.7 (AD set), AAAA with no data, anything for a name
 * that starts with n with NXDOMAIN, with s with nothing at all. */
static void
serve(int fd)
{
	static const uint8_t a[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4,
		192, 0, 2, 7 };
	uint8_t b[1500];
	struct sockaddr_in from;
	socklen_t len;
	ssize_t n;

	for (;;) {
		len = sizeof from;
		n = recvfrom(fd, b, sizeof b - sizeof a, 0,
			(struct sockaddr *)&from, &len);
		if (n < 17 || b[13] == 's')
			continue;
		b[2] = 0x81;
		b[3] = 0xa0;
		b[11] = 0;
		n -= 11; /* the OPT */
		if (b[13] == 'n') {
			b[3] |= 3;
		} else if (b[n - 3] == 1) {
			b[7] = 1;
			memcpy(b + n, a, sizeof a);
			n += (ssize_t)sizeof a;
		}
		sendto(fd, b, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
}

static pid_t
start(unsigned *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof sin;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	pid_t pid;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&sin, sizeof sin) < 0 ||
		getsockname(fd, (struct sockaddr *)&sin, &len) < 0)
		return -1;
	*port = ntohs(sin.sin_port);
	pid = fork();
	if (!pid) {
		alarm(20);
		serve(fd);
	}
	close(fd);
	return pid;
}

static void
answers(void)
{
	struct dnsq q[40];
	struct dnspkt_rr rr;
	char names[40][16], text[IPADDR_FMT];
	int64_t begin;
	size_t i, good = 0;

	dnsq_init(&q[0], "x.test", DNS_A);
	dnsq_init(&q[1], "x.test", DNS_AAAA);
	dnsq_init(&q[2], "no.test", DNS_A);
	dnsq_init(&q[3], "no..test", DNS_A);
	dnsq_ask(q, 4, stamp_mono() + 5000);
	is_num(q[0].result, DNSQ_OK, "A");
	ok(q[0].ad, "authentic");
	ok(dnsq_next(&q[0], &rr), "a record");
	ipaddr_fmt(text, &rr.ip);
	is_str(text, "192.0.2.7", "its address");
	ok(!dnsq_next(&q[0], &rr), "only one");
	is_num(q[1].result, DNSQ_NODATA, "AAAA");
	ok(!dnsq_next(&q[1], &rr), "no record");
	is_num(q[2].result, DNSQ_NXDOMAIN, "no such name");
	is_num(q[3].result, DNSQ_NXDOMAIN, "not a name at all");
	dnsq_free(q, 4);
	for (i = 0; i < 40; i++) {
		sprintf(names[i], "x%zu.test", i);
		dnsq_init(&q[i], names[i], DNS_A);
	}
	dnsq_ask(q, 40, stamp_mono() + 5000);
	for (i = 0; i < 40; i++)
		good += q[i].result == DNSQ_OK;
	is_num(good, 40, "more than go at once");
	dnsq_free(q, 40);
	begin = stamp_mono();
	dnsq_init(&q[0], "silent.test", DNS_A);
	dnsq_init(&q[1], "x.test", DNS_A);
	dnsq_ask(q, 2, begin + 300);
	is_num(q[0].result, DNSQ_TEMP, "nobody answers");
	ok(*q[0].why, "says why");
	ok(!q[0].ad, "not authentic");
	is_num(q[1].result, DNSQ_OK, "beside it, an answer");
	ok(stamp_mono() - begin >= 300 && stamp_mono() - begin < 2000,
		"the deadline holds");
	dnsq_free(q, 2);
}

int
main(void)
{
	char path[] = "/tmp/quill-resolv.XXXXXX", line[80];
	int fd = mkstemp(path), n;
	unsigned port = 0;
	pid_t pid = start(&port);

	n = sprintf(line,
		"nameserver [127.0.0.1]:%u\noptions trust-ad timeout:2\n",
		port);
	ok(pid > 0 && write(fd, line, (size_t)n) == n, "a server");
	setenv("QUILL_RESOLV", path, 1);
	answers();
	kill(pid, SIGKILL);
	waitpid(pid, &n, 0);
	unlink(path);
	return done_testing();
}
