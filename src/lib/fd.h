/* SPDX-License-Identifier: 0BSD */
/* fd - descriptors */
#ifndef LIB_FD_H
#define LIB_FD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 0 or -1 errno. */
int fd_cloexec(int fd);
int fd_nonblock(int fd);
/* Open close-on-exec, with one system call under every libc (musl's open makes
 * two of it). -1 errno. */
int fd_open(const char *path, int flags, mode_t mode);
/* Write or read all, across short counts, EINTR and (by poll) EAGAIN;
 * 0 or -1 errno. fd_readall fails with EPIPE at an early end of file. */
int fd_writeall(int fd, const void *p, size_t n);
int fd_readall(int fd, void *p, size_t n);
/* read(2) across EINTR. */
ssize_t fd_read(int fd, void *p, size_t n);
/* pipe2(O_CLOEXEC); socketpair of AF_UNIX, SOCK_SEQPACKET, close-on-exec. */
int fd_pipe(int fds[2]);
int fd_seqpair(int fds[2]);
/* One record over a SEQPACKET socket with at most one descriptor attached.
 * passed: the descriptor to send, -1 none. n > 0. 0 or -1 errno (EAGAIN when
 * the socket is O_NONBLOCK and full). Never raises SIGPIPE. */
int fd_send(int sock, const void *p, size_t n, int passed);
/* Returns the record's length, 0 at end of file, -1 errno. *passed gets the
 * descriptor that came along (close-on-exec), or -1. A record larger than n,
 * or with more than one descriptor, is dropped whole: EMSGSIZE. */
ssize_t fd_recv(int sock, void *p, size_t n, int *passed);
/* The same with npassed descriptors, FD_PASSED at most; fd_recvs drops a
 * record that has another number of them, and then all passed are -1. */
enum { FD_PASSED = 2 };
int fd_sends(
	int sock, const void *p, size_t n, const int *passed, size_t npassed);
ssize_t fd_recvs(int sock, void *p, size_t n, int *passed, size_t npassed);
/* Wait until fd is readable (POLLIN) or writable (POLLOUT) or the
 * stamp_mono() deadline (0: none): 0 ready, -1 errno, ETIMEDOUT when late. */
int fd_wait(int fd, short events, int64_t deadline);
/* Open /dev/null on those of fds 0, 1, 2 that are closed. Their bits, 1 << fd,
 * or -1 errno. */
int fd_sane(void);

#endif
