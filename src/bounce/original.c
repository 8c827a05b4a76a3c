/* SPDX-License-Identifier: 0BSD */
#include "bounce/original.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bounce/text.h"
#include "lib/ascii.h"
#include "mail/header.h"

enum {
	CHUNK = 65536,
	HEADER_ROOM =
		1 << 20, /* bytes of the original's header that are sent */
};

static bool
has_8bit(int fd, uint64_t n)
{
	static char buf[CHUNK];
	off_t at = 0;
	ssize_t r, i;

	while ((uint64_t)at < n && (r = pread(fd, buf, CHUNK, at)) > 0) {
		for (i = 0; i < r; i++)
			if (buf[i] & 0x80)
				return true;
		at += r;
	}
	return false;
}

/* The first n bytes of the original. */
static int
copy(const struct dsn *d, struct qclient *q, uint64_t n)
{
	static char buf[CHUNK];
	off_t at = 0;
	ssize_t r;

	while ((uint64_t)at < n) {
		size_t want = n - (uint64_t)at < CHUNK ? (size_t)n - (size_t)at
						       : CHUNK;

		r = pread(d->fdmess, buf, want, at);
		if (r <= 0) {
			if (r == 0)
				errno = EIO;
			return -1;
		}
		qclient_put(q, buf, (size_t)r);
		at += r;
	}
	return 0;
}

/* The length of the header, and whether it can only be that of a message with
 * UTF-8 in its header (RFC 6532). */
static uint64_t
look_at_header(const struct dsn *d, bool *global)
{
	static char buf[HEADER_ROOM];
	ssize_t r = pread(d->fdmess, buf, sizeof(buf), 0);
	const char *from = d->env->sender;
	size_t n = r <= 0 ? 0 : header_end(buf, (size_t)r);

	*global = text_isutf8(buf, n) &&
		  (!text_isascii(buf, n) || !text_isascii(from, strlen(from)));
	return n;
}

/* RFC 3461 6.2: the message goes with a failure only, and when its sender did
 * not say that the header will do. */
static bool
is_whole(const struct dsn *d)
{
	const char *ret = env_value(d->env, ENV_SENDER, "RET");

	if (!d->pick->nfailed || (ret && ascii_caseis(ret, "HDRS")))
		return false;
	return !d->maxbytes || d->env->head.bytes <= d->maxbytes;
}

int
original_write(const struct dsn *d, struct qclient *q, const char *boundary)
{
	static const char *const types[2][2] = {
		{ "text/rfc822-headers", "message/rfc822" },
		{ "message/global-headers", "message/global" },
	};
	bool global, whole = is_whole(d);
	uint64_t n = look_at_header(d, &global);

	if (whole)
		n = d->env->head.bytes;
	dsn_part(q, boundary, types[global][whole]);
	if (global || has_8bit(d->fdmess, n))
		text_put(q, "Content-Transfer-Encoding: 8bit\n");
	text_put(q, "\nReturn-Path: <");
	text_line(q, d->env->sender, strlen(d->env->sender));
	text_put(q, ">\n");
	return copy(d, q, n);
}
