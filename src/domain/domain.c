/* SPDX-License-Identifier: 0BSD */
/* domain.c - give domains to accounts
 *
 * runs as     root; a child that becomes the account makes its directories.
 *             list: caller
 * started by  the administrator, scripts
 * fd 1        list: one line for each domain
 * reads       the name service; control/locals, virtualdomains, rcpthosts;
 *             users/assign, append, cdb
 * writes      control/virtualdomains, rcpthosts; users/assign, append; by way
 *             of quill-newu and quill-cdb what is compiled of them; the
 *             account's HOME/domains/DOMAIN
 * trusts      root; nothing below a home
 * exits       0; 1 not there or there already, 64 usage, 77 not root,
 *             STATUS_TEMP trouble
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "domain/hup.h"
#include "domain/lines.h"
#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/lock.h"
#include "lib/log.h"
#include "lib/obuf.h"
#include "lib/proc.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "mail/mboxname.h"
#include "wire/domains.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	NO = 1,
	USAGE = 64,
	NOT_ROOT = 77,
	LOCK_WAIT = 60000, /* ms */
	NAME_ROOM = 400,
};

/* The account of "add". */
static struct passwd *account;
static struct str domain = STR_INIT(MBOXNAME_DOMAIN_MAX);

static void __attribute__((noreturn)) usage(void)
{
	log_die(USAGE, "usage: quill-domain add DOMAIN ACCOUNT | "
		       "del DOMAIN | list [--json] [ACCOUNT]");
}

enum { LOCALS, VIRTUAL, RCPTHOSTS, ASSIGN, APPEND, LISTS };
static struct lines lists[LISTS] = {
	[LOCALS] = { .path = "control/locals" },
	[VIRTUAL] = { .path = "control/virtualdomains", .sep = ':' },
	[RCPTHOSTS] = { .path = "control/rcpthosts" },
	[ASSIGN] = { .path = "users/assign", .sep = ':', .dot = true },
	[APPEND] = { .path = "users/append", .sep = ':' },
};

static bool
run(const char *program, const char *arg)
{
	struct str path = STR_INIT(DOMAINS_PATH_MAX);
	const char *argv[] = { program, arg, NULL };
	struct proc p = PROC_INIT;
	int status;
	pid_t pid;

	str_puts(&path, site_bin);
	str_putc(&path, '/');
	str_puts(&path, program);
	p.path = str_c(&path);
	p.argv = argv;
	p.fd[0] = (struct proc_fd){ 0, 0 };
	p.fd[1] = (struct proc_fd){ 1, 2 };
	p.fd[2] = (struct proc_fd){ 2, 2 };
	p.nfd = 3;
	pid = proc_start(&p);
	if (pid < 0 || proc_wait(pid, &status) < 0)
		log_die_sys(STATUS_TEMP, "unable to run ", program);
	str_free(&path);
	if (proc_code(status) == 0)
		return true;
	log_alert(program, " failed");
	return false;
}

/* A list that was compiled is compiled again. */
static void
recompile(const char *name)
{
	struct str cdb = STR_INIT(DOMAINS_PATH_MAX);
	struct stat st;

	str_puts(&cdb, "control/");
	str_puts(&cdb, name);
	str_puts(&cdb, ".cdb");
	if (stat(str_c(&cdb), &st) == 0 && !run("quill-cdb", name))
		_exit(STATUS_TEMP);
	str_free(&cdb);
}

/* --- add ------------------------------------------------------------------ */
static void
find_account(const char *name)
{
	errno = 0;
	account = getpwnam(name);
	if (!account && (errno == 0 || errno == ENOENT || errno == ESRCH ||
				errno == EBADF || errno == EPERM))
		log_die(NO, name, ": there is no such account");
	if (!account)
		log_die_sys(STATUS_TEMP, "unable to look up ", name);
	if (account->pw_uid == 0)
		log_die(USAGE, name, ": user ID 0 cannot own a domain");
	if (account->pw_dir[0] != '/' || strpbrk(account->pw_dir, ":\n") ||
		strpbrk(account->pw_name, ":\n"))
		log_die(USAGE, name,
			": its home directory cannot be named in "
			"users/assign");
}

/* In a child. What is there already is left alone. */
static void
make_dirs_as_account(const char *dir)
{
	struct str mail = STR_INIT(DOMAINS_PATH_MAX);
	const char *const all[] = { "domains", dir, str_c(&mail) };
	struct stat st;

	str_puts(&mail, dir);
	str_puts(&mail, "/" DOMAINS_MAIL);
	if (proc_drop(account->pw_uid, account->pw_gid) < 0)
		log_die_sys(STATUS_TEMP, "unable to become ", account->pw_name);
	umask(077);
	if (chdir(account->pw_dir) < 0 || stat(".", &st) < 0)
		log_die_sys(STATUS_TEMP, "unable to enter ", account->pw_dir);
	if (st.st_uid != account->pw_uid)
		log_die(STATUS_TEMP, account->pw_dir, " does not belong to ",
			account->pw_name);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const char *path = i == 2 ? str_c(&mail) : all[i];

		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			log_die_sys(STATUS_TEMP, "unable to create ", path);
	}
	if (file_syncdir(dir) < 0 || file_syncdir("domains") < 0 ||
		file_syncdir(".") < 0)
		log_die_sys(STATUS_TEMP, "unable to sync ", dir);
	_exit(0);
}

static void
make_dirs(const char *dir)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		make_dirs_as_account(dir);
	if (pid < 0 || proc_wait(pid, &status) < 0)
		log_die_sys(STATUS_TEMP, "unable to fork");
	if (proc_code(status) != 0)
		_exit(STATUS_TEMP);
}

static void
lock_lists(void)
{
	int fd = open("users/domains.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || lock_wait(fd, stamp_mono() + LOCK_WAIT) < 0)
		log_die_sys(STATUS_TEMP, "unable to lock users/domains.lock");
}

static void
open_lists(const char *name)
{
	struct str prefix = STR_INIT(LINES_ROOM);
	const char *why = mboxname_domain(name, strlen(name), &domain);

	if (why)
		log_die(USAGE, name, ": ", why);
	if (geteuid() != 0)
		log_die(NOT_ROOT, "only root can do that");
	if (chdir(site_home) < 0)
		log_die_sys(STATUS_TEMP, "unable to enter ", site_home);
	umask(022);
	lock_lists();
	domains_prefix(&prefix, str_c(&domain));
	for (size_t i = 0; i < LISTS; i++) {
		bool user = i == ASSIGN || i == APPEND;

		lines_read(&lists[i], user ? prefix.s : domain.s,
			user ? prefix.len - 1 : domain.len);
	}
	str_free(&prefix);
}

/* What stands after "+DOMAIN-:" in users/assign. */
static void
assignment(struct str *out, const char *dir)
{
	str_puts(out, account->pw_name);
	str_putc(out, ':');
	str_putnum(out, account->pw_uid);
	str_putc(out, ':');
	str_putnum(out, account->pw_gid);
	str_putc(out, ':');
	str_puts(out, account->pw_dir);
	str_putc(out, '/');
	str_puts(out, dir);
	str_puts(out, ":-::");
}

/* Is the domain somebody else's, or something else? */
static void
refuse_others(const char *value)
{
	const char *name = str_c(&domain);
	struct lines *v = &lists[VIRTUAL], *a = &lists[ASSIGN];

	if (lists[LOCALS].found)
		log_die(NO, name, ": it is in control/locals");
	if (v->found && !ascii_caseis(str_c(&v->value), name))
		log_die(NO, name, ": it is in control/virtualdomains, with ",
			v->value.len ? v->value.s : "nothing after the colon");
	if (a->found && strcmp(str_c(&a->value), value) != 0) {
		size_t n = strcspn(str_c(&a->value), ":");

		str_cut(&a->value, n);
		log_die(NO, name, ": exists already: users/assign has it for ",
			str_c(&a->value));
	}
}

static int
cmd_add(int argc, char **argv)
{
	struct str value = STR_INIT(LINES_ROOM), dir = STR_INIT(NAME_ROOM);
	struct domains_owner o = { 0 };
	struct lines *rcpt = &lists[RCPTHOSTS], *append = &lists[APPEND];
	bool compiled;

	if (argc != 2)
		usage();
	open_lists(argv[0]);
	find_account(argv[1]);
	domains_dir(&dir, str_c(&domain));
	assignment(&value, str_c(&dir));
	if (value.over)
		log_die(USAGE, argv[1], ": its home directory is too long");
	refuse_others(str_c(&value));
	compiled =
		domains_find(domain.s, &o) == 1 && o.u.uid == account->pw_uid;
	if (lists[VIRTUAL].found && lists[ASSIGN].found && compiled &&
		(!rcpt->exists || rcpt->found)) {
		/* the one who made it may have been killed just before */
		hup_send();
		log_die(NO, domain.s, ": exists already");
	}
	/* From the inside out: an address is accepted when all is ready for
	 * its mail. */
	make_dirs(str_c(&dir));
	if (append->exists)
		lines_write(append, str_c(&value));
	lines_write(&lists[ASSIGN], str_c(&value));
	if (!run("quill-newu", NULL)) {
		if (!lists[ASSIGN].found)
			lines_write(&lists[ASSIGN], NULL);
		return STATUS_TEMP;
	}
	lines_write(&lists[VIRTUAL], domain.s);
	recompile("virtualdomains");
	hup_send();
	if (rcpt->exists && !rcpt->found) {
		lines_write(rcpt, "");
		recompile("rcpthosts");
	}
	return 0;
}

/* --- del, list ------------------------------------------------------------ */
static int
cmd_del(int argc, char **argv)
{
	struct lines *v = &lists[VIRTUAL], *a = &lists[ASSIGN];

	if (argc != 1)
		usage();
	open_lists(argv[0]);
	if (v->found && !ascii_caseis(str_c(&v->value), str_c(&domain)))
		log_die(NO, domain.s,
			": its entry in control/virtualdomains is"
			" of another kind");
	if (!v->found && !a->found)
		log_die(NO, str_c(&domain), ": not there");
	if (lists[RCPTHOSTS].found) {
		lines_write(&lists[RCPTHOSTS], NULL);
		recompile("rcpthosts");
	}
	if (v->found) {
		lines_write(v, NULL);
		recompile("virtualdomains");
	}
	hup_send();
	if (lists[APPEND].found)
		lines_write(&lists[APPEND], NULL);
	if (a->found)
		lines_write(a, NULL);
	return !a->exists || run("quill-newu", NULL) ? 0 : STATUS_TEMP;
}

static int
cmd_list(int argc, char **argv)
{
	static char buf[65536];
	bool json = argc > 0 && strcmp(argv[0], "--json") == 0;
	struct domains_list l;
	struct obuf out;

	argc -= json;
	argv += json;
	if (argc > 1)
		usage();
	obuf_init(&out, 1, buf, sizeof buf);
	if (domains_all(&l) < 0)
		log_die_sys(STATUS_TEMP, "unable to read virtualdomains");
	for (size_t i = 0; i < l.n; i++) {
		struct domains_owner o = { 0 };
		int r = domains_find(l.name[i], &o);

		if (r < 0)
			log_die_sys(STATUS_TEMP, "unable to read users/cdb");
		if (r == 1 && (argc == 0 || strcmp(argv[0], o.u.user) == 0)) {
			obuf_puts(&out, json ? "{\"domain\":" : "");
			(json ? json_string : json_plain)(&out, l.name[i]);
			obuf_puts(&out, json ? ",\"account\":" : " ");
			(json ? json_string : json_plain)(&out, o.u.user);
			obuf_puts(&out, json ? ",\"directory\":" : " ");
			(json ? json_string : json_plain)(&out, o.u.home);
			obuf_puts(&out, json ? "}\n" : "\n");
		}
		str_free(&o.data);
	}
	if (obuf_flush(&out) < 0)
		log_die_sys(STATUS_TEMP, "unable to write");
	return 0;
}

int
main(int argc, char **argv)
{
	log_init("quill-domain");
	fd_sane();
	if (argc > 1 && strcmp(argv[1], "add") == 0)
		return cmd_add(argc - 2, argv + 2);
	if (argc > 1 && strcmp(argv[1], "del") == 0)
		return cmd_del(argc - 2, argv + 2);
	if (argc > 1 && strcmp(argv[1], "list") == 0)
		return cmd_list(argc - 2, argv + 2);
	usage();
}
