/* SPDX-License-Identifier: 0BSD */
/* serve - the loop of quill-authd: questions in, checks out, answers when
 * their time has come
 *
 * A connection is one question. It waits for its turn (so many checks at once,
 * of one client fewer), is checked, and is answered: yes at once, no after
 * control/authdelay. A client with too many failures is not checked.
 */
#ifndef AUTHD_SERVE_H
#define AUTHD_SERVE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "authd/limit.h"
#include "wire/authreq.h"
#include "wire/daemon.h"
#include "wire/site.h"

enum {
	SERVE_CLIENTS = 500, /* connections; more wait to be accepted */
	SERVE_TIMEOUT = 30,  /* control/timeoutauth */
	SERVE_DELAY = 3,     /* control/authdelay */
	SERVE_FAILURES = 10, /* control/authfailures */
	SERVE_CHECKS = 10,   /* control/concurrencyauth */
	SERVE_SHARE = 3,     /* of them for one client address */
};

enum serve_state {
	SERVE_NEW,	/* its question has not come yet */
	SERVE_WAITING,	/* for its turn */
	SERVE_CHECKING, /* check is open */
	SERVE_ANSWERED, /* class is known, and goes out when it is time */
};

struct serve_client {
	int fd;
	int check; /* socket of its check, -1 none */
	enum serve_state state;
	enum authreq_class class;
	bool limited;
	int64_t came;	  /* when its question did, or it itself */
	int64_t until;	  /* CHECKING: deadline; ANSWERED: when to tell */
	struct authreq q; /* points into record */
	uint8_t key[LIMIT_KEY];
	size_t len;
	char record[AUTHREQ_RECORD_MAX];
	char user[AUTHREQ_USER_MAX + 1]; /* canonical */
};

struct serve {
	struct daemon d;
	/* set by main */
	int checker;
	struct site_ids ids;
	/* its own */
	uint64_t timeout, delay, failures, checks;
	size_t running;
	size_t n;
	struct serve_client *client[SERVE_CLIENTS];
	struct pollfd poll[DAEMON_FIRST + SERVE_CLIENTS];
	struct limit limit;
};

/* Read the control files; false: one is bad, control_error() tells, and
 * nothing is changed. */
bool serve_read(struct serve *s);
/* Until SIGTERM. */
void serve_run(struct serve *s);

#endif
