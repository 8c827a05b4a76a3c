/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/spool.h"
#include "milter/talk.h"

/* A piece of a new body: lines end in LF again. */
static bool
replace(struct talk *t)
{
	struct str out = STR_INIT(PACKET_MAX + 1);
	const struct str *in = &t->link.packet;
	bool good;

	if (t->body < 0) {
		t->body = spool_open();
		t->bodysize = 0;
		t->cr = false;
	}
	for (size_t i = 0; i < in->len; i++) {
		if (t->cr && in->s[i] != '\n')
			str_putc(&out, '\r');
		t->cr = in->s[i] == '\r';
		if (!t->cr)
			str_putc(&out, in->s[i]);
	}
	good = t->body >= 0 && fd_writeall(t->body, out.s, out.len) == 0;
	t->bodysize += out.len;
	str_free(&out);
	return good ? true
		    : talk_over(t, VERDICT_LATER,
			      "451 4.3.0 unable to write a file in /tmp");
}

/* A change of the message; NULL, or what is wrong. */
static const char *
change(struct talk *t, char letter)
{
	static const char may_not[] = "a change that was not agreed";
	static const char malformed[] = "a change that cannot be read";
	bool blank = !(t->steps & LEADING_BLANK);
	uint32_t n = 0;
	size_t at = 0;
	const char *a, *b;

	if (letter == 'm' || letter == 'i') {
		if (!link_number(&t->link, 0, &n))
			return malformed;
		at = 4;
	}
	if (!(a = link_string(&t->link, &at)))
		return malformed;
	switch (letter) {
	case 'h':
	case 'i':
	case 'm':
		if (!(t->actions &
			    (letter == 'h' ? ACT_ADDHEADER : ACT_HEADERS)) &&
			!(letter == 'i' && (t->actions & ACT_ADDHEADER)))
			return may_not;
		if (!(b = link_string(&t->link, &at)))
			return malformed;
		if (letter == 'm')
			return message_change(t->m, n ? n : 1, a, b, blank);
		return message_insert(
			t->m, letter == 'h' ? SIZE_MAX : n, a, b, blank);
	case 'e':
		return t->actions & ACT_SENDER ? message_sender(t->m, a)
					       : may_not;
	case '+':
		return t->actions & ACT_ADDRCPT ? message_addrcpt(t->m, a)
						: may_not;
	case '2':
		return t->actions & ACT_ADDRCPT_ARGS ? message_addrcpt(t->m, a)
						     : may_not;
	case '-':
		if (!(t->actions & ACT_DELRCPT))
			return may_not;
		message_delrcpt(t->m, a);
		return NULL;
	default: /* q */
		if (!(t->actions & ACT_QUARANTINE))
			return may_not;
		t->m->held = true;
		log_write("held", "id=", t->origin->id,
			" filter=", t->filter->name, " text=\"", a, "\"", NULL);
		return NULL;
	}
}

void
talk_finish(struct talk *t)
{
	const char *why;
	char letter;

	talk_macros(t, 'E', NULL);
	link_put(&t->link, 'E', &t->data);
	for (;;) {
		letter = link_get(
			&t->link, t->filter->timeout * FILTER_END_FACTOR);
		if (!letter || !strchr("himbe+2-q", letter))
			break;
		if (letter == 'b') {
			if (!(t->actions & ACT_BODY)) {
				talk_broken(t, "a change that was not agreed");
				return;
			}
			t->changed = true;
			if (!replace(t))
				return;
		} else if ((why = change(t, letter))) {
			talk_broken(t, why);
			return;
		} else {
			t->changed = true;
		}
	}
	if (!talk_judge(t, letter))
		return;
	t->verdict = VERDICT_ACCEPT;
}
