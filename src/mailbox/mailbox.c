/* SPDX-License-Identifier: 0BSD */
/* mailbox.c - the mailboxes and aliases of a domain of an account
 *
 * runs as     caller: the owner of the domain; root, which becomes the owner
 *             before it looks into the home
 * started by  the owner, the administrator, scripts
 * fd 1        list: one line for each address
 * cwd         HOME/domains/DOMAIN of the owner
 * reads       users/cdb, control/virtualdomains, .qmail files there
 * writes      .qmail files and Maildirs there
 * trusts      users/cdb; nothing below the owner's home
 * exits       0; 1 not there or there already, 64 usage, 77 not the owner,
 *             STATUS_TEMP trouble
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/lock.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "mail/mboxname.h"
#include "mailbox/box.h"
#include "wire/domains.h"
#include "wire/status.h"

enum {
	LOCK_WAIT = 60000, /* ms */
	DEPTH = 16,	   /* descriptors that a removal may hold */
};

static void __attribute__((noreturn)) usage(void)
{
	log_die(BOX_USAGE,
		"usage: quill-mailbox add LOCAL@DOMAIN | alias [--replace] "
		"LOCAL@DOMAIN TARGET... | del [--purge] LOCAL@DOMAIN | "
		"list [--json] [DOMAIN]");
}

/* One change at a time; the lock is gone with this process. */
static void
lock_domain(void)
{
	int fd = open(DOMAINS_LOCK,
		O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0 || lock_wait(fd, stamp_mono() + LOCK_WAIT) < 0)
		log_die_sys(STATUS_TEMP, "unable to lock the domain");
}

static void
open_box(const char *addr)
{
	static struct domains_owner o;

	box_parse(addr);
	box_become_owner(str_c(&box.domain), &o);
	lock_domain();
}

static bool
there(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return true;
	if (errno != ENOENT)
		log_die_sys(STATUS_TEMP, "unable to look at ", path);
	return false;
}

/* --- add, alias, del ------------------------------------------------------ */
static void
make_dir(const char *path)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		log_die_sys(STATUS_TEMP, "unable to create ", path);
}

static void
sync_dir(const char *path)
{
	if (file_syncdir(path) < 0)
		log_die_sys(STATUS_TEMP, "unable to sync ", path);
}

/* What is there of it stays, with its mail. */
static void
make_maildir(void)
{
	static const char *const subs[] = { "tmp", "new", "cur" };
	struct str path = STR_INIT(BOX_NAME_MAX);

	make_dir(DOMAINS_MAIL);
	make_dir(str_c(&box.maildir));
	for (size_t i = 0; i < sizeof subs / sizeof *subs; i++) {
		str_clear(&path);
		str_put(&path, box.maildir.s, box.maildir.len);
		str_putc(&path, '/');
		str_puts(&path, subs[i]);
		make_dir(str_c(&path));
	}
	str_free(&path);
	sync_dir(str_c(&box.maildir));
	sync_dir(DOMAINS_MAIL);
	sync_dir(".");
}

static void
put_file(struct str *text)
{
	if (text->over)
		log_die(BOX_USAGE, box.text, ": too many addresses");
	if (file_replace(str_c(&box.file), text->s, text->len, 0600) < 0)
		log_die_sys(STATUS_TEMP, "unable to write ", box.file.s);
}

static int
cmd_add(int argc, char **argv)
{
	struct str text = STR_INIT(BOX_NAME_MAX);

	if (argc != 1)
		usage();
	open_box(argv[0]);
	if (there(str_c(&box.file)))
		log_die(BOX_NO, box.text, ": exists already");
	/* The Maildir first: a delivery that sees the file finds it. */
	make_maildir();
	str_puts(&text, "./");
	str_put(&text, box.maildir.s, box.maildir.len);
	str_puts(&text, "/\n");
	put_file(&text);
	return 0;
}

static int
cmd_alias(int argc, char **argv)
{
	struct str text = STR_INIT(BOX_FILE_MAX);
	bool replace = argc > 0 && strcmp(argv[0], "--replace") == 0;

	argc -= replace;
	argv += replace;
	if (argc < 2)
		usage();
	for (int i = 1; i < argc; i++) {
		const char *why = mboxname_target(argv[i]);

		if (why)
			log_die(BOX_USAGE, argv[i], ": ", why);
		str_putc(&text, '&');
		str_puts(&text, argv[i]);
		str_putc(&text, '\n');
	}
	open_box(argv[0]);
	if (!replace && there(str_c(&box.file)))
		log_die(BOX_NO, box.text, ": exists already");
	put_file(&text);
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

/* Under another name first: what was removed in part is no Maildir, and one
 * that is made meanwhile is another. */
static void
purge(void)
{
	struct str old = STR_INIT(BOX_NAME_MAX);
	bool found = there(str_c(&box.maildir));

	str_puts(&old, DOMAINS_MAIL "/.purge-");
	str_put(&old, box.maildir.s + sizeof DOMAINS_MAIL,
		box.maildir.len - sizeof DOMAINS_MAIL);
	/* left behind by an earlier one */
	if (there(str_c(&old)) &&
		nftw(old.s, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS) < 0)
		log_die_sys(STATUS_TEMP, "unable to remove ", old.s);
	if (found && (rename(str_c(&box.maildir), str_c(&old)) < 0 ||
			     nftw(old.s, remove_one, DEPTH,
				     FTW_DEPTH | FTW_PHYS) < 0))
		log_die_sys(STATUS_TEMP, "unable to remove ", box.maildir.s);
	if (found)
		sync_dir(DOMAINS_MAIL);
	str_free(&old);
}

static int
cmd_del(int argc, char **argv)
{
	bool purging = argc > 0 && strcmp(argv[0], "--purge") == 0;
	bool file;

	argc -= purging;
	argv += purging;
	if (argc != 1)
		usage();
	open_box(argv[0]);
	file = there(str_c(&box.file));
	if (!file && !(purging && there(str_c(&box.maildir))))
		log_die(BOX_NO, box.text, ": not there");
	if (file && unlink(str_c(&box.file)) < 0)
		log_die_sys(STATUS_TEMP, "unable to remove ", box.file.s);
	if (file)
		sync_dir(".");
	if (purging)
		purge();
	return 0;
}

static int
cmd_list(int argc, char **argv)
{
	struct str domain = STR_INIT(MBOXNAME_DOMAIN_MAX);
	bool json = argc > 0 && strcmp(argv[0], "--json") == 0;
	const char *why;

	argc -= json;
	argv += json;
	if (argc > 1)
		usage();
	if (argc == 0)
		return list_run(json, NULL);
	why = mboxname_domain(argv[0], strlen(argv[0]), &domain);
	if (why)
		log_die(BOX_USAGE, argv[0], ": ", why);
	return list_run(json, str_c(&domain));
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "add", cmd_add },
		{ "alias", cmd_alias },
		{ "del", cmd_del },
		{ "list", cmd_list },
	};

	log_init("quill-mailbox");
	fd_sane();
	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands;
		i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	usage();
}
