/* SPDX-License-Identifier: 0BSD */
/* maildir2mbox.c - move the messages of a Maildir into an mbox
 *
 * runs as     caller
 * started by  by hand, scripts
 * fd 1        how many there were
 * fd 2        errors
 * reads       the Maildir
 * writes      the mbox, which it locks; removes the messages from the Maildir
 * trusts      its caller; not the messages
 * exits       0 all are moved; 100 usage; 111 something failed: the mbox is
 *             as it was, or has all of them
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/obuf.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "tools/mailbox.h"
#include "wire/status.h"

enum { PATH_CEILING = 8192 };

static struct entry {
	char *path;	  /* from the Maildir on: new/NAME */
	const char *base; /* NAME */
	uint64_t time;	  /* that NAME begins with */
} * entries;
static size_t nentries;

static struct out {
	const char *path;
	int fd;
	off_t size; /* before */
	struct obuf o;
} out;
static char buf[1 << 16];

/* The mbox as it was. */
static void __attribute__((noreturn))
give_up(const char *what, const char *path)
{
	int saved = errno;

	if (ftruncate(out.fd, out.size) < 0)
		log_alert_sys("unable to cut back ", out.path);
	mailbox_unlock(out.path, out.fd);
	errno = saved;
	log_die_sys(STATUS_TEMP, what, " ", path);
}

static void
add_entry(const char *sub, const char *name)
{
	struct str path = STR_INIT(PATH_CEILING);
	struct entry *e;
	size_t digits = 0;

	if (nentries % 1024 == 0)
		entries =
			xrealloc(entries, (nentries + 1024) * sizeof *entries);
	str_puts(&path, sub);
	str_puts(&path, name);
	e = &entries[nentries++];
	e->path = xstrdup(str_c(&path));
	e->base = e->path + strlen(sub);
	while (ascii_isdigit(name[digits]))
		digits++;
	if (!num_parse(name, digits, UINT64_MAX, &e->time))
		e->time = 0;
	str_free(&path);
}

static void
list(const char *sub)
{
	DIR *d = opendir(sub);
	struct dirent *e;

	if (!d)
		give_up("not a Maildir: unable to open", sub);
	while (errno = 0, (e = readdir(d)))
		if (*e->d_name != '.')
			add_entry(sub, e->d_name);
	if (errno)
		give_up("unable to read", sub);
	closedir(d);
}

static int
older(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return strcmp(x->base, y->base);
}

/* RFC 4155: the sender, by the Return-Path field, and the time. */
static void
put_from(struct mailbox_view m, int64_t t)
{
	static const char field[] = "Return-Path:";
	char date[STAMP_FMT];
	size_t k = sizeof field - 1, n = 0;
	const char *line = NULL;
	bool any = false;

	obuf_puts(&out.o, "From ");
	if (mailbox_line(&m, &line, &n) && n > k &&
		ascii_caseeqn(line, field, k))
		for (; k < n && line[k] != '>' && line[k] != '\n'; k++) {
			if (!any && (line[k] == ' ' || line[k] == '<'))
				continue;
			any = true;
			obuf_putc(&out.o, line[k] == ' ' || line[k] == '\t' ||
							  line[k] == '\r'
						  ? '-'
						  : line[k]);
		}
	if (!any)
		obuf_puts(&out.o, "MAILER-DAEMON");
	obuf_putc(&out.o, ' ');
	obuf_put(&out.o, date, stamp_mbox(date, t));
	obuf_putc(&out.o, '\n');
}

static void
put_line(const char *line, size_t n)
{
	if (mailbox_marks(line, n) >= 0)
		obuf_putc(&out.o, '>');
	obuf_put(&out.o, line, n);
	if (line[n - 1] != '\n')
		obuf_putc(&out.o, '\n');
}

/* Status fields of its own give way to those that its flags stand for. */
static void
put_message(struct mailbox_view m, struct str *fields)
{
	bool header = true, skip = false;
	const char *line;
	size_t n;

	while (mailbox_line(&m, &line, &n)) {
		if (header && *line == '\n') {
			obuf_put(&out.o, fields->s, fields->len);
			header = false;
		}
		skip = header &&
		       (mailbox_field(line, n) ||
			       (skip && (*line == ' ' || *line == '\t')));
		if (!skip)
			put_line(line, n);
	}
	if (header)
		obuf_put(&out.o, fields->s, fields->len);
	obuf_putc(&out.o, '\n');
}

static void
append(const struct entry *e)
{
	struct str fields = STR_INIT(200);
	struct mailbox_view m;
	const char *flags = strstr(e->base, ":2,");
	struct stat st;
	int fd = fd_open(e->path, O_RDONLY | O_NONBLOCK, 0);

	if (fd < 0 || fstat(fd, &st) < 0)
		give_up("unable to open", e->path);
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		give_up("not a message:", e->path);
	}
	if (!mailbox_map(&m, fd, (size_t)st.st_size))
		give_up("unable to read", e->path);
	mailbox_fields(&fields, *e->path == 'c', flags ? flags + 3 : "");
	put_from(m, st.st_mtime);
	put_message(m, &fields);
	mailbox_unmap(&m);
	close(fd);
	str_free(&fields);
}

/* A message that a crash cut off must not swallow our From_ line. */
static void
put_start(void)
{
	char last;

	if (out.size && pread(out.fd, &last, 1, out.size - 1) == 1 &&
		last != '\n')
		obuf_putc(&out.o, '\n');
}

static void
move_all(void)
{
	list("new/");
	list("cur/");
	if (!nentries)
		return;
	qsort(entries, nentries, sizeof *entries, older);
	obuf_init(&out.o, out.fd, buf, sizeof buf);
	put_start();
	for (size_t i = 0; i < nentries; i++)
		append(&entries[i]);
	if (obuf_flush(&out.o) < 0 || fsync(out.fd) < 0)
		give_up("unable to write", out.path);
	/* committed: a crash from here on leaves some in both */
	for (size_t i = 0; i < nentries; i++)
		if (unlink(entries[i].path) < 0 && errno != ENOENT)
			log_warning_sys("unable to remove ", entries[i].path);
}

/* The mbox by a path that is good in any directory, and durable. */
static void
open_out(const char *path)
{
	static struct str abs = STR_INIT(PATH_CEILING), dir;
	struct stat st;
	char cwd[4096];

	if (*path != '/') {
		if (!getcwd(cwd, sizeof cwd))
			log_die_sys(STATUS_TEMP, "unable to find where we are");
		str_puts(&abs, cwd);
		str_putc(&abs, '/');
	}
	str_puts(&abs, path);
	out.path = str_c(&abs);
	out.fd = mailbox_lock(out.path, O_CREAT | O_APPEND, &st);
	out.size = st.st_size;
	str_init(&dir, PATH_CEILING);
	str_put(&dir, abs.s, (size_t)(strrchr(out.path, '/') - out.path) + 1);
	if (!out.size && file_syncdir(str_c(&dir)) < 0 && errno != EINVAL)
		give_up("unable to sync", str_c(&dir));
}

int
main(int argc, char **argv)
{
	const char *maildir = getenv("MAILDIR"), *mbox = getenv("MAIL");
	struct str said = STR_INIT(100);

	log_init("maildir2mbox");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	umask(077);
	if (argc == 3 && argv[1][0] != '-') {
		maildir = argv[1];
		mbox = argv[2];
	} else if (argc != 1) {
		log_die(STATUS_PERM, "usage: maildir2mbox [MAILDIR MBOX]");
	}
	if (!maildir || !mbox)
		log_die(STATUS_PERM, "no $MAILDIR, or no $MAIL");
	open_out(mbox);
	if (chdir(maildir) < 0)
		give_up("unable to switch to", maildir);
	move_all();
	mailbox_unlock(out.path, out.fd);
	str_putnum(&said, nentries);
	str_puts(&said, " messages\n");
	return fd_writeall(1, said.s, said.len) < 0 ? STATUS_TEMP : STATUS_OK;
}
