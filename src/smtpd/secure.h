/* SPDX-License-Identifier: 0BSD */
/* secure - TLS for the connection, by quill-tlsd or by the wrapper that started
 * us (UCSPI-TLS: SSLCTLFD, SSLREADFD, SSLWRITEFD) */
#ifndef SMTPD_SECURE_H
#define SMTPD_SECURE_H

#include "smtpd/loop.h"
#include "smtpd/session.h"

/* TLS before the greeting: EFFECT_NONE, or EFFECT_CLOSE. */
enum effect secure_first(struct loop *l);
/* EFFECT_TLS, EFFECT_HANDSHAKE. */
enum effect secure_reserve(struct loop *l);
enum effect secure_start(struct loop *l);

#endif
