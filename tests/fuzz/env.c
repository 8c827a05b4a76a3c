/* SPDX-License-Identifier: 0BSD */
/* env: the bytes as an envelope file, first as they are, then with an END
 * record that fits, so that the decoder behind the checksum is reached; and,
 * when they are an envelope, through the encoder. */
#include "lib/crc32c.h"
#include "wire/env.h"

#include <stdio.h>

#include "fuzz/fuzz.h"
#include "wire/envelope.h"

static enum env_result
decode(const char *p, size_t n)
{
	/* memory of exactly that size */
	char *copy = malloc(n ? n : 1);
	struct env e;
	enum env_result r;
	const char *s;
	size_t i, k;

	if (n)
		memcpy(copy, p, n);
	r = env_decode(&e, copy, n);
	if (r == ENV_OK) {
		touch(e.sender);
		for (k = 0; (s = env_param(&e, ENV_SENDER, k)); k++)
			touch(s);
		touch(env_value(&e, ENV_SENDER, "RET"));
		for (i = 0; i < e.nrcpt; i++) {
			touch(env_rcpt(&e, i));
			env_mark(&e, i);
			touch(env_value(&e, i, "NOTIFY"));
			for (k = 0; (s = env_param(&e, i, k)); k++)
				touch(s);
			require(k == e.rcpt[i].nparam);
		}
	}
	env_free(&e);
	free(copy);
	return r;
}

/* The sum is taken with marks as T; guess them as the decoder will. */
static uint32_t
sum(const char *p, size_t n)
{
	uint32_t crc = 0;
	size_t i, record = 0;

	for (i = 0; i < n; i++) {
		bool mark = (i == 0 || p[i - 1] == 0) && record >= 5 &&
			    (p[i] == 'D' || p[i] == 'X');

		crc = crc32c(crc, mark ? "T" : p + i, 1);
		record += p[i] == 0;
	}
	return crc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	const struct env_head h = { 1, 2, 3, 4, 5 };
	struct envelope e = { 0 };
	uint64_t bytes;
	uint32_t crc;
	struct str s = STR_INIT(1 << 20);
	char end[22];

	decode(p, size);
	env_message(p, size, &bytes, &crc);
	str_put(&s, p, size);
	snprintf(end, sizeof end, "E%010zu %08x", size, (unsigned)sum(p, size));
	str_put(&s, end, 21); /* with its NUL */
	decode(s.s, s.len);
	if (envelope_feed(&e, p, size) == ENVELOPE_DONE) {
		str_clear(&s);
		env_encode(&s, &h, p, size);
		require(decode(s.s, s.len) == ENV_OK);
		require(env_message(s.s, ENV_HEAD_MAX, &bytes, &crc) &&
			bytes == h.bytes && crc == h.sum);
	}
	str_free(&s);
	return 0;
}
