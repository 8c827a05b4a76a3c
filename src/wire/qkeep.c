/* SPDX-License-Identifier: 0BSD */
#include "wire/qkeep.h"

#include <unistd.h>

#include "lib/fd.h"
#include "lib/proc.h"
#include "wire/handover.h"
#include "wire/site.h"
#include "wire/status.h"

/* Let it go; the code that it exits with, -1 for a signal. */
static int
leave(struct qkeep *k)
{
	int status, code = -1;

	if (k->pid == -1)
		return -1;
	close(k->sock);
	if (k->own && proc_wait(k->pid, &status) == 0)
		code = proc_code(status);
	*k = (struct qkeep)QKEEP_INIT;
	return code;
}

void
qkeep_end(struct qkeep *k)
{
	(void)leave(k);
}

/* It would take the one that asks for who it has become, not for who it is. */
static bool
is_setuid(void)
{
	return getuid() != geteuid();
}

static int
join(struct qkeep *k)
{
	k->sock = is_setuid() ? -1 : handover_join(&k->pid);
	k->own = false;
	return k->sock == -1 ? -1 : 0;
}

static int
start(struct qkeep *k)
{
	static const char *const argv[] = { site_queueprog, "-k", NULL };
	struct proc p = PROC_INIT;
	int sock[2];

	if (fd_seqpair(sock) == -1)
		return -1;
	p.path = site_queueprog;
	p.argv = argv;
	p.fd[p.nfd++] = (struct proc_fd){ 0, sock[1] };
	/* not the caller's, which may be a connection */
	p.fd[p.nfd++] = (struct proc_fd){ 1, sock[1] };
	k->pid = proc_start(&p);
	k->sock = sock[0];
	k->own = true;
	close(sock[1]);
	if (k->pid != -1)
		return 0;
	close(sock[0]);
	*k = (struct qkeep)QKEEP_INIT;
	return -1;
}

int
qkeep_give(struct qkeep *k, int mess, int env, bool alone)
{
	if (k->pid != -1) {
		if (handover_send(k->sock, mess, env) == 0)
			return 1;
		leave(k);
	}
	if (join(k) == 0) {
		if (handover_send(k->sock, mess, env) == 0)
			return 1;
		leave(k);
	}
	if (alone || !handover_own())
		return 0;
	if (start(k) == -1)
		return -1;
	/* One that could not begin may have left already: the verdict tells. */
	(void)handover_send(k->sock, mess, env);
	return 1;
}

int
qkeep_verdict(struct qkeep *k, struct qid *id)
{
	int said = handover_result(k->sock, id), exited;

	if (said == STATUS_OK)
		return STATUS_OK;
	exited = leave(k);
	/* without an answer nothing was committed for us, whatever it exits */
	return said != -1 ? said : exited != STATUS_OK ? exited : STATUS_READ;
}
