/* SPDX-License-Identifier: 0BSD */
/* lookups - questions that are with quill-lspawn, each address once
 *
 * No descriptor here: records in and out.
 */
#ifndef VERIFYD_LOOKUPS_H
#define VERIFYD_LOOKUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"
#include "wire/verify.h"

enum { LOOKUPS_SHARE = VERIFY_JOBS / 2 };

struct lookups {
	struct lookup {
		bool busy;
		uint32_t number; /* of its job */
		int64_t until;	 /* then its report will not come any more */
		char addr[ADDR_MAX + 1];
	} at[VERIFY_JOBS];
	uint32_t last;
};

/* The slot of a lookup of that address, -1 without. */
int lookups_find(const struct lookups *l, const char *addr);
/* A free slot for the address (at most ADDR_MAX bytes), and the job record in
 * *job, which is replaced; -1: there are too many, or LOOKUPS_SHARE of them
 * for what is one user's by its name (up to the first "-"): a home that hangs
 * must not take all. */
int lookups_new(
	struct lookups *l, const char *addr, int64_t until, struct str *job);
void lookups_free(struct lookups *l, int slot);
/* Free the slots whose time is over. */
void lookups_expire(struct lookups *l, int64_t now);
/* A report came: the slot it is for, and the answer in *a; -1: it is for none,
 * or no report. */
int lookups_report(const struct lookups *l, const char *p, size_t n,
	struct verify_answer *a);

#endif
