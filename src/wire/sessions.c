/* SPDX-License-Identifier: 0BSD */
#include "wire/sessions.h"

#include <signal.h>
#include <stddef.h>

uint64_t
sessions_client(const struct ipaddr *a)
{
	size_t n = a->family == AF_INET ? 4 : a->family == AF_INET6 ? 8 : 0;
	uint64_t client = 0;

	for (size_t i = 0; i < n; i++)
		client = client << 8 | a->b[i];
	/* beside IPv6: as no unicast address there begins */
	return n == 4 ? client | (uint64_t)0xffff << 48 : client;
}

static uint32_t
high_of(const struct sessions *s)
{
	uint32_t n = s->high;

	/* the file may hold anything */
	return n < SESSIONS_MAX ? n : SESSIONS_MAX;
}

/* A dead process of the same id left its slot: what a session that was killed
 * has cost is gone with the next of its id. */
static void
inherit(struct sessions *s, uint32_t pid)
{
	uint32_t n = high_of(s);

	for (uint32_t i = 0; i < n; i++)
		if (s->slot[i].pid == pid)
			sessions_leave(&s->slot[i]);
}

struct sessions_slot *
sessions_enter(
	struct sessions *s, uint32_t pid, uint32_t service, uint64_t client)
{
	inherit(s, pid);
	for (uint32_t i = 0; i < SESSIONS_MAX; i++) {
		struct sessions_slot *slot = &s->slot[i];
		uint32_t none = 0, high = s->high;

		if (slot->pid ||
			!atomic_compare_exchange_strong(&slot->pid, &none, pid))
			continue;
		slot->service = service;
		slot->client = client;
		while (high < i + 1 &&
			!atomic_compare_exchange_weak(&s->high, &high, i + 1))
			;
		return slot;
	}
	return NULL;
}

void
sessions_leave(struct sessions_slot *slot)
{
	slot->client = 0;
	slot->service = 0;
	slot->pid = 0;
}

struct sessions_count
sessions_count(struct sessions *s, uint32_t service, uint64_t client)
{
	struct sessions_count n = { 0, 0 };
	uint32_t high = high_of(s);

	for (uint32_t i = 0; i < high; i++) {
		if (!s->slot[i].pid)
			continue;
		n.client += client && s->slot[i].client == client;
		n.service += s->slot[i].service == service;
	}
	return n;
}

void
sessions_sweep(struct sessions *s, uint32_t now)
{
	uint32_t last = s->swept, n = high_of(s);

	if (last == now ||
		!atomic_compare_exchange_strong(&s->swept, &last, now))
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t pid = s->slot[i].pid;

		/* EPERM: the id is another user's now, so not a session's */
		if (!pid || kill((pid_t)pid, 0) == 0)
			continue;
		s->slot[i].client = 0;
		s->slot[i].service = 0;
		atomic_compare_exchange_strong(&s->slot[i].pid, &pid, 0);
	}
}
