/* SPDX-License-Identifier: 0BSD */
/* milter.c - show a message to mail filters before it is queued
 *
 * runs as     caller
 * started by  whoever queues a message, as $QUILLQUEUE
 * fd 0        the message, to its end
 * fd 1        the envelope, read                    wire/envelope.h
 * fd 2        log
 * fd 6        gets the id, or the filter's words    wire/qclient.h
 * reads       control/milters, me; its environment: who the client is
 * writes      nothing that stays; the message goes to quill-queue
 * trusts      control/; of filters what they may change, not their bytes
 * exits       wire/status.h
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/str.h"
#include "milter/filter.h"
#include "milter/message.h"
#include "wire/qclient.h"
#include "wire/qpath.h"
#include "wire/site.h"
#include "wire/standin.h"
#include "wire/status.h"

enum { FILTERS_MAX = 16 };

static struct filter filters[FILTERS_MAX];
static size_t nfilter;
static struct message message;
static struct origin origin;

/* Refuse with words: 'D' for good, 'Z' for now. */
static void __attribute__((noreturn))
refuse(char kind, const char *words, const char *fallback)
{
	if (!*words)
		words = fallback;
	standin_refuse(kind, words, strlen(words));
}

static const char *
filter_line(void *arg, size_t line, char *entry, size_t n)
{
	(void)arg;
	(void)line;
	(void)n;
	if (nfilter == FILTERS_MAX)
		return "more than 16 filters";
	return filter_parse(&filters[nfilter++], entry);
}

/* -n */
static int
look(void)
{
	control_init(site_control);
	control_survey();
	(void)control_list("milters", filter_line, NULL);
	return control_surveyed() ? STATUS_PERM : STATUS_OK;
}

static void
configure(int argc, char **argv)
{
	static struct str me = STR_INIT(255);
	const char *why;

	control_init(site_control);
	for (int i = 1; i < argc; i++)
		if ((why = filter_line(NULL, 0, argv[i], strlen(argv[i]))))
			log_die(STATUS_CONFIG, argv[i], ": ", why);
	if (argc < 2 &&
		control_list("milters", filter_line, NULL) == CONTROL_BAD)
		log_die(STATUS_CONFIG, control_error());
	if (control_line("me", &me) == CONTROL_OK)
		origin.me = str_c(&me);
}

/* As smtpd left it in the environment. A message without a client was made on
 * this machine. */
static void
identify(void)
{
	static char id[QID_LEN + 1];

	qid_fmt(id, qid_new());
	origin.id = id;
	origin.ip = getenv("TCPREMOTEIP");
	origin.host = getenv("TCPREMOTEHOST");
	origin.port = getenv("TCPREMOTEPORT");
	origin.helo = getenv("HELO");
	origin.user = getenv("SMTPAUTHUSER");
	origin.tls = getenv("SSL_PROTOCOL");
	origin.cipher = getenv("SSL_CIPHER");
}

static void
read_message(void)
{
	struct str env = STR_INIT(ENVELOPE_MAX);
	uint64_t size;
	int fd = standin_read(&size, &env);
	const char *why =
		message_read(&message, fd, size, origin.ip != NULL, &env);

	if (why)
		refuse('D', "", why);
	str_free(&env);
}

static void
logged(const char *what, const struct filter *f, const char *text)
{
	log_write(what, "id=", origin.id, " filter=", f->name,
		" ip=", origin.ip ? origin.ip : "-", " text=\"", text, "\"",
		NULL);
}

static void
ask(const struct filter *f)
{
	char text[FILTER_TEXT];

	switch (filter_run(f, &message, &origin, text)) {
	case VERDICT_ACCEPT:
		return;
	case VERDICT_REJECT:
		logged("rejected", f, text);
		refuse('D', text, "550 5.7.1 refused by a filter");
	case VERDICT_LATER:
		logged("deferred", f, text);
		refuse('Z', text, "451 4.7.1 not now, says a filter");
	case VERDICT_DISCARD:
		logged("discarded", f, text);
		_exit(STATUS_OK);
	case VERDICT_BROKEN:
		logged(f->open ? "skipped" : "failed", f, text);
		if (!f->open)
			refuse('Z', "", "451 4.3.0 a filter does not work");
	}
}

/* Into the queue itself, not into this program again. */
static void __attribute__((noreturn)) queue(void)
{
	static struct qclient q;
	struct qverdict v;

	unsetenv("QUILLQUEUE");
	unsetenv("QMAILQUEUE");
	(void)qclient_open(&q); /* the verdict tells */
	message_queue(&message, &q);
	qclient_close(&q, &v);
	if (v.class == STATUS_ACCEPTED) {
		log_write("queued", "id=", origin.id, " as=", v.id, NULL);
		standin_queued(v.id);
	}
	_exit(v.code < 0 ? STATUS_BUG : v.code);
}

int
main(int argc, char **argv)
{
	log_init("quill-milter");
	if (argc == 2 && strcmp(argv[1], "-n") == 0)
		return look();
	standin_begin();
	configure(argc, argv);
	identify();
	read_message();
	for (size_t i = 0; i < nfilter; i++)
		ask(&filters[i]);
	if (message_recipients(&message) == 0)
		log_write("discarded", "id=", origin.id,
			" text=\"the filters removed every recipient\"", NULL);
	queue();
}
