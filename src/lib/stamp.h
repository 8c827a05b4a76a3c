/* SPDX-License-Identifier: 0BSD */
/* stamp - clocks */
#ifndef LIB_STAMP_H
#define LIB_STAMP_H

#include <stddef.h>
#include <stdint.h>

/* Wall clock: seconds, microseconds since 1970. */
int64_t stamp_now(void);
int64_t stamp_us(void);
/* Monotonic clock, milliseconds, never 0: for deadlines. */
int64_t stamp_mono(void);

enum { STAMP_FMT = 40 };
/* "20 Nov 2026 07:22:00 -0000" as in a Received line (RFC 5322 3.3, UTC);
 * returns the length. Years 1970 to 9999, others are clamped. */
size_t stamp_date(char buf[STAMP_FMT], int64_t t);
/* "Fri, 20 Nov 2026 07:22:00 +0000" for a Date field. */
size_t stamp_rfc5322(char buf[STAMP_FMT], int64_t t);
/* "Fri Nov 20 07:22:00 2026" for an mbox From_ line (UTC). */
size_t stamp_mbox(char buf[STAMP_FMT], int64_t t);
/* "2026-11-20T07:22:00Z" for JSON (RFC 3339). */
size_t stamp_rfc3339(char buf[STAMP_FMT], int64_t t);

#endif
