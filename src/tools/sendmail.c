/* SPDX-License-Identifier: 0BSD */
/* sendmail.c - what programs expect at /usr/sbin/sendmail: options of sendmail
 * become options of quill's programs; also called as mailq and newaliases
 *
 * runs as     the caller
 * started by  anybody
 * fd 0        the message, or SMTP with -bs
 * fd 1        the queue's listing, or SMTP
 * reads       /etc/passwd, for the name of a caller without one
 * writes      nothing
 * runs        quill-inject -S, quill-smtpd, quill-newaliases or quillctl in
 *             its own place
 * trusts      its caller, whose privileges it has: never setuid
 * exits       64, 69, 75 of sysexits(3), or what the program exits
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/str.h"
#include "wire/site.h"

enum { EX_OK_ = 0, EX_USAGE_ = 64, EX_UNAVAILABLE_ = 69, EX_TEMPFAIL_ = 75 };

/* What an option takes with it. */
enum arity {
	UNKNOWN,
	FLAG,	  /* nothing: others may follow in the same word */
	VALUE,	  /* the rest of the word, or else the next word */
	ATTACHED, /* the rest of the word, which may be empty */
};

struct call {
	char mode;   /* of -b; q for -q */
	bool header; /* -t */
	bool nodots; /* -i */
	bool json;
	const char *sender, *name;
	const char *notify, *ret, *envid; /* -N -R -V */
};

static enum arity
arity(char c)
{
	if (strchr("GIUijmnstvx", c) != NULL)
		return FLAG;
	if (strchr("ABCDFLMNORVXbefhopr", c) != NULL)
		return VALUE;
	if (strchr("JQdq", c) != NULL)
		return ATTACHED;
	return UNKNOWN;
}

static void
die(int code, const char *text, const char *more)
{
	log_write("fatal", text, more, (char *)0);
	_exit(code);
}

static void
take(struct call *k, char c, const char *value)
{
	switch (c) {
	case 'i':
		k->nodots = true;
		break;
	case 't':
		k->header = true;
		break;
	case 'j':
		k->json = true;
		break;
	case 'I':
		k->mode = 'i';
		break;
	case 'q': /* with -bd it says how often */
		if (k->mode == 'm')
			k->mode = 'q';
		break;
	case 'f':
	case 'r':
		k->sender = value;
		break;
	case 'F':
		k->name = value;
		break;
	case 'N':
		k->notify = value;
		break;
	case 'R':
		k->ret = value;
		break;
	case 'V':
		k->envid = value;
		break;
	case 'o':
		if (strcmp(value, "i") == 0)
			k->nodots = true;
		else if (strcmp(value, "t") == 0)
			k->header = true;
		break;
	case 'b':
		if (value[0] != '\0' && strchr("dDimpsv", value[0]) != NULL)
			k->mode = value[0];
		else
			log_warning("option -b", value, " ignored");
		break;
	default: /* sendmail's own business */
		break;
	}
}

/* Returns the first argument that is no option. Like sendmail itself it stops
 * there: an address that starts with - needs a -- before it. */
static char **
options(struct call *k, char **argv)
{
	const char *p, *value;
	char word[2] = "";

	for (; *argv != NULL && (*argv)[0] == '-' && (*argv)[1] != '\0';
		argv++) {
		if (strcmp(*argv, "--") == 0)
			return argv + 1;
		for (p = *argv + 1; *p != '\0'; p++) {
			word[0] = *p;
			if (arity(*p) == FLAG) {
				take(k, *p, "");
				continue;
			}
			if (arity(*p) == UNKNOWN) {
				log_warning(
					"unknown option ", *argv, " ignored");
				break;
			}
			value = p + 1;
			if (*value == '\0' && arity(*p) == VALUE) {
				value = *++argv;
				if (value == NULL)
					die(EX_USAGE_, "no value for option -",
						word);
			}
			take(k, *p, value);
			break;
		}
	}
	return argv;
}

static void
run(const char *program, const char *const *args)
{
	struct str path = STR_INIT(4096);
	union {
		const char *const *in;
		char *const *out;
	} argv = { .in = args }; /* execv's prototype lacks the const */

	str_puts(&path, site_bin);
	str_putc(&path, '/');
	str_puts(&path, program);
	execv(str_c(&path), argv.out);
	die(EX_TEMPFAIL_, "unable to run ", str_c(&path));
}

/* A From field that has to be made up shows the sender that was given (and no
 * name of another person with it). Only plain addresses qualify. */
static void
from_sender(const struct call *k)
{
	const char *s = k->sender, *at;
	char *user;

	if (s == NULL || *s == '\0' || *s == '@' ||
		strpbrk(s, "<>()[]\\\",:; \t") != NULL)
		return;
	at = strrchr(s, '@');
	user = xstrdup(s);
	if (at != NULL) {
		user[at - s] = '\0';
		setenv("QUILLHOST", at + 1, 1);
	}
	setenv("QUILLUSER", user, 1);
	setenv("QUILLNAME", "", 1);
	free(user);
}

/* $LOGNAME from /etc/passwd alone: no name service may keep mail waiting. */
static void
passwd_name(uint64_t uid)
{
	struct str s = STR_INIT(4 << 20);
	char *line, *next, *x, *n, *end;
	uint64_t u;

	if (file_read("/etc/passwd", &s) == -1)
		return;
	str_c(&s);
	for (line = s.s; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		x = strchr(line, ':');
		n = x != NULL ? strchr(x + 1, ':') : NULL;
		end = n != NULL ? strchr(n + 1, ':') : NULL;
		if (end == NULL || x == line ||
			!num_parse(
				n + 1, (size_t)(end - n - 1), UINT32_MAX, &u) ||
			u != uid)
			continue;
		*x = '\0';
		setenv("LOGNAME", line, 1);
		break;
	}
	str_free(&s);
}

/* cron and other daemons run it as their user with no name in the environment;
 * it is that user's mail all the same. */
static void
from_caller(void)
{
	static const char *const names[] = { "MAILUSER", "USER", "LOGNAME" };
	const char *v = site_env("USER");

	for (size_t i = 0; (v == NULL || *v == '\0') && i < 3; i++)
		v = getenv(names[i]);
	if (v != NULL && *v != '\0')
		return;
	passwd_name((uint64_t)getuid());
}

static size_t
put_option(const char **args, size_t i, const char *option, const char *value)
{
	if (value == NULL)
		return i;
	args[i++] = option;
	args[i++] = value;
	return i;
}

static void
inject(const struct call *k, char **rcpts)
{
	const char **args;
	size_t n = 0, i = 0;

	while (rcpts[n] != NULL)
		n++;
	if (n == 0 && !k->header)
		die(EX_USAGE_, "no recipients", "");
	from_caller();
	from_sender(k);
	if (k->name != NULL)
		setenv("QUILLNAME", k->name, 1);
	args = xmalloc((n + 14) * sizeof *args);
	args[i++] = "quill-inject";
	args[i++] = "-S";
	if (k->nodots)
		args[i++] = "-i";
	args[i++] = k->header ? "-H" : "-a";
	i = put_option(args, i, "-f", k->sender);
	i = put_option(args, i, "-d", k->notify);
	i = put_option(args, i, "-r", k->ret);
	i = put_option(args, i, "-e", k->envid);
	args[i++] = "--";
	/* with the NULL at the end */
	for (size_t j = 0; j <= n; j++)
		args[i + j] = rcpts[j];
	run("quill-inject", args);
}

/* SMTP on fd 0 and 1, for a client that is trusted like localhost: it can run
 * quill-queue as well. */
static void
smtp(void)
{
	static const char *const args[] = { "quill-smtpd", NULL };

	setenv("PROTO", "TCP", 1);
	setenv("TCPREMOTEIP", "127.0.0.1", 1);
	setenv("TCPREMOTEHOST", "localhost", 1);
	setenv("TCPLOCALIP", "127.0.0.1", 1);
	setenv("TCPLOCALHOST", "localhost", 1);
	setenv("RELAYCLIENT", "", 1);
	/* what is for other hosts, and daemons that do not serve this user */
	setenv("VERIFY", "no", 1);
	setenv("STARTTLS", "no", 1);
	setenv("AUTH", "no", 1);
	unsetenv("TCPREMOTEINFO");
	unsetenv("TCPREMOTEPORT");
	unsetenv("TCPLOCALPORT");
	run("quill-smtpd", args);
}

static void
list_queue(const struct call *k)
{
	const char *const args[] = { "quillctl", "queue", k->json ? "-j" : NULL,
		NULL };

	run("quillctl", args);
}

int
main(int argc, char **argv)
{
	static const char *const newaliases[] = { "quill-newaliases", "-S",
		NULL };
	struct call k = { .mode = 'm' };
	const char *name = argc > 0 ? argv[0] : "sendmail";
	char **rcpts;

	if (strrchr(name, '/') != NULL)
		name = strrchr(name, '/') + 1;
	log_init("sendmail");
	if (fd_sane() == -1)
		_exit(EX_TEMPFAIL_);
	/* Other mailers' sendmail is, so somebody will try: what is run from
	 * here believes the environment. */
	if (getauxval(AT_SECURE) != 0)
		die(EX_UNAVAILABLE_, "must not be setuid or setgid", "");
	if (strcmp(name, "mailq") == 0)
		k.mode = 'p';
	else if (strcmp(name, "newaliases") == 0)
		k.mode = 'i';
	rcpts = options(&k, argv + (argc > 0));
	switch (k.mode) {
	case 'q': /* quill-send does it by itself, all the time */
		return EX_OK_;
	case 'p':
		list_queue(&k);
		break;
	case 's':
		smtp();
		break;
	case 'i':
		run("quill-newaliases", newaliases);
		break;
	case 'v':
		die(EX_UNAVAILABLE_, "address verification is not available ",
			"in this version");
		break;
	case 'd':
	case 'D':
		die(EX_UNAVAILABLE_, "no daemon here: quill-smtpd runs under ",
			"tcpserver, see quill-service(8)");
		break;
	default:
		inject(&k, rcpts);
	}
	return EX_TEMPFAIL_;
}
