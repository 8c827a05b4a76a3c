/* SPDX-License-Identifier: 0BSD */
/* control.c - commands to the file system, a line each
 *
 *	base			what is there becomes what runs begin with
 *	reset			begin: what base was, operations from 1 on
 *	cut N PID		the power goes before operation N; kill PID then
 *	kill N			kill the process that asks for operation N
 *	fail N COUNT ERRNO	operations N to N + COUNT - 1 fail; ERRNO 0:
 *				writes among them are cut short
 *	heal			none of that any more
 *	wreck			keep what is mounted, for recover
 *	recover PROFILE POLICY SEED	mount what survived in the wreck
 *	files PATH		every file below: size and path, with an E
 *				before the size of a complete envelope
 *	read PATH		its bytes
 *	undead PATH		the same, even if it was removed
 *	log			the operations so far
 *	quit
 *
 * Each is answered by a line "ok BYTES" and that many bytes, or "no".
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cutfs.h"

static char *out;
static size_t nout, capout;

static void
put(const char *p, size_t n)
{
	if (nout + n > capout) {
		capout = (nout + n) * 2;
		out = realloc(out, capout);
		if (!out)
			_exit(1);
	}
	memcpy(out + nout, p, n);
	nout += n;
}

static void __attribute__((format(printf, 1, 2))) putf(const char *f, ...)
{
	char buf[5000];
	va_list ap;
	int n;

	va_start(ap, f);
	n = vsnprintf(buf, sizeof buf, f, ap);
	va_end(ap);
	put(buf, n < (int)sizeof buf ? (size_t)n : sizeof buf - 1);
}

static void
heal(void)
{
	fs.cut = fs.kill = fs.fail_from = fs.fail_count = 0;
	fs.fail_short = false;
	fs.victim = 0;
}

/* s is what is mounted now. The names at the top are all the kernel may know
 * of the old one; nothing else has a number that is still in use. */
static void
mount_state(struct state *s)
{
	const struct dir *d = &fs.live->v[0]->dir;
	size_t i;

	for (i = 0; i < d->n; i++)
		fuse_lowlevel_notify_inval_entry(
			fs.session, 1, d->v[i].name, strlen(d->v[i].name));
	fuse_lowlevel_notify_inval_inode(fs.session, 1, 0, 0);
	if (fs.live != fs.wreck)
		state_free(fs.live);
	fs.live = s;
	heal();
	fs.counter->ops = fs.counter->cut = 0;
}

/* The last that had a name which is gone. */
static uint64_t
former(uint64_t dir, const char *name)
{
	size_t k;

	for (k = fs.live->nchanges; k-- > 0;)
		if (fs.live->changes[k].dir == dir && fs.live->changes[k].ino &&
			strcmp(fs.live->changes[k].name, name) == 0)
			return fs.live->changes[k].ino;
	return 0;
}

static uint64_t
find(const char *path, bool gone)
{
	char name[256];
	uint64_t ino = 1;
	struct entry *e;
	size_t n;

	for (;;) {
		path += strspn(path, "/");
		if (!*path)
			return ino;
		n = strcspn(path, "/");
		if (n >= sizeof name)
			return 0;
		memcpy(name, path, n);
		name[n] = '\0';
		path += n;
		e = dir_find(state_inode(fs.live, ino), name);
		if (!e && !gone)
			return 0;
		ino = e ? e->ino : former(ino, name);
		if (!ino)
			return 0;
	}
}

/* Does it end as an envelope file does? Told here, so that one answer is about
 * one moment. */
static bool
complete(const struct inode *i)
{
	enum { END = 21 }; /* E, ten digits, blank, eight digits, NUL */
	const char *p = i->data + i->size - END;

	return i->size > END && p[-1] == '\0' && p[0] == 'E' && p[11] == ' ' &&
	       p[20] == '\0';
}

static void
files(uint64_t ino, const char *path)
{
	const struct inode *i = state_inode(fs.live, ino);
	char sub[4096];
	size_t k;

	if (S_ISREG(i->mode))
		putf("%s%zu %s\n", complete(i) ? "E" : "", i->size, path);
	for (k = 0; k < i->dir.n; k++) {
		snprintf(sub, sizeof sub, "%s/%s", path, i->dir.v[k].name);
		files(i->dir.v[k].ino, sub);
	}
}

/* The path of a directory or file, by looking for its number. */
static bool
path_of(uint64_t at, uint64_t ino, char *path, size_t n, size_t room)
{
	const struct inode *i = state_inode(fs.live, at);
	size_t k;

	path[n] = '\0';
	if (at == ino)
		return true;
	for (k = 0; k < i->dir.n; k++) {
		int m = snprintf(path + n, room - n, "/%s", i->dir.v[k].name);

		if (m > 0 && (size_t)m < room - n &&
			path_of(i->dir.v[k].ino, ino, path, n + (size_t)m,
				room))
			return true;
	}
	path[n] = '\0';
	return false;
}

/* Names that are gone by now are found among the changes. */
static const char *
former_name(uint64_t ino, uint64_t *dir)
{
	size_t k;

	for (k = fs.live->nchanges; k-- > 0;)
		if (fs.live->changes[k].ino == ino) {
			*dir = fs.live->changes[k].dir;
			return fs.live->changes[k].name;
		}
	return NULL;
}

static void
put_log(void)
{
	char path[4096];
	uint64_t k, dir;

	for (k = 0; k < fs.counter->ops && k < LOG_MAX; k++) {
		uint64_t ino = fs.log[k].ino;
		const char *name;

		if (!path_of(1, ino, path, 0, sizeof path)) {
			name = former_name(ino, &dir);
			if (name) {
				path_of(1, dir, path, 0, sizeof path);
				strncat(path, "/",
					sizeof path - strlen(path) - 1);
				strncat(path, name,
					sizeof path - strlen(path) - 1);
			}
		}
		putf("%llu %s %s\n", (unsigned long long)k + 1, fs.log[k].text,
			path);
	}
}

static bool
recover(const char *args)
{
	static const char *const profiles[] = { "strict", "journal" };
	static const char *const policies[] = { "none", "prefix", "random",
		"all" };
	char profile[16], policy[16];
	unsigned long long seed;
	int i, k;

	if (!fs.wreck ||
		sscanf(args, "%15s %15s %llu", profile, policy, &seed) != 3)
		return false;
	for (i = 0; i < NPROFILE && strcmp(profile, profiles[i]) != 0; i++)
		;
	for (k = 0; k < NPOLICY && strcmp(policy, policies[k]) != 0; k++)
		;
	if (i == NPROFILE || k == NPOLICY)
		return false;
	mount_state(state_survivors(
		fs.wreck, (enum profile)i, (enum policy)k, seed));
	return true;
}

static bool
obey(const char *line)
{
	unsigned long long n, count;
	int number;
	char word[16] = "";
	const char *args;
	uint64_t ino;

	sscanf(line, "%15s", word);
	args = line + strlen(word);
	args += *args == ' ';
	if (strcmp(word, "base") == 0) {
		state_free(fs.base);
		fs.base = state_copy(fs.live);
		mount_state(state_copy(fs.base)); /* for its numbers */
		fs.counting = true;
	} else if (strcmp(word, "reset") == 0) {
		if (!fs.base)
			return false;
		mount_state(state_copy(fs.base));
		state_free(fs.wreck);
		fs.wreck = NULL;
	} else if (sscanf(line, "cut %llu %d", &n, &number) == 2) {
		fs.cut = n;
		fs.victim = number;
	} else if (sscanf(line, "kill %llu", &n) == 1) {
		fs.kill = n;
	} else if (sscanf(line, "fail %llu %llu %d", &n, &count, &number) ==
		   3) {
		fs.fail_from = n;
		fs.fail_count = count;
		fs.fail_errno = number;
		fs.fail_short = number == 0;
	} else if (strcmp(word, "heal") == 0) {
		heal();
	} else if (strcmp(word, "wreck") == 0) {
		state_free(fs.wreck);
		fs.wreck = fs.live;
	} else if (strcmp(word, "recover") == 0) {
		return recover(args);
	} else if (strcmp(word, "files") == 0) {
		ino = find(args, false);
		if (!ino)
			return false;
		files(ino, args);
	} else if (strcmp(word, "read") == 0 || strcmp(word, "undead") == 0) {
		ino = find(args, *word == 'u');
		if (!ino)
			return false;
		put(state_inode(fs.live, ino)->data,
			state_inode(fs.live, ino)->size);
	} else if (strcmp(word, "log") == 0) {
		put_log();
	} else if (strcmp(word, "quit") == 0) {
		fs.quit = true;
	} else {
		return false;
	}
	return true;
}

bool
control_serve(int fd)
{
	static char line[4096];
	static size_t have;
	ssize_t r = recv(fd, line + have, sizeof line - 1 - have, 0);
	char *lf, head[40];

	if (r <= 0) {
		have = 0;
		return false;
	}
	have += (size_t)r;
	while ((lf = memchr(line, '\n', have))) {
		bool ok;

		*lf = '\0';
		nout = 0;
		ok = obey(line);
		snprintf(head, sizeof head, ok ? "ok %zu\n" : "no\n", nout);
		send(fd, head, strlen(head), 0);
		for (size_t n = 0; ok && n < nout; n += (size_t)r) {
			r = send(fd, out + n, nout - n, 0);
			if (r <= 0)
				return false;
		}
		have -= (size_t)(lf + 1 - line);
		memmove(line, lf + 1, have);
	}
	return true;
}
