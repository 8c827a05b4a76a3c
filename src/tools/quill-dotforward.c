/* SPDX-License-Identifier: 0BSD */
/* quill-dotforward.c - obey a .forward file, as a program line of a .qmail file
 * or of the default delivery
 *
 * runs as     recipient
 * started by  quill-local, from |quill-dotforward .forward
 * fd 0        the message, seekable
 * fd 1        text for the sender or the log
 * cwd         the home of the recipient
 * reads       the file, what it includes
 * writes      nothing
 * runs        quill-local -d, which delivers
 * trusts      quill-local's environment, the recipient's files; not message
 *             content
 * exits       99 the message is dealt with, 0 the next line is to deliver it,
 *             100 failed for good, 111 try later
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/map.h"
#include "lib/proc.h"
#include "lib/safefile.h"
#include "mail/aliases.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	EXIT_DONE = 99,	    /* skip the lines that follow */
	DEPTH = 10,	    /* includes in includes */
	LINES_MAX = 120000, /* what fits into one argument */
	FORWARD_MAX = 1 << 20,
};

static struct {
	const char *user, *home, *local, *host, *sender;
	struct str lines; /* for quill-local */
	struct map seen;
	bool own, any; /* the user's own mailbox is in it; something is */
} run;

/* Tell quill-local, and so the log. */
static void __attribute__((noreturn))
defer(const char *what, const char *why, const char *more)
{
	struct str s = STR_INIT(9000);

	str_puts(&s, what);
	str_puts(&s, why);
	str_puts(&s, more);
	str_puts(&s, " (#4.3.5)\n");
	if (fd_writeall(1, s.s, s.len) < 0)
		log_warning(str_c(&s));
	_exit(STATUS_TEMP);
}

static void __attribute__((noreturn))
defer_line(const char *path, size_t line, const char *why)
{
	struct str s = STR_INIT(8192);

	str_puts(&s, path);
	str_puts(&s, " line ");
	str_putnum(&s, line);
	str_puts(&s, ": ");
	defer(str_c(&s), why, "");
}

/* The user, as a bare name or as the address the message came for? */
static bool
is_own(struct str *addr)
{
	const char *a = str_c(addr), *at = strrchr(a, '@');
	size_t n = at ? (size_t)(at - a) : addr->len;

	if (at && !ascii_caseis(at + 1, run.host))
		return false;
	return (strlen(run.user) == n && ascii_caseeqn(a, run.user, n)) ||
	       (at && strlen(run.local) == n && ascii_caseeqn(a, run.local, n));
}

/* A line of the form of .qmail files, once. */
static void
add_line(const char *first, struct str *text)
{
	struct str line = STR_INIT(ALIASES_TEXT_MAX + 2);

	str_puts(&line, first);
	str_put(&line, text->s, text->len);
	if (!map_get(&run.seen, line.s, line.len, NULL)) {
		map_put(&run.seen, line.s, line.len, "", 0);
		str_put(&run.lines, line.s, line.len);
		str_putc(&run.lines, '\n');
	}
	str_free(&line);
}

static void include(const char *path, size_t depth);

static void
read_list(const char *path, const char *p, size_t n, bool trusted, size_t depth)
{
	struct aliases l;
	enum aliases_kind kind;

	aliases_init(&l, p, n, 1, true);
	while ((kind = aliases_next(&l)) > ALIASES_BAD) {
		run.any = true;
		if (!trusted && kind != ALIASES_ADDRESS &&
			kind != ALIASES_FINAL)
			defer_line(path, l.line,
				"only addresses may be in a file that belongs"
				" to, or can be written by, others");
		if (kind == ALIASES_PROGRAM)
			add_line("|", &l.text);
		else if (kind == ALIASES_INCLUDE)
			include(str_c(&l.text), depth + 1);
		else if (kind == ALIASES_FILE && !str_is(&l.text, "/dev/null"))
			add_line("", &l.text);
		else if (kind != ALIASES_FILE && is_own(&l.text))
			run.own = true;
		else if (kind != ALIASES_FILE)
			add_line("&", &l.text);
	}
	if (kind == ALIASES_BAD)
		defer_line(path, l.line, l.why);
	aliases_free(&l);
	if (run.lines.over)
		defer(path, " has too many recipients", "");
}

static void
include(const char *path, size_t depth)
{
	struct str text = STR_INIT(FORWARD_MAX);
	struct safefile safe;
	bool trusted;

	if (depth > DEPTH)
		defer(":include:", path, " is nested too deep, or in a loop");
	if (safefile_read(&safe, path, &text) != SAFEFILE_OK) {
		str_clear(&text);
		str_puts(&text, path);
		str_putc(&text, ' ');
		defer(":include:", str_c(&text), safe.why);
	}
	trusted = !safe.group && (safe.owner == 0 || safe.owner == geteuid());
	read_list(path, text.s, text.len, trusted, depth);
	str_free(&text);
}

/* Who can write here can make the file say anything. */
static void
check_home(void)
{
	struct stat st;

	if (stat(".", &st) < 0)
		defer(run.home, ": ", log_strerror());
	if (st.st_uid != 0 && st.st_uid != geteuid())
		defer("Home directory ", run.home, " belongs to another user");
	if (st.st_mode & (S_IWOTH | S_IWGRP))
		defer("Home directory ", run.home,
			" is writable by others: chmod go-w");
}

/* false: there is none, or nothing in it. */
static bool
read_forward(const char *path)
{
	struct str text = STR_INIT(FORWARD_MAX);
	struct safefile safe;

	switch (safefile_read(&safe, path, &text)) {
	case SAFEFILE_ABSENT:
		return false;
	case SAFEFILE_BAD:
		defer(path, " ", safe.why);
	case SAFEFILE_OK:
		break;
	}
	check_home();
	if (safe.group)
		defer(path, " is writable by its group: chmod go-w", "");
	if (safe.owner != 0 && safe.owner != geteuid())
		defer(path, " belongs to another user", "");
	read_list(path, text.s, text.len, true, 0);
	str_free(&text);
	return run.any;
}

/* Its exit code. */
static int
deliver(void)
{
	struct str path = STR_INIT(4096);
	const char *const argv[] = { "quill-local", "-d", "--", run.user,
		run.home, run.local, "", "", run.host, run.sender,
		str_c(&run.lines), NULL };
	struct proc p = PROC_INIT;
	int status;
	pid_t pid;

	str_puts(&path, site_bin);
	str_puts(&path, "/quill-local");
	p.path = str_c(&path);
	p.argv = argv;
	for (int i = 0; i < 3; i++)
		p.fd[i] = (struct proc_fd){ i, i };
	p.nfd = 3;
	pid = proc_start(&p);
	if (pid < 0 || proc_wait(pid, &status) < 0)
		defer("unable to run quill-local: ", log_strerror(), "");
	return proc_code(status);
}

static const char *
need_env(const char *name)
{
	const char *v = getenv(name);

	if (!v)
		defer("quill-dotforward: no $", name,
			": it is for a program line of quill-local");
	return v;
}

int
main(int argc, char **argv)
{
	log_init("quill-dotforward");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	if (argc != 2 || argv[1][0] == '-')
		defer("usage: quill-dotforward file", "", "");
	run.user = need_env("USER");
	run.home = need_env("HOME");
	run.local = need_env("LOCAL");
	run.host = need_env("HOST");
	run.sender = need_env("SENDER");
	str_init(&run.lines, LINES_MAX);
	map_init(&run.seen);
	if (!read_forward(argv[1]))
		return STATUS_OK;
	if (run.lines.len)
		switch (deliver()) {
		case STATUS_OK:
			break;
		case STATUS_PERM:
			return STATUS_PERM;
		default:
			return STATUS_TEMP;
		}
	return run.own ? STATUS_OK : EXIT_DONE;
}
