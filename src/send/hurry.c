/* SPDX-License-Identifier: 0BSD */
#include "send/hurry.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/str.h"
#include "send/batch.h"
#include "send/load.h"
#include "send/message.h"
#include "wire/site.h"

enum {
	PIECE = 2000, /* slots in one round */
	LOADS = 20,   /* of them, messages looked into */
};

static struct walk {
	int walk;     /* known_walk, + 1; 0 none */
	char *domain; /* only what is for it; NULL: all */
} walks[KNOWN_WALKS];
static size_t nwalks;

static bool
begin(uint32_t hash, const char *domain)
{
	struct walk *w = walks;
	int k;

	if (known_count() == 0)
		return true;
	k = known_walk(hash);
	if (k < 0)
		return false;
	while (w->walk)
		w++;
	w->walk = k + 1;
	w->domain = domain ? xstrdup(domain) : NULL;
	nwalks++;
	return true;
}

void
hurry_destination(const struct dest *d)
{
	begin(d->hash, NULL);
}

bool
hurry_domain(const char *domain)
{
	uint32_t hash = dest_hash(domain);
	struct dest *d = dest_find(CHAN_REMOTE, hash);

	if (strlen(domain) > ADDR_MAX)
		return true;
	if (d)
		dest_hurry(dest_limiter(d));
	return begin(hash, NULL) && begin(0, domain);
}

bool
hurry_running(void)
{
	return nwalks > 0;
}

/* Does it have a recipient there? */
static bool
is_for(uint32_t slot, const char *domain)
{
	static struct str routed = STR_INIT(2 * ADDR_MAX);
	struct message *m = message_hold(slot);
	bool found = false;
	size_t i;

	if (!m)
		return false;
	for (i = 0; i < m->env.nrcpt && !found; i++)
		found = env_istodo(env_mark(&m->env, i)) &&
			ascii_caseis(
				strrchr(env_rcpt(&m->env, i), '@')
					? strrchr(env_rcpt(&m->env, i), '@') + 1
					: "",
				domain) &&
			batch_route(m, i, &routed) == CHAN_REMOTE;
	message_done(m);
	return found;
}

static void
step(struct walk *w, int64_t now)
{
	size_t i, loads = 0;
	uint32_t slot;

	for (i = 0; i < PIECE && loads < LOADS; i++) {
		slot = known_walk_next(w->walk - 1);
		if (slot == KNOWN_NONE) {
			w->walk = 0;
			free(w->domain);
			nwalks--;
			return;
		}
		/* neither running nor in line */
		if (known_when(slot, CHAN_REMOTE) >= KNOWN_INLINE ||
			known_when(slot, CHAN_REMOTE) <= now)
			continue;
		if (w->domain && (loads++, !is_for(slot, w->domain)))
			continue;
		known_wait(slot, CHAN_REMOTE, now);
	}
}

void
hurry_step(int64_t now)
{
	size_t i;

	for (i = 0; nwalks && i < KNOWN_WALKS; i++)
		if (walks[i].walk)
			step(&walks[i], now);
}
