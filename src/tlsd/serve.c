/* SPDX-License-Identifier: 0BSD */
#include "tlsd/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "tlsd/certs.h"
#include "tlsd/conn.h"
#include "tlsd/proxy.h"
#include "wire/tlsrec.h"

enum { TICKETS_S = 6 * 3600, FULL_S = 60 };

static const struct serve *me;
static struct certs certs;

/* Our connections, by process. */
struct child {
	pid_t pid;
	enum tls_role role;
};
static struct child *children;
static size_t nchild, maxchild;
static int signals;

/* --- a connection */
static void
limit(int resource, rlim_t value)
{
	struct rlimit r = { value, value };

	(void)setrlimit(resource, &r);
}

static _Noreturn void
be_conn(enum tls_role role, int link)
{
	close(me->listener[0]);
	close(me->listener[1]);
	close(me->leash);
	close(signals);
	sig_default(SIGCHLD);
	sig_unblock(SIGCHLD);
	/* The counters are not for those who can be taken over. */
	munmap(me->running, 2 * sizeof *me->running);
	if (role == TLS_AS_CLIENT)
		proxy_done();
	/* Whoever takes this process over starts nothing. */
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_CORE, 0);
	conn_run(&certs, role, link, me->handshake);
	_exit(0);
}

static void
say_busy(int link, const char *why)
{
	char p[64] = "B";
	size_t n = strlen(why);

	memcpy(p + 1, why, n + 1);
	if (fd_nonblock(link) == 0)
		(void)fd_send(link, p, n + 2, -1);
}

/* One line a minute, whatever is refused meanwhile. */
static void
warn_full(enum tls_role role)
{
	static int64_t said;
	char number[NUM_FMT];

	if (said && stamp_mono() - said < FULL_S * 1000)
		return;
	said = stamp_mono();
	num_fmt(number, me->limit);
	log_warning("control/tlsconnections: ", number, " connections as ",
		tlsrec_name(role), " are reached");
}

static void
admit(enum tls_role role, int link)
{
	pid_t pid;

	if (atomic_load(&me->running[role]) >= me->limit ||
		nchild == maxchild) {
		warn_full(role);
		say_busy(link, "as many TLS connections as allowed");
		return;
	}
	if (role == TLS_AS_SERVER && !certs.serving) {
		say_busy(link, "there is no certificate");
		return;
	}
	pid = fork();
	if (pid == 0)
		be_conn(role, link);
	if (pid < 0) {
		log_warning_sys("unable to fork");
		say_busy(link, "no more processes");
		return;
	}
	atomic_fetch_add(&me->running[role], 1);
	children[nchild++] = (struct child){ pid, role };
}

/* Those who wait now; not for ever those who come. */
static void
take_in(enum tls_role role)
{
	for (int i = 0; i < 16; i++) {
		int link =
			accept4(me->listener[role], NULL, NULL, SOCK_CLOEXEC);

		if (link < 0) {
			if (errno != EAGAIN && errno != EINTR &&
				errno != ECONNABORTED)
				log_warning_sys("unable to accept");
			/* Nothing that is over soon: do not spin. */
			if (errno != EAGAIN)
				(void)poll(NULL, 0, 200);
			return;
		}
		admit(role, link);
		close(link);
	}
}

static void
reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < nchild; i++)
			if (children[i].pid == pid) {
				atomic_fetch_sub(
					&me->running[children[i].role], 1);
				children[i] = children[--nchild];
				break;
			}
}

/* --- start */
static _Noreturn void
cannot(const char *why)
{
	struct str line = STR_INIT(SERVE_WHY_MAX);

	str_putc(&line, '!');
	str_puts(&line, why);
	(void)fd_send(me->leash, line.s, line.len, -1);
	_exit(111);
}

static void
tell(void)
{
	struct str out = STR_INIT(4 << 20);

	certs_tell(&certs, me->tell, &out);
	(void)!fd_writeall(1, out.s, out.len);
	str_free(&out);
}

static void
get_ready(void)
{
	static const int watched[] = { SIGCHLD, 0 };
	struct str why = STR_INIT(SERVE_WHY_MAX - 2);

	signals = sig_fd(watched);
	if (signals < 0)
		cannot("no signals");
	proxy_init(me->signer);
	if (!certs_load(&certs, me->bundle, &why))
		cannot(str_c(&why));
	if (me->tell)
		tell();
	else
		certs_warn(&certs);
	maxchild = 2 * me->limit;
	children = xmalloc(maxchild * sizeof *children);
	if (fd_send(me->leash, "=", 1, -1) < 0)
		_exit(111);
}

_Noreturn void
serve_run(const struct serve *s)
{
	bool listening = true;
	int64_t tickets = stamp_mono() + TICKETS_S * 1000;

	me = s;
	get_ready();
	while (listening || nchild) {
		struct pollfd p[4] = { { .fd = signals, .events = POLLIN },
			{ .fd = listening ? s->leash : -1, .events = POLLIN },
			{ .fd = listening ? s->listener[0] : -1,
				.events = POLLIN },
			{ .fd = listening ? s->listener[1] : -1,
				.events = POLLIN } };
		int64_t left = tickets - stamp_mono();

		if (left <= 0) {
			certs_new_tickets(&certs);
			tickets = stamp_mono() + TICKETS_S * 1000;
			continue;
		}
		if (poll(p, 4, (int)left) < 0) {
			if (errno == EINTR)
				continue;
			log_die_sys(111, "unable to poll");
		}
		while (sig_next(signals))
			;
		reap();
		if (p[1].revents) {
			listening = false;
			close(s->leash);
			close(s->listener[0]);
			close(s->listener[1]);
			continue;
		}
		if (p[2].revents)
			take_in(0);
		if (p[3].revents)
			take_in(1);
	}
	_exit(0);
}
