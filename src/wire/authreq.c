/* SPDX-License-Identifier: 0BSD */
#include "wire/authreq.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/usock.h"
#include "wire/site.h"

static const char classes[] = "=DZ";

void
authreq_wipe(void *p, size_t n)
{
	volatile char *s = p;

	while (n--)
		*s++ = 0;
}

static bool
put_text(struct str *out, const char *s, size_t max)
{
	size_t n = strlen(s);

	str_put(out, s, n + 1);
	return n <= max;
}

static const char *
get_text(const char **p, const char *end, size_t max)
{
	const char *s = *p, *nul;

	nul = s < end ? memchr(s, 0, (size_t)(end - s)) : NULL;
	if (!nul || (size_t)(nul - s) > max)
		return NULL;
	*p = nul + 1;
	return s;
}

bool
authreq_put(struct str *out, const struct authreq *q)
{
	bool fits = put_text(out, "1", 1) &&
		    put_text(out, q->user, AUTHREQ_USER_MAX) &&
		    put_text(out, q->password, AUTHREQ_PASSWORD_MAX) &&
		    put_text(out, q->client, AUTHREQ_WORD_MAX) &&
		    put_text(out, q->service, AUTHREQ_WORD_MAX) &&
		    put_text(out, q->tls ? "T" : "P", 1);

	return fits && !out->over;
}

bool
authreq_decode(struct authreq *q, const char *p, size_t n)
{
	const char *end = p + n, *s;

	s = get_text(&p, end, 1);
	if (n > AUTHREQ_RECORD_MAX || !s || strcmp(s, "1") != 0)
		return false;
	q->user = get_text(&p, end, AUTHREQ_USER_MAX);
	q->password = get_text(&p, end, AUTHREQ_PASSWORD_MAX);
	q->client = get_text(&p, end, AUTHREQ_WORD_MAX);
	q->service = get_text(&p, end, AUTHREQ_WORD_MAX);
	s = get_text(&p, end, 1);
	if (!q->user || !q->password || !q->client || !q->service || !s ||
		(*s != 'T' && *s != 'P') || p != end)
		return false;
	q->tls = *s == 'T';
	return true;
}

/* A name that may stand in logs, headers and commands. */
static bool
good_user(const char *s)
{
	size_t n = strlen(s);

	for (const char *c = s; *c; c++)
		if ((unsigned char)*c <= 32 || *c == 127)
			return false;
	return n > 0 && n <= AUTHREQ_USER_MAX;
}

void
authreq_answer(struct str *out, enum authreq_class class, const char *user)
{
	if (class == AUTHREQ_YES && !good_user(user))
		class = AUTHREQ_TEMP;
	str_putc(out, classes[class]);
	if (class == AUTHREQ_YES)
		str_puts(out, user);
	str_putc(out, 0);
}

bool
authreq_answered(
	enum authreq_class *class, const char **user, const char *p, size_t n)
{
	const char *c;

	if (n < 2 || n > AUTHREQ_RECORD_MAX || memchr(p, 0, n) != p + n - 1)
		return false;
	c = strchr(classes, *p);
	if (!c)
		return false;
	*class = (enum authreq_class)(c - classes);
	*user = p + 1;
	return *class == AUTHREQ_YES ? good_user(p + 1) : n == 2;
}

static enum authreq_class
exchange(int fd, const struct str *record, int64_t deadline, struct str *user)
{
	char buf[AUTHREQ_RECORD_MAX];
	enum authreq_class class;
	const char *name;
	int passed;
	ssize_t n;

	if (fd_send(fd, record->s, record->len, -1) < 0 ||
		fd_wait(fd, POLLIN, deadline) < 0)
		return AUTHREQ_DOWN;
	n = fd_recv(fd, buf, sizeof buf, &passed);
	if (passed != -1)
		close(passed);
	if (n <= 0 || !authreq_answered(&class, &name, buf, (size_t)n))
		return AUTHREQ_DOWN;
	if (class == AUTHREQ_YES && user) {
		str_clear(user);
		str_puts(user, name);
	}
	return class;
}

enum authreq_class
authreq_ask(const struct authreq *q, int64_t deadline, struct str *user)
{
	struct str record = STR_INIT(AUTHREQ_RECORD_MAX);
	enum authreq_class class = AUTHREQ_NO;
	int fd;

	/* room at once: growing would leave copies of the password behind */
	str_room(&record, AUTHREQ_RECORD_MAX);
	if (authreq_put(&record, q)) {
		fd = usock_connect(site_run, "auth/socket", deadline);
		class = AUTHREQ_DOWN;
		if (fd >= 0) {
			class = exchange(fd, &record, deadline, user);
			close(fd);
		}
	}
	authreq_wipe(record.s, record.len);
	str_free(&record);
	return class;
}
