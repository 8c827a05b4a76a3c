/* SPDX-License-Identifier: 0BSD */
/* quillctl why ID|ADDRESS: the story of a message, or of those of an address,
 * from the logs and the queue, one line per event in order */
#include <errno.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/map.h"
#include "lib/stamp.h"
#include "quillctl/args.h"
#include "quillctl/logs.h"
#include "quillctl/quillctl.h"
#include "quillctl/say.h"
#include "quillctl/select.h"
#include "quillctl/sendlog.h"
#include "quillctl/walk.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	MESSAGES = 100000, /* of one address */
	FIELD = 2100,
};

static struct story {
	bool json;
	const char *address; /* NULL: of an id */
	struct str as_logged;
	struct map ids;
	struct sendlog log;
	uint64_t events;
	bool more;
} story;

/* --- which messages ------------------------------------------------------- */

static void
want(struct story *s, const char *id)
{
	if (s->ids.count < MESSAGES)
		map_put(&s->ids, id, QID_LEN, "", 0);
	else
		s->more = true;
}

static bool
wanted(const struct story *s, const char *id)
{
	return map_get(&s->ids, id, QID_LEN, NULL) != NULL;
}

static bool
is_it(const struct story *s, const char *text, size_t n)
{
	return n == s->as_logged.len && ascii_caseeqn(text, s->as_logged.s, n);
}

/* Is it this line's sender or recipient? */
static bool
names_address(const struct story *s, const struct sendlog_event *e)
{
	char v[FIELD];
	const char *p = e->text;
	size_t n;

	if (e->kind == SENDLOG_INFO) {
		p = strstr(e->text, " from <");
		n = p ? strcspn(p + 7, ">") : 0;
		return p && is_it(s, p + 7, n);
	}
	if (e->kind != SENDLOG_START) {
		sendlog_value(e->rest, "to", v, sizeof(v));
		return is_it(s, v, strlen(v));
	}
	if (strncmp(p, " to ", 4) != 0)
		return false;
	p = strchr(p + 4, ' ');
	return p && is_it(s, p + 1, strlen(p + 1));
}

static void
from_queue(void *arg, const struct walk_message *m)
{
	struct story *s = arg;
	size_t i;

	if (ascii_caseis(m->env.sender, s->address))
		want(s, m->name);
	for (i = 0; i < m->env.nrcpt; i++)
		if (ascii_caseis(env_rcpt(&m->env, i), s->address)) {
			want(s, m->name);
			return;
		}
}

static int
collect(struct story *s, int n, char **dirs)
{
	struct logs *l = logs_open(n, dirs, NULL, false);
	struct sendlog_event e;
	struct logs_line line;

	while (l && logs_next(l, &line)) {
		sendlog_line(&s->log, line.text, &e);
		if (e.kind != SENDLOG_OTHER && names_address(s, &e))
			want(s, e.id);
	}
	if (l)
		logs_close(l);
	return walk_each(from_queue, NULL, s);
}

/* --- one event ------------------------------------------------------------ */

static void
describe(struct str *t, const struct sendlog_event *e)
{
	static const char *const words[] = {
		[SENDLOG_NEW] = "taken up by quill-send",
		[SENDLOG_INFO] = "queued",
		[SENDLOG_START] = "delivery begins",
		[SENDLOG_SUCCESS] = "delivered",
		[SENDLOG_FAILURE] = "failed for good",
		[SENDLOG_DEFERRAL] = "deferred",
		[SENDLOG_BOUNCE] = "the sender is told",
		[SENDLOG_WARNING] = "the sender is warned",
		[SENDLOG_END] = "done, out of the queue",
		[SENDLOG_ORDER] = "ordered",
	};
	static const char *const values[] = { "relay", "dsn", "delay", "tls" };
	char v[FIELD];
	size_t i;

	str_puts(t, words[e->kind]);
	if (e->kind == SENDLOG_SUCCESS || e->kind == SENDLOG_FAILURE ||
		e->kind == SENDLOG_DEFERRAL) {
		str_putc(t, ' ');
		str_puts(t, sendlog_value(e->rest, "to", v, sizeof(v)));
		str_puts(t, ": ");
		str_puts(t, e->text);
		for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
			sendlog_value(e->rest, values[i], v, sizeof(v));
			if (!*v || strcmp(v, "-") == 0)
				continue;
			str_putc(t, ' ');
			str_puts(t, values[i]);
			str_putc(t, '=');
			str_puts(t, v);
		}
	} else if (e->kind == SENDLOG_ORDER) {
		str_puts(t, ": ");
		str_puts(t, e->text);
		str_puts(t, *e->rest == ':' ? e->rest + 1 : e->rest);
	} else {
		str_puts(t, e->text);
	}
}

static const char *
event_name(enum sendlog_kind k)
{
	static const char *const names[] = {
		[SENDLOG_OTHER] = "other",
		[SENDLOG_NEW] = "new",
		[SENDLOG_INFO] = "queued",
		[SENDLOG_START] = "start",
		[SENDLOG_SUCCESS] = "delivered",
		[SENDLOG_FAILURE] = "failed",
		[SENDLOG_DEFERRAL] = "deferred",
		[SENDLOG_BOUNCE] = "bounce",
		[SENDLOG_WARNING] = "warning",
		[SENDLOG_END] = "end",
		[SENDLOG_ORDER] = "order",
	};

	return names[k];
}

static void
event(struct story *s, int64_t us, const char *log, const char *id,
	const char *name, const char *text)
{
	char when[STAMP_FMT] = "-";
	const char *sep = "";

	s->events++;
	if (us)
		stamp_rfc3339(when, us / 1000000);
	if (s->json) {
		obuf_putc(&out, '{');
		say_string(&sep, "time", when);
		say_string(&sep, "log", log);
		if (*id)
			say_string(&sep, "queue_id", id);
		say_string(&sep, "event", name);
		say_string(&sep, "text", text);
		obuf_puts(&out, "}\n");
		return;
	}
	obuf_puts(&out, when);
	obuf_putc(&out, ' ');
	if (s->address) {
		obuf_puts(&out, *id ? id : "-               ");
		obuf_putc(&out, ' ');
	}
	json_plain(&out, log);
	obuf_puts(&out, ": ");
	json_plain(&out, text);
	obuf_putc(&out, '\n');
}

/* The wanted id that a line of some other program holds; "" none. */
static const char *
id_within(const struct story *s, const char *text)
{
	static char id[QID_LEN + 1];
	size_t n;

	for (; *text; text += n ? n : 1) {
		n = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz");
		if (n != QID_LEN || !wanted(s, text))
			continue;
		memcpy(id, text, QID_LEN);
		return id;
	}
	return "";
}

/* Does a line that names no message concern the address, as a refusal does? */
static bool
concerns(const struct story *s, const char *text)
{
	size_t n = s->as_logged.len;

	if (!s->address || n == 0)
		return false;
	while ((text = strchr(text, '<'))) {
		text++;
		if (ascii_caseeqn(text, s->as_logged.s, n) && text[n] == '>')
			return true;
	}
	return false;
}

static void
line(struct story *s, const struct logs_line *l)
{
	static struct str text = STR_INIT(2 * LOGDIR_LINE);
	struct sendlog_event e;
	const char *id;

	sendlog_line(&s->log, l->text, &e);
	if (e.kind != SENDLOG_OTHER) {
		if (!wanted(s, e.id))
			return;
		str_clear(&text);
		describe(&text, &e);
		event(s, l->us, l->name, e.id, event_name(e.kind),
			str_c(&text));
		return;
	}
	id = id_within(s, l->text);
	if (*id || concerns(s, l->text))
		event(s, l->us, l->name, id, event_name(e.kind), l->text);
}

/* --- what the queue knows ------------------------------------------------- */

static void
in_queue(void *arg, const struct walk_message *m)
{
	static struct str text = STR_INIT(65536);
	struct story *s = arg;
	size_t i, n = 0;

	str_clear(&text);
	str_puts(&text, "in the queue, from <");
	str_puts(&text, m->env.sender);
	str_puts(&text, ">:");
	for (i = 0; i < m->env.nrcpt && n < 20; i++) {
		str_puts(&text, n++ ? ", " : " ");
		str_puts(&text, env_rcpt(&m->env, i));
		str_putc(&text, ' ');
		str_puts(&text, select_state(m, i));
	}
	if (i < m->env.nrcpt)
		str_puts(&text, ", ...");
	event(s, stamp_us(), "queue", m->name, "queue", str_c(&text));
}

static void
damaged(void *arg, const struct walk_message *m)
{
	event(arg, stamp_us(), "queue", m->name, "damaged",
		"its envelope file is damaged or unfinished: quillctl fsck");
}

static void
each_wanted(void *arg, const struct walk_message *m)
{
	if (wanted(arg, m->name))
		in_queue(arg, m);
}

int
ctl_why(int argc, char **argv)
{
	struct story *s = &story;
	const struct args_option options[] = { { 'j', "json", &s->json,
		NULL } };
	int n = args_parse(options, 1, argc, argv), r;
	struct logs_line l;
	struct logs *logs;
	struct qid id;
	bool is_id;

	if (n < 1)
		return n < 0 ? CTL_USAGE : args_bad("which message? ", "why");
	is_id = strlen(argv[0]) == QID_LEN && qid_parse(argv[0], &id);
	if (!is_id && !strchr(argv[0], '@'))
		return args_bad(
			"neither a message id nor an address: ", argv[0]);
	for (r = 1; r < n; r++)
		argv[r] = args_absolute(argv[r]);
	ctl_enter_queue();
	map_init(&s->ids);
	sendlog_init(&s->log);
	str_init(&s->as_logged, 65536);
	if (is_id) {
		want(s, argv[0]);
	} else {
		s->address = argv[0];
		sendlog_address(&s->as_logged, s->address);
		if (collect(s, n - 1, argv + 1) < 0)
			goto fail;
	}
	if (s->more)
		log_warning("too many messages; the first of them only");
	/* a number counts only from its start on, in this pass, too */
	map_free(&s->log.running);
	sendlog_init(&s->log);
	logs = logs_open(n - 1, argv + 1, NULL, n > 1);
	if (!logs)
		log_warning_sys("the story is what the queue knows: no log "
				"can be read",
			n > 1 ? "" : " below ", n > 1 ? "" : site_home,
			n > 1 ? "" : "/log",
			errno == EACCES ? " (root may)" : "");
	while (logs && logs_next(logs, &l))
		line(s, &l);
	if (logs && n == 1 && logs_unread(logs))
		log_warning("not all logs below ", site_home,
			"/log could be read: something may be missing");
	if (logs)
		logs_close(logs);
	r = is_id ? walk_one(id, in_queue, damaged, s)
		  : walk_each(each_wanted, NULL, s);
	if (r < 0)
		goto fail;
	if (s->events)
		return CTL_YES;
	log_info("neither the queue nor a log knows of ", argv[0]);
	return CTL_NO;
fail:
	walk_trouble();
	return STATUS_TEMP;
}
