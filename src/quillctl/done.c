/* SPDX-License-Identifier: 0BSD */
#include "quillctl/done.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/str.h"
#include "quillctl/logs.h"
#include "quillctl/sendlog.h"
#include "wire/site.h"

enum { FIELD = 2100 };

static void
read_all(struct done *d, struct logs *l)
{
	static struct str key = STR_INIT(4096);
	struct sendlog_event e;
	struct logs_line line;
	struct sendlog s;
	char to[FIELD];

	sendlog_init(&s);
	while (logs_next(l, &line)) {
		sendlog_line(&s, line.text, &e);
		if (e.kind == SENDLOG_END)
			map_put(&d->map, e.id, QID_LEN, "", 0);
		/* from= comes behind to=: an address that was cut off is
		 * nobody's, and none would be all of the message */
		if (e.kind != SENDLOG_SUCCESS ||
			!*sendlog_value(e.rest, "from", to, FIELD) ||
			!*sendlog_value(e.rest, "to", to, FIELD))
			continue;
		str_clear(&key);
		str_puts(&key, e.id);
		str_puts(&key, to);
		map_put(&d->map, key.s, key.len, "", 0);
	}
	if (logs_unread(l))
		log_warning("not all of the logs could be read: what was "
			    "delivered may be delivered again");
	map_free(&s.running);
	str_free(&s.text);
	logs_close(l);
}

void
done_read(struct done *d, const char *more)
{
	struct logs *l = logs_open(0, NULL, "send", false);
	char *dirs[1];

	map_init(&d->map);
	if (l)
		read_all(d, l);
	else if (errno != ENOENT)
		log_warning_sys(
			"unable to read the log ", site_home, "/log/send");
	if (!more)
		return;
	dirs[0] = (char *)(uintptr_t)more; /* not written to */
	l = logs_open(1, dirs, NULL, true);
	if (l)
		read_all(d, l);
}

bool
done_message(const struct done *d, struct qid id)
{
	char name[QID_LEN + 1];

	qid_fmt(name, id);
	return map_get(&d->map, name, QID_LEN, NULL) != NULL;
}

void
done_alike(struct map *alike, const struct env *e)
{
	static struct str logged = STR_INIT(4096);

	map_init(alike);
	for (size_t k = 0; k < e->nrcpt; k++) {
		const char *address = env_rcpt(e, k), *other;

		str_clear(&logged);
		sendlog_address(&logged, address);
		if (!strchr(str_c(&logged), '_'))
			continue; /* stands for itself alone */
		other = map_get(alike, logged.s, logged.len, NULL);
		if (!other)
			map_put(alike, logged.s, logged.len, address,
				strlen(address));
		else if (strcmp(other, address) != 0)
			map_put(alike, logged.s, logged.len, "", 0);
	}
}

bool
done_rcpt(const struct done *d, struct qid id, const char *address,
	const struct map *alike)
{
	static struct str key = STR_INIT(4096);
	char name[QID_LEN + 1];
	const char *only;

	qid_fmt(name, id);
	str_clear(&key);
	str_put(&key, name, QID_LEN);
	sendlog_address(&key, address);
	only = map_get(alike, key.s + QID_LEN, key.len - QID_LEN, NULL);
	return (!only || *only) && map_get(&d->map, key.s, key.len, NULL);
}
