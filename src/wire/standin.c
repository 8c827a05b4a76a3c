/* SPDX-License-Identifier: 0BSD */
#include "wire/standin.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "lib/spool.h"
#include "wire/envelope.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	FD_MESSAGE = 0,
	FD_ENVELOPE = 1,
	FD_TEXT = 6,
	TEXT_MAX = 255 /* bytes on it, kind and all */
};

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

void
standin_begin(void)
{
	int closed = fd_sane();

	if (closed < 0 || closed & (1 << FD_MESSAGE | 1 << FD_ENVELOPE))
		_exit(STATUS_READ);
	sig_ignore(SIGPIPE);
	sig_ignore(SIGXFSZ); /* write fails with EFBIG */
	sig_catch(SIGALRM, on_alarm);
	sig_unblock(SIGALRM);
	alarm(QUEUE_TIMEOUT);
	str_oom = on_memory;
}

static int
read_message(uint64_t *size)
{
	int fd = spool_open();

	if (fd < 0)
		log_die_sys(STATUS_WRITE, "unable to make a file in /tmp");
	*size = 0;
	switch (spool_copy(fd, FD_MESSAGE, size)) {
	case SPOOL_OK:
		break;
	case SPOOL_READ:
		_exit(STATUS_READ);
	case SPOOL_WRITE:
		log_die_sys(STATUS_WRITE, "unable to write a file in /tmp");
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

int
standin_read(uint64_t *size, struct str *env)
{
	int fd = read_message(size);

	read_envelope(env);
	return fd;
}

static bool
tell(char kind, const char *words, size_t n)
{
	struct str s = STR_INIT(TEXT_MAX);
	struct stat st;

	if (fstat(FD_TEXT, &st) < 0 || !S_ISFIFO(st.st_mode))
		return false;
	str_putc(&s, kind);
	str_put(&s, words, n);
	return fd_writeall(FD_TEXT, s.s, s.len) == 0;
}

void
standin_queued(const char *id)
{
	tell('K', id, strlen(id));
}

void
standin_refuse(char kind, const char *words, size_t n)
{
	if (tell(kind, words, n))
		_exit(STATUS_CUSTOM);
	_exit(kind == 'D' ? STATUS_REFUSED : STATUS_LATER);
}
