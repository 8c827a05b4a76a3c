/* SPDX-License-Identifier: 0BSD */
/* queue.c - put one message and its envelope on disk, durably
 *
 * runs as     quillq (setuid; the real uid is the caller's)
 * started by  anybody
 * fd 0        the message, to its end
 * fd 1        the envelope, read                    wire/envelope.h
 * fd 6        when it is a pipe: K and the id, once committed
 * fd 0        with -k a socket: one message after the other, and the answers
 *                                                   wire/handover.h
 * cwd         HOME, then queue
 * reads       control/envelopebytes, users/ids
 * writes      msg/<c>/<id>.mess, msg/<c>/<id>.env   wire/env.h
 *             lock/hint                             wire/hint.h
 * trusts      root, the kernel; nothing of its caller, no environment
 * exits       wire/status.h: STATUS_OK only when all is on disk
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/sig.h"
#include "lib/str.h"
#include "queue/commit.h"
#include "wire/handover.h"
#include "wire/hint.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	FD_MESSAGE = 0,
	FD_ENVELOPE = 1,
	FD_ID = 6,
	FD_KEEPER = 0,	/* with -k */
	KEPT_MAX = 100, /* messages; by then its start costs nothing */
};

static struct commit_by by;
static struct commit c;
static volatile sig_atomic_t asked; /* with -k: an answer is owed */

static void __attribute__((noreturn)) fail(int code)
{
	commit_undo(&c);
	if (asked)
		handover_failed(FD_KEEPER, code);
	_exit(code);
}

static void
on_alarm(int sig)
{
	(void)sig;
	if (!c.past)
		fail(STATUS_TIMEOUT);
}

static void
on_memory(void)
{
	fail(STATUS_MEMORY);
}

/* Signals and limits the caller may have left us with. */
static int
shield(void)
{
	int closed;

	umask(0);
	closed = fd_sane();
	if (closed == -1 || closed & (1 << FD_MESSAGE | 1 << FD_ENVELOPE))
		return STATUS_READ;
	sig_ignore(SIGPIPE);
	sig_ignore(SIGXFSZ); /* write fails with EFBIG */
	sig_catch(SIGALRM, on_alarm);
	sig_unblock(SIGALRM);
	alarm(QUEUE_TIMEOUT);
	str_oom = on_memory;
	return STATUS_OK;
}

static int
configure(void)
{
	uint64_t n = ENVELOPE_DEFAULT;
	struct stat st;

	if (chdir(site_home) == -1)
		return STATUS_HOME;
	/* mostly absent: spare the reader, and its memory */
	if (stat("control/envelopebytes", &st) == 0 || errno != ENOENT) {
		control_init("control");
		if (control_num("envelopebytes", 1, ENVELOPE_MAX, &n) ==
			CONTROL_BAD)
			return STATUS_CONFIG;
	}
	by.ceiling = (size_t)n;
	return chdir("queue") == -1 ? STATUS_QUEUEDIR : STATUS_OK;
}

static void
identify(void)
{
	struct site_ids ids;

	by.pid = getpid();
	by.uid = getuid();
	if (site_ids(&ids, NULL) == -1)
		return;
	if (by.uid == ids.quilld)
		by.origin = "from network";
	else if (by.uid == ids.quills)
		by.origin = "for bounce";
	else if (by.uid == ids.alias)
		by.origin = "by alias";
}

static void
tell_id(void)
{
	char text[QID_LEN + 2] = "K";
	struct stat st;
	ssize_t r;

	if (fstat(FD_ID, &st) == -1 || !S_ISFIFO(st.st_mode))
		return;
	qid_fmt(text + 1, c.id);
	r = write(FD_ID, text, QID_LEN + 1);
	(void)r;
}

/* One message, unless r says that there can be none. Returns when it is
 * committed. */
static void
take(int r, int mess, int env)
{
	if (r == STATUS_OK)
		r = commit_create(&c, &by);
	if (r == STATUS_OK)
		r = commit_message(&c, mess);
	if (r == STATUS_OK)
		r = commit_envelope(&c, env);
	if (r != STATUS_OK)
		fail(r);
	hint_send(c.id);
}

/* One message after the other. From the answer on a signal must find nothing
 * of it any more: until commit_end it is ignored, as c is past its point of no
 * return. */
static int
serve(int r)
{
	int mess, env, got, n = 0;

	while ((got = handover_recv(FD_KEEPER, &mess, &env)) == 1) {
		asked = 1;
		take(r, mess, env);
		/* who hears of the last one finds the socket closed */
		if (++n == KEPT_MAX)
			shutdown(FD_KEEPER, SHUT_RD);
		if (handover_done(FD_KEEPER, c.id) == -1)
			return STATUS_HANDOVER;
		asked = 0;
		commit_end(&c);
		close(mess);
		close(env);
		alarm(QUEUE_TIMEOUT);
	}
	return got == 0 ? STATUS_OK : STATUS_READ;
}

int
main(int argc, char **argv)
{
	int r = shield();

	if (r == STATUS_OK)
		r = configure();
	identify();
	if (argc == 2 && !strcmp(argv[1], "-k"))
		return serve(r);
	take(r, FD_MESSAGE, FD_ENVELOPE);
	tell_id();
	return STATUS_OK;
}
