/* SPDX-License-Identifier: 0BSD */
#include "lib/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/stamp.h"

int
fd_cloexec(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : 0;
}

int
fd_nonblock(int fd)
{
	int old = fcntl(fd, F_GETFL);

	if (old < 0)
		return -1;
	if (old & O_NONBLOCK)
		return 0;
	return fcntl(fd, F_SETFL, old | O_NONBLOCK) < 0 ? -1 : 0;
}

int
fd_open(const char *path, int flags, mode_t mode)
{
	return openat(AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

/* After a failed read or write: may it be tried again? */
static int
retry(int fd, short events)
{
	if (errno == EINTR)
		return 1;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return 0;
	return fd_wait(fd, events, 0) == 0;
}

int
fd_writeall(int fd, const void *p, size_t n)
{
	const char *s = p;

	while (n) {
		ssize_t r = write(fd, s, n);

		if (r < 0) {
			if (!retry(fd, POLLOUT))
				return -1;
			continue;
		}
		s += r;
		n -= (size_t)r;
	}
	return 0;
}

int
fd_readall(int fd, void *p, size_t n)
{
	char *s = p;

	while (n) {
		ssize_t r = read(fd, s, n);

		if (r < 0) {
			if (!retry(fd, POLLIN))
				return -1;
			continue;
		}
		if (!r) {
			errno = EPIPE;
			return -1;
		}
		s += r;
		n -= (size_t)r;
	}
	return 0;
}

ssize_t
fd_read(int fd, void *p, size_t n)
{
	ssize_t r;

	do
		r = read(fd, p, n);
	while (r < 0 && errno == EINTR);
	return r;
}

int
fd_pipe(int fds[2])
{
	return pipe2(fds, O_CLOEXEC);
}

int
fd_seqpair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
}

/* More than FD_PASSED, to notice it; even, so that CMSG_SPACE has no room
 * for one more. */
enum { PASS_MAX = FD_PASSED + 2 };

union pass {
	struct cmsghdr align;
	char buf[CMSG_SPACE(PASS_MAX * sizeof(int))];
};

int
fd_sends(int sock, const void *p, size_t n, const int *passed, size_t npassed)
{
	struct iovec iov;
	struct msghdr m;
	union pass u;
	ssize_t r;

	/* An empty record would look like the end of file. */
	if (!n || npassed > FD_PASSED) {
		errno = EINVAL;
		return -1;
	}
	memset(&m, 0, sizeof m);
	/* iovec has no const; sendmsg only reads. */
	memcpy(&iov.iov_base, &p, sizeof p);
	iov.iov_len = n;
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	if (npassed) {
		memset(&u, 0, sizeof u);
		m.msg_control = u.buf;
		m.msg_controllen = CMSG_SPACE(npassed * sizeof(int));
		u.align.cmsg_level = SOL_SOCKET;
		u.align.cmsg_type = SCM_RIGHTS;
		u.align.cmsg_len = CMSG_LEN(npassed * sizeof(int));
		memcpy(CMSG_DATA(&u.align), passed, npassed * sizeof(int));
	}
	do
		r = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -1 : 0;
}

int
fd_send(int sock, const void *p, size_t n, int passed)
{
	return fd_sends(sock, p, n, &passed, passed >= 0);
}

/* Every descriptor that came with m; how many. */
static size_t
all_passed(struct msghdr *m, int fds[PASS_MAX])
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t len = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i + sizeof(int) <= len && n < PASS_MAX;
			i += sizeof(int))
			memcpy(&fds[n++], CMSG_DATA(c) + i, sizeof(int));
	}
	return n;
}

/* A record with least to most descriptors: they are in passed, and -1s. */
static ssize_t
take(int sock, void *p, size_t n, int *passed, size_t least, size_t most)
{
	struct iovec iov = { .iov_base = p, .iov_len = n };
	int fds[PASS_MAX];
	struct msghdr m;
	union pass u;
	ssize_t r;
	size_t got;
	bool whole;

	for (size_t i = 0; i < most; i++)
		passed[i] = -1;
	do {
		memset(&m, 0, sizeof m);
		m.msg_iov = &iov;
		m.msg_iovlen = 1;
		m.msg_control = u.buf;
		m.msg_controllen = sizeof u.buf;
		r = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -1;
	got = all_passed(&m, fds);
	whole = !(m.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) && got <= most;
	if (r && whole && got >= least) {
		for (size_t i = 0; i < got; i++)
			passed[i] = fds[i];
		return r;
	}
	while (got)
		close(fds[--got]);
	if (!r && whole)
		return 0;
	errno = EMSGSIZE;
	return -1;
}

ssize_t
fd_recv(int sock, void *p, size_t n, int *passed)
{
	return take(sock, p, n, passed, 0, 1);
}

ssize_t
fd_recvs(int sock, void *p, size_t n, int *passed, size_t npassed)
{
	return take(sock, p, n, passed, npassed, npassed);
}

int
fd_wait(int fd, short events, int64_t deadline)
{
	struct pollfd pf = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = -1;
		int r;

		if (deadline) {
			int64_t now = stamp_mono();

			left = deadline > now ? deadline - now : 0;
			if (left > INT_MAX)
				left = INT_MAX;
		}
		r = poll(&pf, 1, (int)left);
		if (r > 0) {
			if (!(pf.revents & POLLNVAL))
				return 0;
			errno = EBADF;
			return -1;
		}
		if (r < 0 && errno != EINTR)
			return -1;
		if (deadline && stamp_mono() >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
}

int
fd_sane(void)
{
	int fd = 0, closed = 0;

	/* to look costs a twentieth of an open */
	while (fd <= 2 && fcntl(fd, F_GETFD) >= 0)
		fd++;
	if (fd > 2)
		return 0;
	/* open gives the lowest free number */
	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return -1;
		closed |= fd <= 2 ? 1 << fd : 0;
	} while (fd <= 2);
	close(fd);
	return closed;
}
