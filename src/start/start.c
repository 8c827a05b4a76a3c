/* SPDX-License-Identifier: 0BSD */
/* start.c - wire the queue manager and its helpers, each as its user
 *
 * runs as     root; becomes quills and quill-send at its end, or quillv and
 *             quill-verifyd
 * started by  supervise (send/run, verify/run)
 * argv        default delivery, or -v
 * fd 1        the log; becomes everybody's fd 2
 * cwd         HOME
 * reads       users/ids
 * writes      nothing
 * runs        lspawn, rspawn, clean, queue (with -l), send; with -v lspawn,
 *             verifyd
 * trusts      root
 * exits       STATUS_TEMP if it cannot start
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/sig.h"
#include "lib/str.h"
#include "wire/fds.h"
#include "wire/handover.h"
#include "wire/site.h"
#include "wire/status.h"

enum { LOG = 2 };

/* The ends of the wires that stay with the helpers, and send's. */
static int local[2], remote[2], clean[2], cleaned[2], pool[2];

static void
run(const char *name, const char *arg, struct proc *p)
{
	char path[4096];
	const char *argv[] = { name, arg, NULL };

	if (strlen(site_bin) + strlen(name) + 2 > sizeof(path))
		log_die(STATUS_TEMP, "the home directory's name is too long");
	strcpy(path, site_bin);
	strcat(path, "/");
	strcat(path, name);
	/* its child could not say so */
	if (access(path, X_OK) < 0)
		log_die_sys(STATUS_TEMP, "unable to run ", path);
	p->path = path;
	p->argv = argv;
	p->fd[p->nfd++] = (struct proc_fd){ 2, LOG };
	if (proc_start(p) < 0)
		log_die_sys(STATUS_TEMP, "unable to start ", name);
}

/* option is quill-lspawn's argument. */
static void
run_local(const char *option)
{
	struct proc lspawn = { .fd = { { 0, local[1] } },
		.nfd = 1,
		.dir = site_home,
		.uid = PROC_KEEP,
		.gid = PROC_KEEP };

	run("quill-lspawn", option, &lspawn);
}

static void
run_helpers(const struct site_ids *ids)
{
	struct proc rspawn = { .fd = { { 0, remote[1] } },
		.nfd = 1,
		.dir = site_home,
		.uid = ids->quillr,
		.gid = ids->nofiles };
	struct proc cleaner = { .fd = { { 0, clean[0] }, { 1, cleaned[1] } },
		.nfd = 2,
		.dir = site_queue,
		.uid = ids->quillq,
		.gid = ids->quill };

	struct proc waiting = { .fd = { { 0, pool[0] }, { 1, LOG } },
		.nfd = 2,
		.dir = site_home,
		.uid = ids->quillq,
		.gid = ids->nofiles };

	run("quill-rspawn", NULL, &rspawn);
	run("quill-clean", NULL, &cleaner);
	/* another program in its place is for one message at a time */
	if (handover_own())
		run("quill-queue", "-l", &waiting);
}

/* Put n ends where wire/fds.h says; all else is closed by exec. */
static void
arrange(int *ends, const int *to, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		/* out of the way of the targets */
		ends[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 20);
		if (ends[i] < 0)
			log_die_sys(STATUS_TEMP, "unable to wire");
	}
	for (i = 0; i < n; i++)
		if (dup2(ends[i], to[i]) < 0) /* not close-on-exec */
			log_die_sys(STATUS_TEMP, "unable to wire");
}

/* Two descriptors for each message that is worked on, and some. */
static void
raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* What this process becomes; it has been wired. */
static void
become(const char *name, const char *dir, uid_t uid, gid_t gid)
{
	struct str path = STR_INIT(4096);

	/* for it alone: users' programs keep the limit we were given */
	raise_limit();
	if (chdir(dir) < 0)
		log_die_sys(STATUS_TEMP, "unable to enter ", dir);
	if (proc_drop(uid, gid) < 0)
		log_die_sys(STATUS_TEMP, "unable to become who runs ", name);
	str_puts(&path, site_bin);
	str_putc(&path, '/');
	str_puts(&path, name);
	execl(str_c(&path), name, (char *)0);
	log_die_sys(STATUS_TEMP, "unable to run ", str_c(&path));
}

static void
start_verify(const struct site_ids *ids)
{
	const int to[] = { VERIFYD_FD_LSPAWN };
	struct str dir = STR_INIT(4096);
	int ends[1];

	if (fd_seqpair(local) < 0)
		log_die_sys(STATUS_TEMP, "unable to make a socket");
	run_local("-v");
	ends[0] = local[0];
	arrange(ends, to, 1);
	str_puts(&dir, site_run);
	str_puts(&dir, "/verify");
	become("quill-verifyd", str_c(&dir), ids->quillv, ids->nofiles);
}

static void
start_send(const struct site_ids *ids, const char *delivery)
{
	const int to[] = { SEND_FD_LOCAL, SEND_FD_REMOTE, SEND_FD_CLEAN,
		SEND_FD_CLEANED, SEND_FD_POOL };
	int ends[5];

	if (fd_seqpair(local) < 0 || fd_seqpair(remote) < 0 ||
		fd_pipe(clean) < 0 || fd_pipe(cleaned) < 0 || fd_pipe(pool) < 0)
		log_die_sys(STATUS_TEMP, "unable to make a pipe");
	run_local(delivery);
	run_helpers(ids);
	ends[0] = local[0];
	ends[1] = remote[0];
	ends[2] = clean[1];
	ends[3] = cleaned[0];
	ends[4] = pool[1];
	arrange(ends, to, 5);
	become("quill-send", site_queue, ids->quills, ids->quill);
}

int
main(int argc, char **argv)
{
	struct site_ids ids;

	log_init("quill-start");
	sig_reset();
	/* kept for quill-send: one that comes too early must not be lost */
	sig_block(SIGTERM);
	sig_block(SIGHUP);
	sig_block(SIGALRM);
	if (fd_sane() < 0 || dup2(1, LOG) < 0)
		_exit(STATUS_TEMP);
	if (argc != 2)
		log_die(STATUS_PERM, "usage: quill-start DEFAULTDELIVERY | -v");
	if (site_ids(&ids, NULL) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	if (strcmp(argv[1], "-v") == 0)
		start_verify(&ids);
	else
		start_send(&ids, argv[1]);
	return STATUS_TEMP;
}
