/* SPDX-License-Identifier: 0BSD */
/* byhand - the report of quill-remote on descriptor 1 when it is run by hand
 * (or by a wrapper named in $QMAILREMOTE), as qmail sites know it
 *
 * Per recipient r (accepted), h (permanent) or s (temporary), text, NUL; then
 * K, Z or D, text, NUL for the message. A recipient is delivered only when it
 * has r and the message K; Z and D hold for all recipients with r (and for
 * those without a report).
 */
#ifndef WIRE_BYHAND_H
#define WIRE_BYHAND_H

#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

/* The report record (wire/report.h) of a by-hand report for nrcpt recipients.
 * Malformed, too many recipients or no verdict on the message: temporary for
 * all. A recipient without report is temporary when the message has K. What
 * follows the verdict is ignored. */
void byhand_to_report(struct str *out, uint32_t number, size_t nrcpt,
	const char *p, size_t n);

#endif
