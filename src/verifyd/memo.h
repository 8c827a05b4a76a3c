/* SPDX-License-Identifier: 0BSD */
/* memo - answers given a moment ago, for a burst of mail to one address */
#ifndef VERIFYD_MEMO_H
#define VERIFYD_MEMO_H

#include <stdint.h>

#include "wire/verify.h"

enum {
	MEMO_SLOTS = 256,
	MEMO_ADDR = 320,   /* longer addresses are asked for each time */
	MEMO_NO_MS = 1000, /* a new user should not have to wait */
};

struct memo {
	uint64_t seed[2]; /* zero until the first put */
	/* by slot, and apart: to forget all touches no slot's memory */
	int64_t until[MEMO_SLOTS];
	struct memo_slot {
		char addr[MEMO_ADDR];
		struct verify_answer a;
	} slot[MEMO_SLOTS];
};

/* The answer for that address (compared byte by byte), NULL without. */
const struct verify_answer *memo_get(
	struct memo *m, const char *addr, int64_t now);
/* Keep it: YES for VERIFY_FRESH_MS, NO for MEMO_NO_MS, others not. */
void memo_put(struct memo *m, const char *addr, const struct verify_answer *a,
	int64_t now);
void memo_clear(struct memo *m);

#endif
