/* SPDX-License-Identifier: 0BSD */
#include "quillctl/doing.h"

#include <string.h>

#include "lib/str.h"
#include "quillctl/ask.h"
#include "quillctl/below.h"
#include "wire/note.h"
#include "wire/retry.h"

enum { NOTES_MAX = 16 << 20 };

static void
take(void *arg, const char *object, const char *key, const char *value)
{
	struct doing *d = arg;
	uint64_t n = 0;

	(void)object;
	d->known = true;
	if (!key)
		return;
	ask_number(&n, INT64_MAX, value);
	if (strcmp(key, "state") == 0)
		ask_keep(d->state, sizeof(d->state), value);
	else if (strcmp(key, "for") == 0)
		ask_keep(d->wait_for, sizeof(d->wait_for), value);
	else if (strcmp(key, "local") == 0)
		d->local = (int64_t)n;
	else if (strcmp(key, "remote") == 0)
		d->remote = (int64_t)n;
	else if (strcmp(key, "until") == 0)
		d->until = (int64_t)n;
}

void
doing_ask(struct doing *d, const char *id)
{
	memset(d, 0, sizeof(*d));
	if (ask_question(CTL_MESSAGE, id, take, d) < 0)
		memset(d, 0, sizeof(*d));
}

const char *
doing_relay(const struct walk_message *m, size_t i)
{
	static struct str s = STR_INIT(NOTES_MAX);
	const char *relay = "";
	char path[QPATH_MAX];
	struct note n;
	size_t pos = 0;

	if (!env_isvia(env_mark(&m->env, i)))
		return "";
	qpath_fmt(path, m->id, QFILE_BOUNCE);
	str_clear(&s);
	if (below_read(path, &s) < 0)
		return "?";
	while (note_next(str_c(&s), s.len, &pos, &n))
		if (n.rcpt == i && n.action == NOTE_VIA)
			relay = n.host;
	return relay;
}

int64_t
doing_next(const struct doing *d, const struct walk_message *m,
	const struct schedule *s)
{
	int64_t local, remote;

	if (d->known) {
		if (d->local && (!d->remote || d->local < d->remote))
			return d->local;
		return d->remote;
	}
	if (!m->tried)
		return 0;
	local = retry_next(m->id, m->tried, s->local);
	remote = retry_next(m->id, m->tried, s->remote);
	return local < remote ? local : remote;
}
