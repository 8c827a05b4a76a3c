/* SPDX-License-Identifier: 0BSD */
/* delivery - one job that is out, and its lines in the log */
#ifndef SEND_DELIVERY_H
#define SEND_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "send/message.h"
#include "wire/job.h"
#include "wire/report.h"

struct delivery {
	struct message *m; /* NULL: free */
	uint32_t number;   /* of the job, echoed in the report */
	uint64_t first;	   /* number in the log of its first recipient */
	int64_t started;   /* us */
	const uint32_t *rcpts;
	size_t nrcpt;
};

/* "starting delivery N: msg ID to local R", a line per recipient. */
void delivery_log_start(
	const struct delivery *d, const struct job *j, const char *channel);
/* "delivery N: success: TEXT ..." of the job's recipient i. */
void delivery_log_result(
	const struct delivery *d, size_t i, const struct report *r);

#endif
