/* SPDX-License-Identifier: 0BSD */
/* turn - whose turn it is: the next delivery of a channel
 *
 * A pass (a message's recipients of one channel) that has something to try
 * waits in one of two rings, first attempts and retries; each turn gives one
 * delivery, three of four to first attempts, so that a message with many
 * recipients does not keep others waiting. Recipients of one destination,
 * which stand together in the pass, are a part; when the destination is at its
 * limit the part is parked there and the pass goes on with its others. When a
 * delivery of the destination ends, a parked part comes back: one for one,
 * first attempts before retries as above.
 *
 * Of a message that waits for a destination and for nothing else more than its
 * slot need not be in memory: it is put away, into the destination's line.
 *
 * Everything that is done with a pass or a message is done by turn_ops.
 */
#ifndef SEND_TURN_H
#define SEND_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/dest.h"

enum {
	TURN_RETRIES = 4, /* every so many turns a retry goes first */
	TURN_PARKED = 4,  /* passes that wait, loaded, for one destination */
	TURN_LOOKS = 500, /* parts looked at in one call */
	TURN_DRAIN = 1000,
	TURN_RATE_MAX = 60000, /* ms that a part waits for a rate, loaded */
};

struct message;

struct pass {
	struct pass *next; /* in a ring */
	struct message *m;
	uint32_t *order;    /* recipients to try, those of one host together */
	size_t n, at;	    /* at: what is behind it is in no part yet */
	size_t running;	    /* jobs out */
	size_t unsure;	    /* failures being recorded */
	struct part *parts; /* all */
	struct part *ready, *readylast;
	struct dest *granted; /* it left that one's line, or NULL */
	int64_t until;	      /* put off until then, ms; 0 not */
	uint32_t hash; /* of the one domain that it waits for; see many */
	bool many;     /* it waits for several */
	bool queued;   /* in a ring */
	bool deferred; /* some recipient has to be tried again */
	bool on;       /* from its start to its end */
	bool fresh;    /* first attempt */
	bool tried;    /* a job was started */
	bool forced;   /* ordered: destinations that are down are tried, too */
	bool again;    /* ordered while it is on: another one follows at once */
};

struct turn_ops {
	/* The destination of recipient order[i]: a name that lasts until the
	 * next call. */
	const char *(*destination)(const struct pass *p, size_t i);
	/* Does order[k] go to the same as order[i], with i < k? */
	bool (*same)(const struct pass *p, size_t i, size_t k);
	/* Is it still to be tried? */
	bool (*wanted)(const struct pass *p, size_t i);
	/* order[at] to order[end - 1] cannot be tried before until, ms. */
	void (*put_off)(struct pass *p, size_t at, size_t end,
		struct dest *limiter, int64_t until);
	/* The same of a message in a line. */
	void (*put_off_slot)(uint32_t slot, struct dest *limiter);
	/* Nothing is left to try and nothing runs. p is gone after that. */
	void (*over)(struct pass *p);
	/* p waits for one destination: may it be unloaded? True: it is gone,
	 * *slot is its slot. */
	bool (*put_away)(struct pass *p, uint32_t *slot);
	/* Are there so many passes that none should wait loaded? */
	bool (*crowded)(int chan);
};

void turn_init(const struct turn_ops *ops);

/* p, with order and n set and all else zero, has something to try. */
void turn_add(int chan, struct pass *p);

struct turn {
	struct pass *p;
	struct part *part;
	struct dest *dest, *limiter;
	size_t at, n; /* order[at] and those behind it */
};
/* The next delivery: up to n recipients of one destination. most: deliveries of
 * one pass at once. false: nothing can start now. */
bool turn_next(
	int chan, int64_t now, size_t most, bool retries, struct turn *t);
/* Does anything wait for a turn? */
bool turn_waiting(int chan, bool retries);
/* The first n of t were given to a delivery: p->running, dest_start() are the
 * caller's. */
void turn_taken(const struct turn *t, size_t n, int64_t now);
/* None could be; it waits for another turn. */
void turn_back(const struct turn *t, int64_t now);
/* A delivery of p (NULL: it is gone) ended, dest_end() was called: others may
 * have become possible. Gives the delivery's reference back. */
void turn_ended(struct pass *p, struct dest *limiter, int64_t now);
/* Something of p waits for another attempt at d: p->hash, p->many. */
void turn_waits(struct pass *p, const struct dest *d);
/* Does p wait for nothing but its running deliveries? */
bool turn_isover(const struct pass *p);
/* p ends: forget its parts. */
void turn_drop(struct pass *p, int64_t now);

/* A message that is known to wait for that limiter need not be loaded. */
void turn_line(struct dest *limiter, uint32_t slot, bool fresh);
/* A slot that may be loaded now, since the destination has room; KNOWN_NONE:
 * there is none. turn_grant must follow. */
uint32_t turn_take(int chan, int64_t now, struct dest **limiter);
bool turn_wants(int chan);
/* p, which waits for its turn, was made of it; NULL: it came to nothing. */
void turn_grant(struct pass *p, struct dest *limiter, int64_t now);

/* Once a round: rates, and lines of destinations that went down. */
void turn_step(int64_t now);
/* When it must be called again, ms; -1 need not. */
int64_t turn_next_step(int64_t now);

#endif
