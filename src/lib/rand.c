/* SPDX-License-Identifier: 0BSD */
#include "lib/rand.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

/* No pool of our own: after a fork both sides would draw the same bytes. */
void
rand_bytes(void *p, size_t n)
{
	char *s = p;

	while (n) {
		ssize_t r = getrandom(s, n, 0);

		if (r < 0) {
			if (errno != EINTR)
				abort();
			continue;
		}
		s += r;
		n -= (size_t)r;
	}
}

uint32_t
rand_u32(void)
{
	uint32_t v;

	rand_bytes(&v, sizeof v);
	return v;
}

uint32_t
rand_below(uint32_t n)
{
	/* 2^32 mod n: values under it would make small results likelier. */
	uint32_t v, low = n ? (0 - n) % n : 0;

	if (n < 2)
		return 0;
	do
		v = rand_u32();
	while (v < low);
	return v % n;
}

void
rand_letters(char out[RAND_LETTERS])
{
	unsigned char r[RAND_LETTERS - 1];

	rand_bytes(r, sizeof r);
	for (size_t i = 0; i < sizeof r; i++)
		out[i] = "0123456789abcdefghijklmnopqrstuv"[r[i] % 32];
	out[sizeof r] = 0;
}
