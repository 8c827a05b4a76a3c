/* SPDX-License-Identifier: 0BSD */
/* quill-pw2u.c - make lines of users/assign from those of /etc/passwd
 *
 * runs as     caller
 * started by  the administrator, scripts
 * fd 0        lines of the form of /etc/passwd
 * fd 1        what is to become users/assign, with the dot at its end
 * reads       users/ids, include, exclude, mailnames, subusers, append; who
 *             owns home directories
 * writes      nothing
 * trusts      its input, and the files
 * exits       0; STATUS_PERM usage, or a line is broken, STATUS_TEMP trouble:
 *             then there is no dot
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/ibuf.h"
#include "lib/log.h"
#include "lib/map.h"
#include "lib/num.h"
#include "lib/obuf.h"
#include "lib/str.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	LINE_SIZE = 8000,
	FILE_SIZE = 64 << 20,
	FIELDS = 7,	/* of a line of passwd */
	NAME_SIZE = 32, /* a longer one is nobody's for quill-getpw either */
	ID_MAX = UINT32_MAX - 1,
};

/* Homes that are not there: -o, -h, -H. */
enum homes { SKIP_MISSING, STOP_MISSING, ALL_HOMES };

static struct {
	enum homes homes;
	bool upper;	  /* -u */
	bool noext;	  /* -C */
	char delimiter;	  /* -c */
	const char *dash; /* "-", or with -/ "-/" */
} opt = { .delimiter = '-', .dash = "-" };

static struct obuf out;
/* By the name of a user: empty; the mailnames; "uid:gid:home". */
static struct map included, excluded, mailnames, users;
static bool have_include;

struct user {
	const char *name, *uid, *gid, *home;
};

static void __attribute__((noreturn))
bad_line(const char *file, size_t line, const char *why)
{
	char num[NUM_FMT];

	num_fmt(num, line);
	log_die(STATUS_PERM, file, ": line ", num, ": ", why);
}

/* --- the files of users/ -------------------------------------------------- */
/* fn gets each line that is neither empty nor a comment. false: no file. */
static bool
each_line(const char *name, void (*fn)(const char *name, size_t line, char *s))
{
	struct str text = STR_INIT(FILE_SIZE);
	size_t line = 0;

	if (file_read(name, &text) < 0) {
		if (errno != ENOENT)
			log_die_sys(STATUS_TEMP, "unable to read ", site_users,
				"/", name);
		return false;
	}
	str_c(&text);
	if (memchr(text.s, '\0', text.len))
		log_die(STATUS_PERM, name, ": there is a NUL in it");
	for (char *p = text.s, *next; *p; p = next) {
		size_t n = strcspn(p, "\n");

		next = p + n + (p[n] == '\n');
		p[n] = '\0';
		while (n && (p[n - 1] == ' ' || p[n - 1] == '\t' ||
				    p[n - 1] == '\r'))
			p[--n] = '\0';
		line++;
		if (n && *p != '#')
			fn(name, line, p);
	}
	str_free(&text);
	return true;
}

static void
note_included(const char *name, size_t line, char *s)
{
	(void)name;
	(void)line;
	map_put(&included, s, strlen(s), "", 0);
}

static void
note_excluded(const char *name, size_t line, char *s)
{
	(void)name;
	(void)line;
	map_put(&excluded, s, strlen(s), "", 0);
}

static void
note_mailnames(const char *name, size_t line, char *s)
{
	size_t n = strcspn(s, ":");

	if (s[n] == '\0')
		bad_line(name, line, "there is no colon");
	map_put(&mailnames, s, n, s + n + 1, strlen(s + n + 1));
}

/* --- output --------------------------------------------------------------- */
static void
put(const char *a, const char *b)
{
	obuf_puts(&out, a);
	obuf_puts(&out, b);
}

/* The address name and, unless -C, all that begin with name-. pre: "", or what
 * stands before their extension in the names of .qmail files. */
static void
assign(const char *name, const struct user *u, const char *pre)
{
	const char *dash = *pre ? opt.dash : "";
	char delimiter[2] = { opt.delimiter, '\0' };

	for (int wild = 0; wild <= !opt.noext; wild++) {
		put(wild ? "+" : "=", name);
		put(wild ? delimiter : "", ":");
		put(u->name, ":");
		put(u->uid, ":");
		put(u->gid, ":");
		put(u->home, ":");
		put(wild ? opt.dash : dash, ":");
		put(pre, wild && *pre ? "-" : "");
		obuf_puts(&out, ":\n");
	}
}

/* Are its mails to be its own? */
static bool
counts(const struct user *u)
{
	size_t n = strlen(u->name);
	struct stat st;
	uint64_t uid;

	if (have_include && !map_get(&included, u->name, n, NULL))
		return false;
	if (map_get(&excluded, u->name, n, NULL) || n > NAME_SIZE)
		return false;
	for (size_t i = 0; i < n && !opt.upper; i++)
		if (u->name[i] >= 'A' && u->name[i] <= 'Z')
			return false;
	if (!num_parses(u->uid, ID_MAX, &uid) || uid == 0)
		return false;
	if (opt.homes == ALL_HOMES)
		return true;
	if (stat(u->home, &st) == 0)
		return st.st_uid == uid;
	if ((errno != ENOENT && errno != ENOTDIR && errno != EACCES) ||
		opt.homes == STOP_MISSING)
		log_die_sys(STATUS_TEMP, "unable to look at ", u->home,
			", the home of ", u->name);
	return false;
}

static void
take(const struct user *u)
{
	const char *names = map_get(&mailnames, u->name, strlen(u->name), NULL);
	struct str all = STR_INIT(LINE_SIZE), s = STR_INIT(LINE_SIZE);

	if (!counts(u))
		return;
	str_puts(&s, u->uid);
	str_putc(&s, ':');
	str_puts(&s, u->gid);
	str_putc(&s, ':');
	str_puts(&s, u->home);
	map_put(&users, u->name, strlen(u->name), str_c(&s), s.len);
	str_free(&s);
	str_puts(&all, names ? names : u->name);
	str_c(&all);
	for (char *p = all.s, *next; *p; p = next) {
		size_t n = strcspn(p, ":");

		next = p + n + (p[n] == ':');
		p[n] = '\0';
		if (n)
			assign(p, u, "");
	}
	str_free(&all);
}

/* sub:user:pre: */
static void
put_subuser(const char *name, size_t line, char *s)
{
	char *user = strchr(s, ':'), *pre, *end, *copy, *gid, *home;
	const char *ids;
	struct user u;

	pre = user ? strchr(user + 1, ':') : NULL;
	end = pre ? strchr(pre + 1, ':') : NULL;
	if (!end)
		bad_line(name, line, "it is not SUB:USER:PRE:");
	*user++ = *pre++ = *end = '\0';
	if (!*s)
		bad_line(name, line, "the name is empty");
	ids = map_get(&users, user, strlen(user), NULL);
	if (!ids)
		return;
	copy = xstrdup(ids);
	gid = strchr(copy, ':');
	home = strchr(gid + 1, ':');
	*gid++ = *home++ = '\0';
	u = (struct user){ user, copy, gid, home };
	assign(s, &u, pre);
	free(copy);
}

static void
put_appended(const char *name, size_t line, char *s)
{
	if (strcmp(s, ".") == 0)
		bad_line(name, line, "a dot would end the file");
	put(s, "\n");
}

/* Whom everybody else's mail goes to. */
static void
put_alias(void)
{
	char name[64], uid[NUM_FMT], gid[NUM_FMT];
	struct site_ids ids;

	if (site_ids(&ids, name) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	num_fmt(uid, ids.alias);
	num_fmt(gid, ids.nofiles);
	put("+:", name);
	put(":", uid);
	put(":", gid);
	put(":", site_home);
	obuf_puts(&out, "/alias:-::\n");
}

/* --- input ---------------------------------------------------------------- */
static void
passwd_line(char *s, size_t line)
{
	char *f[FIELDS];
	uint64_t id;

	/* comments, and the entries of NIS */
	if (*s == '\0' || strchr("#+-", *s))
		return;
	for (size_t i = 0; i < FIELDS; i++) {
		f[i] = s;
		if (i == FIELDS - 1)
			break;
		s = strchr(s, ':');
		if (!s)
			bad_line("input", line, "fewer than seven fields");
		*s++ = '\0';
	}
	if (!*f[0])
		bad_line("input", line, "the user is empty");
	if (!num_parses(f[2], ID_MAX, &id) || !num_parses(f[3], ID_MAX, &id))
		bad_line("input", line, "the uid or gid is not a number");
	/* an account without a home gets no mail */
	if (*f[5] == '/')
		take(&(struct user){ f[0], f[2], f[3], f[5] });
}

static void
read_passwd(void)
{
	static char buf[65536];
	struct str line = STR_INIT(LINE_SIZE);
	struct ibuf in;

	ibuf_init(&in, 0, buf, sizeof buf);
	for (size_t n = 1;; n++) {
		enum ibuf_line r = ibuf_getline(&in, &line, LINE_SIZE);

		if (r == IBUF_EOF)
			break;
		if (r == IBUF_ERROR)
			log_die_sys(STATUS_TEMP, "unable to read");
		if (r == IBUF_LONG || memchr(str_c(&line), '\0', line.len))
			bad_line("input", n, "too long, or there is a NUL");
		if (r == IBUF_LINE)
			str_cut(&line, line.len - 1);
		str_c(&line);
		passwd_line(line.s, n);
		if (r == IBUF_PART)
			break;
	}
	str_free(&line);
}

static void
options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "/ohHuUCc:")) != -1)
		switch (c) {
		case '/':
			opt.dash = "-/";
			break;
		case 'o':
			opt.homes = SKIP_MISSING;
			break;
		case 'h':
			opt.homes = STOP_MISSING;
			break;
		case 'H':
			opt.homes = ALL_HOMES;
			break;
		case 'u':
		case 'U':
			opt.upper = c == 'u';
			break;
		case 'C':
			opt.noext = true;
			break;
		case 'c':
			if (!ascii_isgraph(*optarg) || *optarg == ':' ||
				optarg[1])
				log_die(STATUS_PERM, "-c: one character");
			opt.delimiter = *optarg;
			opt.noext = false;
			break;
		default:
			argc = 0;
		}
	if (optind != argc)
		log_die(STATUS_PERM, "usage: quill-pw2u [-/ohHuUC] [-c CHAR] "
				     "</etc/passwd");
}

int
main(int argc, char **argv)
{
	static char buf[65536];

	log_init("quill-pw2u");
	fd_sane();
	options(argc, argv);
	obuf_init(&out, 1, buf, sizeof buf);
	map_init(&included);
	map_init(&excluded);
	map_init(&mailnames);
	map_init(&users);
	if (chdir(site_users) < 0)
		log_die_sys(STATUS_TEMP, "unable to enter ", site_users);
	have_include = each_line("include", note_included);
	each_line("exclude", note_excluded);
	each_line("mailnames", note_mailnames);
	put_alias();
	read_passwd();
	each_line("subusers", put_subuser);
	each_line("append", put_appended);
	obuf_puts(&out, ".\n");
	if (obuf_flush(&out) < 0)
		log_die_sys(STATUS_TEMP, "unable to write");
	return STATUS_OK;
}
