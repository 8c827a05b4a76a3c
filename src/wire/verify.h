/* SPDX-License-Identifier: 0BSD */
/* verify - ask quill-verifyd whether an address would be delivered
 *
 * The answer comes from the code that delivers, asked the same way: control/
 * (locals, virtualdomains, percenthack, envnoathost), users/cdb, quill-getpw,
 * and quill-local as the recipient, who alone may look into the home. It is
 * what would happen now, up to VERIFY_FRESH_MS ago.
 *
 * SOCK_SEQPACKET socket HOME/run/verify/socket, which quilld, quillr, quills
 * and root may use; any number of questions one after the other.
 * Question: N<number> NUL address NUL. Answer, NUL-terminated fields:
 *	N<number>
 *	= or D or Z or R        VERIFY_YES, _NO, _TEMP, _REMOTE
 *	<uid>                   YES: decimal; else empty
 *	<user>                  YES: its name
 *	<local part>            what the address became by control/, without
 *				the host ("" for REMOTE)
 *	<how>                   YES: see struct verify_answer
 *	<text>                  NO, TEMP: one line with (#x.y.z)
 */
#ifndef WIRE_VERIFY_H
#define WIRE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/str.h"
#include "wire/site.h"

enum {
	VERIFY_RECORD_MAX = 8192,
	VERIFY_TEXT_MAX = 500, /* bytes of any other field than an address */
	VERIFY_FRESH_MS = 3000,
	VERIFY_TIMEOUT = 10, /* control/timeoutverify, s */
	VERIFY_TIMEOUT_MAX = 600,
	VERIFY_JOBS = 200, /* questions that wait for a home at a time */
};

enum verify_class {
	VERIFY_YES,    /* local, would be delivered (or forwarded) */
	VERIFY_NO,     /* local, would bounce: 550 5.1.1 and text */
	VERIFY_TEMP,   /* cannot be said now: 451 4.3.0 and text */
	VERIFY_REMOTE, /* not of this machine: nothing is known of it */
	VERIFY_DOWN,   /* no quill-verifyd, or no answer in time: control/verify
	                * says what follows */
};

struct verify_answer {
	enum verify_class class;
	uid_t uid; /* YES: the account that the address belongs to; the alias
	            * user's for addresses without one */
	char user[VERIFY_TEXT_MAX + 1];
	char local[ADDR_MAX * 2 + 1];	/* local part after virtualdomains */
	char how[VERIFY_TEXT_MAX + 1];	/* YES: what decides, in the home:
					* ".qmail-list-default"; "alias staff";
					* "default delivery" */
	char text[VERIFY_TEXT_MAX + 1]; /* NO, TEMP, DOWN: why, one line */
};

/* A connection, kept for the next question; made when there is none. */
struct verify {
	int fd; /* -1: none */
	uint32_t number;
};
#define VERIFY_INIT                                                            \
	{                                                                      \
		.fd = -1                                                       \
	}

/* Ask, and wait for the answer until the stamp_mono() deadline. Returns
 * a->class. addr is an address of an envelope, without <>; one over ADDR_MAX
 * bytes is VERIFY_NO. A connection that quill-verifyd closed (it was started
 * anew) is made again once. */
enum verify_class verify_ask(struct verify *v, const char *addr,
	int64_t deadline, struct verify_answer *a);
void verify_close(struct verify *v);

/* May the user that logged in (whose name, as an address, got the answer
 * login) send as the address that got the answer sender? Yes when both are the
 * same account's and login is the account itself, or one mailbox of it gets
 * both. Both must be YES. */
bool verify_owns(
	const struct verify_answer *login, const struct verify_answer *sender);

/* The daemon's side. false: refused. Texts are cut. */
bool verify_question(
	const char *p, size_t n, uint32_t *number, const char **addr);
void verify_put(struct str *out, uint32_t number, enum verify_class class,
	uid_t uid, const char *user, const char *local, const char *how,
	const char *text);
bool verify_decode(
	struct verify_answer *a, uint32_t *number, const char *p, size_t n);

#endif
