/* SPDX-License-Identifier: 0BSD */
/* quillctl retry, hold, release, bounce, delete, reroute: orders about
 * messages, given to quill-send, or carried out here while it is stopped */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "quillctl/args.h"
#include "quillctl/ask.h"
#include "quillctl/offline.h"
#include "quillctl/quillctl.h"
#include "quillctl/say.h"
#include "quillctl/select.h"
#include "quillctl/walk.h"
#include "wire/relay.h"
#include "wire/status.h"

enum {
	BACK_MS = 15000, /* wait for a quill-send that went away */
	ROOM = 128,	 /* bytes of a request for one more id or number */
};

static const struct verb {
	const char *name, *done;
	enum ctl_verb v;
} verbs[] = {
	{ "retry", "tried now", CTL_RETRY },
	{ "hold", "held", CTL_HOLD },
	{ "release", "released", CTL_RELEASE },
	{ "bounce", "bounced", CTL_BOUNCE },
	{ "delete", "deleted", CTL_DELETE },
	{ "reroute", "rerouted", CTL_REROUTE },
};

static struct job {
	const struct verb *verb;
	struct select select;
	const char *argument;
	bool json, dry, offline;
	int fd;
	struct ctl_request req;
	uint32_t *rcpts; /* of the message at hand */
	size_t cap;
	uint64_t fits, changed, failed;
} job;

/* --- results -------------------------------------------------------------- */

static void
tell(struct job *j, const char *id, const char *result, uint64_t changed,
	uint64_t busy, const char *text)
{
	const char *sep = "";

	if (j->json) {
		obuf_putc(&out, '{');
		say_string(&sep, "queue_id", id);
		say_string(&sep, "order", j->verb->name);
		say_string(&sep, "result", result);
		say_int(&sep, "recipients", changed);
		say_int(&sep, "busy", busy);
		if (*text)
			say_string(&sep, "text", text);
		obuf_puts(&out, "}\n");
		return;
	}
	json_plain(&out, id);
	obuf_puts(&out, ": ");
	obuf_puts(&out, result);
	if (changed) {
		obuf_puts(&out, ", recipients: ");
		obuf_putnum(&out, changed);
	}
	if (busy) {
		obuf_puts(&out, ", left alone as they are being delivered: ");
		obuf_putnum(&out, busy);
	}
	if (*text) {
		obuf_puts(&out, ": ");
		json_plain(&out, text);
	}
	obuf_putc(&out, '\n');
}

static void
outcome(struct job *j, const struct ctl_outcome *o)
{
	static const char *const words[] = {
		[CTL_DONE] = "",
		[CTL_NOTHING] = "nothing to do",
		[CTL_BUSY] = "busy",
		[CTL_GONE] = "gone",
		[CTL_FAILED] = "failed",
	};

	j->changed += o->result == CTL_DONE;
	j->failed += o->result == CTL_FAILED || o->result == CTL_BUSY;
	tell(j, o->id, o->result == CTL_DONE ? j->verb->done : words[o->result],
		o->changed, o->busy, o->text);
}

/* --- by way of quill-send ------------------------------------------------- */

static int
ask_once(struct job *j)
{
	static char buf[CTL_RECORD];
	struct ctl_outcome o;
	struct ctl_answer a;
	size_t len = j->req.record.len;
	int r = ctl_ask(j->fd, &j->req);

	/* ctl_ask has ended the record; for another try it must be open */
	str_cut(&j->req.record, len);
	if (r < 0)
		return -1;
	do {
		if (ctl_read(j->fd, buf, &a) < 0)
			return -1;
		if (a.refused) {
			obuf_flush(&out);
			log_die(STATUS_TEMP, "quill-send refuses: ", a.refused);
		}
		while (ctl_outcome(&a, &o))
			outcome(j, &o);
	} while (!a.last);
	return 0;
}

/* Wait for a quill-send that is started again. */
static int
come_back(struct job *j)
{
	int64_t end = stamp_mono() + BACK_MS;

	close(j->fd);
	while ((j->fd = ask_connect(true)) < 0 && stamp_mono() < end)
		usleep(200000);
	return j->fd < 0 ? -1 : 0;
}

/* Give what is gathered to quill-send. To order twice is to order once, so a
 * lost connection is made again. */
static void
flush_orders(struct job *j)
{
	int tries = 5;

	if (j->req.nids == 0)
		return;
	while (ask_once(j) < 0) {
		int e = errno;

		if ((e == EPIPE || e == ECONNRESET || e == ENOTCONN) &&
			--tries > 0 && come_back(j) == 0)
			continue;
		obuf_flush(&out);
		errno = e;
		log_die_sys(STATUS_TEMP,
			"quill-send went away; what it did of the last orders "
			"is not known, give them again");
	}
	ctl_begin(&j->req, j->verb->v, j->argument);
}

static void
send_order(struct job *j, const struct walk_message *m, size_t n, bool whole)
{
	struct ctl_request *req = &j->req;
	size_t i;
	bool begun = false;

	/* an id whose numbers do not fit must not go out without them: that
	 * would mean all */
	if (req->nids == CTL_IDS || req->nrcpts + 1 > CTL_RCPTS ||
		req->record.len + ROOM > CTL_RECORD)
		flush_orders(j);
	if (whole) {
		ctl_id(req, m->name);
		return;
	}
	for (i = 0; i < n; i++) {
		if (begun && (req->nrcpts == CTL_RCPTS ||
				     req->record.len + ROOM > CTL_RECORD)) {
			flush_orders(j);
			begun = false;
		}
		if (!begun)
			ctl_id(req, m->name);
		begun = true;
		ctl_rcpt(req, j->rcpts[i]);
	}
}

/* --- one message ---------------------------------------------------------- */

static void
say_dry(struct job *j, const struct walk_message *m, size_t n)
{
	size_t i;

	if (j->json) {
		tell(j, m->name, "would be", n, 0, "");
		return;
	}
	obuf_puts(&out, "would ");
	obuf_puts(&out, j->verb->name);
	obuf_putc(&out, ' ');
	obuf_puts(&out, m->name);
	obuf_puts(&out, " from <");
	json_plain(&out, m->env.sender);
	obuf_puts(&out, ">\n");
	for (i = 0; i < n; i++) {
		obuf_puts(&out, "\t");
		obuf_puts(&out, select_state(m, j->rcpts[i]));
		obuf_putc(&out, '\t');
		json_plain(&out, env_rcpt(&m->env, j->rcpts[i]));
		obuf_putc(&out, '\n');
	}
}

static void
obey_offline(struct job *j, const struct walk_message *m, size_t n)
{
	uint64_t changed;
	struct ctl_outcome o = { .id = m->name, .result = CTL_DONE };
	const char *argument = j->argument ? j->argument : "";

	o.text = "";
	if (offline_obey(m, j->verb->v, argument, j->rcpts, n, &changed) < 0) {
		o.result = CTL_FAILED;
		o.text = errno == EACCES || errno == EPERM
				 ? "only root may, while quill-send is stopped"
				 : log_strerror();
	}
	o.changed = changed;
	if (changed)
		offline_log(m->name, j->verb->v, argument, changed);
	outcome(j, &o);
}

static bool
applies(enum ctl_verb v, enum env_mark k)
{
	if (v == CTL_RELEASE)
		return env_isheld(k);
	if (v == CTL_RETRY || v == CTL_HOLD)
		return env_istodo(k);
	return env_istodo(k) || env_isheld(k);
}

static void
message(void *arg, const struct walk_message *m)
{
	struct job *j = arg;
	size_t i, n = 0, can = 0;
	/* a message has one time of its next attempt */
	bool fits = false, together = j->verb->v == CTL_RETRY;

	if (!select_message(&j->select, m))
		return;
	if (m->env.nrcpt > j->cap) {
		j->cap = m->env.nrcpt;
		j->rcpts = xrealloc(j->rcpts, j->cap * sizeof(*j->rcpts));
	}
	for (i = 0; i < m->env.nrcpt; i++) {
		if (!applies(j->verb->v, env_mark(&m->env, i)))
			continue;
		can++;
		if (select_rcpt(&j->select, m, i))
			fits = true;
		else if (!together)
			continue;
		j->rcpts[n++] = (uint32_t)i;
	}
	if (!fits)
		return;
	j->fits++;
	if (j->dry)
		say_dry(j, m, n);
	else if (j->offline)
		obey_offline(j, m, n);
	else
		send_order(j, m, n, n == can);
}

/* --- the command ---------------------------------------------------------- */

/* Find quill-send, or keep it away. 0, or an exit code. */
static int
reach(struct job *j)
{
	if (j->dry)
		return 0;
	j->fd = ask_connect(true);
	if (j->fd >= 0)
		return 0;
	if (errno != ESRCH) {
		ask_connect(false);
		return STATUS_TEMP;
	}
	if (offline_lock() == 0) {
		j->offline = true;
		log_info("quill-send is not running: done without it");
		return 0;
	}
	if (errno == EWOULDBLOCK || errno == EAGAIN)
		log_alert("quill-send holds its lock but does not answer; it "
			  "is starting or ending, try again");
	else
		log_alert_sys("unable to lock lock/send",
			errno == EACCES ? " (only root and group quill may)"
					: "");
	return STATUS_TEMP;
}

static int
finish(const struct job *j)
{
	if (j->fits == 0 && !j->failed) {
		log_info("nothing fits that could be ", j->verb->done);
		return CTL_NO;
	}
	return j->failed ? STATUS_TEMP : CTL_YES;
}

static bool
is_line(const char *s)
{
	size_t n = strlen(s), i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 32 || s[i] == 127)
			return false;
	return n <= CTL_ARGUMENT;
}

static int
take_argument(struct job *j, const char *text, const char *via)
{
	static struct relays relays;
	enum ctl_verb v = j->verb->v;
	const char *bad;

	if ((text && v != CTL_BOUNCE) || (via && v != CTL_REROUTE))
		return args_bad(text ? "--text is for " : "--via is for ",
			text ? "bounce" : "reroute");
	if (v == CTL_BOUNCE)
		j->argument = text && *text
				      ? text
				      : "The administrator of this mail server "
					"gave up the delivery of this message.";
	if (v == CTL_REROUTE) {
		if (!via || !*via)
			return args_bad("reroute needs ",
				"--via RELAY (or --via - for the usual way)");
		j->argument = strcmp(via, "-") == 0 ? NULL : via;
		bad = j->argument ? relay_list(via, &relays) : NULL;
		if (bad) {
			log_alert(bad, ": ", via);
			return CTL_USAGE;
		}
	}
	if (j->argument && !is_line(j->argument))
		return args_bad("not one line of text: ", j->argument);
	return 0;
}

int
ctl_order(int argc, char **argv)
{
	const char *text = NULL, *via = NULL, *name = argv[0];
	struct job *j = &job;
	const struct args_option options[] = {
		{ 'j', "json", &j->json, NULL },
		{ 'n', "dry-run", &j->dry, NULL },
		{ 0, "text", NULL, &text },
		{ 0, "via", NULL, &via },
		SELECT_OPTIONS(j->select),
	};
	int n = args_parse(
		    options, sizeof(options) / sizeof(*options), argc, argv),
	    r;

	for (j->verb = verbs; strcmp(j->verb->name, name) != 0;)
		j->verb++;
	if (n < 0 || select_ready(&j->select, n, argv) != 0 ||
		take_argument(j, text, via) != 0)
		return CTL_USAGE;
	if (!select_given(&j->select))
		return args_bad("which messages? ids, conditions or ", "--all");
	r = reach(j);
	if (r)
		return r;
	ctl_begin(&j->req, j->verb->v, j->argument);
	if (select_each(&j->select, message, NULL, j) < 0) {
		walk_trouble();
		j->failed++;
	}
	if (!j->dry && !j->offline)
		flush_orders(j);
	return finish(j);
}
