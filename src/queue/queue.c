/* SPDX-License-Identifier: 0BSD */
/* queue.c - put one message and its envelope on disk, durably
 *
 * runs as     quillq (setuid; the real uid is the caller's)
 * started by  anybody
 * fd 0        the message, to its end
 * fd 1        the envelope, read                    wire/envelope.h
 * fd 6        when it is a pipe: K and the id, once committed
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
#include <sys/stat.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/sig.h"
#include "lib/str.h"
#include "queue/commit.h"
#include "wire/hint.h"
#include "wire/site.h"
#include "wire/status.h"

enum { FD_MESSAGE = 0, FD_ENVELOPE = 1, FD_ID = 6 };

static struct commit c;

static void __attribute__((noreturn)) fail(int code)
{
	commit_undo(&c);
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
	umask(0);
	if (fd_sane() == -1)
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
	c.ceiling = (size_t)n;
	return chdir("queue") == -1 ? STATUS_QUEUEDIR : STATUS_OK;
}

static void
identify(void)
{
	struct site_ids ids;

	c.pid = getpid();
	c.uid = getuid();
	if (site_ids(&ids, NULL) == -1)
		return;
	if (c.uid == ids.quilld)
		c.origin = "from network";
	else if (c.uid == ids.quills)
		c.origin = "for bounce";
	else if (c.uid == ids.alias)
		c.origin = "by alias";
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

int
main(void)
{
	int r = shield();

	if (r == STATUS_OK)
		r = configure();
	if (r == STATUS_OK) {
		identify();
		r = commit_create(&c);
	}
	if (r == STATUS_OK)
		r = commit_message(&c, FD_MESSAGE);
	if (r == STATUS_OK)
		r = commit_envelope(&c, FD_ENVELOPE);
	if (r != STATUS_OK)
		fail(r);
	hint_send(c.id);
	tell_id();
	return STATUS_OK;
}
