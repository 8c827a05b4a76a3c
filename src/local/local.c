/* SPDX-License-Identifier: 0BSD */
/* local.c - deliver messages to one user: .qmail files, Maildirs, programs
 *
 * runs as     recipient (quill-lspawn made it so before exec)
 * started by  lspawn; by hand
 * fd 0        with -s, -v: delivery jobs and reports  wire/job.h wire/report.h
 *             by hand: the message, seekable
 * fd 1        by hand: text for the sender or the log
 * fd 2        log
 * argv        as quill-local(8) has it; -n alone: read control/ and no more
 * cwd         the home of the recipient, per delivery
 * reads       .qmail files, control/me, maildircreate, programlimits,
 *             timeoutprogram, timeoutlock, timeoutlocal; as alias users/ids,
 *             users/aliases.cdb, what that includes, control/locals
 * writes      Maildirs and mboxes of the recipient; queues forwards
 * trusts      lspawn, the recipient's files; not message content
 * exits       by hand 0 delivered, 100 failed for good, 111 try later; with
 *             -s, -v STATUS_OK at end of jobs, STATUS_TEMP if it cannot start
 */
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "local/conf.h"
#include "local/deliver.h"
#include "local/handdown.h"
#include "local/program.h"
#include "wire/job.h"
#include "wire/report.h"
#include "wire/site.h"
#include "wire/status.h"

static int
exit_code(char class)
{
	return class == 'K'   ? STATUS_OK
	       : class == 'D' ? STATUS_PERM
			      : STATUS_TEMP;
}

static int
by_hand(char **argv, bool dry, bool direct)
{
	struct delivery d = { argv[0], argv[1], argv[2], argv[3], argv[4],
		argv[5], argv[6], argv[7], 0, 0, 0, dry, direct };
	struct result r;

	result_init(&r);
	if (direct)
		handdown_take(&d);
	deliver(&d, &r);
	/* for the quill-local that runs whoever runs us (program.h) */
	if (direct && r.info)
		result_say(&r, PROGRAM_EXPANDED, (char *)0);
	if (fd_writeall(1, r.text.s, r.text.len) < 0 && dry)
		return STATUS_TEMP;
	return exit_code(r.class);
}

/* The delivery a job asks for; false: it is none of ours. local gets the local
 * part of the recipient. */
static bool
from_job(struct delivery *d, const struct job *j, int fd, struct str *local)
{
	const char *addr = j->rcpt[0].addr, *at;

	if (j->nrcpt != 1 || !j->user || fd < 0)
		return false;
	at = strrchr(addr, '@');
	str_clear(local);
	str_put(local, addr, at ? (size_t)(at - addr) : strlen(addr));
	*d = (struct delivery){ j->user, j->home, str_c(local), j->dash, j->ext,
		at ? at + 1 : "", j->sender, j->defaultdelivery, j->params,
		j->rcpt[0].params, fd, false, false };
	return true;
}

/* For a report: who was asked. */
static const char *
user_info(const char *user)
{
	static struct str s = STR_INIT(200);

	str_clear(&s);
	str_puts(&s, "user=");
	str_puts(&s, user);
	return str_c(&s);
}

/* verify: who asked is a stranger to the user: he learns which file decides,
 * not what is in it. */
static void
put_report(struct str *out, uint32_t number, struct result *r, bool verify,
	const char *user)
{
	static struct str group = STR_INIT(200);
	static struct report rep;

	if (verify && r->class == 'K') {
		str_clear(&r->text);
		str_puts(&r->text, r->how);
	}
	rep = (struct report){ .number = number, .nrcpt = 1 };
	/* whose programs it may be that are slow: send/dest.h */
	str_clear(&group);
	str_puts(&group, "group=");
	str_puts(&group, user);
	rep.info[rep.ninfo++] = str_c(&group);
	if (r->info)
		rep.info[rep.ninfo++] = r->info;
	rep.rcpt[0] =
		(struct report_rcpt){ r->class, 0, 0, str_c(&r->text), "" };
	report_encode(out, &rep);
}

/* verify: what would be done with a message, which is not looked at. */
static int
resident(bool verify)
{
	static char record[JOB_RECORD_MAX];
	static struct str answer = STR_INIT(REPORT_RECORD_MAX);
	static struct str local = STR_INIT(ADDR_MAX);
	struct delivery d;
	struct job j;
	static struct result r;
	ssize_t n;
	int fd;

	result_init(&r);
	while ((n = fd_recv(0, record, sizeof record, &fd)) > 0) {
		if (!job_decode(&j, record, (size_t)n) ||
			!from_job(&d, &j, fd, &local))
			log_die(STATUS_TEMP, "bad job from lspawn", (char *)0);
		d.dry = verify;
		deliver(&d, &r);
		close(fd);
		str_clear(&answer);
		if (verify)
			r.info = user_info(d.user);
		put_report(&answer, j.number, &r, verify, d.user);
		if (fd_send(0, answer.s, answer.len, -1) < 0)
			log_die_sys(STATUS_TEMP, "unable to report");
	}
	if (n < 0)
		log_die_sys(STATUS_TEMP, "unable to read jobs");
	return STATUS_OK;
}

/* What a caller left open is none of a program line's business. */
static void
close_others(void)
{
	if (syscall(SYS_close_range, 3, ~0U, 0) == 0)
		return;
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
}

int
main(int argc, char **argv)
{
	bool dry = false, direct = false;

	log_init("quill-local");
	umask(077);
	sig_ignore(SIGPIPE);
	/* a limit on file size is an error of the write, to be undone */
	sig_ignore(SIGXFSZ);
	close_others();
	if (argc == 2 && (!strcmp(argv[1], "-s") || !strcmp(argv[1], "-v")))
		return resident(argv[1][1] == 'v');
	if (fd_sane() < 0)
		return STATUS_TEMP;
	if (argc == 2 && !strcmp(argv[1], "-n"))
		return conf_look() ? STATUS_OK : STATUS_PERM;
	argv++;
	for (; *argv && argv[0][0] == '-' && argv[0][1] && !argv[0][2];
		argv++) {
		if (argv[0][1] == '-') {
			argv++;
			break;
		}
		if (!strchr("nNd", argv[0][1]))
			break;
		if (argv[0][1] == 'd')
			direct = true;
		else
			dry = argv[0][1] == 'n';
	}
	for (argc = 0; argv[argc];)
		argc++;
	if (argc != 8)
		log_die(STATUS_PERM,
			"usage: quill-local [-dnN] user home local dash ext"
			" domain sender defaultdelivery",
			(char *)0);
	return by_hand(argv, dry, direct);
}
