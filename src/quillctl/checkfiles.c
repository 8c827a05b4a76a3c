/* SPDX-License-Identifier: 0BSD */
/* checkfiles - owners and modes: of what make install put there, by its own
 * table, and of what the administrator did */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/num.h"
#include "quillctl/check.h"
#include "wire/pwfile.h"
#include "wire/site.h"

enum { TABLE_MAX = 1 << 20, FIELDS = 5 };

static const char splits[] = "0123456789abcdefghijklmnopqrstuv";

static const char *
in_home(const char *path)
{
	return check_text(site_home, "/", path);
}

static const char *
octal(mode_t mode)
{
	char digits[8] = { 0 };
	size_t i = sizeof(digits) - 1;

	do {
		digits[--i] = (char)('0' + (mode & 7));
		mode >>= 3;
	} while (mode && i > 0);
	return check_text(digits + i);
}

/* --- the table of make install -------------------------------------------- */

/* The account of a role; -1 there is none. */
static int64_t
uid_of(const char *role)
{
	const struct site_ids *i = &check.ids;
	const struct {
		const char *role;
		uid_t uid;
	} roles[] = {
		{ "root", 0 },
		{ "quilld", i->quilld },
		{ "quillq", i->quillq },
		{ "quills", i->quills },
		{ "quillr", i->quillr },
		{ "quillp", i->quillp },
		{ "quilll", i->quilll },
		{ "alias", i->alias },
		{ "quillt", i->quillt },
		{ "quilla", i->quilla },
		{ "quillv", i->quillv },
	};

	for (size_t n = 0; n < sizeof(roles) / sizeof(*roles); n++)
		if (strcmp(role, roles[n].role) == 0)
			return roles[n].uid;
	return -1;
}

static int64_t
gid_of(const char *role)
{
	return strcmp(role, "root") == 0      ? 0
	       : strcmp(role, "quill") == 0   ? (int64_t)check.ids.quill
	       : strcmp(role, "nofiles") == 0 ? (int64_t)check.ids.nofiles
					      : -1;
}

struct row {
	char type;
	mode_t mode;
	int64_t uid, gid;
	const char *path;
};

static void
wrong(const char *path, const char *text)
{
	check_say(CHECK_ERROR, path, 0, text,
		"make install puts it right, and svc -t what uses it");
}

static void
compare(const struct row *r, const char *path)
{
	struct stat st;
	mode_t kind = r->type == 'd'   ? S_IFDIR
		      : r->type == 'p' ? S_IFIFO
				       : S_IFREG;

	if (lstat(in_home(path), &st) < 0) {
		if (errno == EACCES && !check.root)
			return;
		if (r->type != 'o' || errno != ENOENT)
			wrong(path,
				errno == ENOENT ? "missing" : strerror(errno));
		return;
	}
	/* a link in its place could make root give away what it leads to */
	if (S_ISLNK(st.st_mode) &&
		(st.st_uid != 0 || stat(in_home(path), &st) < 0)) {
		wrong(path, "a symbolic link that is not root's, or leads "
			    "nowhere");
		return;
	}
	if ((st.st_mode & S_IFMT) != kind) {
		wrong(path, kind == S_IFDIR   ? "is no directory"
			    : kind == S_IFIFO ? "is no fifo"
					      : "is no plain file");
		return;
	}
	if ((st.st_mode & 07777) != r->mode)
		wrong(path,
			check_text("its mode is ", octal(st.st_mode & 07777),
				", not ", octal(r->mode)));
	if (st.st_uid != r->uid)
		wrong(path,
			check_text("its owner is uid ", check_number(st.st_uid),
				", not ", check_number((uint64_t)r->uid)));
	if (st.st_gid != r->gid)
		wrong(path,
			check_text("its group is gid ", check_number(st.st_gid),
				", not ", check_number((uint64_t)r->gid)));
}

static void
each_split(struct row *r)
{
	char path[256];
	size_t n = strlen(r->path);

	if (n + 1 > sizeof(path))
		return;
	memcpy(path, r->path, n + 1);
	for (size_t i = 0; splits[i]; i++) {
		path[n - 1] = splits[i];
		compare(r, path);
	}
}

/* A line of the table. false: it is none. */
static bool
table_line(char *line)
{
	char *field[FIELDS];
	size_t n = 0;
	struct row r;
	uint64_t digit;

	for (char *p = line; n < FIELDS; n++) {
		p += strspn(p, " \t");
		if (!*p)
			break;
		field[n] = p;
		p += strcspn(p, " \t");
		if (*p)
			*p++ = 0;
	}
	if (n == 0 || field[0][0] == '#')
		return true;
	r.type = field[0][0];
	if (r.type == 'l' || r.type == 'm')
		return true;
	if (n < FIELDS || !strchr("dfopeti", r.type))
		return false;
	r.mode = 0;
	for (const char *p = field[1]; *p; p++) {
		if (!num_parse(p, 1, 7, &digit))
			return false;
		r.mode = r.mode << 3 | (mode_t)digit;
	}
	r.uid = uid_of(field[2]);
	r.gid = gid_of(field[3]);
	r.path = field[4];
	if (r.uid < 0 || r.gid < 0)
		return false;
	if (r.path[strlen(r.path) - 1] == '?')
		each_split(&r);
	else
		compare(&r, r.path);
	return true;
}

static void
installed(void)
{
	static const char name[] = "doc/install.tab";
	struct str text = STR_INIT(TABLE_MAX);
	size_t line = 0;
	char *p, *end;

	if (file_read(in_home(name), &text) < 0) {
		check_say(
			CHECK_ERROR, name, 0, strerror(errno), "make install");
		return;
	}
	str_putc(&text, '\n');
	str_c(&text);
	for (p = text.s; (end = strchr(p, '\n')); p = end + 1) {
		*end = 0;
		line++;
		if (!table_line(p))
			check_say(CHECK_ERROR, name, line,
				"not a line of make install's", "make install");
	}
	str_free(&text);
}

/* --- above the home ------------------------------------------------------- */

/* Who can rename a directory above it owns everything in it. */
static void
parents(void)
{
	struct str dir = STR_INIT(4096);
	const char *slash;
	struct stat st;

	str_puts(&dir, site_home);
	while (dir.len > 1) {
		slash = strrchr(str_c(&dir), '/');
		str_cut(&dir, slash == dir.s ? 1 : (size_t)(slash - dir.s));
		if (stat(str_c(&dir), &st) < 0)
			continue;
		if ((st.st_mode & 022) && !(st.st_mode & S_ISVTX))
			check_say(CHECK_ERROR, dir.s, 0,
				"others can write there, and put another home "
				"in the place of this one",
				"chmod go-w");
		if (st.st_uid != 0)
			check_say(CHECK_ERROR, dir.s, 0,
				"belongs to somebody else than root", NULL);
	}
	str_free(&dir);
}

/* --- what the administrator put there ------------------------------------- */

/* Read by several users, so by all; written by root. quillr's passwords are
 * looked at by quill-remote, TLS by quill-tlsd. */
static void
one_file(const char *dir, const char *name)
{
	const char *path = check_text(dir, "/", name);
	struct stat st;

	if (stat(in_home(path), &st) < 0) {
		check_say(CHECK_ERROR, path, 0,
			check_text("cannot be looked at: ", strerror(errno)),
			NULL);
		return;
	}
	if (st.st_mode & 022)
		check_say(CHECK_ERROR, path, 0,
			"others than its owner can change it", "chmod go-w");
	if (st.st_uid != 0)
		check_say(CHECK_ERROR, path, 0,
			"belongs to somebody else than root", "chown root");
	if (S_ISREG(st.st_mode) && !(st.st_mode & 04))
		check_say(CHECK_ERROR, path, 0,
			"not readable for the programs that need it",
			"chmod a+r");
}

static void
directory(const char *dir, const char *const *others)
{
	DIR *d = opendir(in_home(dir));
	const struct dirent *e;
	size_t i;

	if (!d) {
		check_say(CHECK_ERROR, dir, 0, strerror(errno), "make install");
		return;
	}
	while ((e = readdir(d))) {
		for (i = 0; others[i] && strcmp(others[i], e->d_name) != 0;)
			i++;
		if (!others[i] && e->d_name[0] != '.')
			one_file(dir, e->d_name);
	}
	closedir(d);
}

/* quill-local reads them as alias, and obeys them. */
static void
aliases(void)
{
	DIR *d = opendir(in_home("alias"));
	const struct dirent *e;
	const char *path;
	struct stat st;

	while (d && (e = readdir(d))) {
		path = check_text("alias/", e->d_name);
		if (strncmp(e->d_name, ".qmail", 6) != 0 ||
			stat(in_home(path), &st) < 0)
			continue;
		if (st.st_mode & 022)
			check_say(CHECK_ERROR, path, 0,
				"others can write it: mail for it waits",
				"chmod go-w");
		if (st.st_uid != 0 && st.st_uid != check.ids.alias)
			check_say(CHECK_WARNING, path, 0,
				"belongs neither to alias nor to root",
				"chown alias");
		if (st.st_uid != check.ids.alias && !(st.st_mode & 04))
			check_say(CHECK_ERROR, path, 0,
				"alias cannot read it: mail for it waits",
				"chown alias");
	}
	if (d)
		closedir(d);
}

static void
passwords(void)
{
	const char *why;
	int fd;

	if (!check.root)
		return;
	fd = fd_open(pwfile_path(), O_RDONLY, 0);
	if (fd < 0)
		return;
	why = pwfile_check(fd, check.ids.quilla);
	if (why)
		check_say(CHECK_ERROR, "users/passwd", 0, why,
			"chown quilla users/passwd; chmod 600 users/passwd");
	close(fd);
}

void
check_files(void)
{
	static const char *const control[] = { "smtpauth", "tls", NULL };
	static const char *const users[] = { "passwd", "passwd.tmp", NULL };

	if (!check.known)
		return;
	installed();
	parents();
	directory("control", control);
	directory("users", users);
	aliases();
	passwords();
	check_say(CHECK_OK, site_home, 0, "looked at: owners and modes", NULL);
}
