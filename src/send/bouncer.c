/* SPDX-License-Identifier: 0BSD */
#include "send/bouncer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "send/cleaner.h"
#include "send/conf.h"
#include "send/event.h"
#include "send/tally.h"
#include "wire/bounce.h"
#include "wire/qopen.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	MOST = 100, /* at once, whatever control/concurrencybounce says */
};

/* Of a warning the message may be gone, and its slot another's. */
struct task {
	uint32_t slot;
	struct qid id;
	bool warning; /* of delay */
};

struct bounce {
	struct task task;
	pid_t pid;
	int out; /* its report: wire/bounce.h */
};

static struct bounce running[MOST];
static size_t nrunning;
static struct task *queue; /* that wait for a turn */
static size_t nqueue, capqueue;

static void
add(uint32_t slot, bool warning)
{
	if (nqueue == capqueue) {
		capqueue = capqueue ? capqueue * 2 : 16;
		queue = xrealloc(queue, capqueue * sizeof(*queue));
	}
	queue[nqueue++] = (struct task){ slot, known_id(slot), warning };
}

void
bouncer_add(uint32_t slot)
{
	add(slot, false);
}

void
bouncer_warn(uint32_t slot)
{
	add(slot, true);
}

size_t
bouncer_running(void)
{
	return nrunning;
}

/* A bounce is tried again, a warning would not be worth it. */
static void
later(const struct task *t)
{
	if (!t->warning)
		known_wait(t->slot, CHAN_LOCAL,
			stamp_now() + (int64_t)conf.trouble);
}

static void
start(const struct task *t)
{
	static char path[4096];
	const char *argv[] = { "quill-bounce", t->warning ? "-w" : NULL, NULL };
	struct proc p = PROC_INIT;
	struct qid id = t->id;
	int out[2] = { -1, -1 };
	int mess = -1, env = -1, note;

	note = qopen(id, QFILE_BOUNCE, O_RDONLY, NULL);
	if (note < 0 && errno == ENOENT) {
		/* it was queued before, and then we were stopped */
		if (!t->warning)
			cleaner_ask(CLEAN_REMOVE, id);
		return;
	}
	mess = qopen(id, QFILE_MESS, O_RDONLY, NULL);
	env = qopen(id, QFILE_ENV, O_RDONLY, NULL);
	strcpy(path, site_bin);
	strcat(path, "/quill-bounce");
	p.path = path;
	p.argv = argv;
	if (note < 0 || mess < 0 || env < 0 || fd_pipe(out) < 0) {
		log_warning_sys("unable to start a bounce");
		p.path = NULL;
	}
	p.fd[p.nfd++] = (struct proc_fd){ BOUNCE_FD_MESS, mess };
	p.fd[p.nfd++] = (struct proc_fd){ BOUNCE_FD_OUT, out[1] };
	p.fd[p.nfd++] = (struct proc_fd){ BOUNCE_FD_ENV, env };
	p.fd[p.nfd++] = (struct proc_fd){ BOUNCE_FD_NOTE, note };
	if (p.path) {
		struct bounce *b = &running[nrunning];

		*b = (struct bounce){ *t, proc_start(&p), out[0] };
		if (b->pid < 0) {
			log_warning_sys("unable to start quill-bounce");
			close(out[0]);
			later(t);
		} else {
			nrunning++;
		}
	} else {
		later(t);
	}
	close(note);
	close(mess);
	close(env);
	close(out[1]);
}

void
bouncer_run(void)
{
	size_t n = 0;

	while (n < nqueue && nrunning < conf.bouncers && nrunning < MOST)
		start(&queue[n++]);
	nqueue -= n;
	if (nqueue > 0)
		memmove(queue, queue + n, nqueue * sizeof(*queue));
}

/* The bounce is queued, or there was none to make. */
static void
finished(const struct task *t, const char *words)
{
	struct qid id = t->id;
	char path[QPATH_MAX], name[QID_LEN + 1];

	qid_fmt(name, id);
	event_begin(t->warning ? "delay warning msg " : "bounce msg ");
	event_puts(name);
	event_puts(" ");
	event_puts(words);
	event_end();
	tally_add(t->warning ? SEND_WARNINGS : SEND_BOUNCES, 1);
	if (t->warning)
		return;
	/* first, so that a restart from here does not bounce again */
	qpath_fmt(path, id, QFILE_BOUNCE);
	if (unlink(path) < 0 && errno != ENOENT)
		log_alert_sys("unable to remove ", path);
	cleaner_ask(CLEAN_REMOVE, id);
}

/* What quill-bounce has not said itself. */
static const char *
why(int status)
{
	if (proc_code(status) == PROC_EXECFAILED)
		return ": quill-bounce cannot be run";
	return proc_code(status) < 0 ? ": quill-bounce was killed" : "";
}

static void
ended(const struct bounce *b, int status)
{
	char words[BOUNCE_WORDS_MAX + 1];
	ssize_t n = fd_read(b->out, words, sizeof(words) - 1);
	ssize_t i;
	char name[QID_LEN + 1];

	close(b->out);
	if (n < 0)
		n = 0;
	for (i = 0; i < n; i++)
		if (words[i] < 32 || words[i] > 126)
			break;
	words[i] = '\0';
	if (proc_code(status) == STATUS_OK && i > 0) {
		finished(&b->task, words);
		return;
	}
	qid_fmt(name, b->task.id);
	if (b->task.warning)
		log_warning("delay warning of ", name, " was not sent",
			why(status));
	else
		log_warning("bounce of ", name, " will be tried again",
			why(status));
	later(&b->task);
}

void
bouncer_reap(void)
{
	size_t i = 0;

	while (i < nrunning) {
		struct bounce b = running[i];
		int status;

		if (waitpid(b.pid, &status, WNOHANG) != b.pid) {
			i++;
			continue;
		}
		running[i] = running[--nrunning];
		ended(&b, status);
	}
}
