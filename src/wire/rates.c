/* SPDX-License-Identifier: 0BSD */
#include "wire/rates.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/map.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "wire/site.h"

enum { PATH_LIMIT = 4096, KEY_MAX = 1200 };

/* empty: when the bucket will have run out, us since 1970; in the past for one
 * that is empty. (The "theoretical arrival time" of ATM's cell rate rule.) */
struct rates_slot {
	_Atomic uint64_t tag; /* hash of kind and key, 0 unused */
	_Atomic uint64_t empty;
};

static const char magic[8] = "quill r2";

int
rates_open(struct rates *r, const char *program)
{
	struct str path = STR_INIT(PATH_LIMIT);
	int got, e;

	str_puts(&path, site_run);
	str_puts(&path, "/count/");
	str_puts(&path, program);
	str_puts(&path, "/rates");
	got = shared_open(&r->file, str_c(&path), magic,
		sizeof *r->file.head + RATES_KEYS * sizeof *r->slots);
	e = errno;
	r->slots = r->file.p;
	str_free(&path);
	errno = e;
	return got;
}

static uint64_t
tag_of(const struct rates *r, const char *kind, const char *key)
{
	struct str s = STR_INIT(KEY_MAX);
	uint64_t hash;

	str_puts(&s, kind);
	str_putc(&s, 0);
	str_puts(&s, key);
	hash = map_hash(r->file.head->seed, s.s, s.len);
	str_free(&s);
	return hash ? hash : 1;
}

/* The slot of tag, made when there is none, in place of the key that is
 * nearest to an empty bucket. */
static struct rates_slot *
find(struct rates *r, uint64_t tag)
{
	struct rates_slot *set = r->slots + tag % RATES_SETS * RATES_WAYS;

	for (;;) {
		struct rates_slot *oldest = set;
		uint64_t was, left;

		for (size_t i = 0; i < RATES_WAYS; i++) {
			if (set[i].tag == tag)
				return &set[i];
			if (set[i].empty < oldest->empty)
				oldest = &set[i];
		}
		was = oldest->tag;
		left = oldest->empty;
		/* somebody else may have made it, or taken that slot */
		if (was == tag || !atomic_compare_exchange_strong(
					  &oldest->tag, &was, tag))
			continue;
		/* what the old key left is not the new one's; whoever found
		 * the new one before us has taken from it already */
		atomic_compare_exchange_strong(&oldest->empty, &left, 0);
		return oldest;
	}
}

/* Of the window, us: never nothing, or there would be no limit. */
static uint64_t
cost_of(uint64_t window, uint32_t limit, uint32_t amount)
{
	uint64_t us = window / limit * amount + window % limit * amount / limit;

	return us ? us : 1;
}

bool
rates_take_at(struct rates *r, uint64_t now, const char *kind, const char *key,
	uint32_t amount, uint32_t limit, uint32_t seconds, uint32_t *wait)
{
	struct rates_slot *slot = find(r, tag_of(r, kind, key));
	uint64_t window = (uint64_t)seconds * 1000000;
	uint64_t cost = cost_of(window, limit, amount ? amount : 1);
	uint64_t was = slot->empty, from, to;

	if (wait)
		*wait = 0;
	if (amount > limit)
		return false;
	/* the clock was set back */
	if (was > now + 2 * window && atomic_compare_exchange_strong(
					      &slot->empty, &was, now + window))
		was = now + window;
	do {
		from = was > now ? was : now;
		to = from + cost;
		if (to > now + window) {
			if (wait)
				*wait = (uint32_t)((to - now - window +
							   999999) /
						   1000000);
			return false;
		}
	} while (amount &&
		 !atomic_compare_exchange_weak(&slot->empty, &was, to));
	return true;
}

bool
rates_take(struct rates *r, const char *kind, const char *key, uint32_t amount,
	uint32_t limit, uint32_t seconds, uint32_t *wait)
{
	return rates_take_at(r, (uint64_t)stamp_us(), kind, key, amount, limit,
		seconds, wait);
}
