/* SPDX-License-Identifier: 0BSD */
/* checkusers - users and aliases: is what was compiled what was written? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/file.h"
#include "quillctl/check.h"
#include "quillctl/program.h"
#include "wire/assign.h"

enum {
	ASSIGN_MAX = 256 << 20,
	NAMES_MAX = 300, /* aliases whose accounts are looked for */
};

static const char *
in_home(const char *path)
{
	return check_text(site_home, "/", path);
}

static bool
is_newer(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec
		       ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
		       : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* Was the source changed after its database was made? Both are paths. */
static void
behind(const char *source, const char *database, const char *todo)
{
	struct stat src, db;

	if (stat(source, &src) < 0)
		return;
	if (stat(database, &db) < 0)
		check_say(CHECK_ERROR, source, 0,
			"was never compiled: it does not count", todo);
	else if (is_newer(&src, &db))
		check_say(CHECK_ERROR, source, 0,
			"was changed after it was compiled: the changes do not "
			"count",
			todo);
}

/* --- users/assign --------------------------------------------------------- */

static void
assign_lines(void)
{
	struct str text = STR_INIT(ASSIGN_MAX);
	struct assign a;
	const char *why;
	size_t line = 0, n;
	bool end = false;
	char *p, *next;

	if (file_read(in_home("users/assign"), &text) < 0)
		return;
	str_putc(&text, '\n');
	str_c(&text);
	assign_init(&a);
	for (p = text.s; !end && *p; p = next) {
		n = strcspn(p, "\n");
		next = p + n + (p[n] != 0);
		p[n] = 0;
		line++;
		end = strcmp(p, ".") == 0;
		if (end || n == 0 || *p == '#')
			continue;
		why = assign_line(&a, p, n);
		if (why)
			check_say(CHECK_ERROR, "users/assign", line, why,
				"quill-users(5)");
		else if (a.root)
			check_say(CHECK_WARNING, "users/assign", line,
				"its mail is refused: nothing is delivered as "
				"root",
				"name another account");
	}
	if (!end)
		check_say(CHECK_ERROR, "users/assign", 0,
			"does not end in a line with a dot: it is half a file",
			"quill-users(5)");
	str_free(&text);
}

static void
users(void)
{
	struct stat st;

	if (stat(in_home("users/assign"), &st) < 0 || st.st_size == 0)
		return;
	behind(in_home("users/assign"), in_home("users/cdb"), "quill-newu");
	assign_lines();
}

/* --- aliases -------------------------------------------------------------- */

/* A line of control/aliases. */
static const char *
alias_source(void *arg, size_t line, char *file, size_t n)
{
	const char *path =
		*file == '/' ? file : in_home(check_text("alias/", file));
	bool *there = arg;

	(void)n;
	if (access(path, F_OK) < 0) {
		if (line)
			check_say(CHECK_ERROR, "control/aliases", line,
				check_text(path, ": ", strerror(errno)), NULL);
		return NULL;
	}
	*there = true;
	behind(path, in_home("users/aliases.cdb"), "newaliases");
	return NULL;
}

/* An account of the name gets the mail: the alias is never asked for. */
static void
hidden(const char *name)
{
	struct pwuser u;
	const char *why;

	if (program_getpw(name, check.ids.quillp, check.ids.nofiles,
		    check.alias, &u, &why) > 0 &&
		u.uid != check.ids.alias)
		check_say(CHECK_WARNING, name, 0,
			check_text("an alias that is never asked for: the "
				   "account ",
				u.user, " gets the mail"),
			check_text("put what it should do into ", u.home,
				"/.qmail"));
}

static void
aliases(void)
{
	const char *argv[] = { "quill-newaliases", "-n", NULL };
	struct str names = STR_INIT(PROGRAM_OUT_MAX);
	static char usual[] = "aliases";
	bool there = false;
	char *p, *end;
	size_t n = 0;

	if (control_list("aliases", alias_source, &there) == CONTROL_ABSENT)
		alias_source(&there, 0, usual, strlen(usual));
	if (there) {
		check_ask(argv, 0, 0, &names);
		str_c(&names);
		for (p = names.s; n < NAMES_MAX && (end = strchr(p, '\n'));
			p = end + 1, n++) {
			*end = 0;
			hidden(p);
		}
	}
	str_free(&names);
}

void
check_users(void)
{
	users();
	behind(check_text(site_control, "/tcp.smtp"),
		check_text(site_control, "/tcp.smtp.cdb"), "quill-service");
	behind(check_text(site_control, "/tcp.submission"),
		check_text(site_control, "/tcp.submission.cdb"),
		"quill-service");
	if (check.known)
		aliases();
	if (check.known && check.root)
		check_who();
	check_say(CHECK_OK, "users", 0,
		"looked at: databases, addresses that there must be", NULL);
}
