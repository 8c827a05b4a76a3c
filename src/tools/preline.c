/* SPDX-License-Identifier: 0BSD */
/* preline.c - give a program the message with the lines a mailbox would have
 *
 * runs as     recipient
 * started by  quill-local, from |preline PROGRAM...
 * fd 0        the message
 * fd 2        errors
 * reads       nothing
 * writes      nothing; the program gets it all by a pipe
 * trusts      quill-local's environment, its caller; not message content
 * exits       as the program; 100 usage; 111 try later
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/sig.h"
#include "tools/filter.h"
#include "wire/status.h"

/* The lines and their letters, in the order of a mailbox. */
static struct line {
	const char *name;
	char letter;
	bool off;
} lines[] = {
	{ "UFLINE", 'f', false },
	{ "RPLINE", 'r', false },
	{ "DTLINE", 'd', false },
};
enum { LINES = sizeof lines / sizeof *lines };

static bool
turn_off(const char *letters)
{
	for (; *letters; letters++) {
		bool known = false;

		for (size_t i = 0; i < LINES; i++)
			if (lines[i].letter == *letters)
				known = lines[i].off = true;
		if (!known)
			return false;
	}
	return true;
}

static pid_t
start(const char *const *argv, int in)
{
	struct proc p = PROC_INIT;
	pid_t pid;

	p.path = argv[0];
	p.argv = argv;
	p.search = 1;
	p.fd[0] = (struct proc_fd){ 0, in };
	p.fd[1] = (struct proc_fd){ 1, 1 };
	p.fd[2] = (struct proc_fd){ 2, 2 };
	p.nfd = 3;
	pid = proc_start(&p);
	if (pid < 0)
		log_die_sys(STATUS_TEMP, "unable to run ", argv[0]);
	return pid;
}

/* false: the program does not want to read all of it, which is its affair. */
static bool
put(int fd, const void *p, size_t n)
{
	if (fd_writeall(fd, p, n) == 0)
		return true;
	if (errno != EPIPE)
		log_die_sys(STATUS_TEMP, "unable to write to the program");
	return false;
}

/* Returns whether the message could be read. */
static bool
feed(int fd)
{
	static char buf[1 << 16];
	ssize_t n;

	for (size_t i = 0; i < LINES; i++) {
		const char *v;

		if (lines[i].off)
			continue;
		v = filter_env(lines[i].name);
		if (!put(fd, v, strlen(v)))
			return true;
	}
	while ((n = fd_read(0, buf, sizeof buf)) > 0)
		if (!put(fd, buf, (size_t)n))
			return true;
	return n == 0;
}

int
main(int argc, char **argv)
{
	const char *args[256];
	int in[2], status;
	size_t n = 0;
	bool whole;
	pid_t pid;

	log_init("preline");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	for (argv++; *argv && argv[0][0] == '-' && argv[0][1]; argv++) {
		if (strcmp(*argv, "--") == 0) {
			argv++;
			break;
		}
		if (!turn_off(*argv + 1))
			argc = 0;
	}
	if (argc == 0 || !*argv)
		log_die(STATUS_PERM, "usage: preline [-frd] PROGRAM...");
	while (*argv && n < sizeof args / sizeof *args - 1)
		args[n++] = *argv++;
	if (*argv)
		log_die(STATUS_PERM, "too many arguments");
	args[n] = NULL;
	for (size_t i = 0; i < LINES; i++)
		if (!lines[i].off)
			filter_env(lines[i].name);
	sig_ignore(SIGPIPE);
	filter_rewind();
	if (fd_pipe(in) < 0)
		log_die_sys(STATUS_TEMP, "unable to make a pipe");
	pid = start(args, in[0]);
	close(in[0]);
	whole = feed(in[1]);
	if (!whole) /* or it would take a part for all of it */
		kill(pid, SIGKILL);
	close(in[1]);
	if (proc_wait(pid, &status) < 0)
		log_die_sys(STATUS_TEMP, "unable to wait");
	if (!whole)
		log_die(STATUS_TEMP, "unable to read all of the message");
	if (proc_code(status) < 0)
		log_die(STATUS_TEMP, args[0], " was ended by a signal");
	if (proc_code(status) == PROC_EXECFAILED)
		log_die(STATUS_TEMP, "unable to run ", args[0]);
	return proc_code(status);
}
