/* SPDX-License-Identifier: 0BSD */
/* checkservices - are the services of this home supervised, do they run and
 * stay up, does somebody write their logs? */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/stamp.h"
#include "quillctl/check.h"
#include "quillctl/facts.h"
#include "wire/handover.h"
#include "wire/tls.h"

enum {
	YOUNG = 6,	/* s: supervise waits one between two starts */
	LOOK_MS = 2500, /* how long a young one is looked at */
	YOUNGS = 32,
};

/* Those that were just started: are they there for long? */
static struct young {
	char *path, *name;
	uint64_t pid;
} young[YOUNGS];

static struct {
	bool send, listener, submission, auth, tls, verify;
	char *sender; /* quill-send's, if it runs; NULL */
	size_t young;
} have;

/* Does a supervise look after the open directory? */
static bool
supervised(int dir)
{
	int fd = openat(dir, "supervise/ok", O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) /* supervise lets only its user look */
		return errno == EACCES && !check.root;
	close(fd);
	return true;
}

static bool
has(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0;
}

static void
note_young(const char *path, const char *name, uint64_t pid)
{
	struct young *y = &young[have.young];

	if (have.young == YOUNGS)
		return;
	y->path = xstrdup(path);
	y->name = xstrdup(name);
	y->pid = pid;
	have.young++;
}

/* The service itself, or its log. */
static void
runs(const char *path, const char *name, int dir)
{
	struct facts_service s = { .pid = 0 };

	if (!supervised(dir)) {
		check_say(CHECK_ERROR, path, 0,
			"no supervise looks after it: it does not run",
			"is svscan running on that directory?");
		return;
	}
	if (!facts_supervise(dir, &s))
		return;
	if (s.pid == 0 && has(dir, "down"))
		check_say(CHECK_WARNING, path, 0,
			"does not run, because there is a file down in it",
			check_text("rm ", path, "/down; svc -u ", path));
	else if (s.pid == 0)
		check_say(CHECK_ERROR, path, 0, "does not run",
			check_text("svc -u ", path, "; then svstat ", path));
	else if (has(dir, "down"))
		check_say(CHECK_WARNING, path, 0,
			"will not be started when the host is, because there "
			"is a file down in it",
			check_text("rm ", path, "/down"));
	if (s.pid == 0 || stamp_now() - s.since < YOUNG)
		note_young(path, name, s.pid);
}

/* Where its log/run has multilog write. */
static void
log_directory(const char *name, const char *path)
{
	const char *dir = check_text(site_home, "/log/", name);
	struct stat st;

	if (stat(dir, &st) < 0) {
		check_say(CHECK_ERROR, dir, 0,
			check_text("the log of ", path,
				" cannot be written: ", strerror(errno)),
			"quill-service makes it");
		return;
	}
	if (check.known &&
		(st.st_uid != check.ids.quilll || (~st.st_mode & 0700)))
		check_say(CHECK_ERROR, dir, 0,
			"not writable for the user that writes logs",
			check_text("chown the user of ", path,
				"/log/run to it; chmod 750"));
}

static void
log_service(const char *path, const char *name, int dir)
{
	int fd = openat(dir, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		check_say(CHECK_WARNING, path, 0,
			"has no log service: what it says is lost",
			"quill-service writes one");
		return;
	}
	runs(check_text(path, "/log"), name, fd);
	close(fd);
	/* by its first name, whatever the link below svscan is called */
	log_directory(name, path);
}

/* What quill-service calls it: the directory that log/run writes to. */
static const char *
log_name(int dir)
{
	static char name[64];
	struct str run = STR_INIT(65536);
	int fd = openat(dir, "log/run", O_RDONLY | O_CLOEXEC);
	const char *at, *dirs = check_text(site_home, "/log/");
	char buf[4096];
	ssize_t n;
	size_t len = 0;

	*name = 0;
	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		str_put(&run, buf, (size_t)n);
	if (fd >= 0)
		close(fd);
	at = strstr(str_c(&run), dirs);
	if (at) {
		at += strlen(dirs);
		while (ascii_isalnum(at[len]) ||
			(at[len] && strchr("-_.", at[len])))
			if (++len == sizeof(name) - 1)
				break;
		memcpy(name, at, len);
		name[len] = 0;
	}
	str_free(&run);
	return name;
}

static void
one(void *arg, const char *below, const char *name, int dir, const char *run)
{
	static struct str where = STR_INIT(4096);
	const char *path, *log = log_name(dir);
	struct facts_service s;

	str_clear(&where);
	str_puts(&where, below);
	str_putc(&where, '/');
	str_puts(&where, name);
	path = str_c(&where);
	(void)arg;
	have.send |= strstr(run, "bin/quill-start \"") != NULL;
	have.verify |= strstr(run, "bin/quill-start -v") != NULL;
	have.auth |= strstr(run, "bin/quill-authd") != NULL;
	have.tls |= strstr(run, "bin/quill-tlsd") != NULL;
	have.listener |= strstr(run, "bin/quill-smtpd") != NULL;
	have.submission |= strstr(run, "bin/quill-smtpd -s") != NULL;
	runs(path, name, dir);
	if (strstr(run, "bin/quill-start \"") && facts_supervise(dir, &s) &&
		s.pid)
		have.sender = xstrdup(path);
	if (*log)
		log_service(path, log, dir);
	else if (!has(dir, "log"))
		log_service(path, name, dir);
}

/* Those that were just started: are they still the same ones? */
static void
do_they_stay(void)
{
	struct facts_service s;
	int fd;

	if (have.young == 0)
		return;
	poll(NULL, 0, LOOK_MS);
	for (size_t i = 0; i < have.young; i++) {
		struct young *y = &young[i];

		fd = open(y->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		s.pid = y->pid;
		if (fd >= 0 && facts_supervise(fd, &s) && s.pid != y->pid)
			check_say(CHECK_ERROR, y->path, 0,
				"ends, and is started again and again",
				check_text("its log says why: ", site_home,
					"/log/", y->name, "/current"));
		if (fd >= 0)
			close(fd);
		free(y->path);
		free(y->name);
	}
}

/* Does a quill-queue wait for callers? */
static void
callers(void)
{
	pid_t pid;
	int sock;

	if (!have.sender || !handover_own())
		return;
	sock = handover_join(&pid);
	if (sock >= 0)
		close(sock);
	else
		check_say(CHECK_WARNING, check_text(site_run, "/queue/socket"),
			0,
			"no quill-queue answers there, so that each message "
			"starts one, which takes longer",
			check_text("svc -t ", have.sender,
				"; its log says if that does not help"));
	free(have.sender);
}

/* What listeners need to ask. */
static void
helpers(void)
{
	struct str s = STR_INIT(CONTROL_LINE_MAX);
	bool offered = true, plain = false;

	if (control_line("auth", &s) == CONTROL_OK)
		offered = !ascii_caseis(str_c(&s), "no");
	if (control_line("authplain", &s) == CONTROL_OK)
		plain = ascii_caseis(str_c(&s), "yes");
	str_free(&s);
	if (!have.submission)
		return;
	if (!offered)
		check_say(CHECK_ERROR, "control/auth", 1,
			"no: nobody can send by the submission service, which "
			"asks everybody for a password",
			"remove the file, or the service");
	else if (!have.auth)
		check_say(CHECK_ERROR, "quill-authd", 0,
			"there is no service auth: nobody can log in to send",
			"quill-service --auth yes");
	if (offered && !plain && !tls_present(TLS_AS_SERVER))
		check_say(CHECK_ERROR, "quill-tlsd", 0,
			"no TLS is offered, and without it no AUTH: nobody can "
			"log in to send",
			"section 15 of doc/INSTALL");
}

void
check_services(void)
{
	if (facts_each_service(check.services, one, NULL) == 0) {
		check_say(CHECK_ERROR, check.services, 0,
			"no service of this home is here: nothing runs",
			"quill-service, then svscan or links in /etc/service "
			"(sections 5 and 8 of doc/INSTALL)");
		return;
	}
	if (!have.send)
		check_say(CHECK_ERROR, "quill-send", 0,
			"there is no service for it: no mail is delivered",
			"quill-service");
	if (!have.listener)
		check_say(CHECK_NOTE, "quill-smtpd", 0,
			"there is no service for it: no mail comes by SMTP",
			"quill-service --smtp ADDR:PORT, if it should");
	do_they_stay();
	callers();
	helpers();
	check_say(CHECK_OK, "services", 0, "looked at: supervised and running",
		NULL);
}
