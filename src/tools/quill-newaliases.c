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
#include "wire/aliasdb.h"
#include "wire/site.h"
#include "wire/status.h"

enum { EX_DATAERR_ = 65, EX_TEMPFAIL_ = 75 };

static const char tmp[] = "aliases.cdb.tmp";

/* Everything that is known of one run. */
static struct {
	struct cdbmake cdb;
	struct map where; /* name of an alias: "file: line N" */
	struct map deep;  /* what was looked into: how deep it goes, one byte */
	struct aliasdb db; /* what was written */
	const char *chain[ALIASDB_DEPTH + 1];
	size_t nchain;
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

static const char *
where_line(const char *file, size_t line)
{
	static struct str s = STR_INIT(8192);

	str_clear(&s);
	str_puts(&s, file);
	str_puts(&s, ": line ");
	str_putnum(&s, line);
	return str_c(&s);
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
	where = where_line(file, l.line);
	if (kind == ALIASES_BAD)
		die(STATUS_PERM, where, l.why, "");
	where = where_line(file, a->line);
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
		die(STATUS_PERM, where_line(path.s, a.line), a.why, "");
	aliasfile_free(&a);
	str_free(&text);
	str_free(&data);
	str_free(&path);
	return NULL;
}

/* --- loops, depth, includes ---------------------------------------------- */

static size_t visit(const char *key, const char *where);

static void __attribute__((noreturn))
die_loop(const char *where, const char *key)
{
	static struct str s = STR_INIT(4000);
	size_t i = 0;

	str_clear(&s);
	while (i + 1 < run.nchain && strcmp(run.chain[i], key) != 0)
		i++;
	for (; i < run.nchain; i++) {
		str_puts(&s, run.chain[i]);
		str_puts(&s, " -> ");
	}
	str_puts(&s, key);
	die(STATUS_PERM, where, "a loop: ", str_c(&s));
}

/* An address of an alias or an include: another alias? How deep it goes. */
static size_t
visit_address(const char *addr, size_t n, const char *where)
{
	struct str data = STR_INIT(ALIASDB_DATA_MAX);
	const char *used;
	size_t deep = 0;
	char *name;

	if (memchr(addr, '@', n))
		return 0;
	switch (aliasdb_match(&run.db, addr, n, &data, &used)) {
	case ALIASDB_NONE:
		break;
	case ALIASDB_FAILED:
		die(STATUS_TEMP, tmp, strerror(errno), "");
	case ALIASDB_FOUND:
		name = xstrdup(used);
		deep = visit(name, where);
		free(name);
	}
	str_free(&data);
	return deep;
}

/* What an include may hold depends on whose it is (quill-aliases.5). */
static bool
is_trusted(const struct safefile *f)
{
	return (f->owner == 0 || f->owner == run.alias) && !f->group;
}

static size_t
visit_include(const char *path, const char *where)
{
	struct str text = STR_INIT(ALIASES_FILE_MAX), key = STR_INIT(8000);
	enum safefile_result got;
	enum aliases_kind kind;
	struct aliases l;
	struct safefile safe;
	size_t deep = 0, d;

	become_alias(true);
	got = safefile_read(&safe, path, &text);
	become_alias(false);
	if (got != SAFEFILE_OK) {
		str_puts(&key, path);
		str_putc(&key, ' ');
		str_puts(&key, safe.why);
		die(STATUS_PERM, where, ":include:", str_c(&key));
	}
	aliases_init(&l, text.s, text.len, 1, true);
	while ((kind = aliases_next(&l)) > ALIASES_BAD) {
		d = 0;
		if (kind == ALIASES_ADDRESS) {
			d = visit_address(
				l.text.s, l.text.len, where_line(path, l.line));
		} else if (kind != ALIASES_FINAL && !is_trusted(&safe)) {
			die(STATUS_PERM, where_line(path, l.line),
				"only addresses may be in a file that belongs"
				" to, or can be written by, others",
				"");
		} else if (kind == ALIASES_INCLUDE) {
			str_clear(&key);
			str_putc(&key, ':');
			str_put(&key, l.text.s, l.text.len);
			d = visit(str_c(&key), where_line(path, l.line));
		}
		if (d > deep)
			deep = d;
	}
	if (kind == ALIASES_BAD)
		die(STATUS_PERM, where_line(path, l.line), l.why, "");
	aliases_free(&l);
	str_free(&text);
	str_free(&key);
	return deep;
}

static size_t
visit_alias(const char *name)
{
	struct str data = STR_INIT(ALIASDB_DATA_MAX), key = STR_INIT(8000);
	size_t pos = 0, deep = 0, d, n = strlen(name);
	const char *text, *where = map_get(&run.where, name, n, NULL);
	enum aliasdb_kind kind;

	if (aliasdb_find(&run.db, name, n, &data) != ALIASDB_FOUND)
		die(STATUS_TEMP, tmp, strerror(errno), "");
	while ((kind = aliasdb_next(&data, &pos, &text)) > ALIASDB_END) {
		d = 0;
		if (kind == ALIASDB_ADDRESS) {
			d = visit_address(text, strlen(text), where);
		} else if (kind == ALIASDB_INCLUDE) {
			str_clear(&key);
			str_putc(&key, ':');
			str_puts(&key, text);
			d = visit(str_c(&key), where);
		}
		if (d > deep)
			deep = d;
	}
	str_free(&data);
	str_free(&key);
	return deep;
}

/* Look into the alias of that name, or, for ":/path", into that include, and
 * into what is in there. How many levels there are, this one included. */
static size_t
visit(const char *key, const char *where)
{
	size_t n = strlen(key), deep;
	const char *known;
	char byte, *w;

	for (size_t i = 0; i < run.nchain; i++)
		if (strcmp(run.chain[i], key) == 0)
			die_loop(where, key);
	known = map_get(&run.deep, key, n, NULL);
	deep = known ? (size_t)*known : 1;
	if (run.nchain + deep > ALIASDB_DEPTH)
		die(STATUS_PERM, where, "nested too deep by way of ", key);
	if (known)
		return deep;
	w = xstrdup(where);
	run.chain[run.nchain++] = key;
	deep = 1 + (*key == ':' ? visit_include(key + 1, w) : visit_alias(key));
	run.nchain--;
	free(w);
	byte = (char)deep;
	map_put(&run.deep, key, n, &byte, 1);
	return deep;
}

/* Into what was written, before it gets its name. */
static void
check_all(void)
{
	const char *p = run.names.s, *end = p + run.names.len;

	aliasdb_init(&run.db, tmp);
	for (; p < end; p += strlen(p) + 1)
		visit(p, map_get(&run.where, p, strlen(p), NULL));
	aliasdb_close(&run.db);
}

static void
compile(void)
{
	static char def[] = "aliases", out[65536];
	enum control c;
	int to;

	unlink(tmp);
	to = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (to < 0)
		die(STATUS_TEMP, tmp, "unable to create: ", strerror(errno));
	run.writing = true;
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
	check_all();
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
	size_t pos = 0;

	aliasdb_init(&run.db, NULL);
	switch (aliasdb_match(&run.db, local, strlen(local), &data, &used)) {
	case ALIASDB_NONE:
		return STATUS_PERM;
	case ALIASDB_FAILED:
		log_die_sys(STATUS_TEMP, "unable to read ", run.db.path);
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
		log_die(STATUS_TEMP, run.db.path, " is damaged", (char *)0);
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
	if (argc > 1 && !run.sysexits)
		log_die(STATUS_PERM, "usage: quill-newaliases [-S | -q name]",
			(char *)0);
	umask(022);
	run.me = geteuid();
	map_init(&run.where);
	map_init(&run.deep);
	str_init(&run.names, 1 << 30);
	control_init(site_control);
	if (site_ids(&ids, NULL) < 0)
		die(STATUS_TEMP, "users/ids", site_ids_error(), "");
	run.alias = ids.alias;
	run.nofiles = ids.nofiles;
	if (chdir(site_users) < 0)
		die(STATUS_TEMP, site_users, strerror(errno), "");
	compile();
	num_fmt(count, run.count);
	log_info(count, " aliases");
	return STATUS_OK;
}
