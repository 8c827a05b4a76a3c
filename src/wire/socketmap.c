/* SPDX-License-Identifier: 0BSD */
#include "wire/socketmap.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/dial.h"
#include "lib/fd.h"
#include "lib/ipaddr.h"
#include "lib/num.h"
#include "lib/usock.h"

enum { LENGTH_DIGITS = 5 };

/* The length of the address, or 0. */
static socklen_t
parse(const char *s, struct sockaddr_storage *ss)
{
	const char *colon;
	struct ipaddr a;
	uint64_t port;
	size_t n;

	if (!strncmp(s, "unix:", 5) || !strncmp(s, "inet:", 5))
		s += 5;
	if (*s == '/')
		return usock_address(ss, NULL, s);
	colon = strrchr(s, ':');
	if (!colon || colon == s || !num_parses(colon + 1, 65535, &port) ||
		!port)
		return 0;
	n = (size_t)(colon - s);
	if (*s == '[' && n > 2 && s[n - 1] == ']') {
		s++;
		n -= 2;
	} else if (memchr(s, ':', n)) {
		return 0;
	}
	return ipaddr_parse(s, n, &a) ? ipaddr_tosock(&a, (uint16_t)port, ss)
				      : 0;
}

bool
socketmap_isaddress(const char *text)
{
	struct sockaddr_storage ss;

	return parse(text, &ss) != 0;
}

static bool
word(const char *p, size_t n, const char *w)
{
	size_t len = strlen(w);

	return n >= len && !memcmp(p, w, len) && (n == len || p[len] == ' ');
}

/* It goes into logs and bounces, and may say again what a web server said. */
static enum socketmap
temp(struct str *out, const char *why, size_t n)
{
	str_clear(out);
	for (; n; why++, n--)
		str_putc(out, *why < ' ' || *why > '~' ? '?' : *why);
	return SOCKETMAP_TEMP;
}

static enum socketmap
nonsense(struct str *out)
{
	return temp(out, "malformed answer", 16);
}

enum socketmap
socketmap_decode(const char *p, size_t n, struct str *out)
{
	size_t digits = 0;
	uint64_t len;

	while (digits < n && ascii_isdigit(p[digits]))
		digits++;
	if (digits > LENGTH_DIGITS || (digits < n && p[digits] != ':'))
		return nonsense(out);
	if (digits == n)
		return SOCKETMAP_MORE;
	if (!num_parse(p, digits, SOCKETMAP_MAX, &len))
		return nonsense(out);
	p += digits + 1;
	n -= digits + 1;
	if (n <= len)
		return SOCKETMAP_MORE;
	if (p[len] != ',' || n > len + 1)
		return nonsense(out);
	n = (size_t)len;
	if (word(p, n, "OK")) {
		str_clear(out);
		if (n > 3)
			str_put(out, p + 3, n - 3);
		return SOCKETMAP_OK;
	}
	if (word(p, n, "NOTFOUND"))
		return SOCKETMAP_NOTFOUND;
	if (word(p, n, "TEMP") || word(p, n, "TIMEOUT") || word(p, n, "PERM"))
		return temp(out, p, n);
	return nonsense(out);
}

static int
connect_to(const char *address, int64_t deadline)
{
	struct sockaddr_storage to;
	socklen_t len = parse(address, &to);

	if (len)
		return dial(
			SOCK_STREAM | SOCK_NONBLOCK, &to, len, NULL, deadline);
	errno = EINVAL;
	return -1;
}

/* All of a question, which always fits into a socket's buffer. */
static bool
say(int fd, const char *map, const char *key)
{
	struct str q = STR_INIT(2000);
	ssize_t r = -1;

	str_putnum(&q, strlen(map) + 1 + strlen(key));
	str_putc(&q, ':');
	str_puts(&q, map);
	str_putc(&q, ' ');
	str_puts(&q, key);
	str_putc(&q, ',');
	if (!q.over)
		r = send(fd, q.s, q.len, MSG_NOSIGNAL);
	if (r >= 0 && (size_t)r < q.len) {
		errno = EIO;
		r = -1;
	}
	str_free(&q);
	return r >= 0;
}

enum socketmap
socketmap_ask(const char *address, const char *map, const char *key,
	int64_t deadline, struct str *out)
{
	char buf[SOCKETMAP_MAX + LENGTH_DIGITS + 2];
	enum socketmap got = SOCKETMAP_MORE;
	const char *why = NULL;
	size_t have = 0;
	ssize_t r;
	int fd = connect_to(address, deadline);

	if (fd < 0 || !say(fd, map, key))
		why = strerror(errno);
	while (!why && got == SOCKETMAP_MORE) {
		if (fd_wait(fd, POLLIN, deadline) < 0) {
			why = strerror(errno);
			break;
		}
		r = recv(fd, buf + have, sizeof buf - have, 0);
		if (r < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (r <= 0) {
			why = r ? strerror(errno) : "it hung up";
			break;
		}
		have += (size_t)r;
		got = socketmap_decode(buf, have, out);
	}
	if (fd >= 0)
		close(fd);
	return why ? temp(out, why, strlen(why)) : got;
}
