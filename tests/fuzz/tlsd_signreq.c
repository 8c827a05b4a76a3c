/* SPDX-License-Identifier: 0BSD */
/* tlsd_signreq: what the process that has the keys reads. */
#include "tlsd/signreq.h"

#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct signreq q, again;
	char p[SIGNREQ_MAX];
	size_t n;

	if (!signreq_decode(&q, (const char *)data, size))
		return 0;
	require(q.index <= SIGNREQ_INDEX && q.n <= SIGNREQ_DATA);
	require(q.data + q.n == data + size);
	n = signreq_encode(p, &q);
	require(n && signreq_decode(&again, p, n));
	require(again.index == q.index && again.padding == q.padding);
	require(again.n == q.n && !memcmp(again.data, q.data, q.n));
	return 0;
}
