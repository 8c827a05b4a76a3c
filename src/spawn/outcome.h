/* SPDX-License-Identifier: 0BSD */
/* outcome - report records for children that gave none themselves */
#ifndef SPAWN_OUTCOME_H
#define SPAWN_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

/* All replace out with a record for nrcpt recipients of job number. name is
 * the program ("quill-local"); texts are one line with (#4.3.0). */

/* It ended with that wait status and no report; late: killed by us because it
 * had used up limit_ms. */
void outcome_died(struct str *out, uint32_t number, size_t nrcpt,
	const char *name, int status, bool late, uint64_t limit_ms);
/* It could not be started; errno tells. */
void outcome_unable(
	struct str *out, uint32_t number, size_t nrcpt, const char *name);
/* A program run as quill-remote by hand wrote output, then ended. */
void outcome_remote(struct str *out, uint32_t number, size_t nrcpt,
	const char *name, int status, struct str *output);
/* The same for quill-local: the exit code decides (0, 99 delivered; 100, 64,
 * 65, 70, 76, 77, 78, 112 failed; all else temporary), the output is text. */
void outcome_local(struct str *out, uint32_t number, size_t nrcpt,
	const char *name, int status, struct str *output);

#endif
