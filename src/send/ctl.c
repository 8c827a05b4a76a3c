/* SPDX-License-Identifier: 0BSD */
#include "send/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/usock.h"
#include "send/answer.h"
#include "send/event.h"
#include "send/hurry.h"
#include "send/order.h"
#include "send/role.h"
#include "wire/field.h"
#include "wire/relay.h"
#include "wire/site.h"

enum {
	PIECE = 16, /* orders begun for a client in one round */
	LATE_MS = CTL_ANSWER_MS - 1000, /* what there is, is sent after 1 s */
};

/* Anybody may connect, and sit there: some places are kept for those whose
 * orders count. */
static const size_t places[ROLES] = {
	[ROLE_NOBODY] = CTL_CLIENTS / 4,
	[ROLE_MAILER] = CTL_CLIENTS / 2,
	[ROLE_ADMIN] = CTL_CLIENTS,
};

struct client {
	int fd; /* -1: free */
	enum role role;
	unsigned long uid;
	int64_t deadline; /* ms */
	bool busy;	  /* with a request */
	bool blocked;	  /* its socket is full */
	struct ctl_asked q;
	size_t pos, waiting; /* next target; orders under way */
	uint32_t place;	     /* next destination */
	struct str out;	     /* the record in the making */
	char request[CTL_RECORD];
};

static struct client *clients[CTL_CLIENTS];
static int listener = -1;
static int64_t mailer_credit; /* ms: CTL_DOMAIN of quilld, when it is free */

/* --- the socket ----------------------------------------------------------- */

int
ctl_open(void)
{
	struct sockaddr_storage at;
	socklen_t len = usock_address(&at, site_run, "send/ctl");
	const char *path = ((struct sockaddr_un *)&at)->sun_path;

	if (!len || role_init() < 0)
		return -1;
	listener = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0)
		return -1;
	/* we hold lock/send: nobody else listens there */
	unlink(path);
	if (bind(listener, (struct sockaddr *)&at, len) == 0 &&
		chmod(path, 0666) == 0 && listen(listener, CTL_CLIENTS) == 0)
		return 0;
	close(listener);
	listener = -1;
	return -1;
}

static void
let_go(struct client *c)
{
	order_forget(c);
	close(c->fd);
	str_free(&c->out);
	c->fd = -1;
}

/* --- records -------------------------------------------------------------- */

static void
begin_record(struct client *c)
{
	str_clear(&c->out);
	field_put(&c->out, '+', "");
}

/* false: it could not be sent now. */
static bool
send_record(struct client *c, bool last)
{
	c->out.s[0] = last ? '.' : '+';
	if (fd_send(c->fd, c->out.s, c->out.len, -1) == 0) {
		c->blocked = false;
		c->deadline =
			stamp_mono() + (last ? CTL_IDLE_MS : CTL_ANSWER_MS);
		c->busy = !last;
		begin_record(c);
		return true;
	}
	if (errno == EAGAIN || errno == ENOBUFS)
		c->blocked = true;
	else
		let_go(c);
	return false;
}

static void
refuse(struct client *c, const char *why)
{
	begin_record(c);
	field_put(&c->out, 'X', why);
	c->q = (struct ctl_asked){ .verb = CTL_NONE };
	c->waiting = 0;
	send_record(c, true);
}

/* --- requests ------------------------------------------------------------- */

static void
told(void *arg, const struct ctl_outcome *o)
{
	struct client *c = arg;

	c->waiting--;
	ctl_put_outcome(&c->out, o);
}

/* May it, now? NULL, or why not. */
static const char *
objection(const struct client *c)
{
	int64_t now = stamp_mono();

	if (c->role == ROLE_ADMIN)
		return NULL;
	if (c->role == ROLE_NOBODY || c->q.verb != CTL_DOMAIN)
		return "permission denied: only root and members of quill's "
		       "group may do that";
	if (mailer_credit < now - CTL_DOMAIN_BURST * CTL_DOMAIN_MS)
		mailer_credit = now - CTL_DOMAIN_BURST * CTL_DOMAIN_MS;
	if (mailer_credit + CTL_DOMAIN_MS > now)
		return "too many of these; later";
	mailer_credit += CTL_DOMAIN_MS;
	return NULL;
}

/* NULL, or what is wrong with it. */
static const char *
bad_argument(const struct ctl_asked *q)
{
	static struct relays relays;
	bool given = q->argument && *q->argument;

	if (q->verb == CTL_BOUNCE && !given)
		return "a reason is needed";
	if (q->verb == CTL_DOMAIN && !given)
		return "a domain is needed";
	if (q->verb == CTL_REROUTE && given)
		return relay_list(q->argument, &relays);
	return NULL;
}

static void
order_domain(struct client *c)
{
	char domain[CTL_ARGUMENT + 1];

	strcpy(domain, c->q.argument);
	ascii_tolower(domain, strlen(domain));
	if (!hurry_domain(domain)) {
		refuse(c, "too many of these are under way; later");
		return;
	}
	event_begin("order domain ");
	event_text(domain);
	event_puts(": uid=");
	event_putnum(c->uid);
	event_end();
	send_record(c, true);
}

static void
take_request(struct client *c)
{
	ssize_t n;
	int passed;
	const char *why;

	n = fd_recv(c->fd, c->request, sizeof(c->request), &passed);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && passed >= 0)
		close(passed);
	if (n <= 0) {
		let_go(c);
		return;
	}
	c->busy = true;
	c->deadline = stamp_mono() + CTL_ANSWER_MS;
	c->pos = c->waiting = 0;
	c->place = 0;
	begin_record(c);
	if (!ctl_decode(&c->q, c->request, (size_t)n)) {
		refuse(c, "the request makes no sense");
		return;
	}
	why = objection(c);
	if (!why)
		why = bad_argument(&c->q);
	if (why)
		refuse(c, why);
	else if (c->q.verb == CTL_DOMAIN)
		order_domain(c);
}

/* A piece of its orders. */
static void
go_on_orders(struct client *c)
{
	struct qid id;
	size_t rcpts, i;

	for (i = 0; i < PIECE && order_room() &&
		    c->out.len + ANSWER_ROOM < CTL_RECORD &&
		    ctl_target(&c->q, &c->pos, &id, &rcpts);
		i++) {
		c->waiting++;
		if (c->q.verb == CTL_MESSAGE) {
			c->waiting--;
			answer_message(&c->out, id);
		} else {
			order_begin(&c->q, id, rcpts, c->uid, told, c);
		}
	}
	if (c->pos + 1 >= c->q.n && c->waiting == 0)
		send_record(c, true);
	else if (c->out.len + ANSWER_ROOM >= CTL_RECORD ||
		 (c->out.len > 2 && stamp_mono() > c->deadline - LATE_MS))
		send_record(c, false);
}

static void
go_on(struct client *c)
{
	switch (c->q.verb) {
	case CTL_NONE: /* refused, but its socket was full */
	case CTL_DOMAIN:
		send_record(c, true);
		break;
	case CTL_STATUS:
		begin_record(c);
		answer_status(&c->out);
		send_record(c, true);
		break;
	case CTL_COUNTERS:
		begin_record(c);
		answer_counters(&c->out);
		send_record(c, true);
		break;
	case CTL_DESTINATIONS:
		/* a record that could not be sent is made anew */
		if (c->blocked)
			send_record(c, c->place == UINT32_MAX);
		else if (answer_destinations(
				 &c->out, &c->place, c->q.argument)) {
			c->place = UINT32_MAX;
			send_record(c, true);
		} else {
			send_record(c, false);
		}
		break;
	default:
		go_on_orders(c);
	}
}

/* --- the loop ------------------------------------------------------------- */

/* Is there a place for one more like c, which has one? */
static bool
has_place(const struct client *c)
{
	size_t i, n = 0;

	for (i = 0; i < CTL_CLIENTS; i++)
		n += clients[i] && clients[i]->fd >= 0 &&
		     clients[i]->role == c->role;
	return n <= places[c->role];
}

/* false: there is nobody. */
static bool
take_client(struct client **place)
{
	struct client *c = *place;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return false;
	if (!c)
		c = *place = xmalloc(sizeof(*c));
	memset(c, 0, offsetof(struct client, request));
	c->fd = fd;
	c->out.max = CTL_RECORD;
	c->deadline = stamp_mono() + CTL_IDLE_MS;
	c->role = role_of(fd, &c->uid);
	if (!has_place(c))
		let_go(c);
	return true;
}

static void
take_clients(void)
{
	size_t i;

	for (i = 0; i < CTL_CLIENTS; i++)
		if ((!clients[i] || clients[i]->fd < 0) &&
			!take_client(&clients[i]))
			return;
}

void
ctl_poll(struct pollfd *p)
{
	bool room = false;
	size_t i;

	for (i = 0; i < CTL_CLIENTS; i++) {
		const struct client *c = clients[i];

		p[i] = (struct pollfd){ c ? c->fd : -1,
			!c || c->fd < 0 ? 0
			: c->blocked	? POLLOUT
			: c->busy	? 0
					: POLLIN,
			0 };
		room |= p[i].fd < 0;
	}
	p[i] = (struct pollfd){ room ? listener : -1, POLLIN, 0 };
}

void
ctl_step(const struct pollfd *p)
{
	int64_t now = stamp_mono();
	size_t i;

	for (i = 0; i < CTL_CLIENTS; i++) {
		struct client *c = clients[i];

		if (!c || c->fd < 0)
			continue;
		if (p[i].revents & (POLLERR | POLLHUP)) {
			let_go(c);
			continue;
		}
		if (!c->busy && p[i].revents)
			take_request(c);
		if (c->fd >= 0 && c->busy &&
			(!c->blocked || (p[i].revents & POLLOUT)))
			go_on(c);
		if (c->fd >= 0 && !c->waiting && now > c->deadline)
			let_go(c);
	}
	if (p[CTL_CLIENTS].revents)
		take_clients();
}

int
ctl_sleep(void)
{
	int ms = -1;
	size_t i;

	for (i = 0; i < CTL_CLIENTS; i++) {
		const struct client *c = clients[i];

		if (!c || c->fd < 0)
			continue;
		if (c->busy && !c->blocked && order_room() &&
			(!c->waiting || c->pos + 1 < c->q.n))
			return 0;
		ms = 1000;
	}
	return ms;
}
