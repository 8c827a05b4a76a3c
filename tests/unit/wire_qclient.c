/* SPDX-License-Identifier: 0BSD */
#include "wire/qclient.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "wire/site.h"

/* Instead of wire/site.c: a home that is there on every machine. */
const char site_home[] = "/tmp";
const char site_run[] = "/nonexistent/run";
const char site_queueprog[] = "/nonexistent/quill-queue";

const char *
site_env(const char *name)
{
	return strcmp(name, "QUEUE") == 0 ? getenv("QMAILQUEUE") : NULL;
}

static char dir[] = "/tmp/quill-qclient.XXXXXX";
static char stand_in[100];
static struct qclient q;
static struct qverdict v;

static char *
path(const char *name)
{
	static char p[200];

	snprintf(p, sizeof p, "%s/%s", dir, name);
	return p;
}

/* The shell script that is run instead of quill-queue; its cwd is dir. */
static void
use(const char *script)
{
	FILE *f = fopen(stand_in, "w");

	fprintf(f, "#!/bin/sh\ncd %s || exit 81\n%s\n", dir, script);
	fclose(f);
	chmod(stand_in, 0755);
}

static void
send_one(const char *script)
{
	use(script);
	qclient_open(&q);
	qclient_put(&q, "Subject: x\n\n", 12);
	qclient_put(&q, "bo\0dy", 5);
	qclient_from(&q, "a@b");
	qclient_to(&q, "c@d");
	qclient_param(&q, "NOTIFY=NEVER");
	qclient_to(&q, "");
	qclient_close(&q, &v);
}

static void
is_file(const char *name, const char *want, size_t n)
{
	char buf[300] = "";
	int fd = open(path(name), O_RDONLY);
	ssize_t r = fd == -1 ? 0 : read(fd, buf, sizeof buf);

	close(fd);
	is_mem(buf, r, want, n, "%s as it was given", name);
}

static void
test_codes(void)
{
	static const int codes[] = { 0, 1, 10, 11, 31, 40, 41, 51, 52, 53, 54,
		71, 74, 81, 91, 99, 100, 111, 120, 127, 255 };
	char script[100];

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		int c = codes[i];
		enum status_class want = c == 0 ? STATUS_ACCEPTED
					 : c >= 11 && c <= 40
						 ? STATUS_PERMANENT
						 : STATUS_TEMPORARY;

		snprintf(script, sizeof script,
			"cat >/dev/null; cat <&1 >/dev/null; exit %d", c);
		send_one(script);
		ok(v.class == want && v.code == c && v.text[0] && v.pid > 0,
			"exit %d", c);
	}
	is_num(v.smtp, 451, "temporary is 451");
	is_str(v.id, "", "no id");
}

static void
test_bytes(void)
{
	send_one("cat >mess; cat <&1 >env");
	is_num(v.class, STATUS_ACCEPTED, "accepted");
	is_file("mess", "Subject: x\n\nbo\0dy", 17);
	is_file("env", "Fa@b\0Tc@d\0PNOTIFY=NEVER\0T\0\0", 27);
}

static const struct {
	const char *script;
	enum status_class class;
	int smtp;
	const char *enhanced, *text;
} texts[] = {
	{ "printf 'Dgo away (#5.7.1)' >&6; exit 82", STATUS_PERMANENT, 554,
		"5.7.1", "go away (#5.7.1)" },
	{ "printf 'Zlater' >&6; exit 82", STATUS_TEMPORARY, 451, "4.3.0",
		"later" },
	{ "printf 'Dold style\\n' >&6; exit 88", STATUS_PERMANENT, 554, "5.3.0",
		"old style" },
	{ "printf 'Da\\r\\nb\\001\\351c' >&6; exit 82", STATUS_PERMANENT, 554,
		"5.3.0", "a  b??c" },
	{ "printf 'D17 bytes in all.' >&6; exit 82", STATUS_PERMANENT, 554,
		"5.3.0", "17 bytes in all." },
	{ "printf 'D' >&6; printf 'two writes' >&6; exit 82", STATUS_PERMANENT,
		554, "5.3.0", "two writes" },
	{ "printf 'no letter' >&6; exit 82", STATUS_TEMPORARY, 451, "4.3.0",
		"refused without a reason" },
	{ "exit 82", STATUS_TEMPORARY, 451, "4.3.0",
		"refused without a reason" },
	{ "printf D >&6; exit 82", STATUS_PERMANENT, 554, "5.3.0",
		"refused without a reason" },
	{ "printf 'Dignored' >&6; exit 31", STATUS_PERMANENT, 554, "5.3.0",
		"message refused" },
	{ "printf 'Dnot 82' >&6; exit 0", STATUS_ACCEPTED, 250, "2.0.0",
		"queued" },
};

static void
test_texts(void)
{
	char script[300];

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		snprintf(script, sizeof script,
			"cat >/dev/null; cat <&1 >/dev/null; %s",
			texts[i].script);
		send_one(script);
		is_str(v.text, texts[i].text, "%s", texts[i].script);
		ok(v.class == texts[i].class && v.smtp == texts[i].smtp,
			"its class and number");
		is_str(v.enhanced, texts[i].enhanced, "its status");
	}
	send_one("cat >/dev/null; cat <&1 >/dev/null;"
		 "head -c 300 /dev/zero | tr '\\0' D >&6; exit 82");
	is_num(v.class, STATUS_PERMANENT, "a long text");
	is_num(strlen(v.text), 255, "is cut");
	setenv("ERROR_FD", "9", 1);
	send_one("cat >/dev/null; cat <&1 >/dev/null; printf Dnine >&9;"
		 "exit 82");
	is_str(v.text, "nine", "$ERROR_FD");
	unsetenv("ERROR_FD");
	/* something it left behind holds the descriptor */
	send_one("cat >/dev/null; cat <&1 >/dev/null; sleep 5 & echo $! >pid;"
		 "printf Dbusy >&6; exit 82");
	is_str(v.text, "busy", "a left-over process does not hold us up");
	use("kill $(cat pid)");
	if (system(stand_in) != 0)
		diag("the sleeper is gone already");
}

static void
test_id(void)
{
	send_one("cat >/dev/null; cat <&1 >/dev/null;"
		 "printf K0123456789abcdef >&6");
	is_str(v.id, "0123456789abcdef", "queue id");
	send_one("cat >/dev/null; cat <&1 >/dev/null;"
		 "printf K0123456789abcdeX >&6");
	is_str(v.id, "", "no id");
	is_num(v.class, STATUS_ACCEPTED, "accepted all the same");
	send_one("cat >/dev/null; cat <&1 >/dev/null;"
		 "printf K0123456789abcdef >&6; exit 53");
	is_str(v.id, "", "no id of a failure");
}

static void
test_trouble(void)
{
	static char big[1 << 20];

	send_one("kill -9 $$");
	ok(v.class == STATUS_TEMPORARY && v.code == -1, "killed");
	unlink(stand_in);
	qclient_open(&q);
	qclient_put(&q, "x", 1);
	qclient_from(&q, "");
	qclient_to(&q, "a@b");
	qclient_close(&q, &v);
	ok(v.class == STATUS_TEMPORARY && v.code == STATUS_EXEC, "missing");

	unsetenv("QMAILQUEUE");
	qclient_open(&q);
	qclient_from(&q, "");
	qclient_close(&q, &v);
	is_num(v.code, STATUS_EXEC, "without a filter HOME/bin/quill-queue");
	setenv("QMAILQUEUE", stand_in + strlen("/tmp/"), 1);
	send_one("cat >/dev/null; cat <&1 >/dev/null");
	is_num(v.code, 0, "a relative path is below HOME");
	setenv("QMAILQUEUE", stand_in, 1);

	/* reader goes away early: SIGPIPE is ignored, the verdict counts */
	use("head -c 1 >/dev/null; exec 0<&-; exit 31");
	qclient_open(&q);
	for (int i = 0; i < 4; i++)
		qclient_put(&q, big, sizeof big);
	qclient_from(&q, "");
	qclient_to(&q, "a@b");
	qclient_close(&q, &v);
	is_num(v.class, STATUS_PERMANENT, "early refusal");
	use("head -c 1 >/dev/null; exec 0<&-; exit 0");
	qclient_open(&q);
	for (int i = 0; i < 4; i++)
		qclient_put(&q, big, sizeof big);
	qclient_from(&q, "");
	qclient_to(&q, "a@b");
	qclient_close(&q, &v);
	is_num(v.class, STATUS_TEMPORARY, "early success is not believed");
}

static void
test_large(void)
{
	static char big[1 << 20];
	char addr[60];

	use("wc -c >size; wc -c <&1 >>size");
	qclient_open(&q);
	for (int i = 0; i < 20; i++)
		qclient_put(&q, big, sizeof big);
	qclient_from(&q, "");
	for (int i = 0; i < 20000; i++) {
		snprintf(addr, sizeof addr, "%050d", i);
		qclient_to(&q, addr);
	}
	qclient_close(&q, &v);
	is_num(v.class, STATUS_ACCEPTED, "20 MB and 20000 recipients");
	is_file("size", "20971520\n1040003\n", 17);
}

static void
test_abort(void)
{
	use("cat >/dev/null; cat <&1 >env; exit 0");
	qclient_open(&q);
	qclient_put(&q, "x", 1);
	qclient_from(&q, "");
	qclient_to(&q, "a@b");
	qclient_abort(&q);
	qclient_to(&q, "c@d");
	qclient_close(&q, &v);
	is_file("env", "", 0);
	is_num(v.class, STATUS_TEMPORARY, "aborted is never accepted");
	use("cat >/dev/null; cat <&1 >env; exit 54");
	qclient_open(&q);
	qclient_put(&q, "x", 1);
	qclient_close(&q, &v);
	is_file("env", "", 0);
	is_num(v.code, 54, "no sender: no envelope");
}

static void
test_fds(void)
{
	struct stat st;
	int a = open("/dev/null", O_RDONLY), b;

	close(a);
	for (int i = 0; i < 3; i++)
		send_one("cat >/dev/null; cat <&1 >/dev/null; exit 31");
	/* no pipeline: its pipes would be in the list */
	use("ls /proc/$$/fd >fds; cat >/dev/null; cat <&1 >/dev/null");
	b = open("/dev/null", O_RDONLY);
	is_num(b, a, "no descriptor is lost");
	close(b);
	qclient_open(&q);
	qclient_from(&q, "");
	qclient_close(&q, &v);
	/* 10 or 255 is the shell's own script */
	ok(stat(path("fds"), &st) == 0, "listed");
	{
		char buf[100] = "";
		int fd = open(path("fds"), O_RDONLY);

		ok(read(fd, buf, sizeof buf - 1) > 0 &&
				strncmp(buf, "0\n1\n", 4) == 0 &&
				strstr(buf, "\n6\n") && !strstr(buf, "\n3\n") &&
				!strstr(buf, "\n7\n"),
			"0, 1, 2 and 6 only");
		if (tap_failed)
			diag("%s", buf);
		close(fd);
	}
}

int
main(void)
{
	static const char *const files[] = { "mess", "env", "fds", "size",
		"pid", "stand-in" };

	signal(SIGPIPE, SIG_IGN);
	ok(mkdtemp(dir) != NULL, "directory");
	snprintf(stand_in, sizeof stand_in, "%s/stand-in", dir);
	unsetenv("ERROR_FD");
	setenv("QMAILQUEUE", stand_in, 1);
	test_codes();
	test_bytes();
	test_texts();
	test_id();
	test_trouble();
	test_large();
	test_abort();
	test_fds();
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		unlink(path(files[i]));
	rmdir(dir);
	return done_testing();
}
