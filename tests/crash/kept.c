/* SPDX-License-Identifier: 0BSD */
#include "kept.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAITING = 256, ID = 16, PIPE = 1 << 20 };

static struct {
	char tag[64], message[1024], envelope[1024];
} line[WAITING]; /* the first one is with the process, if busy */
static int nline;
static bool busy;
static char *path;
static pid_t pid;
static int sock = -1;

static void
start(void)
{
	int s[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
		err(1, "socketpair");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(111);
		dup2(s[1], 0);
		dup2(s[1], 1);
		execl(path, "quill-queue", "-k", (char *)NULL);
		_exit(120);
	}
	close(s[1]);
	sock = s[0];
}

/* The reading end of a pipe that holds all of a file. */
static int
piped(const char *file)
{
	static char buf[PIPE];
	int fd = open(file, O_RDONLY | O_CLOEXEC), end[2];
	ssize_t n;

	if (fd < 0 || pipe2(end, O_CLOEXEC) < 0 ||
		fcntl(end[1], F_SETPIPE_SZ, PIPE) < 0)
		err(1, "%s", file);
	n = read(fd, buf, sizeof buf);
	if (n < 0 || n == sizeof buf || write(end[1], buf, (size_t)n) != n)
		err(1, "%s", file);
	close(fd);
	close(end[1]);
	return end[0];
}

static void
hand_over(void)
{
	int fds[2] = { piped(line[0].message), piped(line[0].envelope) };
	union {
		struct cmsghdr head;
		char buf[CMSG_SPACE(sizeof fds)];
	} u;
	struct iovec iov = { (char[]){ "M" }, 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = u.buf,
		.msg_controllen = sizeof u.buf };

	memset(&u, 0, sizeof u);
	u.head.cmsg_level = SOL_SOCKET;
	u.head.cmsg_type = SCM_RIGHTS;
	u.head.cmsg_len = CMSG_LEN(sizeof fds);
	memcpy(CMSG_DATA(&u.head), fds, sizeof fds);
	/* one that has just left gets it no more: kept_ended gives it again */
	busy = sendmsg(sock, &m, MSG_NOSIGNAL) == 1;
	close(fds[0]);
	close(fds[1]);
}

static void
go_on(void)
{
	if (busy || nline == 0)
		return;
	if (!pid)
		start();
	if (sock != -1)
		hand_over();
}

/* The first in line has its verdict. */
static void
verdict(int code, const char *id)
{
	printf("queued %s %d %s\n", line[0].tag, code, id);
	nline--;
	memmove(line, line + 1, (size_t)nline * sizeof line[0]);
	busy = false;
}

void
kept_queue(const char *program, char *const *words)
{
	if (nline == WAITING)
		errx(1, "too many messages");
	if (!path)
		path = strdup(program);
	snprintf(line[nline].tag, sizeof line[0].tag, "%s", words[1]);
	snprintf(line[nline].message, sizeof line[0].message, "%s", words[2]);
	snprintf(line[nline].envelope, sizeof line[0].envelope, "%s", words[3]);
	nline++;
	go_on();
}

int
kept_fd(void)
{
	return sock;
}

void
kept_heard(void)
{
	char p[ID + 2];
	ssize_t n = recv(sock, p, sizeof p - 1, MSG_DONTWAIT);

	if (n == ID + 1 && p[0] == 'K' && busy) {
		p[n] = '\0';
		verdict(0, p + 1);
		go_on();
	} else if (n == 2 && p[0] == 'X' && busy) {
		verdict((unsigned char)p[1], "-");
		/* it leaves; kept_ended starts the next one */
		close(sock);
		sock = -1;
	} else if (n <= 0) {
		close(sock);
		sock = -1;
	} else {
		errx(1, "quill-queue -k: %zd unexpected bytes", n);
	}
}

bool
kept_ended(pid_t p, int code)
{
	if (!pid || p != pid)
		return false;
	/* what it said last */
	while (sock != -1)
		kept_heard();
	pid = 0;
	if (busy)
		verdict(code ? code : 99, "-");
	go_on();
	return true;
}
