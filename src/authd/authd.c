/* SPDX-License-Identifier: 0BSD */
/* authd.c - say whether a password is a user's, and nothing else
 *
 * runs as     quilla; the process that starts checks keeps what the back end
 *             needs: group shadow, or root for rootcheckpassword
 * started by  supervise (auth/run) as root
 * cwd         HOME/run/auth
 * socket      HOME/run/auth/socket: questions       wire/authreq.h
 * argv        -u: print $USER, for a checkpassword program
 * reads       control/passwords, authdelay, authfailures, timeoutauth,
 *             concurrencyauth; users/passwd, or the system's accounts
 * writes      nothing but its socket
 * runs        a checkpassword program, when it is the back end
 * trusts      control/, the back end; not who asks, not users and passwords
 * exits       STATUS_OK after SIGTERM, STATUS_TEMP when it cannot begin
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "authd/backend.h"
#include "authd/checker.h"
#include "authd/serve.h"
#include "lib/control.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/sig.h"
#include "wire/authreq.h"
#include "wire/daemon.h"
#include "wire/site.h"
#include "wire/status.h"

/* What a checkpassword program runs when it is content: who is it? */
static int
print_user(void)
{
	const char *user = getenv("USER");

	if (user && strlen(user) <= AUTHREQ_USER_MAX)
		(void)!fd_writeall(1, user, strlen(user));
	return STATUS_OK;
}

static void
enter(void)
{
	struct str dir = STR_INIT(4096);

	str_puts(&dir, site_run);
	str_puts(&dir, "/auth");
	if (chdir(str_c(&dir)) < 0)
		log_die_sys(STATUS_TEMP, "unable to enter ", str_c(&dir));
	str_free(&dir);
}

int
main(int argc, char **argv)
{
	static struct serve serve;
	static struct backend backend;
	bool look;

	if (argc == 2 && strcmp(argv[1], "-u") == 0)
		return print_user();
	log_init("quill-authd");
	look = argc == 2 && strcmp(argv[1], "-n") == 0;
	if (argc != 1 && !look)
		log_die(STATUS_PERM, "usage: quill-authd [-n]");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	sig_ignore(SIGPIPE);
	/* passwords must not come to rest on a disk */
	prctl(PR_SET_DUMPABLE, 0);
	if (site_ids(&serve.ids, NULL) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	control_init(site_control);
	if (look) {
		control_survey();
		(void)backend_read(&backend, &serve.ids);
		(void)serve_read(&serve);
		return control_surveyed() ? STATUS_PERM : STATUS_OK;
	}
	if (!backend_read(&backend, &serve.ids) || !serve_read(&serve))
		log_die(STATUS_TEMP, control_error());
	enter();
	serve.checker = checker_start(&backend, serve.timeout);
	if (serve.checker < 0)
		log_die_sys(STATUS_TEMP, "unable to start the checker");
	if (proc_drop(serve.ids.quilla, serve.ids.nofiles) < 0)
		log_die_sys(STATUS_TEMP, "unable to become quilla"
					 " (quill-authd is started by root)");
	prctl(PR_SET_DUMPABLE, 0);
	daemon_open(&serve.d, "auth");
	log_info("passwords: ", backend.name);
	serve_run(&serve);
	return STATUS_OK;
}
