/* SPDX-License-Identifier: 0BSD */
#include "lib/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h> /* rename */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/num.h"
#include "lib/rand.h"
#include "lib/stamp.h"
#include "lib/str.h"

enum { PATH_LIMIT = 4096 };

static struct {
	char *p;
	size_t size;
} maps[SHARED_FILES];
static size_t nmaps;

static void *
private_memory(void *at, size_t size)
{
	void *p = mmap(at, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* A page of the file cannot be had: it was cut, or a file system that writes
 * elsewhere than it reads (btrfs) is full. From here on this process counts
 * for itself. What is not ours is a bug: the fault comes again, and ends us. */
static void
on_bus(int sig, siginfo_t *info, void *context)
{
	const char *p = info->si_addr;
	int e = errno;

	(void)context;
	for (size_t i = 0; i < nmaps; i++)
		if (p >= maps[i].p && p < maps[i].p + maps[i].size &&
			private_memory(maps[i].p, maps[i].size)) {
			errno = e;
			return;
		}
	signal(sig, SIG_DFL);
}

static void
guard(void *p, size_t size)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_NODEFER };

	maps[nmaps].p = p;
	maps[nmaps].size = size;
	if (nmaps++)
		return;
	sa.sa_sigaction = on_bus;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGBUS, &sa, NULL);
}

/* The whole file is written, not only its size set: its blocks must be there
 * before somebody counts in them. */
static int
fill(int fd, const char magic[8], size_t size)
{
	static const char zeros[512];
	struct shared_head h = { .size = size, .born = (uint64_t)stamp_now() };
	size_t n = size - sizeof h;

	memcpy(h.magic, magic, sizeof h.magic);
	rand_bytes(h.seed, sizeof h.seed);
	if (fchmod(fd, 0640) < 0 || fd_writeall(fd, &h, sizeof h) < 0)
		return -1;
	for (; n > sizeof zeros; n -= sizeof zeros)
		if (fd_writeall(fd, zeros, sizeof zeros) < 0)
			return -1;
	return fd_writeall(fd, zeros, n);
}

/* A new file under its name, in place of a bad one: whole from its first
 * moment. Of several that make it at once the first one's stays. */
static int
make(const char *path, bool replace, const char magic[8], size_t size)
{
	struct str aside = STR_INIT(PATH_LIMIT);
	int fd, r = -1, e;

	str_puts(&aside, path);
	str_puts(&aside, ".new.");
	str_putnum(&aside, (uint64_t)getpid());
	fd = fd_open(
		str_c(&aside), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0640);
	if (fd >= 0) {
		r = fill(fd, magic, size);
		if (r == 0 && replace)
			r = rename(str_c(&aside), path);
		else if (r == 0 && link(str_c(&aside), path) < 0 &&
			 errno != EEXIST)
			r = -1;
		e = errno;
		if (r < 0 || !replace)
			unlink(str_c(&aside));
		close(fd);
		errno = e;
	}
	str_free(&aside);
	return r;
}

static bool
fits(const struct shared_head *h, const char magic[8], size_t size)
{
	return !memcmp(h->magic, magic, sizeof h->magic) && h->size == size;
}

/* Map what is there. NULL errno; ENOEXEC: its head does not fit. */
static void *
map(const char *path, const char magic[8], size_t size)
{
	int fd = fd_open(path, O_RDWR | O_NOFOLLOW, 0);
	void *p;

	if (fd < 0)
		return NULL;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return NULL;
	guard(p, size);
	/* a file that is too short is all zeros after the first of these */
	(void)((volatile const char *)p)[size - 1];
	if (fits(p, magic, size))
		return p;
	nmaps--;
	munmap(p, size);
	errno = ENOEXEC;
	return NULL;
}

static int
use(struct shared *s, void *p, bool alone)
{
	s->head = p;
	s->p = (char *)p + sizeof *s->head;
	s->alone = alone;
	return alone ? -1 : 0;
}

int
shared_open(
	struct shared *s, const char *path, const char magic[8], size_t size)
{
	void *p = NULL;
	int e = EMFILE;

	for (int tries = 0; nmaps < SHARED_FILES && tries < 3; tries++) {
		p = map(path, magic, size);
		if (p)
			return use(s, p, false);
		e = errno;
		if ((e != ENOENT && e != ENOEXEC) ||
			make(path, e == ENOEXEC, magic, size) < 0)
			break;
	}
	p = private_memory(NULL, size);
	if (!p)
		str_oom();
	rand_bytes(((struct shared_head *)p)->seed, 16);
	errno = e;
	return use(s, p, true);
}

int
shared_read(const char *path, const char magic[8], void *buf, size_t n)
{
	int fd = fd_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0), r, e;
	struct stat st;

	if (fd < 0)
		return -1;
	r = fstat(fd, &st);
	if (r == 0 && !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		r = -1;
	}
	if (r == 0 && (r = fd_readall(fd, buf, n)) < 0 && errno == EPIPE)
		errno = EINVAL;
	if (r == 0 && memcmp(buf, magic, 8) != 0) {
		errno = EINVAL;
		r = -1;
	}
	e = errno;
	close(fd);
	errno = e;
	return r;
}
