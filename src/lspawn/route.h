/* SPDX-License-Identifier: 0BSD */
/* route - which user a local job goes to: users/cdb, else quill-getpw
 *
 * route_plan, route_answer, route_expired and route_ended are the calls of
 * struct spawn_ops (spawn/spawn.h); arg is a struct route.
 */
#ifndef LSPAWN_ROUTE_H
#define LSPAWN_ROUTE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lspawn/getpw.h"
#include "spawn/spawn.h"
#include "wire/lookup.h"
#include "wire/pwreq.h"

enum {
	ROUTE_MEMO_MS = 1000,
	ROUTE_MEMOS = 32,
	ROUTE_MEMO_SIZE = 500,
};

/* An answer of getpw, for a burst of mail to one user. Only for a local part
 * that is an account's name, which no newer account can take over. */
struct route_memo {
	int64_t until;
	size_t n;
	char answer[ROUTE_MEMO_SIZE];
};

struct route {
	uid_t owner; /* of the queue: messages must be this user's */
	bool verify; /* there are none: nothing is delivered */
	struct lookup cdb;
	struct getpw getpw;
	struct pwuser user; /* of the current plan */
	struct route_memo memo[ROUTE_MEMOS];
	char answer[PWREQ_MAX];
};

/* r is all zeros: memory for many users is not touched before there are some.
 */
void route_init(struct route *r, uid_t owner, const char *cdb,
	const char *getpw, int64_t answer_ms);
bool route_plan(void *arg, const struct job *j, int fdmess, uint32_t token,
	struct spawn_plan *p);
int route_answer(void *arg, uint32_t *token, struct spawn_plan *p);
void route_expired(void *arg);
void route_ended(void *arg, pid_t pid, int status);
/* Arguments of quill-local run by hand: -- user home local dash ext domain
 * sender defaultdelivery. */
size_t route_argv(const struct job *j, const char **argv);

#endif
