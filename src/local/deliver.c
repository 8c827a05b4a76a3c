/* SPDX-License-Identifier: 0BSD */
#include "local/deliver.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "local/conf.h"
#include "local/dotqmail.h"
#include "local/forward.h"
#include "local/maildir.h"
#include "local/mbox.h"
#include "local/message.h"
#include "local/orders.h"
#include "local/program.h"
#include "local/vars.h"
#include "wire/site.h"

enum { FORWARDS_MAX = 4 << 20 }; /* bytes of all addresses of one file */

/* State of one delivery. Everything in it is reused by the next one. */
static struct run {
	const struct conf_limits *limits; /* when there is a use for them */
	const struct delivery *d;
	struct result *r;
	struct orders o;
	struct message m;
	struct vars v;
	struct str before; /* what goes in front of the message */
	struct str line;   /* one entry, as a C string */
	struct str where;  /* it stands: file and line */
	struct str to;	   /* forwards, each with its NUL */
	size_t nto;
	const char *const *env;
	bool ready;
	uint64_t files, programs;
	int64_t deadline; /* of all of it; lspawn would kill us, but not
			       * our program */
} run;

static void
run_reset(const struct delivery *d, struct result *r)
{
	if (!run.ready) {
		vars_init(&run.v);
		str_init(&run.before, 1 << 16);
		orders_init(&run.o);
		str_init(&run.line, DOTQMAIL_LINE_MAX + 1);
		str_init(&run.where, DOTQMAIL_PATH_MAX);
		str_init(&run.to, FORWARDS_MAX);
		run.ready = true;
	}
	run.d = d;
	run.r = r;
	orders_clear(&run.o);
	str_clear(&run.to);
	str_clear(&run.before);
	run.nto = 0;
	run.env = 0;
	run.files = run.programs = 0;
	vars_lines(&run.v, d);
	str_put(&run.before, run.v.rpline.s, run.v.rpline.len);
	str_put(&run.before, run.v.dtline.s, run.v.dtline.len);
	result_clear(r);
}

/* What others can write into tells nothing of the user's wishes. */
static bool
enter_home(void)
{
	const char *home = run.d->home;
	struct stat st;

	if (chdir(home) < 0 || stat(".", &st) < 0)
		return result_sys(run.r, "Unable to switch to", home);
	if (st.st_mode & S_IWOTH)
		return result_temp(run.r, "4.7.0", "Home directory ", home,
			" is writable by others");
	if (!(st.st_mode & S_ISVTX))
		return true;
	if (run.d->dry) {
		result_say(run.r, "home directory ", home,
			" is sticky: mail would wait", (char *)0);
		return true;
	}
	return result_temp(run.r, "4.2.1", "Home directory ", home,
		" is sticky: the user is editing .qmail files");
}

static bool
open_message(void)
{
	size_t hops;
	int mine;

	if (run.d->dry)
		return true;
	if (message_open(&run.m, run.d->fd) < 0)
		return result_sys(run.r, "Unable to read", "message");
	mine = message_delivered_to(&run.m, str_c(&run.v.rcpt), &hops);
	if (mine < 0)
		return result_sys(run.r, "Unable to read", "message");
	/* what a program queued anew has no Delivered-To line of ours */
	if (hops > HOPS_MAX)
		return result_perm(run.r, "5.4.6",
			"This message is looping: too many Received lines.");
	return !mine || result_perm(run.r, "5.4.6",
				"This message is looping: it already has my"
				" Delivered-To line.");
}

static bool
set_limits(void)
{
	run.limits = conf_limits();
	if (!run.limits)
		return result_temp(run.r, "4.3.5", control_error());
	run.deadline = stamp_mono() + run.limits->job;
	return true;
}

/* The line that was read last. */
static const char *
where(const struct dotqmail *q)
{
	str_clear(&run.where);
	str_puts(&run.where, str_c(&run.o.name));
	str_puts(&run.where, " line ");
	str_putnum(&run.where, q->line);
	return str_c(&run.where);
}

/* All of the file is read before the first line of it is obeyed: a mistake
 * further down would otherwise repeat what stands above it at each attempt. */
static bool
check_file(void)
{
	struct dotqmail q;

	/* to do nothing would be to lose it */
	if (!run.o.text.len)
		return result_temp(
			run.r, "4.3.5", "No default delivery is set");
	dotqmail_init(&q, run.o.text.s, run.o.text.len);
	if (dotqmail_check(&q, run.o.forward_only))
		return (!q.waits || set_limits()) &&
		       (!q.sends || orders_sender(&run.o, run.d, run.r));
	return result_temp(run.r, "4.3.0", where(&q), ": ", q.why);
}

static bool
do_maildir(const char *path)
{
	struct maildir md = { path, conf_host(), run.o.is_default };

	run.files++;
	return maildir_deliver(&md, &run.m, &run.before, run.r);
}

static bool
do_mbox(const char *path)
{
	run.files++;
	return mbox_deliver(path, &run.m, &run.v, run.limits->lock, run.r);
}

static enum program_end
do_program(const char *command, const char *at)
{
	int64_t limit = run.deadline - stamp_mono();

	run.programs++;
	if (limit > run.limits->program)
		limit = run.limits->program;
	if (!run.env)
		run.env = vars_env(
			&run.v, run.d, str_c(&run.o.newsender), run.o.deflt);
	return program_run(
		command, at, run.d->fd, run.env, run.limits, limit, run.r);
}

/* -n: one line for each entry */
static void
say(enum dotqmail_kind kind, const char *text)
{
	static const char *const words[] = {
		[DOTQMAIL_PROGRAM] = "program ",
		[DOTQMAIL_FORWARD] = "forward ",
		[DOTQMAIL_MBOX] = "mbox ",
		[DOTQMAIL_MAILDIR] = "maildir ",
	};

	if (kind != DOTQMAIL_LIST)
		result_say(run.r, words[kind], text, (char *)0);
}

/* One entry; *stop is set when the rest is to be skipped. */
static bool
obey(enum dotqmail_kind kind, const struct dotqmail *q, bool *stop)
{
	const char *text = str_c(&run.line);
	enum program_end end;

	if (run.d->dry) {
		say(kind, text);
		return true;
	}
	switch (kind) {
	case DOTQMAIL_PROGRAM:
		end = do_program(text, where(q));
		/* the lines of an alias are of several people's making */
		*stop = end == PROGRAM_STOP && !run.o.is_alias;
		return end != PROGRAM_FAILED;
	case DOTQMAIL_MBOX:
		return do_mbox(text);
	case DOTQMAIL_MAILDIR:
		return do_maildir(text);
	case DOTQMAIL_FORWARD:
		str_put(&run.to, text, run.line.len + 1);
		run.nto++;
		return true;
	default:
		return true;
	}
}

/* Deliveries in the order of the file. */
static bool
obey_file(void)
{
	struct dotqmail q;
	struct dotqmail_entry e;
	bool stop = false;

	dotqmail_init(&q, run.o.text.s, run.o.text.len);
	while (!stop && dotqmail_next(&q, &e) != DOTQMAIL_END) {
		str_clear(&run.line);
		str_put(&run.line, e.text, e.len);
		if (!obey(e.kind, &q, &stop))
			return false;
	}
	return true;
}

/* "did 1+0+1": files, forwards, programs. */
static void
say_done(const struct forward_done *done)
{
	char f[NUM_FMT], t[NUM_FMT], p[NUM_FMT];

	num_fmt(f, run.files);
	num_fmt(t, run.nto);
	num_fmt(p, run.programs);
	result_say(run.r, "did ", f, "+", t, "+", p, (char *)0);
	if (done->qp > 0) {
		num_fmt(p, (uint64_t)done->qp);
		result_say(run.r, "qp ", p, *done->id ? " id " : "", done->id,
			(char *)0);
	}
}

/* Nothing but one forward? Then it is for who has it next to report: but for
 * what a program line has us do, which is reported as the program's success. */
static bool
is_single(void)
{
	return run.nto == 1 && !run.files && !run.programs && !run.d->direct;
}

/* A forward from the same sender was made. */
static void
passed_on(void)
{
	run.r->info = is_single() ? "dsn=passed" : "dsn=expanded";
}

/* Each group of an alias has a sender of its own. */
static bool
forward_alias(struct forward_done *done)
{
	for (size_t i = 0; i < run.o.alias.ngroup; i++) {
		const struct alias_group *g = &run.o.alias.group[i];
		const char *p = g->to.s;

		if (run.d->dry)
			for (size_t n = g->n; n; n--, p += strlen(p) + 1)
				say(DOTQMAIL_FORWARD, p);
		else if (g->n && !forward_send(run.d, &run.v, &run.m, g->sender,
					 &g->to, is_single(), done, run.r))
			return false;
		else if (g->n && !strcmp(g->sender, run.d->sender))
			passed_on();
	}
	return true;
}

void
deliver(const struct delivery *d, struct result *r)
{
	struct forward_done done = { 0 };

	run_reset(d, r);
	if (!enter_home() || !open_message() || !orders_find(&run.o, d, r))
		return;
	r->how = str_c(&run.o.name);
	if (!check_file())
		return;
	if (run.o.is_alias)
		for (size_t i = 0; i < run.o.alias.ngroup; i++)
			run.nto += run.o.alias.group[i].n;
	if (!obey_file())
		return;
	if (run.o.is_alias && !forward_alias(&done))
		return;
	if (run.to.len &&
		!forward_send(d, &run.v, &run.m, str_c(&run.o.newsender),
			&run.to, is_single(), &done, r))
		return;
	if (run.to.len && !strcmp(str_c(&run.o.newsender), d->sender))
		passed_on();
	if (!d->dry)
		say_done(&done);
}
