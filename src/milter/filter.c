/* SPDX-License-Identifier: 0BSD */
#include "milter/filter.h"

#include <string.h>

#include "lib/dial.h"
#include "lib/ipaddr.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "lib/usock.h"

enum {
	TIMEOUT_MS = 30000,
	TIMEOUT_MAX = 3600 /* s */
};

static const char *
unix_address(struct filter *f, const char *path, size_t n)
{
	char name[sizeof f->name];

	if (n == 0 || *path != '/')
		return "not the full path of a socket";
	if (n >= sizeof name)
		return "a path that no socket can have";
	memcpy(name, path, n);
	name[n] = 0;
	f->atlen = usock_address(&f->at, NULL, name);
	return f->atlen ? NULL : "a path that no socket can have";
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

enum verdict
filter_run(const struct filter *f, struct message *m, const struct origin *o,
	char text[FILTER_TEXT])
{
	int fd = dial(SOCK_STREAM | SOCK_NONBLOCK, &f->at, f->atlen, NULL,
		stamp_mono() + FILTER_CONNECT_MS);
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
