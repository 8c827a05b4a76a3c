/* SPDX-License-Identifier: 0BSD */
/* runmany N P FILE PROGRAM ARG... - run a program N times, P at once, each with
 * FILE on its standard input. Exits 1 when any run failed. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int
start(const char *file, char **argv)
{
	posix_spawn_file_actions_t fa;
	pid_t pid;
	int r;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, file, O_RDONLY, 0);
	r = posix_spawn(&pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	return r;
}

int
main(int argc, char **argv)
{
	long n, p, running = 0;
	int st, bad = 0;

	if (argc < 5)
		return 100;
	n = atol(argv[1]);
	p = atol(argv[2]);
	while (n > 0 || running > 0) {
		if (n > 0 && running < p) {
			n--;
			if (start(argv[3], argv + 4) == 0)
				running++;
			else
				bad = 1;
			continue;
		}
		if (wait(&st) == -1)
			break;
		running--;
		if (!WIFEXITED(st) || WEXITSTATUS(st) != 0)
			bad = 1;
	}
	return bad;
}
