/* SPDX-License-Identifier: 0BSD */
/* smtpd.c - receive mail by SMTP: one session with one client
 *
 * runs as     quilld
 * started by  tcpserver, or sendmail -bs as its caller; by hand with -n, to
 *             say how a recipient would be answered, or to read control/
 *             and no more
 * fd 0, 1     the client
 * fd 2        log
 * cwd         anywhere
 * reads       control/ (what names, limits and lists the session needs)
 * writes      run/count/smtpd; messages go to quill-queue   wire/qclient.h
 * asks        quill-verifyd, quill-authd, quill-tlsd, quill-send (ETRN)
 * runs        $RCPTCHECK
 * trusts      its environment (tcprules) and control files; not the client
 * exits       0 at the end of a session, STATUS_TEMP without one
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "lib/str.h"
#include "smtpd/audit.h"
#include "smtpd/conf.h"
#include "smtpd/foretell.h"
#include "smtpd/loop.h"
#include "wire/site.h"
#include "wire/status.h"

static struct conf conf;
static struct loop loop;
static bool only_tell; /* -n */

static _Noreturn void
refuse(const char *reply, const char *reason)
{
	audit_failed(conf.remoteip, reason);
	(void)!fd_writeall(1, reply, strlen(reply));
	_exit(STATUS_TEMP);
}

static void
out_of_memory(void)
{
	refuse("421 4.3.0 out of memory\r\n", "out of memory");
}

/* The session's kind, of the arguments. */
static unsigned
arguments(int argc, char **argv)
{
	unsigned flags = 0;
	int c;

	opterr = 0;
	while ((c = getopt(argc, argv, "nst")) != -1)
		switch (c) {
		case 'n':
			only_tell = true;
			break;
		case 's':
			flags |= CONF_SUBMISSION;
			break;
		case 't':
			flags |= CONF_TLS;
			break;
		default:
			refuse("421 4.3.5 server configuration error\r\n",
				"usage: quill-smtpd [-st], or -n [sender "
				"recipient [user]]");
		}
	return flags;
}

/* -n alone. As a submission service, which needs more. */
static int
look(unsigned flags)
{
	struct str out = STR_INIT(8192);

	control_survey();
	if (conf_read(&conf, flags | CONF_SUBMISSION))
		foretell_control(&out, &conf);
	if (fd_writeall(1, out.s, out.len) < 0)
		return STATUS_TEMP;
	return control_surveyed() ? STATUS_PERM : STATUS_OK;
}

/* -n SENDER RECIPIENT [USER] */
static int
tell(int argc, char **argv)
{
	struct str out = STR_INIT(8192);

	if (argc != 2 && argc != 3)
		log_die(STATUS_PERM, "-n wants sender, recipient and perhaps a "
				     "user");
	foretell(&out, &conf, argv[0], argv[1], argv[2]);
	return fd_writeall(1, out.s, out.len) < 0 ? STATUS_TEMP : STATUS_OK;
}

int
main(int argc, char **argv)
{
	unsigned flags;

	log_init("quill-smtpd");
	sig_ignore(SIGPIPE);
	str_oom = out_of_memory;
	if (fd_sane() < 0)
		_exit(STATUS_TEMP);
	flags = arguments(argc, argv);
	control_init(site_control);
	if (only_tell && optind == argc)
		_exit(look(flags));
	control_glance();
	if (!conf_read(&conf, flags))
		refuse("421 4.3.5 server configuration error\r\n",
			control_error());
	if (only_tell)
		_exit(tell(argc - optind, argv + optind));
	loop_run(&loop, &conf, 0, 1);
	_exit(0);
}
