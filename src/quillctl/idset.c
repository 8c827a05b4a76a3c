/* SPDX-License-Identifier: 0BSD */
#include "quillctl/idset.h"

#include <stdlib.h>
#include <string.h>

#include "lib/map.h"
#include "lib/str.h"

enum { FIRST = 1024 };

void
idset_init(struct idset *s)
{
	struct map m;

	*s = (struct idset){ .slot = NULL };
	map_init(&m); /* a seed that strangers do not know */
	memcpy(s->seed, m.seed, sizeof(s->seed));
	map_free(&m);
}

void
idset_free(struct idset *s)
{
	free(s->slot);
	s->slot = NULL;
	s->nslots = s->n = 0;
}

static uint64_t
hash_of(const struct idset *s, const char *id)
{
	uint64_t h = map_hash(s->seed, id, strlen(id));

	return h ? h : 1;
}

/* The slot with the hash, or the free one where it belongs. */
static size_t
find(const struct idset *s, uint64_t h)
{
	size_t i = (size_t)h & (s->nslots - 1);

	while (s->slot[i] && s->slot[i] != h)
		i = (i + 1) & (s->nslots - 1);
	return i;
}

static void
grow(struct idset *s)
{
	struct idset old = *s;
	size_t i;

	s->nslots = old.nslots ? 2 * old.nslots : FIRST;
	s->slot = xmalloc(s->nslots * sizeof(*s->slot));
	memset(s->slot, 0, s->nslots * sizeof(*s->slot));
	for (i = 0; i < old.nslots; i++)
		if (old.slot[i])
			s->slot[find(s, old.slot[i])] = old.slot[i];
	free(old.slot);
}

enum idset_added
idset_add(struct idset *s, const char *id)
{
	uint64_t h = hash_of(s, id);

	if (s->nslots && s->slot[find(s, h)])
		return IDSET_KNOWN;
	if (s->n == IDSET_MAX)
		return IDSET_FULL;
	if (s->n >= s->nslots / 4 * 3)
		grow(s);
	s->slot[find(s, h)] = h;
	s->n++;
	return IDSET_NEW;
}

bool
idset_remove(struct idset *s, const char *id)
{
	uint64_t h = hash_of(s, id), moved;
	size_t i;

	if (!s->nslots || !s->slot[i = find(s, h)])
		return false;
	s->slot[i] = 0;
	s->n--;
	/* what was put behind it because of it must be found again */
	for (i = (i + 1) & (s->nslots - 1); s->slot[i];
		i = (i + 1) & (s->nslots - 1)) {
		moved = s->slot[i];
		s->slot[i] = 0;
		s->slot[find(s, moved)] = moved;
	}
	return true;
}
