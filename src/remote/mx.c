/* SPDX-License-Identifier: 0BSD */
#include "remote/mx.h"

#include <string.h>

void
mx_init(struct mxlist *l)
{
	l->n = 0;
	l->null = false;
	l->cut = false;
}

void
mx_add(struct mxlist *l, uint16_t pref, const char *host)
{
	size_t i, at = l->n;

	if (!strcmp(host, ".")) {
		l->null = true;
		return;
	}
	if (!*host)
		return;
	if (l->n == MX_MAX) {
		for (i = at = 0; i < l->n; i++)
			if (l->mx[i].pref > l->mx[at].pref)
				at = i;
		if (l->mx[at].pref <= pref)
			return;
	} else {
		l->n++;
	}
	l->mx[at].pref = pref;
	strcpy(l->mx[at].host, host);
}

static void
swap(struct mx *a, struct mx *b)
{
	struct mx t = *a;

	*a = *b;
	*b = t;
}

static void
drop(struct mxlist *l, size_t i)
{
	l->n--;
	memmove(&l->mx[i], &l->mx[i + 1], (l->n - i) * sizeof l->mx[0]);
}

void
mx_arrange(struct mxlist *l, uint32_t (*below)(uint32_t n),
	bool (*self)(const char *host))
{
	size_t i, j;

	/* shuffle all, then sort stably: equals are in random order */
	for (i = l->n; i > 1; i--)
		swap(&l->mx[i - 1], &l->mx[below((uint32_t)i)]);
	for (i = 1; i < l->n; i++)
		for (j = i; j && l->mx[j].pref < l->mx[j - 1].pref; j--)
			swap(&l->mx[j], &l->mx[j - 1]);
	for (i = 0; i < l->n; i++)
		for (j = l->n - 1; j > i; j--)
			if (!strcmp(l->mx[i].host, l->mx[j].host))
				drop(l, j);
	for (i = 0; i < l->n; i++) {
		if (self(l->mx[i].host)) {
			mx_cut(l, i);
			break;
		}
	}
}

void
mx_cut(struct mxlist *l, size_t i)
{
	while (i && l->mx[i - 1].pref == l->mx[i].pref)
		i--;
	l->n = i;
	l->cut = true;
}

size_t
mx_level(const struct mxlist *l, size_t i)
{
	size_t end = i;

	while (end < l->n && l->mx[end].pref == l->mx[i].pref)
		end++;
	return end;
}
