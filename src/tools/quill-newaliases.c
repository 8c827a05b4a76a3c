/* SPDX-License-Identifier: 0BSD */
/* quill-newaliases.c - compile the files of aliases to users/aliases.cdb
 *
 * runs as     caller (root: users/ is root's); reads the files as alias
 * started by  the administrator, newaliases, sendmail -bi
 * reads       the files that control/aliases names, what they include,
 *             users/ids
 * writes      users/aliases.cdb, by way of users/aliases.cdb.tmp
 * trusts      nothing in the files
 * exits       STATUS_OK compiled; STATUS_PERM a file is broken, STATUS_TEMP
 *             trouble: users/aliases.cdb is as it was. With -S 65 and 75
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cdbmake.h"
#include "lib/control.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/map.h"
#include "lib/num.h"
#include "lib/safefile.h"
#include "mail/aliases.h"
#include "mail/aliasfile.h"
#include "tools/aliascheck.h"
#include "wire/aliasdb.h"
#include "wire/site.h"
#include "wire/status.h"

enum { EX_DATAERR_ = 65, EX_TEMPFAIL_ = 75 };

static const char tmp[] = "aliases.cdb.tmp";
static bool only_look; /* -n */

static struct {
	struct cdbmake cdb;
	struct map where; /* name of an alias: "file: line N" */
	struct str names; /* of all aliases, each with its NUL */
	size_t count;
	uid_t alias, me;
	gid_t nofiles;
	bool sysexits, writing;
} run;

static void __attribute__((noreturn))
die(int code, const char *where, const char *why, const char *more)
{
	if (run.writing)
		unlink(tmp);
	if (run.sysexits)
		code = code == STATUS_PERM ? EX_DATAERR_ : EX_TEMPFAIL_;
	log_die(code, where, ": ", why, more);
}

/* The files may be anybody's, and what is in them becomes readable to all:
 * only what the alias user can read, which is also who reads includes later. */
static void
become_alias(bool yes)
{
	if (run.me != 0)
		return;
	if (!yes && seteuid(0) == 0 && setegid(0) == 0)
		return;
	if (yes && setgroups(1, &run.nofiles) == 0 &&
		setegid(run.nofiles) == 0 && seteuid(run.alias) == 0)
		return;
	die(STATUS_TEMP, "unable to change user", strerror(errno), "");
}

static enum aliasdb_kind
db_kind(enum aliases_kind kind)
{
	return kind == ALIASES_FINAL	 ? ALIASDB_FINAL
	       : kind == ALIASES_PROGRAM ? ALIASDB_PROGRAM
	       : kind == ALIASES_FILE	 ? ALIASDB_FILE
	       : kind == ALIASES_INCLUDE ? ALIASDB_INCLUDE
					 : ALIASDB_ADDRESS;
}

/* Add the alias whose list comes next in a. */
static void
add_entry(struct aliasfile *a, const char *file, struct str *data)
{
	const char *where;
	struct aliases l;
	enum aliases_kind kind;

	str_clear(data);
	aliases_init(&l, a->list, a->len, a->line, false);
	while ((kind = aliases_next(&l)) > ALIASES_BAD)
		aliasdb_put(data, db_kind(kind), l.text.s, l.text.len);
	where = aliascheck_line(file, l.line);
	if (kind == ALIASES_BAD)
		die(STATUS_PERM, where, l.why, "");
	where = aliascheck_line(file, a->line);
	if (!data->len)
		die(STATUS_PERM, where, "nothing follows the colon", "");
	if (data->over)
		die(STATUS_PERM, where, "too many recipients in one alias", "");
	aliases_free(&l);
	if (map_get(&run.where, a->name.s, a->name.len, NULL)) {
		log_warning(where, ": ", str_c(&a->name),
			" is there already: the first one counts");
		return;
	}
	map_put(&run.where, a->name.s, a->name.len, where, strlen(where));
	if (cdbmake_add(&run.cdb, a->name.s, a->name.len, data->s, data->len))
		die(STATUS_TEMP, "unable to write aliases.cdb", strerror(errno),
			"");
	str_put(&run.names, str_c(&a->name), a->name.len + 1);
	run.count++;
}

static const char *
compile_file(void *arg, size_t line, char *file, size_t n)
{
	struct str text = STR_INIT(ALIASES_FILE_MAX);
	struct str data = STR_INIT(ALIASDB_DATA_MAX);
	struct str path = STR_INIT(4000);
	enum safefile_result got;
	enum aliases_kind kind;
	struct safefile safe;
	struct aliasfile a;

	(void)arg;
	(void)line;
	if (file[0] != '/') {
		str_puts(&path, site_home);
		str_puts(&path, "/alias/");
	}
	str_put(&path, file, n);
	become_alias(true);
	got = safefile_read(&safe, str_c(&path), &text);
	become_alias(false);
	if (got != SAFEFILE_OK)
		die(got == SAFEFILE_ABSENT ? STATUS_TEMP : STATUS_PERM, path.s,
			safe.why, "");
	aliasfile_init(&a, text.s, text.len);
	while ((kind = aliasfile_next(&a)) == ALIASES_NAME)
		add_entry(&a, path.s, &data);
	if (kind == ALIASES_BAD)
		die(STATUS_PERM, aliascheck_line(path.s, a.line), a.why, "");
	aliasfile_free(&a);
	str_free(&text);
	str_free(&data);
	str_free(&path);
	return NULL;
}

/* Where it is written: *path is its name. */
static int
create(const char **path)
{
	static struct str s = STR_INIT(100);
	int fd;

	if (only_look) {
		fd = memfd_create("aliases", MFD_CLOEXEC);
		str_puts(&s, "/proc/self/fd/");
		str_putnum(&s, (uint64_t)(fd < 0 ? 0 : fd));
		*path = str_c(&s);
	} else {
		unlink(tmp);
		fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		*path = tmp;
		run.writing = fd >= 0;
	}
	if (fd < 0)
		die(STATUS_TEMP, *path, "unable to create: ", strerror(errno));
	return fd;
}

/* -n: the names of all aliases, a line each. */
static void
list(void)
{
	for (size_t i = 0; i < run.names.len; i++)
		if (!run.names.s[i])
			run.names.s[i] = '\n';
	if (fd_writeall(1, run.names.s, run.names.len) < 0)
		die(STATUS_TEMP, "unable to write", strerror(errno), "");
}

static void
compile(void)
{
	static char def[] = "aliases", out[65536];
	const struct aliascheck check = { die, become_alias, run.alias };
	const char *path;
	enum control c;
	int to = create(&path);

	if (cdbmake_start(&run.cdb, to, out, sizeof out) < 0 ||
		cdbmake_add(&run.cdb, "", 0, ALIASDB_VERSION,
			sizeof ALIASDB_VERSION - 1) < 0)
		die(STATUS_TEMP, tmp, strerror(errno), "");
	c = control_list("aliases", compile_file, NULL);
	if (c == CONTROL_BAD)
		die(STATUS_PERM, "control", control_error(), "");
	if (c == CONTROL_ABSENT)
		compile_file(NULL, 0, def, sizeof def - 1);
	if (cdbmake_finish(&run.cdb) < 0)
		die(STATUS_TEMP, tmp, strerror(errno), "");
	/* what was written, before it gets its name */
	aliascheck(&check, path, &run.where, run.names.s, run.names.len);
	if (only_look) {
		list();
		return;
	}
	if (fchmod(to, 0644) < 0 || fsync(to) < 0 || close(to) < 0 ||
		rename(tmp, "aliases.cdb") < 0 || file_syncdir(".") < 0)
		die(STATUS_TEMP, "unable to write aliases.cdb", strerror(errno),
			"");
}

/* -q: what the alias of a local part is, one item a line. */
static int
query(const char *local)
{
	struct str data = STR_INIT(ALIASDB_DATA_MAX);
	struct str out = STR_INIT(ALIASDB_DATA_MAX + 4096);
	const char *used, *text;
	enum aliasdb_kind kind;
	struct aliasdb db;
	size_t pos = 0;

	aliasdb_init(&db, NULL);
	switch (aliasdb_match(&db, local, strlen(local), &data, &used)) {
	case ALIASDB_NONE:
		return STATUS_PERM;
	case ALIASDB_FAILED:
		log_die_sys(STATUS_TEMP, "unable to read ", db.path);
	case ALIASDB_FOUND:
		break;
	}
	while ((kind = aliasdb_next(&data, &pos, &text)) > ALIASDB_END) {
		if (kind == ALIASDB_FINAL || kind == ALIASDB_PROGRAM)
			str_putc(&out, (char)kind);
		if (kind == ALIASDB_INCLUDE)
			str_puts(&out, ":include:");
		str_puts(&out, text);
		str_putc(&out, '\n');
	}
	if (kind == ALIASDB_DAMAGED)
		log_die(STATUS_TEMP, db.path, " is damaged", (char *)0);
	return fd_writeall(1, out.s, out.len) < 0 ? STATUS_TEMP : STATUS_OK;
}

int
main(int argc, char **argv)
{
	char count[NUM_FMT];
	struct site_ids ids;

	log_init("quill-newaliases");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	if (argc == 3 && strcmp(argv[1], "-q") == 0)
		return query(argv[2]);
	run.sysexits = argc == 2 && strcmp(argv[1], "-S") == 0;
	only_look = argc == 2 && strcmp(argv[1], "-n") == 0;
	if (argc > 1 && !run.sysexits && !only_look)
		log_die(STATUS_PERM,
			"usage: quill-newaliases [-S | -n | -q name]",
			(char *)0);
	umask(022);
	run.me = geteuid();
	map_init(&run.where);
	str_init(&run.names, 1 << 30);
	control_init(site_control);
	if (site_ids(&ids, NULL) < 0)
		die(STATUS_TEMP, "users/ids", site_ids_error(), "");
	run.alias = ids.alias;
	run.nofiles = ids.nofiles;
	if (chdir(site_users) < 0)
		die(STATUS_TEMP, site_users, strerror(errno), "");
	compile();
	if (only_look)
		return STATUS_OK;
	num_fmt(count, run.count);
	log_info(count, " aliases");
	return STATUS_OK;
}
