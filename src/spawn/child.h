/* SPDX-License-Identifier: 0BSD */
/* child - the processes of a spawner, and the array that poll(2) wants
 *
 * Nothing here reports or decides; that is spawn.c.
 */
#ifndef SPAWN_CHILD_H
#define SPAWN_CHILD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/str.h"
#include "spawn/spawn.h"

enum child_state {
	CHILD_BUSY,    /* has a job and owes its report */
	CHILD_IDLE,    /* may get the next job of its key */
	CHILD_LEAVING, /* told to go; only its exit is awaited */
};

/* What is to be done, and by whom. */
struct errand {
	uint32_t number;
	size_t nrcpt;
	uid_t uid;
	gid_t gid;
	size_t keylen;
	char key[SPAWN_KEY];
};

struct child {
	pid_t pid;
	int fd; /* its socket, or the wrapper's pipe; -1 closed */
	enum child_state state;
	bool wrapper;
	bool late;	  /* killed because its time was up */
	int64_t deadline; /* stamp_mono() */
	uint64_t rested;  /* idle: which rest this is, of all children's */
	size_t at;	  /* its place in struct children */
	struct errand job;
	/* A kept child may have left before it saw the job: until its report
	 * the message is held open here and the record in bytes. */
	int fdmess;
	struct str bytes; /* wrapper: its output */
};

/* The first descriptors in poll are the loop's own. */
enum { POLL_JOBS, POLL_ANSWER, POLL_SIGNAL, POLL_CHILDREN };

struct children {
	struct child **v;
	struct pollfd *poll; /* v[i] is at POLL_CHILDREN + i */
	size_t n, cap;
};

void child_init(struct children *k);
/* The idle child with that key, the one used last; NULL without. */
struct child *child_idle(const struct children *k, const struct errand *e);
/* The idle child used longest ago; NULL without. *count: idle children. */
struct child *child_oldest(const struct children *k, size_t *count);
struct child *child_find(const struct children *k, pid_t pid);

/* Start a child that has the job waiting on its fd 0, or a wrapper. record is
 * the child's job record, argv the wrapper's arguments. NULL errno. The
 * caller closes fdmess. The new child is busy, without a deadline. */
struct child *child_start(struct children *k, const struct spawn_ops *ops,
	const struct errand *e, const char *record, size_t n, int fdmess);
struct child *child_wrap(struct children *k, const struct spawn_ops *ops,
	const struct errand *e, const char *const *argv, int fdmess);
/* Give an idle child a job. 0, and it is busy and owns fdmess; -1: it left
 * already or does not listen. */
int child_give(struct child *c, const struct errand *e, const char *record,
	size_t n, int fdmess);
/* Close its socket (which tells it to go) and the message held for it. */
void child_close(struct children *k, struct child *c);
/* Kill its process group. */
void child_kill(const struct child *c);
/* Forget one that has been reaped. Moves the last child to its place. */
void child_drop(struct children *k, struct child *c);

#endif
