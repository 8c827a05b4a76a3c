/* SPDX-License-Identifier: 0BSD */
/* quill-passwd.c - users and passwords of users/passwd, for quill-authd
 *
 * runs as     caller (root: users/ is root's)
 * started by  the administrator, scripts
 * fd 0        a password: a line, or typed without echo
 * reads       users/passwd, users/ids
 * writes      users/passwd, by way of users/passwd.tmp
 * trusts      its caller; nothing in the file
 * exits       0 done, 1 no such user, there is one already, wrong password;
 *             100 usage, 111 trouble
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "lib/crypted.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/ibuf.h"
#include "lib/lock.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "wire/authreq.h"
#include "wire/pwfile.h"
#include "wire/site.h"
#include "wire/status.h"

enum { NO = 1, LOCK_WAIT_MS = 30000 };

static struct str old_text = STR_INIT(PWFILE_MAX);
static struct pwfile_line line;
static char user[PWFILE_USER_MAX + 1];
static char password[2][CRYPTED_PASSWORD + 2];
static struct termios cooked;

/* --- passwords --- */

static void
restore(int sig)
{
	tcsetattr(0, TCSANOW, &cooked);
	_exit(128 + sig);
}

/* One line of standard input; its bytes go nowhere else. */
static void
read_line(char to[CRYPTED_PASSWORD + 2])
{
	size_t n = 0;
	char c = 0;

	while (fd_read(0, &c, 1) == 1 && c != '\n') {
		if (n == CRYPTED_PASSWORD)
			log_die(STATUS_PERM, "the password is too long");
		if (!c)
			log_die(STATUS_PERM, "there is a NUL in the password");
		to[n++] = c;
	}
	if (n && to[n - 1] == '\r' && !isatty(0))
		n--;
	to[n] = 0;
	if (!n)
		log_die(STATUS_PERM, "no password given");
}

static void
prompt(const char *text, char to[CRYPTED_PASSWORD + 2])
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct termios raw;

	if (tcgetattr(0, &cooked) < 0)
		log_die_sys(STATUS_TEMP, "unable to turn echo off");
	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++)
		sig_catch(sigs[i], restore);
	raw = cooked;
	raw.c_lflag &= ~(tcflag_t)ECHO;
	raw.c_lflag |= ECHONL;
	if (tcsetattr(0, TCSAFLUSH, &raw) < 0)
		log_die_sys(STATUS_TEMP, "unable to turn echo off");
	/* now: what is typed before it is thrown away */
	(void)!fd_writeall(2, text, strlen(text));
	read_line(to);
	tcsetattr(0, TCSANOW, &cooked);
}

/* Into password[0]; typed, it is asked for twice when it is new. */
static void
get_password(bool new)
{
	if (!isatty(0)) {
		read_line(password[0]);
		return;
	}
	prompt("Password: ", password[0]);
	if (!new)
		return;
	prompt("Once more: ", password[1]);
	if (strcmp(password[0], password[1]) != 0)
		log_die(STATUS_PERM, "they are not the same");
}

/* --- the file --- */

static int
fail(const char *what, const char *who)
{
	log_write("error", what, who, (char *)0);
	return NO;
}

static void
read_file(bool must)
{
	int fd = fd_open(pwfile_path(), O_RDONLY | O_NONBLOCK, 0);

	if (fd < 0 && errno == ENOENT && !must)
		return;
	if (fd < 0 || file_readfd(fd, &old_text) < 0)
		log_die_sys(STATUS_TEMP, "unable to read ", pwfile_path());
	close(fd);
}

/* One at a time; the lock goes with the process. */
static void
lock(void)
{
	int fd = fd_open("passwd.lock", O_RDWR | O_CREAT, 0600);

	if (fd < 0 || lock_wait(fd, stamp_mono() + LOCK_WAIT_MS) < 0)
		log_die_sys(STATUS_TEMP, "unable to lock ", site_users,
			"/passwd.lock");
}

/* quilla reads it, and a group that the administrator may have chosen. */
static int
own(int fd)
{
	struct site_ids ids;
	struct stat st;
	gid_t gid = 0;
	mode_t mode = 0600;

	if (site_ids(&ids, NULL) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	if (stat("passwd", &st) == 0) {
		gid = st.st_gid;
		mode = st.st_mode & (S_IRUSR | S_IWUSR | S_IRGRP);
	}
	/* a home to look at has one owner */
	if (geteuid() == 0 && fchown(fd, ids.quilla, gid) < 0)
		return -1;
	return fchmod(fd, mode);
}

/* What stands before and behind the line that is replaced, and text. */
static void
write_file(size_t at, size_t len, const char *text)
{
	static const char tmp[] = "passwd.tmp";
	int fd;

	unlink(tmp);
	fd = fd_open(tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || own(fd) < 0 || fd_writeall(fd, old_text.s, at) < 0 ||
		fd_writeall(fd, text, strlen(text)) < 0 ||
		fd_writeall(fd, old_text.s + at + len,
			old_text.len - at - len) < 0 ||
		fsync(fd) < 0 || close(fd) < 0 || rename(tmp, "passwd") < 0 ||
		file_syncdir(".") < 0)
		log_die_sys(STATUS_TEMP, "unable to write ", pwfile_path());
}

/* --- what can be asked for --- */

static int
set(bool there)
{
	struct str text = STR_INIT(PWFILE_LINE_MAX);
	char hash[CRYPTED_MAX + 1];
	size_t at, len = 0;

	/* before the lock: somebody may have to type it */
	get_password(true);
	if (!crypted_make(hash, password[0]))
		log_die(STATUS_TEMP, "crypt(3) will not hash it");
	authreq_wipe(password, sizeof password);
	lock();
	read_file(there);
	if (pwfile_find(&old_text, user, &line) != there)
		return fail(
			there ? "no such user: " : "exists already: ", user);
	at = there ? line.at : old_text.len;
	if (there)
		len = line.len;
	else if (at && old_text.s[at - 1] != '\n')
		str_putc(&text, '\n');
	str_puts(&text, user);
	str_putc(&text, ':');
	str_puts(&text, hash);
	/* fields for others stay */
	if (there)
		for (size_t i = 0, colons = 0; i < len; i++) {
			colons += old_text.s[at + i] == ':';
			if (colons > 1 && old_text.s[at + i] != '\n')
				str_putc(&text, old_text.s[at + i]);
		}
	str_putc(&text, '\n');
	write_file(at, len, str_c(&text));
	return STATUS_OK;
}

static int
add(void)
{
	return set(false);
}

static int
change(void)
{
	return set(true);
}

static int delete (void)
{
	lock();
	read_file(true);
	if (!pwfile_find(&old_text, user, &line))
		return fail("no such user: ", user);
	write_file(line.at, line.len, "");
	return STATUS_OK;
}

static int
check(void)
{
	get_password(false);
	read_file(true);
	if (!pwfile_find(&old_text, user, &line))
		return fail("no such user: ", user);
	if (!crypted_matches(password[0], line.hash))
		return fail("wrong password of ", user);
	return STATUS_OK;
}

static int
list(void)
{
	struct str out = STR_INIT(PWFILE_MAX);
	size_t pos = 0;

	read_file(false);
	while (pwfile_next(&old_text, &pos, &line)) {
		if (!line.user[0])
			continue;
		str_puts(&out, line.user);
		str_putc(&out, '\n');
	}
	return fd_writeall(1, out.s, out.len) < 0 ? STATUS_TEMP : STATUS_OK;
}

static const struct {
	const char *name;
	int (*run)(void);
	bool user;
} verbs[] = {
	{ "add", add, true },
	{ "change", change, true },
	{ "delete", delete, true },
	{ "check", check, true },
	{ "list", list, false },
};

int
main(int argc, char **argv)
{
	log_init("quill-passwd");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	umask(077);
	for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(argv[1], verbs[i].name) != 0 ||
			argc != (verbs[i].user ? 3 : 2))
			continue;
		if (verbs[i].user && !pwfile_user(user, argv[2]))
			log_die(STATUS_PERM, "bad name: ", argv[2]);
		if (chdir(site_users) < 0)
			log_die_sys(
				STATUS_TEMP, "unable to enter ", site_users);
		return verbs[i].run();
	}
	log_die(STATUS_PERM,
		"usage: quill-passwd add|change|delete|check user, or list");
}
