/* SPDX-License-Identifier: 0BSD */
/* limit - how often clients have failed lately, by address
 *
 * IPv6 clients count by their /64: who has one address there has them all. A
 * failure is forgotten after LIMIT_FORGET_MS. The table has a fixed size: of
 * those that share a place in it, who failed least gives way.
 */
#ifndef AUTHD_LIMIT_H
#define AUTHD_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LIMIT_SETS = 1024,
	LIMIT_WAYS = 4,
	LIMIT_KEY = 17,
	LIMIT_FORGET_MS = 60000,
};

struct limit {
	uint64_t seed[2]; /* zero until the first use */
	struct limit_entry {
		uint8_t key[LIMIT_KEY];
		uint32_t count; /* failures that are not forgotten at since */
		int64_t since;
	} set[LIMIT_SETS][LIMIT_WAYS];
};

/* What a client counts as. Text that is no address counts as itself. */
void limit_key(uint8_t key[LIMIT_KEY], const char *client);
/* Failures of a client that are not forgotten. */
uint32_t limit_count(struct limit *l, const char *client, int64_t now);
void limit_failed(struct limit *l, const char *client, int64_t now);

#endif
