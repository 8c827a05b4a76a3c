/* SPDX-License-Identifier: 0BSD */
/* sessions - who is connected now: quill-smtpd's processes, each with its
 * client, so that they can be counted
 *
 * What follows the numbers in smtpd's counters (wire/counters.h). A slot
 * belongs to the process whose id is in it. One that was killed cannot give
 * its slot back: sessions_sweep takes the slots of dead processes, and a
 * process that gets a dead one's id takes over its slot. As only sessions hold
 * slots, and tcpserver limits them, nobody can fill the table from outside.
 */
#ifndef WIRE_SESSIONS_H
#define WIRE_SESSIONS_H

#include <stdatomic.h>
#include <stdint.h>

#include "lib/ipaddr.h"

enum { SESSIONS_MAX = 4000 };

struct sessions_slot {
	_Atomic uint32_t pid; /* 0 free */
	_Atomic uint32_t service;
	_Atomic uint64_t client;
};

struct sessions {
	_Atomic uint32_t high;	/* slots from here on were never used */
	_Atomic uint32_t swept; /* when; seconds, wraps */
	_Atomic uint64_t spare[7];
	struct sessions_slot slot[SESSIONS_MAX];
};

struct sessions_count {
	unsigned client;  /* of this client, to any service */
	unsigned service; /* of this service */
};

/* What connections of one client are counted by: the IPv4 address, the first
 * 64 bits of an IPv6 address (a customer gets no less). 0 for none. */
uint64_t sessions_client(const struct ipaddr *a);
/* Enter this process; NULL when the table is full. */
struct sessions_slot *sessions_enter(
	struct sessions *s, uint32_t pid, uint32_t service, uint64_t client);
void sessions_leave(struct sessions_slot *slot);
/* How many there are, dead ones that were not swept included. */
struct sessions_count sessions_count(
	struct sessions *s, uint32_t service, uint64_t client);
/* Free the slots of processes that are no more; a system call for each slot
 * that is used, so at most once a second by all of them together. now:
 * seconds of any clock. */
void sessions_sweep(struct sessions *s, uint32_t now);

#endif
