/* SPDX-License-Identifier: 0BSD */
/* delivery - one job that is out, and its lines in the log */
#ifndef SEND_DELIVERY_H
#define SEND_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "send/dest.h"
#include "send/message.h"
#include "wire/job.h"
#include "wire/report.h"

struct delivery {
	struct message *m; /* NULL: free */
	uint32_t number;   /* of the job, echoed in the report */
	uint32_t nextfree; /* index + 1 */
	uint64_t first;	   /* number in the log of its first recipient */
	int64_t started;   /* us */
	const uint32_t *rcpts;
	size_t nrcpt;
	struct dest_run run; /* refers to both */
	bool fresh;
};

/* "starting delivery N: msg ID to local R", a line per recipient. */
void delivery_log_start(
	const struct delivery *d, const struct job *j, const char *channel);
/* "delivery N: success: TEXT ..." of the job's recipient i. */
void delivery_log_result(
	const struct delivery *d, size_t i, const struct report *r);
/* What a report says about the destination, and in *text why it failed. */
enum dest_news delivery_news(const struct report *r, const char **text);
/* "destination D: down: ..." or "up". */
void delivery_log_change(
	const struct dest *limiter, enum dest_change c, int64_t now);

#endif
