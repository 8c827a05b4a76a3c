/* SPDX-License-Identifier: 0BSD */
#include "queue/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "lib/usock.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	PLACES = 100,	  /* processes that take callers */
	DOORMAN = PLACES, /* the place of one that turns callers away */
	BACKLOG = 128,
	REST = 10,	   /* s without a caller, and it leaves */
	TRIES = 100,	   /* to take over from a pool that is ending, */
	TRY_EVERY = 50000, /* us */
	RETRY = 1000,	   /* ms, when none can be made */
	PAUSE = 1,	   /* s, where accept fails: another's would, too */
	SHUT = 1,	   /* s, to close on a caller who is turned away */
};

/* Who waits. Shared: each sets its own, the first process reads. */
static atomic_bool *waits;
static pid_t who[PLACES + 1]; /* of the first process; 0: the place is free */
static int place;	      /* of this one */
static pid_t first;	      /* its parent */
static volatile sig_atomic_t leaving;
static int listener, lock, sigs;
static int news[2]; /* a pipe: nobody waits now */

static bool
somebody(void)
{
	int i;

	for (i = 0; i < PLACES; i++)
		if (atomic_load(&waits[i]))
			return true;
	return false;
}

/* --- one that takes callers ----------------------------------------------- */

/* When the first one has ended nobody is to wait here any more. The socket is
 * everybody's: a TERM for one of them must leave it alone. */
static void
dissolve(int sig)
{
	(void)sig;
	leaving = 1;
	if (getppid() != first)
		shutdown(listener, SHUT_RDWR);
}

static void
move_in(void)
{
	close(lock); /* this one may outlive the first, which another follows */
	close(sigs);
	close(news[0]);
	sig_catch(SIGTERM, dissolve);
	sig_unblock(SIGTERM);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != first)
		_exit(STATUS_OK);
}

static void
no_more(void)
{
	ssize_t r;

	atomic_store(&waits[place], false);
	if (somebody())
		return;
	/* a full pipe has told already */
	r = write(news[1], "", 1);
	(void)r;
}

/* -1: nobody came for a while, the pool has ended, or there is an error that
 * another process may not have. */
static int
take(uid_t *uid)
{
	int fd;

	do {
		fd = usock_accept(listener, 0, uid);
	} while (fd == -1 && !leaving &&
		 (errno == EINTR || errno == ECONNABORTED));
	/* no descriptors: the caller stays, and would wake one after another */
	if (fd == -1 && errno != EAGAIN && errno != EINVAL && errno != EINTR)
		sleep(PAUSE);
	return fd;
}

/* What a caller sent unasked is closed with the connection, and may take its
 * time over that (SO_LINGER). */
static void
turn_away(int fd)
{
	alarm(SHUT);
	close(fd);
	alarm(0);
}

int
pool_next(uid_t *uid)
{
	int fd;

	if (leaving)
		return -1;
	if (place == DOORMAN)
		sig_default(SIGALRM);
	atomic_store(&waits[place], true);
	fd = take(uid);
	while (place == DOORMAN && fd != -1) {
		turn_away(fd);
		fd = somebody() ? -1 : take(uid);
	}
	no_more();
	return fd;
}

/* --- the first process ---------------------------------------------------- */

static void
gone(pid_t pid)
{
	int i;

	for (i = 0; i <= PLACES; i++)
		if (who[i] == pid) {
			who[i] = 0;
			atomic_store(&waits[i], false);
		}
}

static int
free_place(void)
{
	int i = 0;

	while (i < PLACES && who[i])
		i++;
	return i;
}

/* Will callers be seen to? The doorman does as long as all places are taken. */
static bool
seen_to(void)
{
	return somebody() ||
	       (free_place() == DOORMAN && atomic_load(&waits[DOORMAN]));
}

/* True in the new process. */
static bool
add(bool *failed)
{
	int i = free_place();

	if (who[i])
		return false; /* the doorman is about to leave */
	/* from now on, so that it is not missed before it runs */
	atomic_store(&waits[i], true);
	who[i] = fork();
	if (who[i] == 0) {
		place = i;
		move_in();
		return true;
	}
	if (who[i] == -1) {
		log_warning_sys("unable to make another quill-queue");
		gone(-1);
		*failed = true;
	}
	return false;
}

static void
hear(void)
{
	char buf[64];
	pid_t pid;
	int sig;

	while (fd_read(news[0], buf, sizeof buf) == sizeof buf)
		;
	while ((sig = sig_next(sigs)) != 0)
		if (sig == SIGTERM)
			_exit(STATUS_OK);
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		gone(pid);
}

/* Another pool may be ending: its socket is in the way until it has. */
static void
open_socket(void)
{
	static const struct timeval rest = { .tv_sec = REST };
	int tries = 0;

	if (chdir("run/queue") == -1)
		log_die_sys(STATUS_TEMP, "unable to enter ", site_run,
			"/queue; every message starts a quill-queue");
	while ((listener = usock_listen("socket", 0666, BACKLOG, &lock)) ==
			-1 &&
		errno == EADDRINUSE && ++tries < TRIES)
		usleep(TRY_EVERY);
	/* accept waits, but only one that waits is woken by a caller: that is
	 * not so with poll */
	if (listener == -1 || fcntl(listener, F_SETFL, 0) == -1 ||
		setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &rest,
			sizeof rest) == -1)
		log_die_sys(STATUS_TEMP, "unable to listen on ", site_run,
			"/queue/socket; every message starts a quill-queue");
}

static void
prepare(void)
{
	static const int list[] = { SIGCHLD, SIGTERM, 0 };

	log_init("quill-queue");
	first = getpid();
	waits = mmap(NULL, sizeof(*waits) * (PLACES + 1),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	sigs = sig_fd(list);
	if (waits == MAP_FAILED || sigs == -1 || fd_pipe(news) == -1 ||
		fd_nonblock(news[0]) == -1 || fd_nonblock(news[1]) == -1)
		log_die_sys(STATUS_TEMP, "unable to begin");
	open_socket();
}

void
pool_run(void)
{
	bool failed = false;

	prepare();
	for (;;) {
		/* While somebody waits, callers are not our business. */
		struct pollfd p[] = { { 0, 0, 0 }, { sigs, POLLIN, 0 },
			{ news[0], POLLIN, 0 },
			{ failed || seen_to() ? -1 : listener, POLLIN, 0 } };

		if (poll(p, 4, failed ? RETRY : -1) == -1 && errno != EINTR)
			log_die_sys(STATUS_TEMP, "unable to wait");
		failed = false;
		if (p[0].revents)
			_exit(STATUS_OK);
		hear();
		if (p[3].revents && add(&failed))
			return;
	}
}
