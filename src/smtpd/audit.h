/* SPDX-License-Identifier: 0BSD */
/* audit - quill-smtpd's log lines (man page quill-smtpd-log.5)
 *
 * One line, one write(2) each, key=value: of every refusal, every accepted
 * message, every session. What the client chose is escaped by one function.
 */
#ifndef SMTPD_AUDIT_H
#define SMTPD_AUDIT_H

#include <stdint.h>

#include "smtpd/session.h"
#include "wire/qclient.h"

/* s->refused and the reply in s->out. */
void audit_refused(const struct session *s);
/* octets: of the message as it was sent; id: its Message-ID. */
void audit_accepted(const struct session *s, const struct qverdict *v,
	uint64_t octets, const char *id);
/* octets: all that was read from the client. */
void audit_session(const struct session *s, uint64_t octets);
/* A session that could not begin; reason is ours. */
void audit_failed(const char *ip, const char *reason);

#endif
