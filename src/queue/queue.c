/* SPDX-License-Identifier: 0BSD */
/* queue.c - put one message and its envelope on disk, durably
 *
 * runs as     quillq (setuid; the real uid is the caller's)
 * started by  anybody; start, with -l
 * fd 0        the message, to its end
 * fd 1        the envelope, read                    wire/envelope.h
 * fd 6        when it is a pipe: K and the id, once committed
 * fd 0        with -k a socket: one message after the other, and the answers
 *                                                   wire/handover.h
 * fd 0        with -l a pipe, at whose end all ends
 * socket      with -l HOME/run/queue/socket: callers, as on that of -k
 * cwd         HOME, then queue
 * reads       control/envelopebytes, users/ids
 * writes      msg/<c>/<id>.mess, msg/<c>/<id>.env   wire/env.h
 *             lock/hint                             wire/hint.h
 * trusts      root, the kernel; nothing of its caller, no environment
 * exits       wire/status.h: STATUS_OK only when all is on disk
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/sig.h"
#include "lib/str.h"
#include "queue/commit.h"
#include "queue/pool.h"
#include "wire/handover.h"
#include "wire/hint.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	FD_MESSAGE = 0,
	FD_ENVELOPE = 1,
	FD_ID = 6,
	KEPT_MAX = 100, /* messages; by then its start costs nothing */
	LOOK = 60,	/* s, with -l: is the caller still there? */
};

static struct site_ids ids;
static bool have_ids;
static struct commit_by by;
static struct commit c;
static int served;		    /* messages */
static int keeper;		    /* -k, -l: the caller's socket */
static volatile sig_atomic_t asked; /* by it: an answer is owed */
static volatile sig_atomic_t looks; /* with -l: for how many LOOKs more */
static bool pooled;		    /* -l */

static void __attribute__((noreturn)) fail(int code)
{
	commit_undo(&c);
	if (asked)
		handover_failed(keeper, code);
	_exit(code);
}

/* The descriptors of a message can keep each other open, or be of a kind that
 * never ends: with -l that must not last longer than who sent them. */
static bool
look(void)
{
	int e = errno;
	bool there = looks > 0 && handover_attended(keeper);

	errno = e;
	if (!there)
		return false;
	looks = looks - 1;
	alarm(LOOK);
	return true;
}

static void
on_alarm(int sig)
{
	(void)sig;
	if (!c.past && !look())
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
identify(uid_t uid)
{
	by.pid = getpid();
	by.uid = uid;
	by.origin = NULL;
	if (!have_ids)
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
	int mess, env, got, told;

	alarm(HANDOVER_REST);
	while ((got = handover_recv(keeper, &mess, &env)) == 1) {
		asked = 1;
		looks = pooled ? QUEUE_TIMEOUT / LOOK : 0;
		alarm(pooled ? LOOK : QUEUE_TIMEOUT);
		take(r, mess, env);
		/* who hears of the last one finds the socket closed */
		if (++served == KEPT_MAX)
			shutdown(keeper, SHUT_RD);
		told = handover_done(keeper, c.id);
		asked = looks = 0;
		/* told or not: the next one's must not be added to it */
		commit_end(&c);
		close(mess);
		close(env);
		alarm(HANDOVER_REST);
		if (told == -1)
			return STATUS_HANDOVER;
	}
	return got == 0 ? STATUS_OK : STATUS_READ;
}

/* One caller after the other. What one may have done wrong is no reason not to
 * take the next: nothing of it is left. */
static int
serve_callers(void)
{
	uid_t uid;

	alarm(0);
	pooled = true;
	if (chdir(site_home) == -1)
		return STATUS_HOME;
	pool_run();
	while (served < KEPT_MAX && (keeper = pool_next(&uid)) != -1) {
		identify(uid);
		alarm(HANDOVER_REST);
		if (handover_own() && handover_ready(keeper) == 0)
			(void)serve(configure());
		/* what was sent and not read may take its time (SO_LINGER) */
		close(keeper);
		alarm(0);
	}
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	int r = shield();

	have_ids = site_ids(&ids, NULL) == 0;
	/* for quill-start, which does not run it as somebody else */
	if (argc == 2 && !strcmp(argv[1], "-l") && getuid() == geteuid())
		return r == STATUS_OK ? serve_callers() : r;
	if (r == STATUS_OK)
		r = configure();
	identify(getuid());
	if (argc == 2 && !strcmp(argv[1], "-k"))
		return serve(r);
	take(r, FD_MESSAGE, FD_ENVELOPE);
	tell_id();
	return STATUS_OK;
}
