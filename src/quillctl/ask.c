/* SPDX-License-Identifier: 0BSD */
#include "quillctl/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/lock.h"
#include "lib/log.h"
#include "lib/num.h"
#include "quillctl/below.h"
#include "quillctl/walk.h"

int
ask_runs(void)
{
	int fd = below_open("lock/send", O_RDWR, 0);
	int r;

	if (fd < 0) {
		walk_failed("lock/send");
		return -1;
	}
	r = lock_held(fd);
	close(fd);
	return r;
}

int
ask_connect(bool quiet)
{
	int fd = ctl_connect();

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		errno = ESRCH;
	if (quiet)
		return -1;
	if (errno == ESRCH)
		log_alert("quill-send is not running");
	else
		log_alert_sys("unable to ask quill-send",
			errno == EACCES || errno == EPERM
				? " (only root and group quill may)"
				: "");
	return -1;
}

static int
answers(int fd, enum ctl_verb v, const char *id, ask_fn *fn, void *arg)
{
	static char buf[CTL_RECORD];
	static struct ctl_request req;
	const char *text, *value, *object = "";
	struct ctl_answer a;
	char kind;

	ctl_begin(&req, v, NULL);
	if (id)
		ctl_id(&req, id);
	if (ctl_ask(fd, &req) < 0)
		return -1;
	do {
		if (ctl_read(fd, buf, &a) < 0)
			return -1;
		if (a.refused) {
			log_alert("quill-send refuses: ", a.refused);
			errno = EPERM;
			return -1;
		}
		while ((kind = ctl_field(&a, &text, &value))) {
			if (kind == 'O')
				fn(arg, object = text, NULL, "");
			else
				fn(arg, object, text, value);
		}
	} while (!a.last);
	return 0;
}

int
ask_question(enum ctl_verb v, const char *id, ask_fn *fn, void *arg)
{
	int fd = ask_connect(true), r;

	if (fd < 0)
		return -1;
	r = answers(fd, v, id, fn, arg);
	close(fd);
	return r;
}

void
ask_keep(char *to, size_t size, const char *value)
{
	size_t n = strlen(value);

	if (n >= size)
		n = size - 1;
	memcpy(to, value, n);
	to[n] = '\0';
}

void
ask_number(uint64_t *n, uint64_t max, const char *value)
{
	uint64_t got;

	if (num_parses(value, max, &got))
		*n = got;
}

int
ask_delete(int fd, const char *id, const uint32_t *rcpts, size_t n)
{
	static char buf[CTL_RECORD];
	static struct ctl_request req;
	struct ctl_outcome o;
	struct ctl_answer a;
	size_t i = 0;
	int r = 0;

	while (i < n) {
		ctl_begin(&req, CTL_DELETE, NULL);
		ctl_id(&req, id);
		while (i < n && ctl_rcpt(&req, rcpts[i]))
			i++;
		if (ctl_ask(fd, &req) < 0)
			return -1;
		do {
			if (ctl_read(fd, buf, &a) < 0 || a.refused)
				return -1;
			while (ctl_outcome(&a, &o))
				if (o.result == CTL_FAILED ||
					o.result == CTL_BUSY)
					r = -1;
		} while (!a.last);
	}
	errno = r ? EAGAIN : 0;
	return r;
}
