/* SPDX-License-Identifier: 0BSD */
/* remote.c - SMTP client: one connection, one message after the other
 *
 * runs as     quillr
 * started by  rspawn; or by hand: quill-remote host sender recipient...,
 *             quill-remote -n to read control/ and no more, -n host to
 *             say where mail for it would go
 * fd 0        jobs and reports, each job with its message  wire/job.h,
 *             wire/report.h; by hand the message
 * fd 1        by hand the report                           wire/byhand.h
 * cwd         any
 * reads       control/, /etc/resolv.conf; name servers, mail exchangers, the
 *             socketmap of control/mtasts
 * asks        quill-tlsd to speak TLS for it                  wire/tls.h
 * writes      run/remote/dead: addresses that do not answer  wire/dead.h;
 *             by hand a file without a name, for a message from a pipe
 * trusts      control/ and who started it; not the DNS, not the peer, not
 *             the message
 * exits       STATUS_OK at end of jobs, and by hand always; STATUS_TEMP when
 *             the job socket breaks; -n: STATUS_PERM, a control file is bad
 */
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "lib/spool.h"
#include "mail/idna.h"
#include "remote/foretell.h"
#include "remote/session.h"
#include "wire/job.h"
#include "wire/report.h"
#include "wire/site.h"
#include "wire/status.h"

static struct conf conf;
static bool conf_ok;
static struct session session;
static struct data_source source;
static struct result result;

/* A destination in the form that the DNS has. */
static char *
usual_form(char *host)
{
	static struct str ascii;
	size_t n = strlen(host);

	ascii_tolower(host, n);
	if (n && host[n - 1] == '.')
		host[n - 1] = 0;
	ascii.max = ADDR_MAX + 1;
	str_clear(&ascii);
	if (!idna_toascii(&ascii, host))
		return host;
	str_c(&ascii);
	return ascii.s;
}

/* The one way through: both faces come here. */
static void
deliver(struct letter *l, char *host)
{
	l->host = usual_form(host);
	/* only inside is a double bounce told from a bounce */
	if (!strcmp(l->sender, "#@[]"))
		l->sender = "";
	l->data = &source;
	if (conf_ok) {
		session_deliver(&session, l, &result);
		return;
	}
	result_init(&result, l->nrcpt);
	verdict_set(&result.message, MESSAGE_DEFERRED, "4.3.5", NULL,
		"Mail cannot be sent now: ", control_error(), NULL);
}

/* The message on standard input, as a file; -1 errno. */
static int
as_file(void)
{
	struct stat st;
	uint64_t bytes = 0;
	int fd;

	if (fstat(0, &st) < 0)
		return -1;
	if (S_ISREG(st.st_mode))
		return 0;
	fd = spool_open();
	if (fd < 0 || spool_copy(fd, 0, &bytes) != SPOOL_OK)
		return -1;
	return lseek(fd, 0, SEEK_SET) < 0 ? -1 : fd;
}

static int
by_hand(int argc, char **argv)
{
	struct letter l = { .nrcpt = 0 };
	struct str out = STR_INIT(STR_MAX);
	struct str host = STR_INIT(4096);
	int fd = -1;

	if (argc < 4) {
		verdict_set(&result.message, MESSAGE_FAILED, "5.3.5", NULL,
			"quill-remote was called without host, sender and "
			"recipient",
			NULL);
	} else if ((fd = as_file()) < 0) {
		verdict_set(&result.message, MESSAGE_DEFERRED, "4.3.0", NULL,
			"Unable to copy the message to a file in /tmp: ",
			log_strerror(), NULL);
	} else {
		str_puts(&host, argv[1]);
		str_c(&host);
		l.sender = argv[2];
		l.rcpt = (const char *const *)(argv + 3);
		l.nrcpt = (size_t)argc - 3;
		data_open(&source, fd, UINT64_MAX);
		deliver(&l, host.s);
	}
	out.max = 1024 + result.nrcpt * 8192;
	result_byhand(&out, &result);
	fd_writeall(1, out.s, out.len);
	session_end(&session);
	return STATUS_OK;
}

/* One job; false: the socket is broken. */
static bool
one_job(const char *p, size_t n, int fdmess)
{
	static const char *rcpt[JOB_RCPT_MAX], *params[JOB_RCPT_MAX];
	static struct str out, host;
	static struct job j;
	struct letter l = { .rcpt = rcpt, .rcptparams = params };
	bool sent;

	str_init(&out, REPORT_RECORD_MAX);
	str_init(&host, ADDR_MAX);
	if (!job_decode(&j, p, n) || !j.host || fdmess < 0) {
		log_alert("malformed job record");
		return false;
	}
	str_puts(&host, j.host);
	str_c(&host);
	l.via = j.via;
	l.sender = j.sender;
	l.params = j.params;
	for (l.nrcpt = 0; l.nrcpt < j.nrcpt; l.nrcpt++) {
		rcpt[l.nrcpt] = j.rcpt[l.nrcpt].addr;
		params[l.nrcpt] = j.rcpt[l.nrcpt].params;
	}
	data_open(&source, fdmess, j.bytes);
	deliver(&l, host.s);
	result_record(&out, j.number, &result);
	/* rspawn takes our end for a deferral, but would wait for a report */
	sent = !out.over && fd_send(0, out.s, out.len, -1) == 0;
	if (!sent)
		log_alert_sys("unable to report");
	str_free(&out);
	str_free(&host);
	return sent;
}

static int
resident(void)
{
	static char record[JOB_RECORD_MAX];
	ssize_t n;
	bool ok;
	int fdmess;

	while ((n = fd_recv(0, record, sizeof record, &fdmess)) > 0) {
		ok = one_job(record, (size_t)n, fdmess);
		if (fdmess >= 0)
			close(fdmess);
		if (!ok)
			return STATUS_TEMP;
		session_rest(&session);
	}
	session_end(&session);
	return n < 0 ? STATUS_TEMP : STATUS_OK;
}

/* -n HOST: where would mail for it go? */
static int
only_tell(char *host)
{
	struct str out = STR_INIT(65536);

	foretell(&out, &conf, usual_form(host));
	return fd_writeall(1, out.s, out.len) < 0 ? STATUS_TEMP : STATUS_OK;
}

int
main(int argc, char **argv)
{
	log_init("quill-remote");
	sig_ignore(SIGPIPE);
	control_init(site_control);
	if (argc == 2 && !strcmp(argv[1], "-n"))
		control_survey();
	conf_ok = conf_read(&conf);
	if (control_surveyed())
		return STATUS_PERM;
	if ((argc == 2 || argc == 3) && !strcmp(argv[1], "-n")) {
		if (!conf_ok)
			log_die(STATUS_PERM, control_error());
		return argc == 2 ? STATUS_OK : only_tell(argv[2]);
	}
	session_init(&session, &conf);
	if (argc == 2 && !strcmp(argv[1], "-s"))
		return resident();
	return by_hand(argc, argv);
}
