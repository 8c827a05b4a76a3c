/* SPDX-License-Identifier: 0BSD */
#include "quillctl/sendlog.h"

#include <string.h>

#include "lib/ascii.h"

static const struct {
	const char *words;
	enum sendlog_kind kind;
} kinds[] = {
	{ "new msg ", SENDLOG_NEW },
	{ "info msg ", SENDLOG_INFO },
	{ "bounce msg ", SENDLOG_BOUNCE },
	{ "delay warning msg ", SENDLOG_WARNING },
	{ "end msg ", SENDLOG_END },
}, results[] = {
	{ ": success: ", SENDLOG_SUCCESS },
	{ ": failure: ", SENDLOG_FAILURE },
	{ ": deferral: ", SENDLOG_DEFERRAL },
};

enum {
	NKINDS = sizeof(kinds) / sizeof(*kinds),
	NRESULTS = sizeof(results) / sizeof(*results),
};

void
sendlog_init(struct sendlog *l)
{
	l->anyway = false;
	map_init(&l->running);
	str_init(&l->text, 65536);
}

static bool
starts(const char **s, const char *with)
{
	size_t n = strlen(with);

	if (strncmp(*s, with, n) != 0)
		return false;
	*s += n;
	return true;
}

static bool
take_id(const char **s, char id[QID_LEN + 1])
{
	struct qid q;

	if (!qid_parse(*s, &q) || ascii_isalnum((*s)[QID_LEN]))
		return false;
	memcpy(id, *s, QID_LEN);
	id[QID_LEN] = '\0';
	*s += QID_LEN;
	return true;
}

/* n bytes as text for people. */
static const char *
words(struct sendlog *l, const char *s, size_t n)
{
	size_t i;

	str_clear(&l->text);
	str_put(&l->text, s, n);
	for (i = 0; i < l->text.len; i++)
		if (l->text.s[i] == '_')
			l->text.s[i] = ' ';
	while (l->text.len && strchr(" /", l->text.s[l->text.len - 1]))
		str_cut(&l->text, l->text.len - 1);
	return str_c(&l->text);
}

static void
result(struct sendlog *l, const char *s, struct sendlog_event *e)
{
	size_t n = strspn(s, "0123456789"), i, len;
	const char *number = s, *id;

	s += n;
	for (i = 0; i < NRESULTS; i++)
		if (starts(&s, results[i].words))
			break;
	if (i == NRESULTS)
		return;
	id = map_get(&l->running, number, n, NULL);
	if (!id && !l->anyway)
		return; /* its start is in no log any more */
	if (id) {
		memcpy(e->id, id, QID_LEN + 1);
		/* there is one result: a log of any length is remembered in
		 * the memory of what ran at a time */
		map_remove(&l->running, number, n);
	}
	e->kind = results[i].kind;
	len = strcspn(s, " ");
	e->text = words(l, s, len);
	e->rest = s + len;
}

void
sendlog_line(struct sendlog *l, const char *s, struct sendlog_event *e)
{
	const char *number = s;
	size_t i, n;

	*e = (struct sendlog_event){ .text = "", .rest = "" };
	if (starts(&s, "delivery ")) {
		result(l, s, e);
		return;
	}
	if (starts(&s, "starting delivery ")) {
		number = s;
		n = strspn(s, "0123456789");
		s += n;
		if (!starts(&s, ": msg ") || !take_id(&s, e->id))
			return;
		if (!l->anyway)
			map_put(&l->running, number, n, e->id, QID_LEN + 1);
		e->kind = SENDLOG_START;
		e->rest = e->text = s;
		return;
	}
	if (starts(&s, "order ")) {
		number = s;
		n = strcspn(s, " ");
		s += n;
		if (!starts(&s, " msg ") || !take_id(&s, e->id))
			return;
		e->kind = SENDLOG_ORDER;
		e->text = words(l, number, n);
		e->rest = s;
		return;
	}
	for (i = 0; i < NKINDS; i++)
		if (starts(&s, kinds[i].words)) {
			if (!take_id(&s, e->id))
				return;
			e->kind = kinds[i].kind;
			e->rest = e->text = s;
			return;
		}
}

const char *
sendlog_value(const char *rest, const char *key, char *out, size_t size)
{
	size_t n = strlen(key), len;
	const char *s = rest;

	out[0] = '\0';
	while ((s = strchr(s, ' '))) {
		s++;
		if (strncmp(s, key, n) != 0 || s[n] != '=')
			continue;
		s += n + 1;
		len = strcspn(s, " ");
		if (len >= size)
			len = size - 1;
		memcpy(out, s, len);
		out[len] = '\0';
		break;
	}
	return out;
}

void
sendlog_address(struct str *out, const char *a)
{
	for (; *a; a++)
		str_putc(out, *a < 33 || *a > 126 || *a == '%' ? '_' : *a);
}
