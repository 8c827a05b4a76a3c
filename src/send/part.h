/* SPDX-License-Identifier: 0BSD */
/* part - inside send/turn.h: turn.c has the rings and turns, park.c what waits
 * for destinations */
#ifndef SEND_PART_H
#define SEND_PART_H

#include "send/turn.h"

/* Recipients of one destination; its pass's cursor is behind them. */
struct part {
	struct part *next, *prev;   /* ready ones of a pass, or parked ones */
	struct part *snext, *sprev; /* of the same pass */
	struct pass *p;
	struct dest *dest;
	struct dest *limiter; /* where it is parked, or was offered; or NULL */
	bool offered;	      /* counted in limiter->offered */
	bool parked;
	size_t at, end;
};

extern const struct turn_ops *turn_ops;

/* --- turn.c --- */
/* Into its ring, if it is not there. */
void part_enqueue(int chan, struct pass *p);
/* It is to be looked at, before or after the others. */
void part_ready(struct part *q, bool first);
void part_free(struct part *q, int64_t now);
/* The pass may be over now. */
void part_checkover(struct pass *p);

/* --- park.c --- */
/* It waits at the limiter. */
void park_part(struct part *q, struct dest *limiter, int64_t now);
/* Out of the list of those. */
void park_out(struct part *q);
/* It is counted with its limiter no more; others may be offered there. */
void park_letgo(struct part *q, int64_t now);
/* When it may go, ms. */
int64_t park_until(const struct dest *d, enum dest_may may);
/* It is not tried until then. q is freed. */
void park_putoff(
	struct part *q, struct dest *limiter, int64_t until, int64_t now);
/* Give back to their passes as many parts as may start. */
void park_unpark(struct dest *d, int64_t now);
/* All that is left of p is parked: it need not stay loaded. */
void park_away(struct pass *p, struct dest *limiter, int chan, int64_t now);
void park_ungrant(struct pass *p, int64_t now);

#endif
