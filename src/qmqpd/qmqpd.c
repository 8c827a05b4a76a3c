/* SPDX-License-Identifier: 0BSD */
/* qmqpd.c - take messages for the queue by QMQP, from machines that may relay
 *
 * runs as     quilld
 * started by  tcpserver
 * fd 0, 1     the client
 * fd 2        log
 * reads       control/me, databytes
 * writes      nothing; the message goes to quill-queue   wire/qclient.h
 * trusts      its environment (tcprules): a client with $RELAYCLIENT may send
 *             anything to anybody; nothing else of the client
 * exits       0 when the client got an answer, STATUS_TEMP without one
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/ibuf.h"
#include "lib/ipaddr.h"
#include "lib/log.h"
#include "lib/netstring.h"
#include "lib/num.h"
#include "lib/obuf.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "wire/qclient.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	IDLE_MS = 60000,     /* without a byte */
	SESSION_MS = 3600000 /* all of it */
};

static char inbuf[32768], outbuf[1024];
static struct ibuf in;
static struct qclient queue;
static bool opened;
static const char *ip = "unknown";
static int64_t end;
static uint64_t limit; /* bytes of a message; 0 none */

static void __attribute__((noreturn))
answer(const char *kind, const char *text, const char *more)
{
	struct obuf o;
	char head[NETSTRING_HEAD];

	obuf_init(&o, 1, outbuf, sizeof outbuf);
	obuf_deadline(&o, stamp_mono() + IDLE_MS);
	obuf_put(&o, head,
		netstring_head(head, 1 + strlen(text) + strlen(more)));
	obuf_puts(&o, kind);
	obuf_puts(&o, text);
	obuf_puts(&o, more);
	obuf_putc(&o, ',');
	_exit(obuf_flush(&o) == 0 ? 0 : STATUS_TEMP);
}

static void __attribute__((noreturn)) refuse(const char *kind, const char *text)
{
	log_write("refused", "ip=", ip, " ", text, NULL);
	answer(kind, text, "");
}

/* Nothing of what came so far is queued. */
static void __attribute__((noreturn)) broken(enum netstring why)
{
	if (opened)
		qclient_abort(&queue);
	if (why == NETSTRING_BAD)
		refuse("D", "sorry, that is not QMQP (#5.5.2)");
	log_write("lost", "ip=", ip,
		in.err ? log_strerror() : " hung up before the end", NULL);
	_exit(STATUS_TEMP);
}

static void
out_of_memory(void)
{
	refuse("Z", "out of memory (#4.3.0)");
}

/* More time: an idle minute, within the session's hour. */
static void
wind(void)
{
	int64_t t = stamp_mono() + IDLE_MS;

	ibuf_deadline(&in, t < end ? t : end);
}

static void
configure(struct str *me)
{
	const char *s = getenv("DATABYTES"), *client = getenv("TCPREMOTEIP");

	control_init(site_control);
	if (client)
		ip = client;
	if (!getenv("RELAYCLIENT"))
		refuse("D", "sorry, this machine may not relay here: no "
			    "RELAYCLIENT in the TCP rules (#5.7.1)");
	if (control_line("me", me) != CONTROL_OK ||
		control_num("databytes", 0, UINT64_MAX, &limit) ==
			CONTROL_BAD) {
		log_alert(*control_error() ? control_error()
					   : "control/me: missing");
		refuse("Z", "server configuration error (#4.3.5)");
	}
	if (s && !num_parses(s, UINT64_MAX, &limit)) {
		log_alert("DATABYTES is not a number");
		refuse("Z", "server configuration error (#4.3.5)");
	}
}

/* What may stand in a Received line of what tcpserver says. */
static void
put_clean(struct str *out, const char *s, size_t max)
{
	for (size_t n = 0; s && *s && n < max; s++, n++)
		str_putc(out, (*s >= '0' && *s <= '9') ||
					      (*s >= 'A' && *s <= 'Z') ||
					      (*s >= 'a' && *s <= 'z') ||
					      strchr(".-:", *s)
				      ? *s
				      : '?');
}

static void
received(struct str *me)
{
	struct str line = STR_INIT(1000);
	const char *host = getenv("TCPREMOTEHOST");
	char date[STAMP_FMT];

	stamp_date(date, stamp_now());
	str_puts(&line, "Received: from ");
	put_clean(&line, host ? host : "unknown", 255);
	str_puts(&line, " (");
	put_clean(&line, ip, IPADDR_FMT);
	str_puts(&line, ")\n  by ");
	put_clean(&line, str_c(me), 255);
	str_puts(&line, " with QMQP; ");
	str_puts(&line, date);
	str_putc(&line, '\n');
	qclient_put(&queue, line.s, line.len);
	str_free(&line);
}

/* The message: n bytes and a comma. */
static void
message(uint64_t n, uint64_t *used)
{
	enum netstring r;
	char *p;

	while (n) {
		ssize_t got;

		wind();
		got = ibuf_peek(&in, &p);
		if (got <= 0)
			broken(NETSTRING_LOST);
		if ((uint64_t)got > n)
			got = (ssize_t)n;
		qclient_put(&queue, p, (size_t)got);
		ibuf_skip(&in, (size_t)got);
		n -= (uint64_t)got;
		*used += (uint64_t)got;
	}
	if ((r = netstring_end(&in, used)) != NETSTRING_OK)
		broken(r);
}

/* One address into s. */
static void
address(struct str *s, uint64_t *used)
{
	enum netstring r;
	uint64_t n;

	wind();
	str_clear(s);
	/* far more than ADDR_MAX is no address at all */
	r = netstring_start(&in, 65535, &n, used);
	if (r != NETSTRING_OK)
		broken(r);
	while (n--) {
		int c = ibuf_getc(&in);

		if (c < 0)
			broken(NETSTRING_LOST);
		(*used)++;
		if (c == 0)
			broken(NETSTRING_BAD);
		str_putc(s, (char)c);
	}
	if ((r = netstring_end(&in, used)) != NETSTRING_OK)
		broken(r);
}

/* A client that is gone would send the message again. */
static void
still_there(void)
{
	struct pollfd p = { .fd = 0, .events = POLLRDHUP };

	if (poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP | POLLRDHUP)))
		broken(NETSTRING_LOST);
}

static void
verdict(const struct str *sender, uint64_t nrcpt, uint64_t size)
{
	struct qverdict v;
	char n[NUM_FMT], bytes[NUM_FMT];

	qclient_close(&queue, &v);
	if (v.class != STATUS_ACCEPTED)
		refuse(v.class == STATUS_PERMANENT ? "D" : "Z", v.text);
	num_fmt(n, nrcpt);
	num_fmt(bytes, size);
	log_write("accepted", "ip=", ip, " id=", v.id, " bytes=", bytes,
		" recipients=", n, " from=<", sender->len ? sender->s : "", ">",
		NULL);
	answer("K", "ok ", v.id);
}

int
main(int argc, char **argv)
{
	struct str me = STR_INIT(255), addr = STR_INIT(65536);
	struct str sender = STR_INIT(65536);
	uint64_t total, len, used = 0, nrcpt = 0;
	enum netstring r;

	log_init("quill-qmqpd");
	if (argc == 2 && strcmp(argv[1], "-n") == 0) {
		control_init(site_control);
		control_survey();
		(void)control_line("me", &me);
		(void)control_num("databytes", 0, UINT64_MAX, &limit);
		return control_surveyed() ? STATUS_PERM : STATUS_OK;
	}
	if (fd_sane() < 0)
		return STATUS_TEMP;
	sig_ignore(SIGPIPE);
	str_oom = out_of_memory;
	end = stamp_mono() + SESSION_MS;
	ibuf_init(&in, 0, inbuf, sizeof inbuf);
	configure(&me);
	wind();
	r = netstring_start(&in, (uint64_t)1 << 40, &total, NULL);
	if (r == NETSTRING_OK)
		r = netstring_start(&in, total, &len, &used);
	if (r != NETSTRING_OK)
		broken(r);
	if (limit && len > limit)
		refuse("D", "sorry, that message size exceeds my databytes "
			    "limit (#5.3.4)");
	opened = true;
	(void)qclient_open(&queue); /* the verdict tells */
	received(&me);
	message(len, &used);
	address(&sender, &used);
	qclient_from(&queue, str_c(&sender));
	while (used < total) {
		address(&addr, &used);
		qclient_to(&queue, str_c(&addr));
		nrcpt++;
	}
	if (used != total)
		broken(NETSTRING_BAD);
	if ((r = netstring_end(&in, NULL)) != NETSTRING_OK)
		broken(r);
	still_there();
	verdict(&sender, nrcpt, len);
}
