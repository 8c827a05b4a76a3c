/* SPDX-License-Identifier: 0BSD */
/* mbox2maildir.c - copy the messages of an mbox into a Maildir
 *
 * runs as     caller
 * started by  by hand, scripts
 * fd 1        how many there were
 * fd 2        errors
 * reads       the mbox, which it locks
 * writes      the Maildir
 * trusts      its caller; not the messages
 * exits       0 all are there; 100 usage, or no mbox; 111 none is there, or
 *             it cannot be told
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* rename */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/obuf.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "tools/mailbox.h"
#include "wire/status.h"

enum { PATH_CEILING = 8192, NAMES_CEILING = 1 << 30 };

static const char *dir, *mbox;
static int mbox_fd;
static struct str names = STR_INIT(NAMES_CEILING); /* NUL after each; in cur
						     * from their '/' on */
static uint64_t count;
static char buf[1 << 16];

static const char *
path_of(struct str *s, const char *sub, const char *name)
{
	str_clear(s);
	str_puts(s, dir);
	str_puts(s, sub);
	str_puts(s, name);
	return str_c(s);
}

/* Each name is "new/NAME" or "cur/NAME:2,FLAGS"; in tmp it is NAME alone. */
static const char *
tmp_of(struct str *s, const char *name)
{
	path_of(s, "/tmp/", name + 4);
	for (size_t i = s->len - strlen(name + 4); i < s->len; i++)
		if (s->s[i] == ':')
			str_cut(s, i);
	return str_c(s);
}

/* Nothing of what was begun stays. */
static void __attribute__((noreturn))
give_up(const char *what, const char *path)
{
	struct str s = STR_INIT(PATH_CEILING);
	int saved = errno;

	for (size_t i = 0; i < names.len; i += strlen(names.s + i) + 1) {
		unlink(tmp_of(&s, names.s + i));
		unlink(path_of(&s, "/", names.s + i));
	}
	mailbox_unlock(mbox, mbox_fd);
	errno = saved;
	log_die_sys(STATUS_TEMP, what, " ", path);
}

static void
add_name(bool old, const char *flags)
{
	static struct utsname u;
	int64_t us = stamp_us();

	if (!*u.nodename && uname(&u) < 0)
		memcpy(u.nodename, "localhost", sizeof "localhost");
	str_puts(&names, old ? "cur/" : "new/");
	str_putnum(&names, (uint64_t)(us / 1000000));
	str_puts(&names, ".M");
	str_putnum(&names, (uint64_t)(us % 1000000));
	str_putc(&names, 'P');
	str_putnum(&names, (uint64_t)getpid());
	str_putc(&names, 'Q');
	str_putnum(&names, ++count);
	str_putc(&names, '.');
	for (const char *h = u.nodename; *h; h++)
		str_putc(&names, *h == '/' || *h == ':' ? '_' : *h);
	if (old) {
		str_puts(&names, ":2,");
		str_puts(&names, flags);
	}
	str_putc(&names, 0);
	if (names.over) {
		errno = ENOMEM;
		give_up("too many messages for", dir);
	}
}

/* Letters in order, each once, as readers expect them. */
static void
sort_flags(struct str *out, struct str *flags)
{
	for (char c = 'A'; c <= 'Z'; c++)
		if (flags->len && memchr(flags->s, c, flags->len))
			str_putc(out, c);
}

/* The message without its marks and its Status fields, whose flags it
 * returns. */
static void
copy(struct mailbox_view m, struct obuf *o, struct str *flags, bool *old)
{
	const char *line;
	bool header = true, skip = false;
	size_t n;

	while (mailbox_line(&m, &line, &n)) {
		char field = header ? mailbox_field(line, n) : 0;

		if (*line == '\n')
			header = false;
		/* a field's further lines go with it */
		skip = field ||
		       (header && skip && (*line == ' ' || *line == '\t'));
		if (field && flags)
			mailbox_flags(flags, old, field, line, n);
		if (skip || !o)
			continue;
		if (mailbox_marks(line, n) > 0) {
			line++;
			n--;
		}
		obuf_put(o, line, n);
	}
}

static void
make(struct mailbox_view m, int64_t date)
{
	struct str flags = STR_INIT(1 << 16), sorted = STR_INIT(64);
	struct str s = STR_INIT(PATH_CEILING);
	struct timespec t[2] = { { .tv_sec = date }, { .tv_sec = date } };
	struct obuf o;
	bool old = false;
	size_t at = names.len;
	const char *tmp;
	int fd;

	copy(m, NULL, &flags, &old);
	sort_flags(&sorted, &flags);
	add_name(old, str_c(&sorted));
	tmp = tmp_of(&s, names.s + at);
	fd = fd_open(tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		give_up("unable to create", tmp);
	obuf_init(&o, fd, buf, sizeof buf);
	copy(m, &o, NULL, NULL);
	/* IMAP servers show it as the time of arrival */
	if (obuf_flush(&o) < 0 || (date >= 0 && futimens(fd, t) < 0) ||
		fsync(fd) < 0 || close(fd) < 0)
		give_up("unable to write", tmp);
	str_free(&flags);
	str_free(&sorted);
	str_free(&s);
}

static bool
is_start(const char *line, size_t n)
{
	return mailbox_marks(line, n) == 0 && mailbox_date(line, n) >= 0;
}

/* One message: what follows its From_ line, up to the next one after an empty
 * line, which is not part of it. false: there is no more. */
static bool
next(struct mailbox_view *box, struct mailbox_view *m, int64_t *date)
{
	const char *line;
	bool empty = false;
	size_t n;

	if (!mailbox_line(box, &line, &n))
		return false;
	*date = mailbox_date(line, n);
	*m = (struct mailbox_view){ box->p + box->pos, 0, 0 };
	while (mailbox_line(box, &line, &n)) {
		if (empty && is_start(line, n)) {
			box->pos -= n;
			break;
		}
		empty = n == 1 && *line == '\n';
		m->n += n;
	}
	if (empty)
		m->n--;
	return true;
}

static void
commit(void)
{
	static const char *const subs[] = { "/new", "/cur" };
	struct str from = STR_INIT(PATH_CEILING), to = STR_INIT(PATH_CEILING);

	for (size_t i = 0; i < names.len; i += strlen(names.s + i) + 1) {
		tmp_of(&from, names.s + i);
		path_of(&to, "/", names.s + i);
		if (rename(str_c(&from), str_c(&to)) < 0)
			give_up("unable to move a message to", str_c(&to));
	}
	for (size_t i = 0; i < 2; i++)
		if (file_syncdir(path_of(&to, subs[i], "")) < 0 &&
			errno != EINVAL)
			give_up("unable to sync", str_c(&to));
	str_free(&from);
	str_free(&to);
}

int
main(int argc, char **argv)
{
	struct mailbox_view box, m;
	struct stat st;
	struct str said = STR_INIT(100);
	int64_t date;

	log_init("mbox2maildir");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	umask(077);
	if (argc == 4 && strcmp(argv[1], "--") == 0)
		argv++;
	else if (argc != 3 || argv[1][0] == '-')
		log_die(STATUS_PERM, "usage: mbox2maildir MBOX MAILDIR");
	dir = argv[2];
	mbox = argv[1];
	mbox_fd = mailbox_lock(mbox, 0, &st);
	if (!mailbox_map(&box, mbox_fd, (size_t)st.st_size))
		give_up("unable to read", mbox);
	if (box.n && mailbox_marks(box.p, box.n) != 0) {
		mailbox_unlock(mbox, mbox_fd);
		log_die(STATUS_PERM, mbox, " is no mbox");
	}
	while (next(&box, &m, &date))
		make(m, date);
	commit();
	mailbox_unmap(&box);
	mailbox_unlock(mbox, mbox_fd);
	str_putnum(&said, count);
	str_puts(&said, " messages\n");
	return fd_writeall(1, said.s, said.len) < 0 ? STATUS_TEMP : STATUS_OK;
}
