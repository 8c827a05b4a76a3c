/* SPDX-License-Identifier: 0BSD */
#include "lspawn/getpw.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/stamp.h"
#include "wire/site.h"

void
getpw_init(struct getpw *g, const char *path, int64_t answer_ms)
{
	g->path = path;
	g->fd = -1;
	g->answer_ms = answer_ms;
	str_init(&g->ask, PWREQ_MAX);
}

static void
forget(struct getpw *g)
{
	close(g->fd);
	g->fd = -1;
	g->open = 0;
	g->stuck = g->again = false;
}

/* As quillp, with its socket and the log and no other descriptor of ours. */
static pid_t
run(struct getpw *g, const struct site_ids *ids, const char *alias, int fd)
{
	const char *argv[] = { "quill-getpw", alias, NULL };
	struct proc p = { .path = g->path,
		.argv = argv,
		.fd = { { 0, fd }, { 1, 2 }, { 2, 2 } },
		.nfd = 3,
		.dir = site_home,
		.uid = ids->quillp,
		.gid = ids->nofiles };

	if (access(g->path, X_OK) == -1) /* its child could not say so */
		return -1;
	return proc_start(&p);
}

static bool
start(struct getpw *g, int64_t now)
{
	struct site_ids ids;
	char alias[64];
	int fds[2];

	/* One that dies at once must not become a loop of forks. */
	if (g->ever && now - g->started < GETPW_RESTART_MS)
		return false;
	g->ever = true;
	g->started = now;
	if (site_ids(&ids, alias) == -1) {
		log_alert(site_ids_error());
		return false;
	}
	if (fd_seqpair(fds) == -1) {
		log_alert_sys("unable to make a socket");
		return false;
	}
	g->pid = fd_nonblock(fds[0]) == -1 ? -1 : run(g, &ids, alias, fds[1]);
	g->fd = fds[0];
	close(fds[1]);
	if (g->pid == -1) {
		log_alert_sys("unable to run ", g->path);
		g->pid = 0;
		forget(g);
	}
	return g->fd != -1;
}

const char *
getpw_ask(struct getpw *g, uint32_t token, const char *local, size_t n)
{
	int64_t now = stamp_mono();
	char name[ADDR_MAX + 1];

	/* While it hangs, one question at a time finds out when it is back. */
	if (g->stuck && now - g->asked < g->answer_ms)
		return "quill-getpw does not answer (#4.3.0)";
	memcpy(name, local, n);
	name[n] = '\0';
	str_clear(&g->ask);
	pwreq_ask(&g->ask, token, name);
	for (;;) {
		if (g->fd == -1 && !start(g, now))
			return "quill-getpw is gone (#4.3.0)";
		if (fd_send(g->fd, g->ask.s, g->ask.len, -1) == 0)
			break;
		if (errno == EAGAIN)
			return "quill-getpw is too busy (#4.3.0)";
		if ((errno != EPIPE && errno != ECONNRESET) || g->open > 0)
			return "unable to ask quill-getpw (#4.3.0)";
		/* It is leaving, and reads no more. */
		forget(g);
	}
	g->again = g->stuck;
	g->asked = now;
	g->open++;
	return NULL;
}

ssize_t
getpw_answer(struct getpw *g, char *buf, size_t size, struct pwanswer *a)
{
	ssize_t n;
	int passed;

	for (;;) {
		n = fd_recv(g->fd, buf, size, &passed);
		if (passed != -1)
			close(passed);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n == 0 || (n == -1 && errno != EMSGSIZE)) {
			forget(g);
			return -1;
		}
		if (n > 0 && pwreq_decode(a, buf, (size_t)n))
			break;
		log_alert("quill-getpw gave a wrong answer");
	}
	if (g->stuck)
		log_info("quill-getpw answers again");
	g->stuck = g->again = false;
	if (g->open > 0)
		g->open--;
	return n;
}

void
getpw_expired(struct getpw *g)
{
	if (g->fd == -1)
		return;
	if (g->open > 0)
		g->open--;
	if (!g->stuck)
		log_warning("quill-getpw does not answer");
	g->stuck = true;
	/* The one that was to find out was not answered either: perhaps
	 * another process fares better. */
	if (g->again && g->pid > 0 && stamp_mono() - g->asked >= g->answer_ms)
		kill(g->pid, SIGKILL);
}

void
getpw_ended(struct getpw *g, pid_t pid, int status)
{
	if (pid == g->pid)
		g->pid = 0;
	if (proc_code(status) == PROC_EXECFAILED)
		log_alert("unable to run ", g->path, " as its user");
	else if (status != 0)
		log_alert("quill-getpw is gone: the next question starts "
			  "another");
}
