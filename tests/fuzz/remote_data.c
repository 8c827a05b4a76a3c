/* SPDX-License-Identifier: 0BSD */
/* remote_data: the first byte is a seed for splits, the rest a message. What
 * goes out must end where the message ends and nowhere before, have no CR or
 * LF alone, and be as long as SIZE said. */
#include "remote/data.h"

#include "fuzz.h"

struct wire {
	char *p;
	size_t n, cap;
};

static bool
put(void *arg, const char *p, size_t n)
{
	struct wire *w = arg;

	require(n <= w->cap - w->n);
	memcpy(w->p + w->n, p, n);
	w->n += n;
	return true;
}

/* Bytes before the final dot, without the dots that were added. */
static size_t
inspect(const struct wire *w)
{
	size_t end = w->n - 3, dots = 0;

	require(w->n >= 3 && !memcmp(w->p + end, ".\r\n", 3));
	require(!end || w->p[end - 1] == '\n');
	for (size_t i = 0; i < end; i++) {
		require(w->p[i] != '\r' || w->p[i + 1] == '\n');
		require(w->p[i] != '\n' || (i && w->p[i - 1] == '\r'));
		if (w->p[i] == '.' && (!i || w->p[i - 1] == '\n')) {
			require(w->p[i + 1] != '\r');
			dots++;
		}
	}
	return end - dots;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t seed = size ? data[0] : 0;
	const char *in = (const char *)data + 1;
	size_t n = size ? size - 1 : 0, step;
	struct data_scan scan = DATA_SCAN_INIT;
	struct wire w = { malloc(2 * n + 16), 0, 2 * n + 16 };
	struct data_stuff s = DATA_STUFF_INIT(put, &w);
	bool eightbit = false;

	for (size_t i = 0; i < n; i++)
		eightbit = eightbit || (in[i] & 0x80);
	for (; n; in += step, n -= step) {
		seed = seed * 1664525 + 1013904223;
		step = seed < 1u << 31 ? 1 + (seed >> 20) % 7 : n;
		if (step > n)
			step = n;
		data_scan(&scan, in, step);
		require(data_stuff(&s, in, step));
	}
	data_scan_end(&scan);
	require(data_stuff_end(&s));
	require(inspect(&w) == scan.bytes);
	require(eightbit == scan.eightbit);
	free(w.p);
	return 0;
}
