/* SPDX-License-Identifier: 0BSD */
#include "wire/retry.h"

static uint64_t
root(uint64_t n)
{
	uint64_t r = 0;
	uint64_t bit = (uint64_t)1 << 31;

	for (; bit; bit >>= 1)
		if ((r + bit) * (r + bit) <= n)
			r += bit;
	return r;
}

int64_t
retry_next(struct qid id, int64_t last, uint64_t c)
{
	/* A clock that was ahead at birth, and was put right, must not make
	 * mail wait until then. */
	int64_t birth = qid_birth(id) < last ? qid_birth(id) : last;
	uint64_t age = (uint64_t)(last - birth);
	uint64_t step = root(age) + c;
	uint64_t wait;

	/* step is below 2^32, so the square fits */
	wait = step * step > age ? step * step - age : 1;
	wait += (id.rnd ^ age) % (wait / 16 + 1);
	return birth + (int64_t)(age + wait);
}

bool
retry_last(struct qid id, const struct stat *st, int64_t now, int64_t *last)
{
	uint64_t us = (uint64_t)st->st_mtim.tv_sec * 1000000 +
		      (uint64_t)st->st_mtim.tv_nsec / 1000;

	if (us == id.us)
		return false;
	*last = st->st_mtim.tv_sec > now ? now : st->st_mtim.tv_sec;
	return true;
}
