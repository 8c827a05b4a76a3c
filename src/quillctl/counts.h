/* SPDX-License-Identifier: 0BSD */
/* counts - what a report tells, counted from the lines of logs
 *
 * Of quill-send's log and quill-smtpd's (quill-send-log(5),
 * quill-smtpd-log(5)), in one pass and in memory that does not depend on how
 * many lines there are: a few numbers for each hour, COUNTS_HOURS at most, and
 * the most frequent senders and so on (topk.h). Lines of other programs are
 * passed over.
 */
#ifndef QUILLCTL_COUNTS_H
#define QUILLCTL_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "quillctl/idset.h"
#include "quillctl/logs.h"
#include "quillctl/sendlog.h"
#include "quillctl/topk.h"

enum {
	COUNTS_DAYS = 400,
	COUNTS_HOURS = COUNTS_DAYS * 24,
	/* of delays, 20 in each power of ten from 1 ms to 10^7 s */
	COUNTS_DELAYS = 200,
	COUNTS_TOOK = 9,
};

enum counts_series {
	COUNTS_MESSAGES, /* taken into the queue */
	COUNTS_SENT,	 /* recipients delivered */
	COUNTS_DEFERRED, /* attempts */
	COUNTS_FAILED,	 /* recipients */
	COUNTS_REFUSED,	 /* by quill-smtpd: commands or messages */
	COUNTS_SERIES
};

enum counts_top {
	COUNTS_SENDERS,	     /* more: bytes */
	COUNTS_DESTINATIONS, /* attempts; more: sent, deferred, failed */
	COUNTS_REFUSALS,     /* "550 5.7.1 reason" */
	COUNTS_DEFERRALS,
	COUNTS_FAILURES,
	COUNTS_TOPS
};

struct counts_hour {
	uint32_t n[COUNTS_SERIES];
	/* in the queue, less those that were there before the first hour */
	int32_t most, last;
	bool seen; /* most and last are set */
};

struct counts {
	int64_t from; /* s, a whole hour */
	size_t hours;
	struct counts_hour *hour;
	uint64_t total[COUNTS_SERIES], bytes, accepted, sessions;
	uint64_t took[COUNTS_TOOK][2]; /* sent: local, remote */
	uint64_t delay[COUNTS_DELAYS]; /* sent */
	struct topk *top[COUNTS_TOPS];
	struct idset queued;
	int64_t inqueue; /* less those before */
	int64_t before;	 /* in the queue before the first line */
	bool full;	 /* more in the queue than queued holds */
	uint64_t lines, undated, earlier, later, torn;
	struct sendlog log;
};

/* Count what is in [from, to), s since 1970; no more than COUNTS_DAYS of it,
 * the last ones. */
void counts_init(struct counts *c, int64_t from, int64_t to);
void counts_line(struct counts *c, const struct logs_line *l);
/* After the last line: the tops are sorted, each hour's queue is as it is.
 * trim: leave out the hours before the first that has something. */
void counts_end(struct counts *c, bool trim);
void counts_free(struct counts *c);
/* Delays: the longest that is counted in cell i, in ms. */
uint64_t counts_delay_ms(size_t i);
/* How long the fastest percent (1 to 100) of those delivered took at most, to
 * an eighth; 0 when there are none. */
uint64_t counts_within_ms(const struct counts *c, unsigned percent);

#endif
