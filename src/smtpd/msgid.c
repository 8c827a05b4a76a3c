/* SPDX-License-Identifier: 0BSD */
#include "smtpd/msgid.h"

#include <string.h>

#include "lib/ascii.h"

static const char name[] = "message-id:";

void
msgid_init(struct msgid *m)
{
	m->state = MSGID_NAME;
	m->at = m->len = 0;
	m->text[0] = 0;
}

static void
keep(struct msgid *m, char c)
{
	if (c == ' ' || c == '\t' || m->len == MSGID_MAX)
		return;
	m->text[m->len++] = c;
	m->text[m->len] = 0;
}

/* A byte other than LF. */
static void
text(struct msgid *m, char c)
{
	switch (m->state) {
	case MSGID_NAME:
		/* blanks before the colon are obsolete, but there are some */
		if (c == ' ' && m->at == sizeof name - 2)
			break;
		if (ascii_lower(c) != name[m->at])
			m->state = MSGID_OTHER;
		else if (++m->at == sizeof name - 1)
			m->state = MSGID_VALUE;
		break;
	case MSGID_FOLD:
		m->state = c == ' ' || c == '\t' ? MSGID_VALUE : MSGID_DONE;
		break;
	case MSGID_VALUE:
		keep(m, c);
		break;
	case MSGID_OTHER:
	case MSGID_DONE:
		break;
	}
}

void
msgid_feed(struct msgid *m, const char *p, size_t n)
{
	const char *end = p + n;

	for (; p < end && m->state != MSGID_DONE; p++) {
		if (*p != '\n') {
			text(m, *p);
			continue;
		}
		if (m->state == MSGID_VALUE)
			m->state = MSGID_FOLD;
		else if (m->state == MSGID_NAME && !m->at)
			m->state = MSGID_DONE; /* the empty line */
		else
			m->state = m->state == MSGID_FOLD ? MSGID_DONE
							  : MSGID_NAME;
		m->at = 0;
	}
}
