/* SPDX-License-Identifier: 0BSD */
/* bounce.c - tell the sender of one message what became of it; with -w, that
 * it is late
 *
 * runs as     quills
 * started by  send
 * fd 0        the message
 * fd 1        words for send's log             wire/bounce.h
 * fd 3        its envelope file                wire/env.h
 * fd 4        the reasons                      wire/note.h
 * argv        -w: it is only late; -n: read control/ and no more
 * cwd         queue
 * reads       control
 * writes      nothing
 * runs        queue
 * trusts      root, quillq, quills; not message content, not remotes' words
 * exits       STATUS_OK when queued or dropped, STATUS_TEMP try again
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounce/dsn.h"
#include "bounce/text.h"
#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "wire/bounce.h"
#include "wire/bydomain.h"
#include "wire/site.h"

enum { NOTES_MAX = 256 << 20 };

static struct str host = STR_INIT(ADDR_MAX);
static struct str from = STR_INIT(ADDR_MAX);
static struct str to = STR_INIT(2 * ADDR_MAX);

static void
say(const char *words)
{
	(void)!fd_writeall(BOUNCE_FD_OUT, words, strlen(words));
}

static void
need(enum control c)
{
	if (c == CONTROL_BAD)
		log_die(STATUS_TEMP, control_error());
}

/* Who gets it; false: nobody. sender is the failed message's. */
static bool
addressee(const char *sender)
{
	static struct str doublehost = STR_INIT(ADDR_MAX);
	size_t n = strlen(sender);
	enum control c;

	if (*sender) {
		/* of a VERP sender, the part before the placeholder */
		if (n > 4 && strcmp(sender + n - 4, "-@[]") == 0)
			n -= 4;
		str_put(&to, sender, n);
		return true;
	}
	c = control_line("doublebounceto", &to);
	need(c);
	if (c == CONTROL_ABSENT) {
		/* an empty file means nobody, no file means postmaster */
		if (access("../control/doublebounceto", F_OK) == 0)
			return false;
		str_puts(&to, "postmaster");
	}
	if (!memchr(to.s, '@', to.len)) {
		need(control_line_or_me("doublebouncehost", &doublehost));
		str_putc(&to, '@');
		str_puts(&to, str_c(&doublehost));
	}
	return true;
}

/* The domain of the first recipient that waits. */
static const char *
late_domain(const struct dsn *d)
{
	static char domain[ADDR_MAX + 1];
	const char *at = NULL;
	size_t i;

	for (i = 0; i < d->env->nrcpt && !at; i++)
		if (env_istodo(env_mark(d->env, i)))
			at = strrchr(env_rcpt(d->env, i), '@');
	if (!at)
		return "";
	strcpy(domain, at + 1);
	ascii_tolower(domain, strlen(domain));
	return domain;
}

static void
read_control(struct dsn *d)
{
	struct bydomain lifetimes;

	need(control_line_or_me("bouncehost", &host));
	need(control_num("bouncemaxbytes", 0, UINT32_MAX, &d->maxbytes));
	need(bydomain_lifetime(&lifetimes));
	d->until = (int64_t)(d->env->head.birth / 1000000 +
			     bydomain_seconds(&lifetimes, late_domain(d)));
	if (control_line("bouncefrom", &from) != CONTROL_OK)
		str_puts(&from, "MAILER-DAEMON");
	if (!memchr(from.s, '@', from.len)) {
		str_putc(&from, '@');
		str_puts(&from, str_c(&host));
	}
}

/* -n */
static int
look(void)
{
	struct bydomain lifetimes;
	uint64_t max;

	control_survey();
	(void)control_line("doublebounceto", &to);
	(void)control_line_or_me("doublebouncehost", &host);
	(void)control_line_or_me("bouncehost", &host);
	(void)control_line("bouncefrom", &from);
	(void)control_num("bouncemaxbytes", 0, UINT32_MAX, &max);
	(void)bydomain_lifetime(&lifetimes);
	return control_surveyed() ? STATUS_PERM : STATUS_OK;
}

static void
send_it(struct dsn *d)
{
	static struct qclient q;
	static struct qverdict v;
	struct str words = STR_INIT(BOUNCE_WORDS_MAX);

	if (qclient_open(&q) < 0)
		log_die_sys(STATUS_TEMP, "unable to run quill-queue");
	if (dsn_write(d, &q) < 0) {
		log_alert_sys("unable to read a message to be bounced");
		qclient_abort(&q);
	}
	/* "#@[]" marks a double bounce; it never leaves the machine */
	qclient_from(&q, d->again ? "#@[]" : "");
	qclient_to(&q, d->to);
	qclient_close(&q, &v);
	if (v.class != STATUS_ACCEPTED)
		log_die(STATUS_TEMP, "unable to queue a bounce: ", v.text);
	str_puts(&words, "qp ");
	str_putnum(&words, (uint64_t)v.pid);
	if (*v.id) {
		str_puts(&words, " id ");
		str_puts(&words, v.id);
	}
	say(str_c(&words));
}

/* A reason to tell nobody, or NULL. */
static const char *
dropped(const struct pick *p, const char *sender)
{
	if (!p->nfailed && !p->ndelayed && !p->nsucceeded)
		return "dropped: nobody asked for it";
	if (strcmp(sender, "#@[]") == 0)
		return "dropped: triple bounce";
	if (p->warning && pick_isautomatic(BOUNCE_FD_MESS))
		return "dropped: mail of a list or a program";
	return addressee(sender) ? NULL
				 : "dropped: control/doublebounceto is empty";
}

int
main(int argc, char **argv)
{
	struct str envfile = STR_INIT(2 * ENVELOPE_MAX);
	struct str notes = STR_INIT(NOTES_MAX);
	struct env env;
	struct pick pick = { .env = &env };
	struct dsn d = { .env = &env,
		.pick = &pick,
		.fdmess = BOUNCE_FD_MESS,
		.maxbytes = 50000 };
	const char *why;

	log_init("quill-bounce");
	sig_ignore(SIGPIPE);
	control_init(site_control);
	if (argc == 2 && strcmp(argv[1], "-n") == 0)
		return look();
	if (file_readfd(BOUNCE_FD_ENV, &envfile) < 0 ||
		file_readfd(BOUNCE_FD_NOTE, &notes) < 0)
		log_die_sys(STATUS_TEMP, "unable to read the queue");
	if (env_decode(&env, str_c(&envfile), envfile.len) != ENV_OK)
		log_die(STATUS_TEMP, "damaged envelope file");
	pick.notes = str_c(&notes);
	pick.nnotes = notes.len;
	pick.warning = argc > 1 && strcmp(argv[1], "-w") == 0;
	pick_init(&pick);
	why = dropped(&pick, env.sender);
	if (why) {
		say(why);
		return STATUS_OK;
	}
	read_control(&d);
	d.global = !text_isascii(str_c(&to), to.len);
	d.again = !*env.sender;
	d.host = str_c(&host);
	d.from = str_c(&from);
	d.to = str_c(&to);
	send_it(&d);
	return STATUS_OK;
}
