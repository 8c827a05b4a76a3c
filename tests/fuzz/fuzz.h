/* SPDX-License-Identifier: 0BSD */
/* fuzz - what the targets share: the entry point, and a check that shows as a
 * crash */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
require(bool cond)
{
	if (!cond)
		abort();
}

/* A sanitizer sees a string that is read, not a pointer that is returned. */
static inline size_t
touch(const char *s)
{
	return s ? strlen(s) : 0;
}

#endif
