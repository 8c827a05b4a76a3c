/* SPDX-License-Identifier: 0BSD */
/* ask - the effects that are a question to somebody: policy, quill-verifyd,
 * quill-authd, quill-tlsd, quill-send */
#ifndef SMTPD_ASK_H
#define SMTPD_ASK_H

#include "smtpd/loop.h"
#include "smtpd/session.h"

/* Carry out e, give the session the answer; what it wants next. */
enum effect ask(struct loop *l, enum effect e);

#endif
