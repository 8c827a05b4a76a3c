/* SPDX-License-Identifier: 0BSD */
/* getpw.c - look users up, so that the name service never runs as root
 *
 * runs as     quillp
 * started by  lspawn, when it has a question
 * fd 0        questions from lspawn and their answers  wire/pwreq.h
 * argv        name of the alias user; seconds that it stays unasked (60)
 * cwd         HOME
 * reads       the system's name service; owners of home directories
 * writes      nothing
 * trusts      the name service; not the bytes of a question
 * exits       STATUS_OK at end of questions or when there are none for long,
 *             STATUS_TEMP when fd 0 is broken
 */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "getpw/lookup.h"
#include "getpw/owner.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/str.h"
#include "wire/pwreq.h"
#include "wire/site.h"
#include "wire/status.h"

enum { IDLE_DEFAULT = 60, IDLE_MAX = 86400 };

static int
system_account(void *arg, const char *name, struct account *a)
{
	struct passwd *pw;

	(void)arg;
	/* Close what the C library may have kept open: an account made a
	 * moment ago counts. */
	endpwent();
	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL) {
		/* What "no such name" leaves in errno differs between name
		 * services; these are the ones getpwnam(3) lists for it. */
		if (errno == 0 || errno == ENOENT || errno == ESRCH ||
			errno == EBADF || errno == EPERM)
			return 0;
		log_warning_sys("unable to look up ", name);
		return -1;
	}
	a->name = pw->pw_name;
	a->home = pw->pw_dir;
	a->uid = pw->pw_uid;
	a->gid = pw->pw_gid;
	return 1;
}

static int
system_owner(void *arg, const char *home, uid_t *uid)
{
	int r = owner_of(home, uid);

	(void)arg;
	if (r == -1)
		log_warning_sys("unable to look at ", home);
	return r;
}

/* The account's own home is that of the first quill it was made for; several
 * homes may share the account. */
static const char *
alias_home(void)
{
	static struct str s = STR_INIT(4096);

	str_clear(&s);
	str_puts(&s, site_home);
	str_puts(&s, "/alias");
	return str_c(&s);
}

static void
answer(struct str *out, const char *alias, uint32_t number, const char *local)
{
	static const struct lookup_ops ops = { system_account, system_owner,
		NULL };
	struct lookup_found f;
	struct pwanswer a = { .number = number };

	a.text = lookup_account(&ops, alias, local, &f);
	a.found = a.text == NULL;
	if (a.found) {
		a.u.user = f.a.name;
		a.u.home =
			strcmp(f.a.name, alias) == 0 ? alias_home() : f.a.home;
		a.u.uid = f.a.uid;
		a.u.gid = f.a.gid;
		a.u.dash = f.dash;
		a.u.ext = f.ext;
	}
	str_clear(out);
	pwreq_answer(out, &a);
}

/* Questions that do not come for so long are an error, EAGAIN. */
static int
idle_after(uint64_t seconds)
{
	struct timeval tv = { .tv_sec = (time_t)seconds };

	return setsockopt(0, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
}

/* What has come already will be answered; whoever asks from now on is told at
 * once that nobody listens, and starts another. */
static void
take_no_more(void)
{
	shutdown(0, SHUT_RD);
}

int
main(int argc, char **argv)
{
	struct str out = STR_INIT(PWREQ_MAX);
	char buf[PWREQ_MAX];
	const char *local;
	uint64_t seconds = IDLE_DEFAULT;
	uint32_t number;
	ssize_t n;
	int passed;

	log_init("quill-getpw");
	if (argc < 2 || argc > 3 ||
		(argc == 3 && !num_parse(argv[2], strlen(argv[2]), IDLE_MAX,
				      &seconds)))
		log_die(STATUS_PERM, "usage: quill-getpw aliasuser [seconds]",
			(char *)0);
	if (idle_after(seconds) == -1)
		log_die_sys(STATUS_TEMP, "unable to read questions");
	while ((n = fd_recv(0, buf, sizeof buf, &passed)) != 0) {
		if (passed != -1)
			close(passed);
		if (n == -1 && errno == EAGAIN) {
			/* A mount that hangs would be found out anew. */
			if (!owner_waits())
				take_no_more();
			continue;
		}
		if (n == -1 && errno != EMSGSIZE)
			log_die_sys(STATUS_TEMP, "unable to read questions");
		if (n == -1 || !pwreq_question(buf, (size_t)n, &number, &local))
			continue; /* lspawn has a deadline */
		answer(&out, argv[1], number, local);
		if (fd_send(0, out.s, out.len, -1) == -1 && errno != EPIPE)
			log_die_sys(STATUS_TEMP, "unable to answer");
	}
	return STATUS_OK;
}
