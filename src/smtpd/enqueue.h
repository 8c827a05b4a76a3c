/* SPDX-License-Identifier: 0BSD */
/* enqueue - a session's message on its way into the queue */
#ifndef SMTPD_ENQUEUE_H
#define SMTPD_ENQUEUE_H

#include <stdbool.h>

#include "smtpd/loop.h"
#include "smtpd/session.h"

/* Start the queue program, give it our Received field. false: that has been
 * logged. */
bool enqueue_open(struct loop *l);
/* What data_feed gave; then the end of data. Nothing more is put once l->data
 * is bad; both may make it so. */
void enqueue_text(struct loop *l, const char *p, size_t n);
void enqueue_end(struct loop *l);
/* Nothing of this message is queued; nor when there is none. */
void enqueue_drop(struct loop *l);
/* The message is whole: let the queue commit, unless the client is gone. The
 * session gets the verdict; what it wants next. */
enum effect enqueue_commit(struct loop *l);

#endif
