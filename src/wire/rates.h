/* SPDX-License-Identifier: 0BSD */
/* rates - how much of something each of many keys did lately, counted by all
 * processes of a program together: messages of a user, failures of an address
 *
 *	struct rates r;
 *	rates_open(&r, "smtpd");
 *	if (!rates_take(&r, "msg", user, 1, 100, 3600, &wait))
 *		... over 100 an hour; in wait seconds there is room again
 *
 * A key has a bucket that leaks evenly: up to limit at once, then limit in
 * every so many seconds. What is refused does not count, so that who goes on
 * trying gets his rate all the same. Kept in HOME/run/count/PROGRAM/rates, over
 * restarts too. The table has a fixed size; when it is full, the key that is
 * nearest to an empty bucket is forgotten: keys of strangers (addresses) and
 * keys that matter (users) should not be in one program's table when there can
 * be more than RATES_KEYS of the former. No waiting, no system call but at
 * open; a wall clock that was set back never blocks a key for more than twice
 * its time. A limit of more than a million a second is a million a second.
 */
#ifndef WIRE_RATES_H
#define WIRE_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/shared.h"

enum {
	RATES_WAYS = 8,
	RATES_SETS = 1024,
	RATES_KEYS = RATES_WAYS * RATES_SETS
};

struct rates_slot;
struct rates {
	struct shared file;
	struct rates_slot *slots;
};

/* The table of this program. 0; -1 errno when it is this process's alone, so
 * that only this session is limited. */
int rates_open(struct rates *r, const char *program);
/* Take amount of kind for key, when that keeps it within limit in so many
 * seconds (both > 0). false: it would not; nothing is taken, *wait gets the
 * seconds until it could be, 0 when it never can (amount > limit). An amount
 * of 0 asks whether there is room for one. wait may be NULL. */
bool rates_take(struct rates *r, const char *kind, const char *key,
	uint32_t amount, uint32_t limit, uint32_t seconds, uint32_t *wait);
/* The same at a time of the caller's, microseconds since 1970 (tests). */
bool rates_take_at(struct rates *r, uint64_t now, const char *kind,
	const char *key, uint32_t amount, uint32_t limit, uint32_t seconds,
	uint32_t *wait);

#endif
