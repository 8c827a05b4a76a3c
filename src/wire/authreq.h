/* SPDX-License-Identifier: 0BSD */
/* authreq - ask quill-authd whether a password is a user's
 *
 * One question for each connection: SOCK_SEQPACKET socket
 * HOME/run/auth/socket, which quilld and root may use. Question,
 * NUL-terminated fields:
 *	1  user  password  client  service  T or P
 * client is an IP address, service "submission" or the like (for the log and
 * the back end), T: the password came over TLS, P: in the clear. Answer:
 *	=<user> NUL     AUTHREQ_YES, and who it is to be called from here on
 *	D NUL           AUTHREQ_NO
 *	Z NUL           AUTHREQ_TEMP
 * It never says why. A NO takes some seconds, always about the same; so does
 * TEMP when the client has failed too often: ask again later, 454.
 */
#ifndef WIRE_AUTHREQ_H
#define WIRE_AUTHREQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

enum {
	AUTHREQ_USER_MAX = 255,
	AUTHREQ_PASSWORD_MAX = 1024,
	AUTHREQ_WORD_MAX = 64, /* client, service */
	AUTHREQ_RECORD_MAX = 2048,
};

enum authreq_class {
	AUTHREQ_YES,
	AUTHREQ_NO,   /* 535 5.7.8 */
	AUTHREQ_TEMP, /* 454 4.7.0 */
	AUTHREQ_DOWN, /* no quill-authd, or no answer in time: 454 4.7.0 */
};

struct authreq {
	const char *user, *password; /* no NUL inside: check before; longer
				      * than the limits is NO */
	const char *client, *service;
	bool tls;
};

/* Ask, and wait for the answer until the stamp_mono() deadline (give it 60 s).
 * user, when not NULL, gets the canonical name after AUTHREQ_YES: at most
 * AUTHREQ_USER_MAX bytes, 33 to 126 or over 127, no space. */
enum authreq_class authreq_ask(
	const struct authreq *q, int64_t deadline, struct str *user);
/* Overwrite what was secret, in a way that the compiler does not drop. */
void authreq_wipe(void *p, size_t n);

/* Encoders and decoders. false: refused, or too long. */
bool authreq_put(struct str *out, const struct authreq *q);
bool authreq_decode(struct authreq *q, const char *p, size_t n);
void authreq_answer(
	struct str *out, enum authreq_class class, const char *user);
bool authreq_answered(
	enum authreq_class *class, const char **user, const char *p, size_t n);

#endif
