/* SPDX-License-Identifier: 0BSD */
/* quill-cdb.c - compile a long control file, so that it is looked up on disk
 *
 * runs as     caller (root: control/ is root's)
 * started by  the administrator, after the file was changed
 * argv        locals, rcpthosts, morercpthosts, smtproutes or virtualdomains
 * reads       control/FILE
 * writes      control/FILE.cdb, by way of control/FILE.cdb.tmp
 * trusts      nothing in the file
 * exits       STATUS_OK compiled; STATUS_PERM the file is broken, STATUS_TEMP
 *             trouble: control/FILE.cdb is as it was
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cdbmake.h"
#include "lib/control.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/map.h"
#include "lib/num.h"
#include "lib/str.h"
#include "lib/table.h"
#include "wire/relay.h"
#include "wire/site.h"
#include "wire/status.h"

static const struct list {
	const char *name;
	struct table_kind kind;
} lists[] = {
	{ "locals", { 0, table_host } },
	{ "morercpthosts", { 0, table_ascii } },
	{ "rcpthosts", { 0, table_ascii } },
	{ "senders", { ':', NULL } },
	{ "smtproutes", { ':', relay_check } },
	{ "virtualdomains", { ':', table_ascii } },
};

static struct {
	const struct list *list;
	struct str tmp, cdb; /* names */
	struct cdbmake out;
	struct map last; /* key: the last line that has it */
	uint64_t count;
	bool writing;
} run;

static void __attribute__((noreturn))
die(int code, const char *what, const char *why)
{
	if (run.writing)
		unlink(str_c(&run.tmp));
	log_die(code, what, why);
}

static void __attribute__((noreturn)) die_sys(const char *what)
{
	die(STATUS_TEMP, what, strerror(errno));
}

/* First reading: the last of several equal keys is the one that counts. */
static const char *
note_entry(void *arg, size_t line, char *entry, size_t n)
{
	const char *val, *why;
	size_t klen;

	(void)arg;
	why = table_split(&run.list->kind, entry, n, &klen, &val);
	if (!why)
		map_put(&run.last, entry, klen, &line, sizeof line);
	return why;
}

static const char *
add_entry(void *arg, size_t line, char *entry, size_t n)
{
	const char *val, *last;
	size_t klen;

	(void)arg;
	if (table_split(&run.list->kind, entry, n, &klen, &val) != NULL)
		return "it was changed meanwhile";
	last = map_get(&run.last, entry, klen, NULL);
	if (!last)
		return "it was changed meanwhile";
	if (memcmp(last, &line, sizeof line) != 0)
		return NULL;
	run.count++;
	if (cdbmake_add(&run.out, entry, klen, val, (size_t)(entry + n - val)) <
		0)
		die_sys("unable to write: ");
	return NULL;
}

static void
read_with(control_entry_fn *fn)
{
	switch (control_list(run.list->name, fn, NULL)) {
	case CONTROL_OK:
		return;
	case CONTROL_ABSENT:
		die(STATUS_TEMP, run.list->name, ": no such file");
	case CONTROL_BAD:
		die(STATUS_PERM, control_error(), "");
	}
}

/* The compiled file gets the time of the text that it was made of: a change
 * that is made while it is compiled leaves it the older one. */
static void
finish(int fd, const struct stat *before)
{
	struct timespec when[2] = { before->st_mtim, before->st_mtim };
	struct stat after;

	if (stat(run.list->name, &after) < 0 ||
		after.st_mtim.tv_sec != before->st_mtim.tv_sec ||
		after.st_mtim.tv_nsec != before->st_mtim.tv_nsec ||
		after.st_ino != before->st_ino)
		die(STATUS_TEMP, run.list->name, ": it was changed meanwhile");
	if (cdbmake_finish(&run.out) < 0 || fchmod(fd, 0644) < 0 ||
		futimens(fd, when) < 0 || fsync(fd) < 0 || close(fd) < 0 ||
		rename(str_c(&run.tmp), str_c(&run.cdb)) < 0 ||
		file_syncdir(".") < 0)
		die_sys("unable to write: ");
}

static void
compile(void)
{
	static char buf[1 << 16];
	struct stat before;
	int fd;

	if (chdir(site_control) < 0)
		die_sys("unable to enter control: ");
	control_init(site_control);
	map_init(&run.last);
	str_puts(&run.cdb, run.list->name);
	str_puts(&run.cdb, ".cdb");
	str_put(&run.tmp, run.cdb.s, run.cdb.len);
	str_puts(&run.tmp, ".tmp");
	if (stat(run.list->name, &before) < 0)
		die_sys("unable to read: ");
	read_with(note_entry);
	unlink(str_c(&run.tmp));
	fd = open(run.tmp.s, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		die_sys("unable to create a file in control: ");
	run.writing = true;
	if (cdbmake_start(&run.out, fd, buf, sizeof buf) < 0)
		die_sys("unable to write: ");
	read_with(add_entry);
	finish(fd, &before);
}

int
main(int argc, char **argv)
{
	char count[NUM_FMT];

	log_init("quill-cdb");
	umask(022);
	for (size_t i = 0; argc == 2 && i < sizeof lists / sizeof *lists; i++)
		if (strcmp(argv[1], lists[i].name) == 0)
			run.list = &lists[i];
	if (!run.list)
		log_die(STATUS_PERM,
			"usage: quill-cdb locals|rcpthosts|morercpthosts|"
			"senders|smtproutes|virtualdomains");
	str_init(&run.tmp, 100);
	str_init(&run.cdb, 100);
	compile();
	num_fmt(count, run.count);
	log_info(run.list->name, ".cdb: ", count, " entries");
	return STATUS_OK;
}
