/* SPDX-License-Identifier: 0BSD */
#include "authd/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authd/tell.h"
#include "lib/control.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "lib/usock.h"
#include "wire/status.h"

enum {
	QUESTION_MS = 10000, /* from a connection to its question */
	GRACE_MS = 3000,     /* a check ends itself first */
};

bool
serve_read(struct serve *s)
{
	uint64_t timeout = SERVE_TIMEOUT, delay = SERVE_DELAY;
	uint64_t failures = SERVE_FAILURES, checks = SERVE_CHECKS;

	if (control_num("timeoutauth", 1, 600, &timeout) == CONTROL_BAD ||
		control_num("authdelay", 0, 60, &delay) == CONTROL_BAD ||
		control_num("authfailures", 0, 1000000, &failures) ==
			CONTROL_BAD ||
		control_num("concurrencyauth", 1, SERVE_CLIENTS, &checks) ==
			CONTROL_BAD)
		return false;
	s->timeout = timeout;
	s->delay = delay;
	s->failures = failures;
	s->checks = checks;
	return true;
}

static void
end_check(struct serve *s, struct serve_client *c)
{
	if (c->check == -1)
		return;
	close(c->check);
	c->check = -1;
	s->running--;
}

static void
drop(struct serve *s, size_t i)
{
	struct serve_client *c = s->client[i];

	end_check(s, c);
	close(c->fd);
	authreq_wipe(c, sizeof *c);
	free(c);
	s->n--;
	s->client[i] = s->client[s->n];
	s->poll[DAEMON_FIRST + i] = s->poll[DAEMON_FIRST + s->n];
}

/* What became of a question: say so when the time has come. A no takes as
 * long whatever its reason, and what is not said as long as a no. */
static void
settle(struct serve *s, struct serve_client *c, enum authreq_class class)
{
	end_check(s, c);
	c->class = class;
	c->state = SERVE_ANSWERED;
	c->until = class == AUTHREQ_YES ? s->d.now
					: c->came + (int64_t)s->delay * 1000;
	if (class == AUTHREQ_NO)
		limit_failed(&s->limit, c->q.client, s->d.now);
	tell_log(c);
}

/* How many checks of that client are running? */
static size_t
share(const struct serve *s, const uint8_t *key)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->client[i]->check != -1 &&
			memcmp(s->client[i]->key, key, LIMIT_KEY) == 0)
			n++;
	return n;
}

static void
begin(struct serve *s, struct serve_client *c)
{
	int fds[2];

	if (s->failures &&
		limit_count(&s->limit, c->q.client, s->d.now) >= s->failures) {
		c->limited = true;
		settle(s, c, AUTHREQ_TEMP);
		return;
	}
	if (fd_seqpair(fds) < 0 || fd_nonblock(fds[0]) < 0) {
		log_warning_sys("unable to start a check");
		settle(s, c, AUTHREQ_TEMP);
		return;
	}
	if (fd_send(s->checker, c->record, c->len, fds[1]) < 0) {
		if (errno != EAGAIN)
			log_die_sys(STATUS_TEMP, "the checker is gone");
		close(fds[0]);
		close(fds[1]);
		return; /* it waits for another turn */
	}
	close(fds[1]);
	c->check = fds[0];
	c->state = SERVE_CHECKING;
	c->until = s->d.now + (int64_t)s->timeout * 1000 + GRACE_MS;
	s->running++;
}

/* Who waits, in the order of coming. */
static void
begin_all(struct serve *s)
{
	while (s->running < s->checks) {
		struct serve_client *first = NULL;

		for (size_t i = 0; i < s->n; i++) {
			struct serve_client *c = s->client[i];

			if (c->state == SERVE_WAITING &&
				(!first || c->came < first->came) &&
				share(s, c->key) < SERVE_SHARE)
				first = c;
		}
		if (!first)
			return;
		begin(s, first);
		if (first->state == SERVE_WAITING)
			return;
	}
}

static void
hear_question(struct serve *s, size_t i)
{
	struct serve_client *c = s->client[i];
	int passed;
	ssize_t n = fd_recv(c->fd, c->record, sizeof c->record, &passed);

	if (passed != -1)
		close(passed);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* a second question, or a client that has gone: it does not matter what
	 * it would have been told */
	if (c->state != SERVE_NEW || n <= 0 ||
		!authreq_decode(&c->q, c->record, (size_t)n)) {
		drop(s, i);
		return;
	}
	c->len = (size_t)n;
	c->came = s->d.now;
	c->state = SERVE_WAITING;
	limit_key(c->key, c->q.client);
}

static void
hear_check(struct serve *s, struct serve_client *c)
{
	char buf[AUTHREQ_RECORD_MAX];
	enum authreq_class class = AUTHREQ_TEMP;
	const char *user = "";
	int passed;
	ssize_t n = fd_recv(c->check, buf, sizeof buf, &passed);

	if (passed != -1)
		close(passed);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || !authreq_answered(&class, &user, buf, (size_t)n)) {
		class = AUTHREQ_TEMP;
		log_warning("a check ended without an answer");
	}
	if (class == AUTHREQ_YES)
		strcpy(c->user, user);
	settle(s, c, class);
}

static void
greet(struct serve *s)
{
	struct serve_client *c;
	uid_t uid;
	int fd;

	while (s->n < SERVE_CLIENTS &&
		(fd = usock_accept(s->d.listener, SOCK_NONBLOCK, &uid)) >= 0) {
		if (uid != 0 && uid != s->ids.quilld) {
			log_warning("a client was turned away: it is not"
				    " quilld or root");
			close(fd);
			continue;
		}
		c = xmalloc(sizeof *c);
		memset(c, 0, sizeof *c);
		c->fd = fd;
		c->check = -1;
		c->came = s->d.now;
		s->poll[DAEMON_FIRST + s->n].revents = 0;
		s->client[s->n++] = c;
	}
}

/* Do what is due for a client; false: it was dropped. */
static bool
due(struct serve *s, size_t i)
{
	struct serve_client *c = s->client[i];

	if (c->state == SERVE_NEW && s->d.now - c->came >= QUESTION_MS) {
		drop(s, i);
		return false;
	}
	if (c->state == SERVE_CHECKING && s->d.now >= c->until) {
		log_warning("a check takes too long");
		settle(s, c, AUTHREQ_TEMP);
	}
	if (c->state == SERVE_ANSWERED && s->d.now >= c->until) {
		tell_client(c);
		drop(s, i);
		return false;
	}
	return true;
}

/* Returns the ms until the next thing is due, -1 never. */
static int
deadlines(struct serve *s)
{
	int64_t next = 0, at;

	for (size_t i = s->n; i-- > 0;)
		due(s, i);
	begin_all(s);
	for (size_t i = 0; i < s->n; i++) {
		const struct serve_client *c = s->client[i];

		at = c->state == SERVE_NEW ? c->came + QUESTION_MS : c->until;
		if (c->state != SERVE_WAITING && (!next || at < next))
			next = at;
	}
	if (!next)
		return -1;
	return next > s->d.now ? (int)(next - s->d.now) : 0;
}

static void
turn(struct serve *s)
{
	struct pollfd *p = s->poll;
	int timeout = deadlines(s);

	for (size_t i = 0; i < s->n; i++)
		p[DAEMON_FIRST + i] =
			(struct pollfd){ s->client[i]->check != -1
						 ? s->client[i]->check
						 : s->client[i]->fd,
				POLLIN, 0 };
	/* with its table full, who connects waits */
	daemon_sleep(
		&s->d, p, DAEMON_FIRST + s->n, s->n < SERVE_CLIENTS, timeout);
	/* from the end: the last one takes the place of one that is dropped */
	for (size_t i = s->n; i-- > 0;) {
		if (!p[DAEMON_FIRST + i].revents)
			continue;
		if (s->client[i]->check != -1)
			hear_check(s, s->client[i]);
		else
			hear_question(s, i);
	}
	if (p[DAEMON_LISTENER].revents)
		greet(s);
}

static bool
reread(void *s)
{
	return serve_read(s);
}

void
serve_run(struct serve *s)
{
	s->d.reread = reread;
	s->d.arg = s;
	while (!s->d.ended)
		turn(s);
}
