/* SPDX-License-Identifier: 0BSD */
/* quill-newu.c - compile users/assign to users/cdb
 *
 * runs as     caller (root: users/ is root's)
 * started by  the administrator, after users/assign was changed
 * argv        another directory instead of HOME/users
 * reads       users/assign
 * writes      users/cdb, by way of users/cdb.tmp
 * trusts      nothing in the file
 * exits       STATUS_OK compiled; STATUS_PERM the file is broken, STATUS_TEMP
 *             trouble: users/cdb is as it was
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cdbmake.h"
#include "lib/file.h"
#include "lib/ibuf.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/str.h"
#include "wire/assign.h"
#include "wire/site.h"
#include "wire/status.h"

struct newu {
	struct cdbmake cdb;
	struct assign line;
	struct str wild; /* last characters of the prefixes */
};

/* NULL; the reason why the line is bad; "" (errno) when writing failed. */
static const char *
add_line(struct newu *u, char *line, size_t n)
{
	struct assign *a = &u->line;
	const char *why = assign_line(a, line, n);
	char last;

	if (why != NULL)
		return why;
	last = a->key.s[a->key.len - 1];
	if (a->prefix && a->key.len > 1 &&
		(u->wild.len == 0 ||
			memchr(u->wild.s, last, u->wild.len) == NULL))
		str_putc(&u->wild, last);
	if (cdbmake_add(&u->cdb, a->key.s, a->key.len, a->data, a->len) == -1)
		return "";
	return NULL;
}

static void __attribute__((noreturn))
die(int code, const char *path, size_t line, const char *why)
{
	char num[NUM_FMT];
	int saved = errno;

	unlink("cdb.tmp");
	errno = saved;
	num_fmt(num, line);
	log_die(code, path, "/assign: line ", num, ": ",
		*why != '\0' ? why : log_strerror(), (char *)0);
}

/* All lines to the one that is a dot. */
static void
compile(struct newu *u, int fd, const char *path)
{
	struct str line = STR_INIT(ASSIGN_LINE_MAX);
	char buf[8192], num[NUM_FMT];
	const char *why;
	struct ibuf in;
	size_t n;

	ibuf_init(&in, fd, buf, sizeof buf);
	for (n = 1;; n++) {
		enum ibuf_line r = ibuf_getline(&in, &line, ASSIGN_LINE_MAX);

		if (r == IBUF_ERROR)
			die(STATUS_TEMP, path, n, "");
		if (r == IBUF_LONG)
			die(STATUS_PERM, path, n, "it is too long");
		if (r == IBUF_LINE)
			str_cut(&line, line.len - 1);
		if (r != IBUF_EOF && str_is(&line, "."))
			break;
		/* The dot tells that the file is all there. */
		if (r != IBUF_LINE)
			die(STATUS_PERM, path, n,
				"the file ends without a line that is a dot");
		if (line.len > 0 && line.s[0] == '#')
			continue;
		why = add_line(u, line.s, line.len);
		if (why != NULL)
			die(*why != '\0' ? STATUS_PERM : STATUS_TEMP, path, n,
				why);
		num_fmt(num, n);
		if (u->line.root)
			log_warning(path, "/assign: line ", num,
				": mail for root will be refused");
	}
	str_free(&line);
	if (cdbmake_add(&u->cdb, "", 0, u->wild.s, u->wild.len) == -1)
		die(STATUS_TEMP, path, n, "");
}

int
main(int argc, char **argv)
{
	static struct newu u;
	static char out[65536];
	const char *dir = argc == 2 ? argv[1] : site_users;
	int from, to;

	log_init("quill-newu");
	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		log_die(STATUS_PERM, "usage: quill-newu [directory]",
			(char *)0);
	assign_init(&u.line);
	str_init(&u.wild, 256);
	if (chdir(dir) == -1)
		log_die_sys(STATUS_TEMP, "unable to enter ", dir);
	from = open("assign", O_RDONLY | O_CLOEXEC);
	if (from == -1)
		log_die_sys(STATUS_TEMP, "unable to open ", dir, "/assign");
	unlink("cdb.tmp");
	to = open("cdb.tmp", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (to == -1)
		log_die_sys(STATUS_TEMP, "unable to create ", dir, "/cdb.tmp");
	if (cdbmake_start(&u.cdb, to, out, sizeof out) == 0) {
		compile(&u, from, dir);
		if (cdbmake_finish(&u.cdb) == 0 && fchmod(to, 0644) == 0 &&
			fsync(to) == 0 && close(to) == 0 &&
			rename("cdb.tmp", "cdb") == 0 && file_syncdir(".") == 0)
			return STATUS_OK;
	}
	unlink("cdb.tmp");
	log_die_sys(STATUS_TEMP, "unable to write ", dir, "/cdb");
}
