/* SPDX-License-Identifier: 0BSD */
/* lspawn.c - start local deliveries, each as its recipient
 *
 * runs as     root; each child becomes the recipient before exec, refuses uid 0
 * started by  start
 * fd 0        jobs from send or verifyd, reports      wire/job.h wire/report.h
 * runs        local; getpw, as quillp, when it has a question  wire/pwreq.h
 * argv        default delivery (./Maildir/), or -v: start quill-local to say
 *             what would be delivered, for verifyd; or -n: read control/
 *             and no more
 * cwd         HOME
 * reads       users/cdb, users/ids, control/timeoutlocal, timeoutlookup,
 *             timeoutverify, idlelocal; of a message only its owner
 * writes      nothing
 * trusts      root, quillq; not the bytes of a job, not message content;
 *             getpw for any user but root
 * exits       STATUS_OK at end of jobs, STATUS_TEMP if it cannot start
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lspawn/route.h"
#include "spawn/spawn.h"
#include "wire/site.h"
#include "wire/status.h"
#include "wire/verify.h"

enum {
	IDLE_DEFAULT = 3,
	WAIT_MAX = 3600,
	LOOKUP_DEFAULT = 30,
	TIMEOUT_DEFAULT = 86400,
	TIMEOUT_MAX = 30 * 86400
};

/* A child's environment: what runs as a user starts from nothing that was
 * meant for root. quill-local adds what .qmail programs are promised. */
static const char *const *
clean_env(void)
{
	static const char *const keep[] = { "PATH", "TZ", "QUILLQUEUE",
		"QMAILQUEUE" };
	static const char *env[sizeof keep / sizeof *keep + 1];
	size_t i, n = 0;

	for (i = 0; i < sizeof keep / sizeof *keep; i++) {
		struct str s = STR_INIT(0);
		const char *v = getenv(keep[i]);

		str_puts(&s, keep[i]);
		str_putc(&s, '=');
		if (v != NULL) {
			str_puts(&s, v);
		} else if (i == 0) {
			str_puts(&s, site_bin);
			str_puts(&s, ":/usr/local/bin:/usr/bin:/bin");
		} else {
			str_free(&s);
			continue;
		}
		env[n++] = str_c(&s); /* for good */
	}
	return env;
}

static const char *
below(const char *dir, const char *name)
{
	struct str s = STR_INIT(0);

	str_puts(&s, dir);
	str_putc(&s, '/');
	str_puts(&s, name);
	return str_c(&s);
}

/* No child of ours runs as root: it gets nothing that was left open. An old
 * kernel does not know the call; start leaves nothing. */
static void
close_rest(void)
{
#ifdef SYS_close_range
	syscall(SYS_close_range, 3, ~0U, 0);
#endif
}

static void
read_control(struct spawn_ops *ops, bool v)
{
	uint64_t timeout = TIMEOUT_DEFAULT, idle = IDLE_DEFAULT;
	uint64_t lookup = LOOKUP_DEFAULT;
	uint64_t verify = VERIFY_TIMEOUT;

	control_init(site_control);
	if (control_num("timeoutlocal", 1, TIMEOUT_MAX, &timeout) ==
			CONTROL_BAD ||
		control_num("timeoutlookup", 1, WAIT_MAX, &lookup) ==
			CONTROL_BAD ||
		control_num("timeoutverify", 1, VERIFY_TIMEOUT_MAX, &verify) ==
			CONTROL_BAD ||
		control_num("idlelocal", 0, WAIT_MAX, &idle) == CONTROL_BAD)
		log_die(STATUS_TEMP, control_error(), (char *)0);
	if (v) {
		timeout = verify;
		lookup = lookup < verify ? lookup : verify;
	}
	ops->answer_ms = (unsigned)lookup * 1000;
	ops->idle_ms = (unsigned)idle * 1000;
	ops->job_ms = timeout * 1000;
}

int
main(int argc, char **argv)
{
	static struct route route;
	struct spawn_ops ops = { .fd = &route.getpw.fd, .arg = &route };
	struct stat st;
	bool verify;

	log_init("quill-lspawn");
	if (argc != 2)
		log_die(STATUS_PERM, "usage: quill-lspawn defaultdelivery | -v",
			(char *)0);
	if (strcmp(argv[1], "-n") == 0) {
		control_survey();
		read_control(&ops, false);
		return control_surveyed() ? STATUS_PERM : STATUS_OK;
	}
	verify = strcmp(argv[1], "-v") == 0;
	if (chdir(site_home) == -1)
		log_die_sys(STATUS_TEMP, "unable to enter ", site_home);
	if (stat(site_queue, &st) == -1)
		log_die_sys(STATUS_TEMP, "unable to look at ", site_queue);
	close_rest();
	/* Not our log: a user could write into it by way of /proc. */
	ops.childlog = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (ops.childlog == -1)
		log_die_sys(STATUS_TEMP, "unable to open /dev/null");

	read_control(&ops, verify);
	route_init(&route, st.st_uid, below(site_users, "cdb"),
		below(site_bin, "quill-getpw"), ops.answer_ms);
	ops.program = below(site_bin, "quill-local");
	ops.envp = clean_env();
	ops.option = verify ? "-v" : "-s";
	ops.vouch = verify;
	ops.defaultdelivery = verify ? "./Maildir/" : argv[1];
	ops.wrapper = verify ? NULL : site_env("LOCAL");
	ops.wrapper_argv = route_argv;
	ops.plan = route_plan;
	ops.answer = route_answer;
	ops.expired = route_expired;
	ops.ended = route_ended;
	route.verify = verify;
	ops.max_idle = verify ? 50 : 20;
	ops.max_jobs = verify ? VERIFY_JOBS : 10000;
	if (spawn_run(&ops) == -1)
		log_die_sys(STATUS_TEMP, "unable to begin");
	return STATUS_OK;
}
