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
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "lib/spool.h"
#include "lib/str.h"
#include "qmqpc/ask.h"
#include "wire/envelope.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	FD_MESSAGE = 0,
	FD_ENVELOPE = 1,
	FD_TEXT = 6,
	SERVERS_MAX = 16, /* tried; more are not read */
	QMQP_PORT = 628,
};

static struct server servers[SERVERS_MAX];
static size_t nserver;

static void
on_alarm(int sig)
{
	(void)sig;
	_exit(STATUS_TIMEOUT);
}

static void
on_memory(void)
{
	_exit(STATUS_MEMORY);
}

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

/* The message in a file of its own: its length must be known before its first
 * byte is sent, and a second server must get it, too. */
static int
spool(uint64_t *size)
{
	int fd = spool_open();

	if (fd < 0) {
		log_alert_sys("unable to make a file in /tmp");
		_exit(STATUS_WRITE);
	}
	switch (spool_copy(fd, FD_MESSAGE, size)) {
	case SPOOL_OK:
		break;
	case SPOOL_READ:
		_exit(STATUS_READ);
	case SPOOL_WRITE:
		log_alert_sys("unable to write a file in /tmp");
		_exit(STATUS_WRITE);
	}
	return fd;
}

static void
read_envelope(struct str *env)
{
	struct envelope check = { .state = ENVELOPE_MORE };
	char buf[4096];
	ssize_t r;

	while ((r = fd_read(FD_ENVELOPE, buf, sizeof buf)) > 0) {
		str_put(env, buf, (size_t)r);
		envelope_feed(&check, buf, (size_t)r);
	}
	if (r < 0 || check.state == ENVELOPE_MORE)
		_exit(STATUS_READ);
	if (check.state == ENVELOPE_LONG)
		_exit(STATUS_ADDRESS);
	if (check.state != ENVELOPE_DONE || env->over)
		_exit(STATUS_ENVELOPE);
}

/* What a server said about it: 'D' or 'Z' and its text, by the custom code, so
 * that the sender reads the server's own words. */
static void __attribute__((noreturn)) refuse(const struct answer *a)
{
	struct stat st;

	if (fstat(FD_TEXT, &st) == 0 && S_ISFIFO(st.st_mode) &&
		fd_writeall(FD_TEXT, a->text, a->len) == 0)
		_exit(STATUS_CUSTOM);
	_exit(a->text[0] == 'D' ? STATUS_REFUSED : STATUS_LATER);
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
	if (fcntl(FD_MESSAGE, F_GETFD) < 0 || fcntl(FD_ENVELOPE, F_GETFD) < 0 ||
		fd_sane() < 0)
		return STATUS_READ;
	sig_ignore(SIGPIPE);
	sig_ignore(SIGXFSZ);
	sig_catch(SIGALRM, on_alarm);
	sig_unblock(SIGALRM);
	alarm(QUEUE_TIMEOUT);
	str_oom = on_memory;
	q.timeout = (int64_t)configure() * 1000;
	q.fd = spool(&q.size);
	read_envelope(&env);
	for (size_t i = 0; i < nserver && goes_on(&a); i++)
		ask(&servers[i], &q, &a);
	if (a.outcome == ANSWER_REFUSED)
		refuse(&a);
	return a.outcome == ANSWER_ACCEPTED ? STATUS_OK : STATUS_CONNECT;
}
