/* SPDX-License-Identifier: 0BSD */
#include "quillctl/replies.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/map.h"
#include "lib/num.h"
#include "lib/str.h"
#include "quillctl/ask.h"
#include "quillctl/below.h"
#include "quillctl/logs.h"
#include "quillctl/sendlog.h"
#include "wire/note.h"
#include "wire/site.h"

enum {
	NOTES_MAX = 16 << 20,
	KNOWN_MAX = 1000000, /* replies kept; a log holds fewer */
	TEXT = 2048,
};

static struct map known; /* "ID address": "when NUL text NUL relay NUL dsn" */
static bool loaded;

static void
keep(const struct logs_line *line, const struct sendlog_event *e)
{
	static struct str key = STR_INIT(4096), val = STR_INIT(3 * LOGDIR_LINE);
	char v[TEXT];

	str_clear(&key);
	str_puts(&key, e->id);
	str_puts(&key, sendlog_value(e->rest, "to", v, sizeof(v)));
	str_clear(&val);
	str_putnum(&val, (uint64_t)(line->us / 1000000));
	str_putc(&val, 0);
	str_puts(&val, e->text);
	str_putc(&val, 0);
	str_puts(&val, sendlog_value(e->rest, "relay", v, sizeof(v)));
	str_putc(&val, 0);
	str_puts(&val, sendlog_value(e->rest, "dsn", v, sizeof(v)));
	if (known.count < KNOWN_MAX)
		map_put(&known, key.s, key.len, val.s, val.len);
}

static void
load(void)
{
	struct sendlog_event e;
	struct logs_line line;
	struct sendlog s;
	struct logs *l;

	loaded = true;
	map_init(&known);
	l = logs_open(0, NULL, "send", false);
	if (!l) {
		if (errno != ENOENT)
			log_warning_sys("last replies are not known: unable to "
					"read ",
				site_home, "/log/send",
				errno == EACCES ? " (root may)" : "");
		return;
	}
	sendlog_init(&s);
	while (logs_next(l, &line)) {
		sendlog_line(&s, line.text, &e);
		if (e.kind == SENDLOG_DEFERRAL || e.kind == SENDLOG_FAILURE ||
			e.kind == SENDLOG_SUCCESS)
			keep(&line, &e);
	}
	if (logs_unread(l))
		log_warning("last replies may be missing: not all of ",
			site_home, "/log/send could be read");
	logs_close(l);
	map_free(&s.running);
	str_free(&s.text);
}

/* The last note about recipient i in bounce/<id>. */
static bool
from_notes(const struct walk_message *m, size_t i, struct reply *r)
{
	static struct str s = STR_INIT(NOTES_MAX);
	char path[QPATH_MAX];
	struct note n;
	size_t pos = 0;
	bool found = false;

	qpath_fmt(path, m->id, QFILE_BOUNCE);
	str_clear(&s);
	if (below_read(path, &s) < 0)
		return false;
	while (note_next(str_c(&s), s.len, &pos, &n)) {
		if (n.rcpt != i || n.action == NOTE_VIA)
			continue;
		*r = (struct reply){ .when = n.when,
			.text = *n.reply ? n.reply : n.text,
			.relay = n.host,
			.dsn = n.status };
		found = true;
	}
	return found;
}

static bool
from_log(const struct walk_message *m, size_t i, struct reply *r)
{
	static struct str key = STR_INIT(4096);
	const char *v;
	uint64_t when;

	if (!loaded)
		load();
	str_clear(&key);
	str_puts(&key, m->name);
	sendlog_address(&key, env_rcpt(&m->env, i));
	v = map_get(&known, key.s, key.len, NULL);
	if (!v)
		return false;
	r->when = num_parses(v, INT64_MAX, &when) ? (int64_t)when : 0;
	r->text = v += strlen(v) + 1;
	r->relay = v += strlen(v) + 1;
	r->dsn = v + strlen(v) + 1;
	return true;
}

bool
replies_get(const struct walk_message *m, size_t i, struct reply *r)
{
	struct reply note;

	if (env_istodo(env_mark(&m->env, i)) && !m->tried)
		return false;
	if (!from_notes(m, i, &note))
		return from_log(m, i, r);
	if (!from_log(m, i, r) || note.when >= r->when)
		*r = note;
	return true;
}

bool
replies_active(const char *id)
{
	static int fd = -2;
	static char buf[CTL_RECORD];
	static struct ctl_request req;
	const char *text, *value;
	struct ctl_answer a;
	bool active = false;

	if (fd == -2)
		fd = ask_connect(true);
	if (fd < 0)
		return false;
	ctl_begin(&req, CTL_MESSAGE, NULL);
	ctl_id(&req, id);
	if (ctl_ask(fd, &req) < 0)
		return false;
	do {
		if (ctl_read(fd, buf, &a) < 0 || a.refused)
			return false;
		while (ctl_field(&a, &text, &value))
			active |= strcmp(text, "state") == 0 &&
				  strcmp(value, "active") == 0;
	} while (!a.last);
	return active;
}
