/* SPDX-License-Identifier: 0BSD */
/* loop - what the parts of the spawners' loop share
 *
 * spawn.c waits and calls; intake.c takes jobs and answers in; work.c gives
 * them to children; hear.c listens to these; outbox.c sends reports.
 */
#ifndef SPAWN_LOOP_H
#define SPAWN_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spawn/child.h"
#include "spawn/spawn.h"
#include "wire/job.h"
#include "wire/report.h"

enum {
	EXIT_MS = 3000,	   /* from a closed socket to the exit; then killed */
	LEAVE_MS = 120000, /* the same for an idle child that was let go: it may
	                    * have to say QUIT to somebody slow */
};

/* A job that waits for answer(). */
struct waiter {
	uint32_t token;
	int fdmess;
	int64_t deadline;
	struct str record;
};

struct late_report;

struct spawn {
	const struct spawn_ops *ops;
	const char *name; /* of the child, for texts */
	struct children kids;
	size_t busy;
	struct waiter **waiters; /* the first nwait are in use */
	size_t nwait, capwait;
	struct late_report *first, **last;
	size_t nlate;
	bool ended;  /* no more jobs */
	bool broken; /* nobody takes reports any more */
	int sigfd;
	size_t fdlimit;
	uint32_t token;
	uint64_t rests;
	int64_t now;
	struct job job;
	struct report report;
	struct spawn_plan plan;
	struct errand errand;
	struct str record, text;
	char buf[JOB_RECORD_MAX];
};

/* A report goes out, or waits until it can. */
void outbox_send(struct spawn *s, const char *p, size_t n);
/* The one in s->text. */
void outbox_text(struct spawn *s);
/* The same for all recipients of a job. */
void outbox_refuse(struct spawn *s, uint32_t number, size_t nrcpt, char class,
	const char *why);
/* fd 0 takes more now. */
void outbox_flush(struct spawn *s);

/* Do what s->plan says for s->job, whose record is n bytes at record. Takes
 * over fdmess. */
void work_plan(struct spawn *s, const char *record, size_t n, int fdmess);
/* Hand a job to a new child. Takes over fdmess. */
void work_start(struct spawn *s, const struct errand *e, const char *record,
	size_t n, int fdmess);
/* The job of c has been reported; it may stay for the next one. */
void work_rest(struct spawn *s, struct child *c);
/* c is not wanted any more. */
void work_let_go(struct spawn *s, struct child *c);

/* There is a job on fd 0; there is an answer. */
void intake_job(struct spawn *s);
void intake_answer(struct spawn *s);
/* Give up jobs that waited too long. Returns the next deadline, 0 none. */
int64_t intake_expire(struct spawn *s);
/* Nobody wants to know any more: forget the jobs that wait. */
void intake_drop(struct spawn *s);

/* The socket of c has something to tell. */
void hear_child(struct spawn *s, struct child *c);
/* Children have ended. */
void hear_exits(struct spawn *s);

#endif
