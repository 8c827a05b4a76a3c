/* SPDX-License-Identifier: 0BSD */
/* slots - what known.c, due.c and alike.c, which are send/known.h, share */
#ifndef SEND_SLOTS_H
#define SEND_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "send/known.h"

/* rnd has 25 bits; the rest of that word are flags. */
#define RND_MASK 0x1ffffffu
#define LIVE	 0x80000000u
#define ATTACHED 0x40000000u
#define ASKED	 0x20000000u /* known_first */
#define TRUSTED	 0x10000000u
#define HELD	 0x08000000u
#define FORCED	 0x04000000u

struct slot {
	uint64_t us; /* free slots: index of the next free one */
	uint32_t rnd;
	uint32_t when[NCHAN];
	uint32_t hash;	     /* known_for */
	uint32_t next, prev; /* of the same bucket; KNOWN_NONE */
};

extern struct slot *slots;
extern uint32_t nslots;

/* --- alike.c --- */
/* Into the list of its hash, or out of it. */
void slots_link(uint32_t slot);
void slots_unlink(uint32_t slot);
/* n lists, a power of two, of all live slots; walks begin anew. */
void slots_relink(size_t n);

#endif
