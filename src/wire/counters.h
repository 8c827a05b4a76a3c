/* SPDX-License-Identifier: 0BSD */
/* counters - what a program has done since its counters were made, kept
 * across restarts: for quillctl metrics
 *
 * One file for each program, HOME/run/count/PROGRAM/counters, in a directory
 * of the program's user: a shared_head, COUNTERS_MAX numbers, then what else
 * the processes of that program share (smtpd: wire/sessions.h). Numbers only
 * grow. A number's place never changes its meaning: new ones go to the end.
 * Counting costs an addition and no system call; opening four.
 */
#ifndef WIRE_COUNTERS_H
#define WIRE_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/shared.h"

enum { COUNTERS_MAX = 120 };

/* HOME/run/count/smtpd/counters; names in counters_smtpd, in this order. */
enum counters_smtpd {
	SMTPD_CONNECTIONS, /* sessions begun */
	SMTPD_TURNED_AWAY, /* of them, at once: too many, early talkers, busy */
	SMTPD_COMMANDS,
	SMTPD_ACCEPTED,	   /* messages queued */
	SMTPD_RECIPIENTS,  /* of accepted messages */
	SMTPD_BYTES,	   /* of accepted messages, as they were sent */
	SMTPD_RECEIVED,	   /* octets read from clients */
	SMTPD_REFUSED_4XX, /* commands and messages */
	SMTPD_REFUSED_5XX,
	SMTPD_TIMEOUTS, /* sessions that ended for waiting */
	SMTPD_LOST,	/* clients gone before their message was queued */
	SMTPD_TLS,	/* sessions that began TLS */
	SMTPD_TLS_FAILED,
	SMTPD_AUTH, /* successful */
	SMTPD_AUTH_FAILED,
	SMTPD_COUNTERS /* how many there are */
};

/* HOME/run/count/send/counters; names in counters_send. */
enum counters_send {
	SEND_STARTS,   /* of quill-send */
	SEND_MESSAGES, /* taken up */
	SEND_RECIPIENTS,
	SEND_BYTES,
	SEND_ENDED, /* messages that left the queue */
	/* three for each channel: recipients */
	SEND_LOCAL_DELIVERED,
	SEND_LOCAL_DEFERRED,
	SEND_LOCAL_FAILED,
	SEND_REMOTE_DELIVERED,
	SEND_REMOTE_DEFERRED,
	SEND_REMOTE_FAILED,
	SEND_BOUNCES, /* queued or dropped */
	SEND_WARNINGS,
	SEND_DOWN,    /* destinations found down */
	SEND_ORDERS,  /* messages that quillctl gave orders about */
	SEND_LOST,    /* messages set aside as damaged */
	SEND_COUNTERS /* how many there are */
};

/* Name and, after a blank, what it counts; NULL ends them. */
extern const char *const counters_smtpd[];
extern const char *const counters_send[];

struct counters {
	struct shared file;
	_Atomic uint64_t *n;
	void *extra; /* the program's own, zeros at first */
};

/* The counters of this program, "smtpd" or "send", and extra bytes of its
 * own. 0; -1 errno when they are this process's alone: all else works. */
int counters_open(struct counters *c, const char *program, size_t extra);

static inline void
counters_add(struct counters *c, unsigned which, uint64_t n)
{
	atomic_fetch_add_explicit(&c->n[which], n, memory_order_relaxed);
}

/* For readers (group quill): the numbers of a program, those it does not have
 * 0, and since when they count. extra, when not NULL, gets nextra bytes of
 * what follows them. 0; -1 errno. */
int counters_read(const char *program, uint64_t n[COUNTERS_MAX], int64_t *since,
	void *extra, size_t nextra);

#endif
