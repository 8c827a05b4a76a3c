/* SPDX-License-Identifier: 0BSD */
/* dest - destinations: how many deliveries each may have now
 *
 * A destination is a domain (remote) or a user (local); those that a report
 * puts into one group (wire/report.h) share the limit of the group. Anybody can
 * put a domain of his there: what is deferred of one that nothing was ever
 * delivered to says nothing of a group that takes the mail of others.
 *
 * The limit starts at DEST_START, grows with every delivery that the
 * destination answered - by one at first, after a failure by 1/limit - up to
 * its cap, and shrinks by one with a failure of the destination itself (no
 * connection, 421), by 1/limit with a delivery all of whose recipients were
 * deferred. DEST_STRIKES of these in a row, and the destination is down: it is
 * tried once, with one delivery, after a time that doubles from DEST_DOWN_MIN
 * to DEST_DOWN_MAX; only when that succeeds it is up, with a limit of 1. Users
 * are never down.
 *
 * A destination is quick when its last delivery took less than DEST_QUICK, else
 * slow. So that those which take their time, on purpose perhaps, leave room for
 * others, slow ones together have half of the channel at most, those that are
 * not known to be quick get one delivery at a time when they hold as much, and
 * are down after one failure of their own that was slow.
 *
 * Time is milliseconds of any clock that only goes forward, given by the
 * caller. Nothing here starts or waits; send/turn.h does.
 */
#ifndef SEND_DEST_H
#define SEND_DEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/known.h"
#include "send/line.h"

enum {
	DEST_ONE = 256, /* a delivery, in the unit of window */
	DEST_START = 4,
	DEST_STRIKE_HARD = 4,
	DEST_STRIKE_SOFT = 1,
	DEST_STRIKES = 12,
	DEST_QUICK = 30000,	 /* ms */
	DEST_DOWN_MIN = 30000,	 /* ms */
	DEST_DOWN_MAX = 900000,	 /* ms */
	DEST_PROBE_LATER = 5000, /* ms, when too many others are probed */
	DEST_SLOW_LATER = 1000,	 /* ms, when the slow ones have their share */
	DEST_IDLE_MAX = 10000,	 /* remembered of which nothing waits or runs */
	DEST_IDLE = 3600000,	 /* ms they are remembered */
	DEST_TEXT = 200,	 /* bytes of the last deferral that are kept */
};

enum dest_pace { DEST_NEW, DEST_WASSLOW, DEST_WASQUICK, DEST_PACES };

struct part; /* send/turn.h */

struct dest {
	struct dest *chain;	    /* in the hash table */
	struct dest *newer, *older; /* among the idle ones */
	struct dest *group;	    /* shares the limit of that one, or NULL */
	uint32_t hash;		    /* of the name, never 0 */
	uint32_t place;		    /* index for timers */
	uint8_t chan;
	uint8_t pace; /* of the last delivery */
	bool isgroup;
	bool idle;    /* in the list of idle ones */
	bool probing; /* down, and the one delivery is under way */
	bool hurt;    /* failed since it grew freely */
	bool proven;  /* it took a message; a member: as one of its group */
	bool listed;  /* in the list of those that want messages */
	bool draining;
	unsigned refs;	     /* pointers from members, parts, deliveries */
	unsigned generation; /* of cap and every */
	uint32_t cap;	     /* deliveries at once, never more */
	uint32_t every;	     /* us between starts, 0 no rate */
	int64_t next;	 /* us: not before, by the rate; see DEST_SLOW_LATER */
	uint32_t window; /* the limit, in 1/DEST_ONE */
	uint32_t running, offered; /* offered: waits in a ring for its turn */
	uint32_t moved; /* of running, counted with the group as well */
	uint32_t members;
	uint32_t strikes;  /* 0 after a success */
	uint32_t failures; /* in a row */
	int64_t since;	   /* of these, ms */
	int64_t until;	   /* down: not before, ms; 0 up */
	uint32_t backoff;  /* ms, the last one */
	uint32_t timer;	   /* tick at which it is looked at again, 0 none */
	int64_t used;	   /* ms, when it became idle */
	unsigned turn;
	size_t nparked;
	struct {
		struct part *first, *last;
	} parked[2];	     /* [fresh] */
	struct line line[2]; /* [fresh]: messages that are not loaded */
	struct dest *want;   /* list of those that can take from their line */
	struct dest *drain;  /* list of those whose line is put off */
	char *text;	     /* the last deferral, or NULL */
	char name[];
};

/* Cap and rate of a name: to be set before anything else. */
typedef void dest_limits_fn(
	int chan, const char *name, uint32_t *cap, uint32_t *every);
void dest_init(dest_limits_fn *fn);
/* The limits have changed: they are asked for again. */
void dest_relimit(void);
/* So many deliveries of a channel at once; a quarter of them, and one, are
 * probes of destinations that are down, at most. */
void dest_places(int chan, uint32_t n);

uint32_t dest_hash(const char *name);
/* Known or made; name in lower case. It lasts while something refers to it. */
struct dest *dest_get(int chan, const char *name, int64_t now);
/* NULL when it is not known. */
struct dest *dest_find(int chan, uint32_t hash);
/* Once more, if dest_relimit was called. */
void dest_readlimits(struct dest *d);
/* What its limits are counted with: its group, or itself. */
struct dest *dest_limiter(struct dest *d);
void dest_ref(struct dest *d);
void dest_unref(struct dest *d, int64_t now);
/* A report says that d belongs to that group; to none. */
void dest_join(struct dest *d, const char *group, int64_t now);
void dest_leave(struct dest *d, int64_t now);

enum dest_may {
	DEST_GO,
	DEST_WAIT, /* at its limit: a delivery must end first */
	DEST_RATE, /* not before d->next (us) */
	DEST_DOWN, /* not before d->until (ms) */
};
/* May a delivery start, of this limiter? forced: even when it is down. */
enum dest_may dest_may(struct dest *d, int64_t now, bool forced);
/* Is a message of it better not loaded now? */
bool dest_isfull(struct dest *d, int64_t now);

/* A delivery. */
struct dest_run {
	struct dest *dest, *limiter; /* the limiter counts it */
	int64_t begun;		     /* ms */
	uint8_t pace;		     /* of the limiter, then */
	bool probe;
};
/* It starts: dest and limiter are set, the limiter is referred to. */
void dest_start(struct dest_run *r, int64_t now);

enum dest_news {
	DEST_NEUTRAL, /* says nothing about it */
	DEST_TAKEN,   /* it took the message */
	DEST_GOOD,    /* it answered: refused for good */
	DEST_SOFT,    /* all recipients deferred */
	DEST_HARD,    /* not reached, 421 */
};
enum dest_change { DEST_SAME, DEST_UP, DEST_DOWNED };
/* It ended. The news is of what r->dest is a member of by now: its exchangers
 * may have become other ones. text: of a deferral, or NULL. The references
 * stay. */
enum dest_change dest_end(const struct dest_run *r, enum dest_news news,
	const char *text, int64_t now);
/* Down or not: it may be tried now. */
void dest_hurry(struct dest *d);
void dest_hurry_all(void);
/* The present limit, deliveries. */
uint32_t dest_limit(const struct dest *d);

/* Look at d again when its rate allows; dest_timeout returns one whose time has
 * come, or NULL, dest_next the time of the next, ms, or -1. */
void dest_settimer(struct dest *d);
struct dest *dest_timeout(int64_t now);
int64_t dest_next(void);

/* The first at that place or behind it; NULL: there are no more. */
struct dest *dest_from(uint32_t place);

#endif
