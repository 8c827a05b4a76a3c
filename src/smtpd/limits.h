/* SPDX-License-Identifier: 0BSD */
/* limits - control files with a number that most sessions never ask for: read
 * when they are needed first, not when the session starts
 *
 * Each has a twin in the environment, as those of smtpd/conf.h.
 */
#ifndef SMTPD_LIMITS_H
#define SMTPD_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum limit {
	MAXPERCLIENT, /* sessions of one client address at once, 0 none */
	GREETDELAY,   /* s before the greeting */
	TARPITCOUNT,  /* recipients and errors without delay, 0 all of them */
	TARPITDELAY,  /* s that each of the others takes */
	MINRATE,      /* octets a second on average, 0 none */
	TIMEOUTBUSY,  /* timeoutsmtpd of strangers when there is a crowd, s */
	MINSPACE,     /* octets free for mail of strangers */
	MININODES,    /* inodes, in the same way */
	MAXLOAD,      /* load average with which mail is taken, 0 any */
	LIMITS
};

struct limits {
	uint64_t value[LIMITS];
	bool known[LIMITS];
	bool bad; /* a value is, control_error() tells; the default holds */
};

/* *l must be zeros at first. */
uint64_t limits_get(struct limits *l, enum limit which);
/* Is it set for this client in the environment? */
bool limits_twin(enum limit which);

#endif
