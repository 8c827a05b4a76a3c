/* SPDX-License-Identifier: 0BSD */
/* cutfs.c - a file system in memory for the crash tests
 *
 *	cutfs MOUNTPOINT SOCKET COUNTER
 *
 * Every operation that changes or syncs something has a number, over all
 * processes. Before a chosen one the power is cut, the process that asks for it
 * is killed, or it fails. SOCKET takes commands (control.c); COUNTER is a file
 * of two 64-bit numbers: operations so far, and 1 after the cut.
 *
 * Modes and owners are durable at once, and so is the target of a symbolic
 * link: the model is about names, bytes and times.
 */
#include "cutfs.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct cutfs fs;

static const double KEEP = 100000; /* s: only the kernel changes anything */

/* --- operations that count ------------------------------------------------ */

static void
note(const char *what, uint64_t ino, const char *name, pid_t pid)
{
	size_t room = sizeof fs.log[0].text;

	if (fs.counter->ops > LOG_MAX)
		return;
	fs.log[fs.counter->ops - 1].ino = ino;
	snprintf(fs.log[fs.counter->ops - 1].text, room, "%s %s %d", what,
		name && *name ? name : "-", (int)pid);
}

/* Number an operation; 0, or the errno with which it fails. */
static int
begin(fuse_req_t req, const char *what, uint64_t ino, const char *name)
{
	pid_t pid = fuse_req_ctx(req)->pid;
	uint64_t n;

	if (fs.counter->cut)
		return EIO;
	if (!fs.counting)
		return 0;
	n = ++fs.counter->ops;
	note(what, ino, name, pid);
	if (n == fs.cut) {
		fs.counter->cut = 1;
		if (fs.victim > 0)
			kill(fs.victim, SIGKILL);
		return EIO;
	}
	if (n == fs.kill && pid > 0) {
		kill(pid, SIGKILL);
		return EINTR;
	}
	if (n >= fs.fail_from && n - fs.fail_from < fs.fail_count)
		return fs.fail_short ? 0 : fs.fail_errno;
	return 0;
}

/* Now, as number for what is recorded. */
static uint64_t
op(void)
{
	return fs.counter->ops;
}

/* --- inodes --------------------------------------------------------------- */

static void
fill(struct stat *st, fuse_ino_t ino, const struct inode *i)
{
	memset(st, 0, sizeof *st);
	st->st_ino = ino;
	st->st_mode = i->mode;
	st->st_nlink = S_ISDIR(i->mode) ? 2 : i->nlink;
	st->st_uid = i->uid;
	st->st_gid = i->gid;
	st->st_size = (off_t)i->size;
	st->st_blksize = 4096;
	st->st_blocks = (blkcnt_t)((i->size + 511) / 512);
	st->st_mtim = st->st_ctim = st->st_atim = i->mtime;
}

static void
entry(struct fuse_entry_param *e, uint64_t ino)
{
	memset(e, 0, sizeof *e);
	e->ino = ino;
	e->attr_timeout = e->entry_timeout = KEEP;
	fill(&e->attr, ino, state_inode(fs.live, ino));
}

static void
reply_entry(fuse_req_t req, uint64_t ino)
{
	struct fuse_entry_param e;

	entry(&e, ino);
	fuse_reply_entry(req, &e);
}

/* The inode, or an answer of ESTALE: it went with an earlier state. */
static struct inode *
get(fuse_req_t req, fuse_ino_t ino)
{
	struct inode *i = state_inode(fs.live, ino);

	if (!i)
		fuse_reply_err(req, ESTALE);
	return i;
}

static void
do_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct inode *d = get(req, parent);
	struct entry *e;

	if (!d)
		return;
	e = dir_find(d, name);
	if (e)
		reply_entry(req, e->ino);
	else
		fuse_reply_err(req, ENOENT);
}

static void
do_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct inode *i = get(req, ino);
	struct stat st;

	(void)fi;
	if (!i)
		return;
	fill(&st, ino, i);
	fuse_reply_attr(req, &st, KEEP);
}

static void
do_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *a, int set,
	struct fuse_file_info *fi)
{
	struct inode *i = get(req, ino);
	struct timespec now;
	int e;

	if (!i)
		return;
	e = begin(req, "setattr", ino, NULL);
	if (e) {
		fuse_reply_err(req, e);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	if (set & FUSE_SET_ATTR_MODE)
		i->mode = (i->mode & S_IFMT) | (a->st_mode & 07777);
	if (set & FUSE_SET_ATTR_UID)
		i->uid = a->st_uid;
	if (set & FUSE_SET_ATTR_GID)
		i->gid = a->st_gid;
	if (set & FUSE_SET_ATTR_SIZE)
		bytes_truncate(i, op(), a->st_size);
	if (set & FUSE_SET_ATTR_MTIME_NOW)
		times_set(i, op(), now);
	else if (set & FUSE_SET_ATTR_MTIME)
		times_set(i, op(), a->st_mtim);
	do_getattr(req, ino, fi);
}

/* --- names ---------------------------------------------------------------- */

/* A new inode in a directory: its number, 0 when an error was answered. */
static uint64_t
make(fuse_req_t req, const char *what, fuse_ino_t parent, const char *name,
	mode_t mode)
{
	const struct fuse_ctx *c = fuse_req_ctx(req);
	struct inode *d = get(req, parent);
	gid_t gid = c->gid;
	uint64_t ino;
	int e;

	if (!d)
		return 0;
	e = begin(req, what, parent, name);
	if (!e && dir_find(d, name))
		e = EEXIST;
	if (e) {
		fuse_reply_err(req, e);
		return 0;
	}
	if (d->mode & S_ISGID) {
		gid = d->gid;
		if (S_ISDIR(mode))
			mode |= S_ISGID;
	}
	ino = state_make(fs.live, mode, c->uid, gid);
	name_set(fs.live, op(), parent, name, ino);
	return ino;
}

static void
do_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	dev_t dev)
{
	uint64_t ino = make(req, "mknod", parent, name, mode);

	(void)dev;
	if (ino)
		reply_entry(req, ino);
}

static void
do_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	uint64_t ino = make(req, "mkdir", parent, name, S_IFDIR | mode);

	if (ino)
		reply_entry(req, ino);
}

static void
do_symlink(fuse_req_t req, const char *to, fuse_ino_t parent, const char *name)
{
	uint64_t ino = make(req, "symlink", parent, name, S_IFLNK | 0777);

	if (!ino)
		return;
	state_inode(fs.live, ino)->link = strdup(to);
	state_inode(fs.live, ino)->size = 0;
	reply_entry(req, ino);
}

static void
do_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct inode *i = get(req, ino);

	if (i)
		fuse_reply_readlink(req, i->link ? i->link : "");
}

static void
do_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	struct fuse_file_info *fi)
{
	struct fuse_entry_param e;
	uint64_t ino = make(req, "create", parent, name, S_IFREG | mode);

	if (!ino)
		return;
	entry(&e, ino);
	fuse_reply_create(req, &e, fi);
}

static void
take_away(fuse_req_t req, const char *what, fuse_ino_t parent, const char *name)
{
	struct inode *d = get(req, parent);
	struct entry *n;
	int e;

	if (!d)
		return;
	n = dir_find(d, name);
	if (!n) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	e = begin(req, what, parent, name);
	if (!e && *what == 'r' && state_inode(fs.live, n->ino)->dir.n)
		e = ENOTEMPTY;
	if (!e)
		name_drop(fs.live, op(), parent, name);
	fuse_reply_err(req, e);
}

static void
do_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	take_away(req, "unlink", parent, name);
}

static void
do_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	take_away(req, "rmdir", parent, name);
}

static void
do_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
	fuse_ino_t newparent, const char *newname, unsigned flags)
{
	struct inode *d = get(req, parent), *nd;
	struct entry *from, *to;
	uint64_t ino;
	int e;

	if (!d)
		return;
	nd = get(req, newparent);
	if (!nd)
		return;
	from = dir_find(d, name);
	to = dir_find(nd, newname);
	e = begin(req, "rename", newparent, newname);
	if (!e && flags & ~(unsigned)RENAME_NOREPLACE)
		e = EINVAL;
	if (!e && !from)
		e = ENOENT;
	if (!e && to && flags)
		e = EEXIST;
	if (!e && to && state_inode(fs.live, to->ino)->dir.n)
		e = ENOTEMPTY;
	if (!e && !(to && to->ino == from->ino)) {
		/* two changes, which strict may tear apart */
		ino = from->ino;
		name_set(fs.live, op(), newparent, newname, ino);
		name_drop(fs.live, op(), parent, name);
	}
	fuse_reply_err(req, e);
}

static void
do_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	struct inode *i = get(req, ino), *d;
	int e;

	if (!i)
		return;
	d = get(req, parent);
	if (!d)
		return;
	e = begin(req, "link", parent, name);
	if (!e && dir_find(d, name))
		e = EEXIST;
	if (e) {
		fuse_reply_err(req, e);
		return;
	}
	name_set(fs.live, op(), parent, name, ino);
	reply_entry(req, ino);
}

/* --- bytes ---------------------------------------------------------------- */

static void
do_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	if (fs.counter->cut)
		fuse_reply_err(req, EIO);
	else if (get(req, ino))
		fuse_reply_open(req, fi);
}

static void
do_read(fuse_req_t req, fuse_ino_t ino, size_t n, off_t off,
	struct fuse_file_info *fi)
{
	struct inode *i = get(req, ino);

	(void)fi;
	if (!i)
		return;
	if (fs.counter->cut) {
		fuse_reply_err(req, EIO);
		return;
	}
	if ((size_t)off >= i->size)
		n = 0;
	else if (n > i->size - (size_t)off)
		n = i->size - (size_t)off;
	fuse_reply_buf(req, n ? i->data + off : NULL, n);
}

static void
do_write(fuse_req_t req, fuse_ino_t ino, const char *p, size_t n, off_t off,
	struct fuse_file_info *fi)
{
	struct inode *i = get(req, ino);
	char at[24];
	int e;

	(void)fi;
	if (!i)
		return;
	snprintf(at, sizeof at, "@%lld", (long long)off);
	e = begin(req, "write", ino, at);
	if (e) {
		fuse_reply_err(req, e);
		return;
	}
	if (fs.fail_short && op() >= fs.fail_from &&
		op() - fs.fail_from < fs.fail_count) {
		n /= 2;
		if (n == 0) {
			fuse_reply_err(req, ENOSPC);
			return;
		}
	}
	bytes_write(i, op(), p, n, off);
	fuse_reply_write(req, n);
}

static void
do_fsync(fuse_req_t req, fuse_ino_t ino, int data_only,
	struct fuse_file_info *fi)
{
	struct inode *i = get(req, ino);
	int e;

	(void)fi;
	if (!i)
		return;
	e = begin(req, data_only ? "fdatasync" : "fsync", ino, NULL);
	if (!e)
		state_sync(fs.live, ino, data_only);
	fuse_reply_err(req, e);
}

/* --- reading directories -------------------------------------------------- */

/* What it held when it was opened. */
struct listing {
	char *p;
	size_t n;
};

static void
list(fuse_req_t req, struct listing *l, const char *name, uint64_t ino)
{
	const struct inode *i = state_inode(fs.live, ino);
	struct stat st = { .st_ino = ino, .st_mode = i->mode };
	size_t room = fuse_add_direntry(req, NULL, 0, name, NULL, 0);

	l->p = realloc(l->p, l->n + room);
	if (!l->p)
		errx(1, "out of memory");
	fuse_add_direntry(
		req, l->p + l->n, room, name, &st, (off_t)(l->n + room));
	l->n += room;
}

static void
do_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct inode *i = get(req, ino);
	struct listing *l;
	size_t k;

	if (!i)
		return;
	if (fs.counter->cut) {
		fuse_reply_err(req, EIO);
		return;
	}
	l = calloc(1, sizeof *l);
	if (!l)
		errx(1, "out of memory");
	list(req, l, ".", ino);
	list(req, l, "..", i->parent);
	for (k = 0; k < i->dir.n; k++)
		list(req, l, i->dir.v[k].name, i->dir.v[k].ino);
	fi->fh = (uint64_t)(uintptr_t)l;
	fuse_reply_open(req, fi);
}

static void
do_readdir(fuse_req_t req, fuse_ino_t ino, size_t n, off_t off,
	struct fuse_file_info *fi)
{
	struct listing *l = (struct listing *)(uintptr_t)fi->fh;
	size_t at = (size_t)off;

	(void)ino;
	if (at >= l->n) {
		fuse_reply_buf(req, NULL, 0);
		return;
	}
	/* whole entries: they are aligned and say their own length */
	if (l->n - at <= n) {
		n = l->n - at;
	} else {
		size_t used = 0, len;
		uint32_t namelen;

		for (;;) {
			memcpy(&namelen, l->p + at + used + 16, 4);
			len = (24 + namelen + 7) / 8 * 8;
			if (used + len > n)
				break;
			used += len;
		}
		n = used;
	}
	fuse_reply_buf(req, l->p + at, n);
}

static void
do_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct listing *l = (struct listing *)(uintptr_t)fi->fh;

	(void)ino;
	free(l->p);
	free(l);
	fuse_reply_err(req, 0);
}

/* --- the loop ------------------------------------------------------------- */

static void
do_init(void *data, struct fuse_conn_info *c)
{
	(void)data;
	c->want &= ~(unsigned)(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_SPLICE_READ |
			       FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

static const struct fuse_lowlevel_ops ops = {
	.init = do_init,
	.lookup = do_lookup,
	.getattr = do_getattr,
	.setattr = do_setattr,
	.readlink = do_readlink,
	.mknod = do_mknod,
	.mkdir = do_mkdir,
	.unlink = do_unlink,
	.rmdir = do_rmdir,
	.symlink = do_symlink,
	.rename = do_rename,
	.link = do_link,
	.open = do_open,
	.read = do_read,
	.write = do_write,
	.fsync = do_fsync,
	.opendir = do_opendir,
	.readdir = do_readdir,
	.releasedir = do_releasedir,
	.fsyncdir = do_fsync,
	.create = do_create,
};

static void
serve(int control)
{
	struct fuse_buf buf = { .mem = NULL };
	struct pollfd p[] = { { fuse_session_fd(fs.session), POLLIN, 0 },
		{ control, POLLIN, 0 }, { -1, POLLIN, 0 } };

	while (!fuse_session_exited(fs.session) && !fs.quit) {
		if (poll(p, 3, -1) < 0) {
			if (errno == EINTR)
				continue;
			err(1, "poll");
		}
		if (p[0].revents) {
			int n = fuse_session_receive_buf(fs.session, &buf);

			/* it was taken back: who asked was killed */
			if (n == -EINTR || n == -EAGAIN)
				continue;
			if (n <= 0)
				break;
			fuse_session_process_buf(fs.session, &buf);
			continue; /* what the suite does goes first */
		}
		if (p[2].revents && !control_serve(p[2].fd)) {
			close(p[2].fd);
			p[2].fd = -1;
		}
		if (p[1].revents) {
			if (p[2].fd != -1)
				close(p[2].fd);
			p[2].fd = accept4(control, NULL, NULL, SOCK_CLOEXEC);
		}
	}
}

static int
listen_on(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof a.sun_path)
		errx(1, "%s: too long", path);
	strcpy(a.sun_path, path);
	unlink(path);
	umask(077);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
		listen(fd, 1) < 0)
		err(1, "%s", path);
	umask(0);
	return fd;
}

int
main(int argc, char **argv)
{
	char *args[] = { argv[0], (char[]){ "-o" },
		(char[]){ "allow_other,default_permissions,suid,"
			  "fsname=cutfs,subtype=cutfs" },
		NULL };
	struct fuse_args fa = FUSE_ARGS_INIT(3, args);
	int fd, control;

	if (argc != 4)
		errx(1, "usage: cutfs mountpoint socket counter");
	signal(SIGPIPE, SIG_IGN);
	fd = open(argv[3], O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, sizeof *fs.counter) < 0)
		err(1, "%s", argv[3]);
	fs.counter = mmap(NULL, sizeof *fs.counter, PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, 0);
	if (fs.counter == MAP_FAILED)
		err(1, "%s", argv[3]);
	fs.live = state_new();
	control = listen_on(argv[2]);
	fs.session = fuse_session_new(&fa, &ops, sizeof ops, NULL);
	if (!fs.session || fuse_set_signal_handlers(fs.session) != 0 ||
		fuse_session_mount(fs.session, argv[1]) != 0)
		errx(1, "cannot mount %s", argv[1]);
	fcntl(fuse_session_fd(fs.session), F_SETFL, O_RDWR | O_NONBLOCK);
	serve(control);
	fuse_session_unmount(fs.session);
	fuse_remove_signal_handlers(fs.session);
	fuse_session_destroy(fs.session);
	return 0;
}
