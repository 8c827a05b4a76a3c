/* SPDX-License-Identifier: 0BSD */
/* quillctl show ID: a message, its recipients, what each waits for and why */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/json.h"
#include "lib/log.h"
#include "quillctl/args.h"
#include "quillctl/below.h"
#include "quillctl/doing.h"
#include "quillctl/quillctl.h"
#include "quillctl/replies.h"
#include "quillctl/say.h"
#include "quillctl/schedule.h"
#include "quillctl/select.h"
#include "quillctl/walk.h"
#include "wire/status.h"

static struct view {
	bool json, message;
	bool odd; /* one could not be shown */
	struct doing doing;
	struct schedule schedule;
} view;

/* --- for people ----------------------------------------------------------- */

static void
plain_next(const struct view *v, const struct walk_message *m)
{
	const struct doing *d = &v->doing;
	int64_t next = doing_next(&v->doing, m, &v->schedule),
		birth = qid_birth(m->id);

	obuf_puts(&out, "next attempt: ");
	if (strcmp(d->state, "active") == 0)
		obuf_puts(&out, "it is being delivered now");
	else if (strcmp(d->state, "held") == 0)
		obuf_puts(&out, "none: it is held until it is released");
	else if (next)
		say_when(next);
	else
		obuf_puts(&out, "as soon as there is a place");
	if (!d->known)
		obuf_puts(&out, next ? " or later; quill-send is not running"
				     : "; quill-send is not running");
	obuf_putc(&out, '\n');
	if (m->tried) {
		obuf_puts(&out, "         why: last tried ");
		say_when(m->tried);
		obuf_puts(&out, ", ");
		say_span(m->tried - birth);
		obuf_puts(&out, " old; the wait grows with the age\n");
	}
	if (*d->wait_for) {
		obuf_puts(&out, "         why: waits for ");
		json_plain(&out, d->wait_for);
		if (d->until) {
			obuf_puts(&out, ", which is tried next at ");
			say_when(d->until);
		}
		obuf_putc(&out, '\n');
	}
	obuf_puts(&out, "    given up: after the attempt that follows ");
	say_when(birth + (int64_t)schedule_lifetime(&v->schedule, m));
	obuf_putc(&out, '\n');
}

static void
plain_params(const struct walk_message *m, size_t i, const char *indent)
{
	const char *p;
	size_t k;

	for (k = 0; (p = env_param(&m->env, i, k)); k++) {
		obuf_puts(&out, indent);
		json_plain(&out, p);
		obuf_putc(&out, '\n');
	}
}

/* What does not answer is tried with one delivery, for all that wait. */
static void
not_tried(const char *address)
{
	obuf_puts(&out, "          no reply in the log: rotated away, or its "
			"destination was known to be\n          down; now: "
			"quillctl explain ");
	json_plain(&out, address);
	obuf_putc(&out, '\n');
}

static void
plain_rcpt(const struct walk_message *m, size_t i)
{
	const char *relay = doing_relay(m, i);
	struct reply r;

	obuf_puts(&out, "  ");
	say_padded(select_state(m, i), 8);
	json_plain(&out, env_rcpt(&m->env, i));
	obuf_putc(&out, '\n');
	plain_params(m, i, "          ");
	if (*relay) {
		obuf_puts(&out, "          goes by ");
		json_plain(&out, relay);
		obuf_puts(&out, " (rerouted)\n");
	}
	if (!replies_get(m, i, &r)) {
		if (m->tried && env_istodo(env_mark(&m->env, i)))
			not_tried(env_rcpt(&m->env, i));
		return;
	}
	obuf_puts(&out, "          last reply: ");
	json_plain(&out, r.text);
	obuf_puts(&out, "\n          ");
	if (*r.dsn) {
		json_plain(&out, r.dsn);
		obuf_puts(&out, ", ");
	}
	if (*r.relay && strcmp(r.relay, "-") != 0) {
		obuf_puts(&out, "from ");
		json_plain(&out, r.relay);
		obuf_puts(&out, ", ");
	}
	say_when(r.when);
	obuf_putc(&out, '\n');
}

static bool
has_work(const struct walk_message *m)
{
	size_t i;

	for (i = 0; i < m->env.nrcpt; i++)
		if (env_istodo(env_mark(&m->env, i)))
			return true;
	return false;
}

static void
plain(const struct view *v, const struct walk_message *m)
{
	size_t i;

	obuf_puts(&out, "     message: ");
	obuf_puts(&out, m->name);
	obuf_puts(&out, "\n     arrived: ");
	say_when(qid_birth(m->id));
	obuf_puts(&out, ", from uid ");
	obuf_putnum(&out, m->env.head.uid);
	obuf_puts(&out, "\n        size: ");
	obuf_putnum(&out, m->env.head.bytes);
	obuf_puts(&out, " bytes\n      sender: <");
	json_plain(&out, m->env.sender);
	obuf_puts(&out, ">\n");
	plain_params(m, ENV_SENDER, "              ");
	if (has_work(m))
		plain_next(v, m);
	else if (m->env.nrcpt)
		obuf_puts(&out, "next attempt: none: nothing is to do, or it "
				"is held until it is released\n");
	obuf_puts(&out, "  recipients: ");
	obuf_putnum(&out, m->env.nrcpt);
	obuf_putc(&out, '\n');
	for (i = 0; i < m->env.nrcpt; i++)
		plain_rcpt(m, i);
}

/* --- for programs --------------------------------------------------------- */

static void
json_params(const char **sep, const struct walk_message *m, size_t i)
{
	const char *s = "", *p;
	size_t k;

	say_key(sep, "parameters");
	obuf_putc(&out, '[');
	for (k = 0; (p = env_param(&m->env, i, k)); k++, s = ",") {
		obuf_puts(&out, s);
		json_string(&out, p);
	}
	obuf_putc(&out, ']');
}

static void
json_rcpt(const struct walk_message *m, size_t i)
{
	const char *sep = "", *relay = doing_relay(m, i);
	struct reply r;

	obuf_putc(&out, '{');
	say_string(&sep, "address", env_rcpt(&m->env, i));
	say_string(&sep, "state", select_state(m, i));
	json_params(&sep, m, i);
	if (*relay)
		say_string(&sep, "reroute", relay);
	if (replies_get(m, i, &r)) {
		say_string(&sep, "reply", r.text);
		say_string(&sep, "reply_dsn", r.dsn);
		say_string(&sep, "reply_from", r.relay);
		say_int(&sep, "reply_time", (uint64_t)r.when);
	}
	obuf_putc(&out, '}');
}

static void
json(const struct view *v, const struct walk_message *m)
{
	int64_t next = has_work(m) ? doing_next(&v->doing, m, &v->schedule) : 0;
	const char *sep = "";
	size_t i;

	obuf_putc(&out, '{');
	say_string(&sep, "queue_id", m->name);
	say_int(&sep, "arrival_time", (uint64_t)qid_birth(m->id));
	say_int(&sep, "message_size", m->env.head.bytes);
	say_int(&sep, "uid", m->env.head.uid);
	say_string(&sep, "sender", m->env.sender);
	json_params(&sep, m, ENV_SENDER);
	if (*v->doing.state)
		say_string(&sep, "state", v->doing.state);
	if (m->tried)
		say_int(&sep, "last_attempt", (uint64_t)m->tried);
	if (next)
		say_int(&sep, "next_attempt", (uint64_t)next);
	if (*v->doing.wait_for)
		say_string(&sep, "waits_for", v->doing.wait_for);
	say_int(&sep, "given_up",
		(uint64_t)qid_birth(m->id) +
			schedule_lifetime(&v->schedule, m));
	say_key(&sep, "recipients");
	for (i = 0; i < m->env.nrcpt; i++) {
		obuf_putc(&out, i ? ',' : '[');
		json_rcpt(m, i);
	}
	obuf_puts(&out, m->env.nrcpt ? "]}\n" : "[]}\n");
}

/* --- the command ---------------------------------------------------------- */

/* The message as it is; for a terminal without what it would obey. */
static int
print_message(struct qid id)
{
	char path[QPATH_MAX], buf[8192];
	bool tty = isatty(1);
	ssize_t n, i;
	int fd;

	qpath_fmt(path, id, QFILE_MESS);
	fd = below_plain(path);
	walk_failed(path);
	if (fd < 0)
		return -1;
	while ((n = fd_read(fd, buf, sizeof(buf))) > 0) {
		for (i = 0; tty && i < n; i++)
			if (buf[i] != '\n' && buf[i] != '\t' &&
				(buf[i] < 32 || buf[i] > 126))
				buf[i] = '?';
		obuf_put(&out, buf, (size_t)n);
	}
	close(fd);
	return n < 0 ? -1 : 0;
}

static void
show(void *arg, const struct walk_message *m)
{
	struct view *v = arg;

	doing_ask(&v->doing, m->name);
	(v->json ? json : plain)(v, m);
}

static void
odd(void *arg, const struct walk_message *m)
{
	struct view *v = arg;

	log_warning(m->name, m->result == ENV_UNFINISHED
				     ? ": its envelope file is not finished"
				     : ": its envelope file is not valid: "
				       "quillctl fsck");
	v->odd = true;
}

int
ctl_show(int argc, char **argv)
{
	struct view *v = &view;
	const struct args_option options[] = {
		{ 'j', "json", &v->json, NULL },
		{ 'm', "message", &v->message, NULL },
	};
	int n = args_parse(options, 2, argc, argv), i, r = 1, missing = 0;
	struct qid id;

	if (n < 1)
		return n < 0 ? CTL_USAGE : args_bad("which message? ", "show");
	for (i = 0; i < n; i++)
		if (strlen(argv[i]) != QID_LEN || !qid_parse(argv[i], &id))
			return args_bad("not a message id: ", argv[i]);
	schedule_read(&v->schedule);
	for (i = 0; i < n && r >= 0; i++) {
		qid_parse(argv[i], &id);
		if (v->message)
			r = print_message(id) == 0 ? 1
			    : errno == ENOENT	   ? 0
						   : -1;
		else
			r = walk_one(id, show, odd, v);
		missing += r == 0;
		if (r == 0)
			log_info("no message ", argv[i],
				" in the queue; its story, if any: quillctl "
				"why ",
				argv[i]);
	}
	if (r < 0) {
		walk_trouble();
		return STATUS_TEMP;
	}
	return missing ? CTL_NO : v->odd ? STATUS_TEMP : CTL_YES;
}
