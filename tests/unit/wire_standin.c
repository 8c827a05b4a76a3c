/* SPDX-License-Identifier: 0BSD */
#include "wire/standin.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "wire/site.h"
#include "wire/status.h"

enum { TEXT = 6 };

static char said[300];
static size_t nsaid;

/* A file with these bytes, to read; NULL: none, the descriptor is closed. */
static void
input(int fd, const char *p, size_t n)
{
	FILE *f = p ? tmpfile() : NULL;

	close(fd);
	if (!f)
		return;
	fwrite(p, 1, n, f);
	rewind(f);
	dup2(fileno(f), fd);
	fclose(f);
}

/* Refuses what asks for it, in the words of the message. */
static void
act(const char *message, size_t mn, const char *envelope, size_t en)
{
	struct str env = STR_INIT(ENVELOPE_MAX);
	char got[400] = "";
	uint64_t size = 0;
	ssize_t n;
	int fd;

	input(0, message, mn);
	input(1, envelope, en);
	standin_begin();
	fd = standin_read(&size, &env);
	n = pread(fd, got, sizeof got, 0);
	if (n < 0 || (size_t)n != size || env.len != en ||
		memcmp(env.s, envelope, en) != 0)
		_exit(STATUS_BUG);
	if (n && (*got == 'D' || *got == 'Z'))
		standin_refuse(*got, got + 1, (size_t)n - 1);
	standin_queued(got);
	_exit(STATUS_OK);
}

/* The exit code of one that has these inputs, with a pipe or not on fd 6; what
 * it said there is in said. */
static int
run(bool pipe6, const char *message, const char *envelope, size_t en)
{
	int fds[2], status = -1;
	pid_t pid;
	ssize_t r;

	if (pipe(fds) < 0)
		exit(1);
	pid = fork();
	if (pid == 0) {
		if (pipe6)
			dup2(fds[1], TEXT);
		else
			dup2(open("/dev/null", O_WRONLY), TEXT);
		act(message, message ? strlen(message) : 0, envelope, en);
	}
	close(fds[1]);
	nsaid = 0;
	while ((r = read(fds[0], said + nsaid, sizeof said - nsaid)) > 0)
		nsaid += (size_t)r;
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define GOOD		       "Fa@b\0Tc@d\0"
#define RUN(message, envelope) run(true, message, envelope, sizeof(envelope))

int
main(void)
{
	char longer[2000], many[301];

	is_num(RUN("ID", GOOD), STATUS_OK, "queued");
	is_mem(said, nsaid, "KID", 3, "the id");
	is_num(run(false, "ID", GOOD, sizeof GOOD), STATUS_OK,
		"nobody wants to know");
	is_num(RUN("", GOOD), STATUS_OK, "an empty message");
	is_num(RUN("Dno", GOOD), STATUS_CUSTOM, "refused");
	is_mem(said, nsaid, "Dno", 3, "its words");
	is_num(RUN("Znot now", GOOD), STATUS_CUSTOM, "refused for now");
	is_mem(said, nsaid, "Znot now", 8, "its words");
	memset(many, 'D', sizeof many);
	many[sizeof many - 1] = 0;
	is_num(RUN(many, GOOD), STATUS_CUSTOM, "long words");
	is_mem(said, nsaid, many, 255, "are cut");
	is_num(run(false, "Dno", GOOD, sizeof GOOD), STATUS_REFUSED,
		"no pipe for words");
	is_num(run(false, "Zno", GOOD, sizeof GOOD), STATUS_LATER,
		"for now, no pipe for words");
	is_num(RUN(NULL, GOOD), STATUS_READ, "no message");
	is_num(run(true, "m", NULL, 0), STATUS_READ, "no envelope");
	is_num(run(true, "m", "", 0), STATUS_READ, "an empty envelope");
	is_num(run(true, "m", GOOD, sizeof GOOD - 1), STATUS_READ,
		"half an envelope");
	is_num(RUN("m", "Xa@b\0"), STATUS_ENVELOPE, "not an envelope");
	is_num(run(true, "m", GOOD "\0T", sizeof GOOD + 1), STATUS_ENVELOPE,
		"more behind its end");
	memset(longer, 'a', sizeof longer);
	*longer = 'F';
	longer[ADDR_MAX + 2] = 0;
	is_num(run(true, "m", longer, sizeof longer), STATUS_ADDRESS,
		"an address that is too long");
	return done_testing();
}
