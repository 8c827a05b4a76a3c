/* SPDX-License-Identifier: 0BSD */
/* quill-local -s: jobs in, reports out, one process for all of them */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/proc.h"
#include "wire/job.h"
#include "wire/report.h"

#include "tap.h"

static char dir[] = "/tmp/quill-test.XXXXXX";
static char program[4096];
static pid_t pid;
static int sock;

static const char *
below(const char *name)
{
	static char path[4][300];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof path[i], "%s/%s", dir, name);
	return path[i];
}

static void
start(void)
{
	const char *const argv[] = { program, "-s", 0 };
	struct proc p = PROC_INIT;
	int fds[2];

	if (fd_seqpair(fds) < 0)
		exit(99);
	p.path = program;
	p.argv = argv;
	p.fd[0] = (struct proc_fd){ 0, fds[1] };
	p.nfd = 1;
	pid = proc_start(&p);
	close(fds[1]);
	sock = fds[0];
}

/* Close the socket; the exit code. */
static int
finish(void)
{
	int status;

	close(sock);
	return proc_wait(pid, &status) < 0 ? -2 : proc_code(status);
}

static void
write_file(const char *name, const char *text)
{
	int fd = open(below(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || fd_writeall(fd, text, strlen(text)) < 0)
		exit(99);
	close(fd);
}

static void
send_job(uint32_t number, const char *home, const char *dash, const char *ext,
	const char *rcpt, const char *mess, off_t at)
{
	struct str record = STR_INIT(JOB_RECORD_MAX);
	struct job j = { .number = number,
		.id = "0000000000000000",
		.birth = 1,
		.bytes = 1,
		.sender = "s@x.org",
		.nrcpt = 1,
		.user = "u",
		.dash = dash,
		.ext = ext,
		.defaultdelivery = "./Maildir/" };
	static const char params[] = "PENVID=a+2Bb\0PRET=HDRS\0";
	static const char rparams[] = "PORCPT=rfc822;o+40x.org\0";
	int fd = open(below(mess), O_RDONLY | O_CLOEXEC);

	j.home = below(home);
	j.params = params;
	j.rcpt[0].addr = rcpt;
	j.rcpt[0].params = rparams;
	job_encode(&record, &j);
	lseek(fd, at, SEEK_SET);
	ok(fd_send(sock, record.s, record.len, fd) == 0, "job %u sent",
		(unsigned)number);
	close(fd);
	str_free(&record);
}

/* "K 2.0.0 text" of the next report, which must have that number. */
static const char *
answer(uint32_t number)
{
	static char bytes[REPORT_RECORD_MAX], out[2000];
	struct report r;
	int passed;
	ssize_t n;

	if (fd_wait(sock, 1, 0) < 0)
		return "no answer";
	n = fd_recv(sock, bytes, sizeof bytes, &passed);
	if (n <= 0 || !report_decode(&r, bytes, (size_t)n))
		return "no report";
	is_num(r.number, number, "number of the report");
	is_num(r.nrcpt, 1, "one recipient");
	snprintf(out, sizeof out, "%c %.*s %s", r.rcpt[0].class,
		(int)r.rcpt[0].status_len, r.rcpt[0].status, r.rcpt[0].text);
	return out;
}

/* The one file in new; its bytes. */
static const char *
delivered(const char *home)
{
	static struct str s = STR_INIT(1 << 16);
	char path[600];
	struct dirent *e;
	unsigned count = 0;
	DIR *d;

	str_clear(&s);
	snprintf(path, sizeof path, "%s/%s/Maildir/new", dir, home);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s/Maildir/new/%s", dir, home,
			e->d_name);
		count++;
		if (file_read(path, &s) < 0)
			return "unreadable";
	}
	if (d)
		closedir(d);
	return count == 1 ? str_c(&s) : count ? "too many" : "none";
}

/* Descriptors it has open. */
static int
open_fds(void)
{
	char path[64];
	int n = 0;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
	d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void
test_jobs(void)
{
	int fds;

	start();
	send_job(7, "a", "", "", "u@h.org", "mess", 0);
	is_str(answer(7), "K 2.0.0 did 1+0+0\n", "Maildir of a");
	is_str(delivered("a"),
		"Return-Path: <s@x.org>\nDelivered-To: u@h.org\nS: x\n\nb\n",
		"its bytes");
	fds = open_fds();
	/* three at once, other homes, offset of the descriptor anywhere */
	send_job(8, "b", "-", "x", "u-x@h.org", "mess", 3);
	send_job(9, "a", "-", "none", "u-none@h.org", "mess", 0);
	send_job(4000000000u, "b", "", "", "u@h.org", "mess2", 99);
	is_str(answer(8),
		"D 5.7.9 S: x\n\nb\nu-x h.org a+b o@x.org\nno (#5.7.9)\n",
		"program, permanent, its own code");
	is_str(answer(9),
		"D 5.1.1 Sorry, no mailbox here by that name. (#5.1.1)\n",
		"no mailbox");
	is_str(answer(4000000000u), "K 2.0.0 did 1+0+0\n", "Maildir of b");
	is_str(delivered("b"),
		"Return-Path: <s@x.org>\nDelivered-To: u@h.org\nS: y\n\nc\n",
		"its bytes");
	send_job(10, "nohome", "", "", "u@h.org", "mess", 0);
	ok(strncmp(answer(10), "Z 4.3.0 Unable to switch to ", 28) == 0,
		"home missing");
	send_job(11, "a", "-", "x", "u-x@h.org", "mess", 0);
	is_str(answer(11),
		"D 5.1.1 Sorry, no mailbox here by that name. (#5.1.1)\n",
		"files of b are not used for a");
	/* nothing is left of one for the next */
	send_job(12, "b", "-", "d", "u-d@h.org", "mess", 0);
	is_str(answer(12), "K 2.0.0 d u-d\ndid 0+0+1\n", "$DEFAULT set");
	send_job(13, "b", "-", "e", "u-e@h.org", "mess", 0);
	is_str(answer(13), "K 2.0.0 unset u-e\ndid 0+0+1\n",
		"$DEFAULT not set");
	send_job(14, "c", "-", "x", "u-x-and-a-longer-one@longer.h.org", "mess",
		0);
	ok(strncmp(answer(14), "Z 4.2.1 ", 8) == 0, "Maildir missing");
	send_job(15, "c", "", "", "u@h.org", "mess2", 0);
	is_str(answer(15), "K 2.0.0 did 1+0+0\n", "Maildir of c");
	is_str(delivered("c"),
		"Return-Path: <s@x.org>\nDelivered-To: u@h.org\nS: y\n\nc\n",
		"lines of its own only, after one that failed");
	is_num(open_fds(), fds, "no descriptor is left open");
	is_num(finish(), 0, "exit at end of jobs");
}

static void
test_bad(void)
{
	start();
	ok(fd_send(sock, "garbage", 7, -1) == 0, "garbage sent");
	is_num(finish(), 111, "garbage ends it");
	start();
	/* without a message */
	send_job(1, "a", "", "", "u@h.org", "no such file", 0);
	is_num(finish(), 111, "so does a job without a message");
}

int
main(int argc, char **argv)
{
	static const char *const dirs[] = { "a", "a/Maildir", "a/Maildir/tmp",
		"a/Maildir/new", "a/Maildir/cur", "b", "c", "c/Maildir",
		"c/Maildir/tmp", "c/Maildir/new", "c/Maildir/cur" };
	char clean[300];
	const char *slash = strrchr(argv[0], '/');

	(void)argc;
	/* B/tests/unit/local_resident */
	snprintf(program, sizeof program, "%.*s/../../bin/quill-local",
		slash ? (int)(slash - argv[0]) : 1, slash ? argv[0] : ".");
	if (access(program, X_OK) < 0) {
		skip("quill-local is not built", "all");
		return done_testing();
	}
	if (!mkdtemp(dir))
		return 99;
	umask(022);
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		mkdir(below(dirs[i]), 0755);
	write_file("mess", "S: x\n\nb\n");
	write_file("mess2", "S: y\n\nc\n");
	write_file("b/.qmail-x",
		"|cat; echo $LOCAL $HOST $ENVID $ORIGINAL_RECIPIENT\n"
		"|echo 'no (#5.7.9)'; exit 100\n");
	write_file("b/.qmail-default", "|echo $DEFAULT $LOCAL\n");
	write_file("c/.qmail-x", "./none/\n./Maildir/\n");
	write_file("b/.qmail-e", "|echo ${DEFAULT-unset} $LOCAL\n");
	test_jobs();
	test_bad();
	snprintf(clean, sizeof clean, "rm -rf %s", dir);
	ok(system(clean) == 0, "cleaned up");
	return done_testing();
}
