/* SPDX-License-Identifier: 0BSD */
#include "verifyd/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "lib/usock.h"
#include "wire/job.h"
#include "wire/report.h"
#include "wire/status.h"

enum {
	FD_OWN = 16,	 /* descriptors that are no client's */
	AHEAD_MS = 1000, /* lspawn's deadline comes first: it knows more */
	LOST = 10,	 /* timeouts after which a report will not come */
};

_Static_assert((int)ROUTE_LISTS == (int)ROUTES, "the same lists");

static bool
find(void *arg, enum route_list list, const char *key, size_t n,
	struct str *val)
{
	return routes_find(arg, (int)list, key, n, val);
}

bool
serve_read(struct serve *s)
{
	struct routes new;
	uint64_t timeout = VERIFY_TIMEOUT;

	if (control_num("timeoutverify", 1, VERIFY_TIMEOUT_MAX, &timeout) ==
			CONTROL_BAD ||
		routes_read(&new) < 0)
		return false;
	if (s->route.find)
		routes_free(&s->routes);
	s->routes = new;
	s->route.find = find;
	s->route.arg = &s->routes;
	s->route.envnoathost = s->routes.envnoathost;
	s->timeout = timeout;
	memo_clear(&s->memo);
	return true;
}

static void
drop(struct serve *s, size_t i)
{
	close(s->client[i].fd);
	s->n--;
	s->client[i] = s->client[s->n];
	s->poll[SERVE_FIRST + i] = s->poll[SERVE_FIRST + s->n];
}

/* The question of a client is answered. It has a socket that holds many
 * answers, so who does not take one is gone: fd says so next. */
static void
reply(struct serve *s, struct serve_client *c, const struct verify_answer *a)
{
	str_clear(&s->out);
	verify_put(&s->out, c->number, a->class, a->uid, a->user, a->local,
		a->how, a->text);
	if (fd_send(c->fd, s->out.s, s->out.len, -1) < 0)
		shutdown(c->fd, SHUT_RDWR);
	c->lookup = -1;
	c->deadline = 0;
}

static void
reply_short(struct serve *s, struct serve_client *c, enum verify_class class,
	const char *text)
{
	static struct verify_answer a;

	a.class = class;
	strcpy(a.text, text);
	reply(s, c, &a);
}

/* Ask quill-lspawn for s->routed, or wait with others who did. */
static void
look_up(struct serve *s, struct serve_client *c)
{
	const char *addr = str_c(&s->routed);
	int64_t ms = (int64_t)s->timeout * 1000;

	c->lookup = lookups_find(&s->lookups, addr);
	c->deadline = s->d.now + ms + AHEAD_MS;
	if (c->lookup != -1)
		return;
	c->lookup =
		lookups_new(&s->lookups, addr, s->d.now + LOST * ms, &s->job);
	if (c->lookup == -1) {
		reply_short(s, c, VERIFY_TEMP,
			"too many addresses are being looked up (#4.3.2)");
	} else if (fd_send(s->lspawn, s->job.s, s->job.len, s->null) < 0) {
		if (errno != EAGAIN)
			log_die_sys(STATUS_TEMP, "unable to ask quill-lspawn");
		lookups_free(&s->lookups, c->lookup);
		reply_short(s, c, VERIFY_TEMP, "quill-lspawn is busy (#4.3.2)");
	}
}

static void
answer(struct serve *s, struct serve_client *c, const char *addr)
{
	const struct verify_answer *known;

	if (route_address(&s->route, addr, &s->routed) == ROUTE_REMOTE) {
		reply_short(s, c, VERIFY_REMOTE, "");
	} else if (s->routed.len > ADDR_MAX) {
		reply_short(s, c, VERIFY_NO, "address too long (#5.1.3)");
	} else {
		known = memo_get(&s->memo, str_c(&s->routed), s->d.now);
		if (known)
			reply(s, c, known);
		else
			look_up(s, c);
	}
}

/* A client that has no question under way has a new one, or is gone. */
static void
hear_client(struct serve *s, size_t i)
{
	struct serve_client *c = &s->client[i];
	char buf[VERIFY_RECORD_MAX];
	const char *addr;
	int passed;
	ssize_t n = fd_recv(c->fd, buf, sizeof buf, &passed);

	if (passed != -1)
		close(passed);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || !verify_question(buf, (size_t)n, &c->number, &addr)) {
		drop(s, i);
		return;
	}
	c->used = s->d.now;
	answer(s, c, addr);
}

/* Let the client go that has been silent longest. */
static bool
make_room(struct serve *s)
{
	size_t best = s->n;

	for (size_t i = 0; i < s->n; i++)
		if (s->client[i].lookup == -1 &&
			(best == s->n ||
				s->client[i].used < s->client[best].used))
			best = i;
	if (best == s->n)
		return false;
	drop(s, best);
	return true;
}

static bool
may_ask(const struct serve *s, uid_t uid)
{
	return uid == 0 || uid == s->ids.quilld || uid == s->ids.quillr ||
	       uid == s->ids.quills;
}

static void
greet(struct serve *s)
{
	struct serve_client *c;
	uid_t uid;
	int fd;

	while ((s->n < s->max || make_room(s)) &&
		(fd = usock_accept(s->d.listener, SOCK_NONBLOCK, &uid)) >= 0) {
		if (!may_ask(s, uid)) {
			log_warning("a client was turned away: it is not"
				    " quilld, quillr, quills or root");
			close(fd);
			continue;
		}
		c = &s->client[s->n];
		*c = (struct serve_client){ fd, -1, 0, 0, s->d.now };
		s->poll[SERVE_FIRST + s->n] = (struct pollfd){ .fd = fd };
		s->n++;
	}
}

/* Who waits for that lookup is told. */
static void
finish(struct serve *s, int lookup, const struct verify_answer *a)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->client[i].lookup == lookup)
			reply(s, &s->client[i], a);
}

static void
hear_lspawn(struct serve *s)
{
	static char buf[REPORT_RECORD_MAX];
	static struct verify_answer a;
	int passed, lookup;
	ssize_t n;

	for (;;) {
		n = fd_recv(s->lspawn, buf, sizeof buf, &passed);
		if (passed != -1)
			close(passed);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n == 0 || (n < 0 && errno != EMSGSIZE))
			log_die(STATUS_TEMP, "quill-lspawn is gone");
		lookup = lookups_report(
			&s->lookups, buf, n > 0 ? (size_t)n : 0, &a);
		if (lookup == -1)
			continue;
		memo_put(&s->memo, s->lookups.at[lookup].addr, &a, s->d.now);
		finish(s, lookup, &a);
		lookups_free(&s->lookups, lookup);
	}
}

/* Answer what is late. Returns the ms until something else is, -1 never. */
static int
deadlines(struct serve *s)
{
	int64_t next = 0;

	lookups_expire(&s->lookups, s->d.now);
	for (size_t i = 0; i < s->n; i++) {
		struct serve_client *c = &s->client[i];

		if (c->deadline && c->deadline <= s->d.now)
			reply_short(s, c, VERIFY_TEMP,
				"the look-up takes too long (#4.3.0)");
		if (c->deadline && (!next || c->deadline < next))
			next = c->deadline;
	}
	return next ? (int)(next - s->d.now) : -1;
}

static void
turn(struct serve *s)
{
	struct pollfd *p = s->poll;
	int timeout = deadlines(s);

	p[SERVE_LSPAWN] = (struct pollfd){ s->lspawn, POLLIN, 0 };
	/* one that waits and is gone is noticed when it is answered */
	for (size_t i = 0; i < s->n; i++)
		p[SERVE_FIRST + i] = (struct pollfd){
			s->client[i].lookup == -1 ? s->client[i].fd : -1,
			POLLIN, 0
		};
	daemon_sleep(&s->d, p, SERVE_FIRST + s->n, true, timeout);
	if (p[SERVE_LSPAWN].revents)
		hear_lspawn(s);
	/* from the end: the last one takes the place of one that is dropped */
	for (size_t i = s->n; i-- > 0;)
		if (p[SERVE_FIRST + i].revents)
			hear_client(s, i);
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
	struct rlimit r;

	s->max = SERVE_CLIENTS;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 &&
		r.rlim_cur < SERVE_CLIENTS + FD_OWN)
		s->max = r.rlim_cur > 2 * FD_OWN ? r.rlim_cur - FD_OWN : 1;
	str_init(&s->out, VERIFY_RECORD_MAX);
	str_init(&s->job, JOB_RECORD_MAX);
	str_init(&s->routed, 2 * ADDR_MAX + 2);
	s->d.reread = reread;
	s->d.arg = s;
	s->null = fd_open("/dev/null", O_RDONLY, 0);
	if (s->null < 0)
		log_die_sys(STATUS_TEMP, "unable to open /dev/null");
	while (!s->d.ended)
		turn(s);
}
