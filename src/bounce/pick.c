/* SPDX-License-Identifier: 0BSD */
#include "bounce/pick.h"

#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "mail/header.h"
#include "wire/notify.h"

enum { HEADER_LOOK = 1 << 18 };

static unsigned
wanted(const struct pick *p, size_t i)
{
	return notify_of(env_value(p->env, i, "NOTIFY"));
}

enum note_action
pick_note(const struct pick *p, size_t i, struct note *n)
{
	enum env_mark mark = env_mark(p->env, i);
	size_t pos = p->at[i] - 1;
	bool there = p->at[i] && note_next(p->notes, p->nnotes, &pos, n);

	if (mark == ENV_FAILED) {
		if (!there)
			*n = (struct note){ .rcpt = i,
				.when = stamp_now(),
				.status = "5.0.0",
				.text = "The reason was not recorded.",
				.reply = "",
				.host = "" };
		return !p->warning && (wanted(p, i) & NOTIFY_FAILURE)
			       ? NOTE_FAILED
			       : 0;
	}
	if (!there || !*p->env->sender || n->action == NOTE_FAILED)
		return 0;
	if (p->warning != (n->action == NOTE_DELAYED) ||
		(p->warning ? !env_istodo(mark) : mark != ENV_DONE))
		return 0;
	return wanted(p, i) & (p->warning ? NOTIFY_DELAY : NOTIFY_SUCCESS)
		       ? n->action
		       : 0;
}

void
pick_init(struct pick *p)
{
	size_t i, start, pos = 0;
	struct note n;

	/* not looked for anew each time: there may be 100000 of them */
	p->at = xmalloc((p->env->nrcpt + 1) * sizeof(*p->at));
	memset(p->at, 0, (p->env->nrcpt + 1) * sizeof(*p->at));
	while (start = pos, note_next(p->notes, p->nnotes, &pos, &n))
		if (n.rcpt < p->env->nrcpt && n.action != NOTE_VIA)
			p->at[n.rcpt] = start + 1;
	p->nfailed = p->ndelayed = p->nsucceeded = 0;
	for (i = 0; i < p->env->nrcpt; i++) {
		enum note_action a = pick_note(p, i, &n);

		p->nfailed += a == NOTE_FAILED;
		p->ndelayed += a == NOTE_DELAYED;
		p->nsucceeded += a && a != NOTE_FAILED && a != NOTE_DELAYED;
	}
}

/* The first word of a field's value is one of those, each with a NUL. */
static bool
says(const struct header_field *f, const char *words)
{
	const char *v = f->value;
	size_t n = f->valuelen, len = 0;

	while (n && (*v == ' ' || *v == '\t' || *v == '\r' || *v == '\n'))
		v++, n--;
	while (len < n && (ascii_isalnum(v[len]) || v[len] == '-'))
		len++;
	for (; *words; words += strlen(words) + 1)
		if (strlen(words) == len && ascii_caseeqn(words, v, len))
			return true;
	return false;
}

bool
pick_isautomatic(int fdmess)
{
	static char head[HEADER_LOOK];
	struct header_field f;
	ssize_t n = pread(fdmess, head, sizeof(head), 0);
	size_t pos = 0;

	while (n > 0 && header_next(head, (size_t)n, &pos, &f))
		if ((header_is(&f, "Precedence") &&
			    says(&f, "bulk\0list\0junk\0")) ||
			header_is(&f, "List-Id") ||
			(header_is(&f, "Auto-Submitted") && !says(&f, "no\0")))
			return true;
	return false;
}
