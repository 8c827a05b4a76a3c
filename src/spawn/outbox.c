/* SPDX-License-Identifier: 0BSD */
#include "spawn/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"

/* A report that did not fit into the socket. */
struct late_report {
	struct late_report *next;
	size_t n;
	char bytes[];
};

void
outbox_send(struct spawn *s, const char *p, size_t n)
{
	struct late_report *r;

	if (s->broken)
		return;
	if (s->first == NULL) {
		if (fd_send(0, p, n, -1) == 0)
			return;
		if (errno == EPIPE || errno == ECONNRESET ||
			errno == ENOTCONN || errno == EBADF) {
			s->broken = s->ended = true;
			return;
		}
	}
	/* At most max_jobs of them: new jobs are not taken before. */
	r = xmalloc(sizeof *r + n);
	r->next = NULL;
	r->n = n;
	memcpy(r->bytes, p, n);
	*s->last = r;
	s->last = &r->next;
	s->nlate++;
}

void
outbox_flush(struct spawn *s)
{
	struct late_report *r;

	while ((r = s->first) != NULL) {
		if (!s->broken && fd_send(0, r->bytes, r->n, -1) == -1) {
			if (errno != EPIPE && errno != ECONNRESET &&
				errno != ENOTCONN && errno != EBADF)
				return;
			s->broken = s->ended = true;
		}
		s->first = r->next;
		if (s->first == NULL)
			s->last = &s->first;
		s->nlate--;
		free(r);
	}
}

void
outbox_text(struct spawn *s)
{
	outbox_send(s, s->text.s, s->text.len);
}

void
outbox_refuse(struct spawn *s, uint32_t number, size_t nrcpt, char class,
	const char *why)
{
	str_clear(&s->text);
	report_all(&s->text, number, nrcpt, class, NULL, why);
	outbox_text(s);
}
