/* SPDX-License-Identifier: 0BSD */
/* known - every message in the queue, in 32 bytes each, and who is due next
 *
 * A message has a slot, found by its id. Per channel the slot says when the
 * next attempt is due; KNOWN_NEVER when the channel waits for nothing.
 */
#ifndef SEND_KNOWN_H
#define SEND_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/qpath.h"

enum { CHAN_LOCAL, CHAN_REMOTE, NCHAN };

#define KNOWN_NEVER UINT32_MAX
/* due, and waiting in line for a place in its channel */
#define KNOWN_INLINE (UINT32_MAX - 1)
#define KNOWN_NONE   UINT32_MAX

/* Slot of an id, KNOWN_NONE when it is not known. */
uint32_t known_find(struct qid id);
/* Make it known (it must not be): its slot, waiting for nothing. */
uint32_t known_add(struct qid id);
void known_forget(uint32_t slot);
struct qid known_id(uint32_t slot);
size_t known_count(void);

/* Set when a channel is due, s since 1970, or KNOWN_NEVER. */
void known_wait(uint32_t slot, int chan, int64_t when);
uint32_t known_when(uint32_t slot, int chan);
/* That channel waits for room from now on: KNOWN_INLINE. */
void known_line(uint32_t slot, int chan);
/* The message is what its envelope says: the quill-queue that put it there
 * lived to tell of it, or quill-clean has checked it. Until then a power cut
 * may have left it torn. A slot is added without trust. */
void known_trust(uint32_t slot);
bool known_trusted(uint32_t slot);
/* Is it the first time that this is asked of the slot? */
bool known_first(uint32_t slot);
/* No channel waits any more. */
void known_rest(uint32_t slot);
/* Remove and return a slot of which some channel is due at now; KNOWN_NONE
 * when there is none. The caller looks at known_when and sets it anew. */
uint32_t known_due(int64_t now);
/* When known_due will have something, s; KNOWN_NEVER when nothing waits. */
uint32_t known_next(void);
/* Everything that waits for a time is due at now. */
void known_hurry(int64_t now);
/* Tell it the time, s since 1970, and stamp_mono(), now and then. When the
 * clock was put back, by a minute or more, everything that waits does so until
 * as much earlier. Returns by how many s, or 0. */
int64_t known_clock(int64_t now, int64_t mono);

/* What the slot waits for: dest_hash() of its one remote destination, 0 when
 * there are several or it is not known. It is found by that. */
void known_for(uint32_t slot, uint32_t hash);
uint32_t known_hash(uint32_t slot);
/* Go through all slots with a hash, some at a time: those that came meanwhile
 * are left out. A walk's number; -1 when KNOWN_WALKS are under way. */
enum { KNOWN_WALKS = 16 };
int known_walk(uint32_t hash);
/* The next; KNOWN_NONE at the end, and the walk is over. */
uint32_t known_walk_next(int walk);

/* Was it never asked known_first? */
bool known_isnew(uint32_t slot);
/* All its recipients that are left are held. */
void known_hold(uint32_t slot, bool held);
bool known_isheld(uint32_t slot);
size_t known_nheld(void);
/* Ordered to be tried, whatever its destination is like; it was. */
void known_force(uint32_t slot, bool force);
bool known_isforced(uint32_t slot);

/* A pointer for the slots that are being worked on. */
void known_attach(uint32_t slot, void *p);
void *known_attached(uint32_t slot);
size_t known_nattached(void);

#endif
