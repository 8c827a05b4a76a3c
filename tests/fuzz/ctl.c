/* SPDX-License-Identifier: 0BSD */
/* ctl: the targets of a request that is taken can all be walked, as often as
 * they were counted. */
#include "wire/ctl.h"

#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_asked q;
	char *p = malloc(size ? size : 1);
	size_t pos = 0, at, rcpt, nids = 0, nrcpts = 0;
	struct qid id;

	memcpy(p, data, size);
	if (ctl_decode(&q, p, size)) {
		while (ctl_target(&q, &pos, &id, &at)) {
			nids++;
			while (ctl_number(&q, &at, &rcpt))
				nrcpts++;
		}
		require(nids == q.nids && nids <= CTL_IDS);
		require(nrcpts <= CTL_RCPTS);
	}
	free(p);
	return 0;
}
