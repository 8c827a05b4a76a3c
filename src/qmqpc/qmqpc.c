/* SPDX-License-Identifier: 0BSD */
/* qmqpc.c - hand a message to another machine's queue by QMQP, in the place of
 * quill-queue
 *
 * runs as     caller
 * started by  whoever queues a message, as $QUILLQUEUE or as quill-queue
 * fd 0        the message, to its end
 * fd 1        the envelope, read                    wire/envelope.h
 * fd 6        gets the server's words when it refused
 * reads       control/qmqpservers, timeoutqmqpc
 * writes      nothing that stays: the message waits in a file without a name
 * trusts      its caller, whose privileges it has; not the servers' words
 * exits       wire/status.h: STATUS_OK only when a server said that it has it
 */
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/str.h"
#include "qmqpc/ask.h"
#include "wire/site.h"
#include "wire/standin.h"
#include "wire/status.h"

enum {
	SERVERS_MAX = 16, /* tried; more are not read */
	QMQP_PORT = 628,
};

static struct server servers[SERVERS_MAX];
static size_t nserver;

/* ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT */
static const char *
server_line(void *arg, size_t line, char *entry, size_t n)
{
	(void)arg;
	(void)line;
	if (nserver == SERVERS_MAX)
		return "more than 16 servers";
	if (!server_parse(&servers[nserver], entry, n, QMQP_PORT))
		return "not ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT";
	nserver++;
	return NULL;
}

/* -n */
static int
look(void)
{
	uint64_t timeout;

	control_init(site_control);
	control_survey();
	(void)control_list("qmqpservers", server_line, NULL);
	(void)control_num("timeoutqmqpc", 1, 86400, &timeout);
	return control_surveyed() ? STATUS_PERM : STATUS_OK;
}

static uint64_t
configure(void)
{
	uint64_t timeout = 60;

	control_init(site_control);
	if (control_list("qmqpservers", server_line, NULL) != CONTROL_OK ||
		nserver == 0 ||
		control_num("timeoutqmqpc", 1, 86400, &timeout) ==
			CONTROL_BAD) {
		log_alert(nserver == 0 && !*control_error()
				  ? "control/qmqpservers: names no server"
				  : control_error());
		_exit(STATUS_CONFIG);
	}
	return timeout;
}

/* Another server may be asked: this one cannot have the message, or cannot
 * take it now. */
static bool
goes_on(const struct answer *a)
{
	return a->outcome == ANSWER_NONE ||
	       (a->outcome == ANSWER_REFUSED && a->text[0] == 'Z');
}

int
main(int argc, char **argv)
{
	struct str env = STR_INIT(ENVELOPE_MAX);
	struct request q = { .env = &env };
	struct answer a = { .outcome = ANSWER_NONE };

	log_init("quill-qmqpc");
	if (argc == 2 && strcmp(argv[1], "-n") == 0)
		return look();
	standin_begin();
	q.timeout = (int64_t)configure() * 1000;
	q.fd = standin_read(&q.size, &env);
	for (size_t i = 0; i < nserver && goes_on(&a); i++)
		ask(&servers[i], &q, &a);
	if (a.outcome == ANSWER_REFUSED)
		standin_refuse(a.text[0], a.text + 1, a.len - 1);
	return a.outcome == ANSWER_ACCEPTED ? STATUS_OK : STATUS_CONNECT;
}
