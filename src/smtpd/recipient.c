/* SPDX-License-Identifier: 0BSD */
#include "smtpd/recipient.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/stamp.h"
#include "wire/report.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	VERIFY_WAIT_MS = 30000,
	PROGRAM_WAIT_MS = 60000,
	LIFE_FD = 3,  /* RCPTCHECK's: closed when it has ended */
	LOOK_MS = 50, /* how late that may be noticed when it is not */
};

static const struct answer yes = { 0 };

/* Was it ever started? A host without it need not ask again, nor read so with
 * each session. */
static bool
was_started(void)
{
	struct str path = STR_INIT(4000);
	bool there;

	str_puts(&path, site_run);
	str_puts(&path, "/verify/socket");
	there = access(str_c(&path), F_OK) == 0;
	str_free(&path);
	return there;
}

enum verify_class
recipient_ask(struct policy *p, const char *addr)
{
	enum verify_class class = VERIFY_DOWN;

	if (!p->absent)
		class = verify_ask(&p->verify, addr,
			stamp_mono() + VERIFY_WAIT_MS, &p->heard);
	p->absent = class == VERIFY_DOWN && (p->absent || !was_started());
	if (class == VERIFY_DOWN && !p->downsaid &&
		(!p->absent || p->conf->verify == CHECK_OR_DEFER)) {
		log_warning("recipients cannot be checked: ", p->heard.text);
		p->downsaid = true;
	}
	return class;
}

/* "Sorry, no mailbox here by that name. (#5.1.1)" as a reply: the code from its
 * end, or other. */
static struct answer
told(struct policy *p, int code, const char *other)
{
	char *text = p->heard.text, *status = strstr(text, " (#");
	char class = code < 500 ? 'Z' : 'D';

	memcpy(p->enhanced, other, strlen(other) + 1);
	if (status) {
		report_status(p->enhanced, class, text);
		*status = 0;
	}
	return (struct answer){ code, p->enhanced, text };
}

/* The reason names files and homes: that is for the log, not for strangers. */
static struct answer
later(struct policy *p, struct str *rcpt)
{
	struct answer a = told(p, 451, "4.3.0");

	log_warning("recipient ", str_c(rcpt), " put off: ", a.text);
	a.text = "this recipient cannot be looked up now";
	return a;
}

static struct answer
exists(struct policy *p, struct str *rcpt)
{
	if (p->conf->verify == CHECK_NO)
		return yes;
	switch (recipient_ask(p, str_c(rcpt))) {
	case VERIFY_YES:
	case VERIFY_REMOTE:
		break;
	case VERIFY_NO:
		return told(p, 550, "5.1.1");
	case VERIFY_TEMP:
		return later(p, rcpt);
	case VERIFY_DOWN:
		if (p->conf->verify == CHECK_OR_DEFER)
			return (struct answer){ 451, "4.3.0",
				"recipients cannot be checked now" };
		break;
	}
	return yes;
}

struct answer
recipient_vrfy(struct policy *p, struct str *rcpt)
{
	switch (recipient_ask(p, str_c(rcpt))) {
	case VERIFY_YES:
		return yes;
	case VERIFY_NO:
		return told(p, 550, "5.1.1");
	case VERIFY_TEMP:
		return later(p, rcpt);
	case VERIFY_REMOTE:
		return (struct answer){ 252, "2.1.5",
			"not an address of this host" };
	case VERIFY_DOWN:
		break;
	}
	return (struct answer){ 252, "2.0.0", "cannot be checked now" };
}

/* Wait for a program until the deadline. The end of the pipe life says at once
 * that it ended, unless a child that it left behind holds the other end, or it
 * closed it itself: hence the looks in between. */
static bool
ended(pid_t pid, int life, int64_t deadline, int *status)
{
	bool open = true;

	while (waitpid(pid, status, WNOHANG) == 0) {
		int64_t now = stamp_mono();

		if (now >= deadline)
			return false;
		if (!open)
			poll(NULL, 0, LOOK_MS);
		else if (fd_wait(life, POLLIN, now + LOOK_MS) == 0)
			open = false;
	}
	return true;
}

/* Run it; its exit code. What it prints goes to our log. One that hangs is
 * killed: -1. */
static int
run(const char *program)
{
	const char *argv[] = { program, NULL };
	struct proc p = PROC_INIT;
	int life[2], null, status = -1;
	pid_t pid;

	null = fd_open("/dev/null", O_RDWR, 0);
	if (null == -1 || fd_pipe(life) == -1) {
		if (null != -1)
			close(null);
		return PROC_EXECFAILED;
	}
	p.path = program;
	p.argv = argv;
	p.newgroup = 1;
	p.fd[p.nfd++] = (struct proc_fd){ 0, null };
	p.fd[p.nfd++] = (struct proc_fd){ 1, 2 };
	p.fd[p.nfd++] = (struct proc_fd){ LIFE_FD, life[1] };
	pid = proc_start(&p);
	close(life[1]);
	close(null);
	if (pid != -1 &&
		!ended(pid, life[0], stamp_mono() + PROGRAM_WAIT_MS, &status)) {
		kill(-pid, SIGKILL);
		proc_wait(pid, &status);
	}
	close(life[0]);
	return pid == -1 ? PROC_EXECFAILED : proc_code(status);
}

/* The contract of RCPTCHECK: SENDER, RECIPIENT and HELO in; 0, 100, 111 out. */
static struct answer
program(struct policy *p, struct str *from, struct str *rcpt)
{
	int code;

	if (!p->conf->rcptcheck)
		return yes;
	setenv("SENDER", str_c(from), 1);
	setenv("RECIPIENT", str_c(rcpt), 1);
	code = run(p->conf->rcptcheck);
	unsetenv("SENDER");
	unsetenv("RECIPIENT");
	switch (code) {
	case STATUS_OK:
		return yes;
	case STATUS_PERM:
		return (struct answer){ 550, "5.7.1",
			"this recipient is refused by policy" };
	case STATUS_TEMP:
		break;
	case STATUS_EXEC:
		log_alert(
			"RCPTCHECK ", p->conf->rcptcheck, " could not be run");
		break;
	default:
		log_alert("RCPTCHECK ", p->conf->rcptcheck,
			" crashed, hung, or has an exit code of its own");
		break;
	}
	return (struct answer){ 451, "4.7.1",
		"this recipient cannot be taken now" };
}

struct answer
recipient_answer(struct policy *p, struct str *from, struct str *rcpt)
{
	struct answer a = exists(p, rcpt);

	return a.code ? a : program(p, from, rcpt);
}
