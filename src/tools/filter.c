/* SPDX-License-Identifier: 0BSD */
#include "tools/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/sig.h"
#include "lib/str.h"
#include "wire/qclient.h"
#include "wire/site.h"

static struct qclient queue;

const char *
filter_env(const char *name)
{
	const char *v = getenv(name);

	if (!v)
		log_die(STATUS_PERM, "no $", name,
			": this is for a line of a .qmail file");
	return v;
}

void
filter_rewind(void)
{
	if (lseek(0, 0, SEEK_SET) < 0 && errno != ESPIPE)
		log_die_sys(STATUS_TEMP, "unable to rewind the message");
}

int
filter_ask(char *const *argv)
{
	const char *args[256];
	struct proc p = PROC_INIT;
	int status, code;
	size_t n = 0;
	pid_t pid;

	while (argv[n] && n < sizeof args / sizeof *args - 1) {
		args[n] = argv[n];
		n++;
	}
	if (argv[n])
		log_die(STATUS_PERM, "too many arguments");
	args[n] = NULL;
	filter_rewind();
	p.path = args[0];
	p.argv = args;
	p.search = 1;
	for (int i = 0; i < 3; i++)
		p.fd[i] = (struct proc_fd){ i, i };
	p.nfd = 3;
	pid = proc_start(&p);
	if (pid < 0 || proc_wait(pid, &status) < 0)
		log_die_sys(STATUS_TEMP, "unable to run ", args[0]);
	code = proc_code(status);
	if (code < 0)
		log_die(STATUS_TEMP, args[0], " was ended by a signal");
	if (code == PROC_EXECFAILED)
		log_die(STATUS_TEMP, "unable to run ", args[0]);
	if (code == STATUS_TEMP)
		log_die(STATUS_TEMP, args[0], " failed for now");
	return code;
}

/* It goes into an envelope and a log. */
static void
check_address(const char *addr)
{
	if (!*addr)
		log_die(STATUS_PERM, "an empty address");
	if (strlen(addr) > ADDR_MAX)
		log_die(STATUS_PERM, "an address of more than 1000 bytes");
	for (const char *p = addr; *p; p++)
		if ((unsigned char)*p < 32 || *p == 127)
			log_die(STATUS_PERM, "a control character in ", addr);
}

static void
put_message(const char *dtline)
{
	static char buf[1 << 16];
	ssize_t n;

	qclient_put(&queue, dtline, strlen(dtline));
	while ((n = fd_read(0, buf, sizeof buf)) > 0)
		qclient_put(&queue, buf, (size_t)n);
	if (n < 0) {
		int saved = errno;
		struct qverdict v;

		qclient_abort(&queue);
		qclient_close(&queue, &v);
		errno = saved;
		log_die_sys(STATUS_TEMP, "unable to read the message");
	}
}

static void
say(const struct qverdict *v)
{
	struct str s = STR_INIT(200);

	str_puts(&s, "qp ");
	str_putnum(&s, (uint64_t)v->pid);
	if (*v->id) {
		str_puts(&s, " id ");
		str_puts(&s, v->id);
	}
	str_putc(&s, '\n');
	/* queued it is, read or not */
	(void)fd_writeall(1, s.s, s.len);
	str_free(&s);
}

void
filter_forward(const char *const *to, size_t n)
{
	const char *sender = filter_env("NEWSENDER");
	const char *dtline = filter_env("DTLINE");
	struct qverdict v;

	for (size_t i = 0; i < n; i++)
		check_address(to[i]);
	sig_ignore(SIGPIPE);
	filter_rewind();
	if (qclient_open(&queue) == 0) {
		put_message(dtline);
		qclient_from(&queue, sender);
		for (size_t i = 0; i < n; i++)
			qclient_to(&queue, to[i]);
	}
	qclient_close(&queue, &v);
	if (v.class != STATUS_ACCEPTED)
		log_die(v.class == STATUS_PERMANENT ? STATUS_PERM : STATUS_TEMP,
			"unable to forward message: ", v.text, " (#",
			v.enhanced, ")");
	say(&v);
}
