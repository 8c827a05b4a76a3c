/* SPDX-License-Identifier: 0BSD */
/* verifyd.c - say which addresses would be delivered, before mail is taken
 *
 * runs as     quillv
 * started by  start (with -v, verify/run)
 * fd 3        jobs to its own lspawn, reports      wire/job.h wire/report.h
 * cwd         HOME/run/verify
 * socket      HOME/run/verify/socket: questions     wire/verify.h
 * reads       control/locals, virtualdomains, percenthack, envnoathost,
 *             timeoutverify
 * writes      nothing but its socket
 * trusts      control/, lspawn; not who asks, not the addresses
 * exits       STATUS_OK after SIGTERM, STATUS_TEMP when it cannot begin or
 *             lspawn is gone
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "verifyd/serve.h"
#include "wire/daemon.h"
#include "wire/fds.h"
#include "wire/site.h"
#include "wire/status.h"

int
main(int argc, char **argv)
{
	static struct serve serve;

	log_init("quill-verifyd");
	if (argc == 2 && strcmp(argv[1], "-n") == 0) {
		control_init(site_control);
		control_survey();
		(void)serve_read(&serve);
		return control_surveyed() ? STATUS_PERM : STATUS_OK;
	}
	if (argc != 1)
		log_die(STATUS_PERM, "usage: quill-start -v");
	sig_ignore(SIGPIPE);
	if (site_ids(&serve.ids, NULL) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	if (fd_cloexec(VERIFYD_FD_LSPAWN) < 0 ||
		fd_nonblock(VERIFYD_FD_LSPAWN) < 0)
		log_die_sys(STATUS_TEMP, "no quill-lspawn on descriptor 3");
	control_init(site_control);
	serve.lspawn = VERIFYD_FD_LSPAWN;
	daemon_open(&serve.d, "verify");
	if (!serve_read(&serve))
		log_die(STATUS_TEMP, control_error());
	serve_run(&serve);
	return STATUS_OK;
}
