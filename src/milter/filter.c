/* SPDX-License-Identifier: 0BSD */
#include "milter/filter.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/ipaddr.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"

enum {
	TIMEOUT_MS = 30000,
	TIMEOUT_MAX = 3600 /* s */
};

static const char *
unix_address(struct filter *f, const char *path, size_t n)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&f->at;

	if (n == 0 || *path != '/')
		return "not the full path of a socket";
	if (n >= sizeof un->sun_path)
		return "a path that no socket can have";
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n);
	un->sun_path[n] = 0;
	f->atlen = sizeof *un;
	return NULL;
}

static const char *
inet_address(struct filter *f, const char *p, size_t n)
{
	const char *at = memchr(p, '@', n);
	struct ipaddr ip;
	uint64_t port;

	if (!at || !num_parse(p, (size_t)(at - p), 65535, &port) || port == 0)
		return "not inet:PORT@ADDRESS";
	if (!ipaddr_parse(at + 1, n - (size_t)(at + 1 - p), &ip))
		return "not an IP address behind the @";
	f->atlen = ipaddr_tosock(&ip, (uint16_t)port, &f->at);
	return NULL;
}

static bool
starts(const char *p, size_t n, const char *word)
{
	return n >= strlen(word) && memcmp(p, word, strlen(word)) == 0;
}

static const char *
socket_address(struct filter *f, const char *p, size_t n)
{
	static const char *const words[] = {
		"unix:", "local:", "inet:", "inet6:"
	};

	for (size_t i = 0; i < 4; i++) {
		size_t len = strlen(words[i]);

		if (starts(p, n, words[i]))
			return i < 2 ? unix_address(f, p + len, n - len)
				     : inet_address(f, p + len, n - len);
	}
	return "begins with none of unix:, local:, inet:, inet6:";
}

static const char *
option(struct filter *f, const char *p, size_t n)
{
	uint64_t s;

	if (starts(p, n, "timeout=")) {
		if (!num_parse(p + 8, n - 8, TIMEOUT_MAX, &s) || s == 0)
			return "timeout= is no number of seconds up to 3600";
		f->timeout = (int64_t)s * 1000;
	} else if (n == 9 && starts(p, n, "fail=open")) {
		f->open = true;
	} else if (n == 11 && starts(p, n, "fail=closed")) {
		f->open = false;
	} else {
		return "an option that is not timeout=, fail=open or "
		       "fail=closed";
	}
	return NULL;
}

const char *
filter_parse(struct filter *f, const char *line)
{
	const char *why = NULL;
	bool first = true;

	memset(f, 0, sizeof *f);
	f->timeout = TIMEOUT_MS;
	for (;;) {
		size_t n;

		line += strspn(line, " \t");
		n = strcspn(line, " \t");
		if (!n)
			return first ? "no address" : NULL;
		if (first) {
			why = socket_address(f, line, n);
			if (n >= sizeof f->name)
				n = sizeof f->name - 1;
			memcpy(f->name, line, n);
			n = strcspn(line, " \t");
		} else {
			why = option(f, line, n);
		}
		if (why)
			return why;
		first = false;
		line += n;
	}
}

static int
dial(const struct filter *f)
{
	int64_t end = stamp_mono() + FILTER_CONNECT_MS;
	int fd, err = 0;
	socklen_t len = sizeof err;

	fd = socket(
		f->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	while (connect(fd, (const struct sockaddr *)&f->at, f->atlen) < 0) {
		if (errno == EAGAIN && stamp_mono() < end) {
			/* the backlog of a Unix socket is full */
			poll(NULL, 0, 100);
			continue;
		}
		if (errno != EINPROGRESS || fd_wait(fd, POLLOUT, end) < 0)
			goto fail;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
			goto fail;
		if ((errno = err))
			goto fail;
		break;
	}
	return fd;
fail:
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

enum verdict
filter_run(const struct filter *f, struct message *m, const struct origin *o,
	char text[FILTER_TEXT])
{
	int fd = dial(f);
	size_t n;

	if (fd >= 0)
		return filter_talk(fd, f, m, o, text);
	n = strlen(log_strerror());
	if (n >= FILTER_TEXT)
		n = FILTER_TEXT - 1;
	memcpy(text, log_strerror(), n);
	text[n] = 0;
	return VERDICT_BROKEN;
}
