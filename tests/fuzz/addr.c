/* SPDX-License-Identifier: 0BSD */
/* addr: the bytes are an SMTP path; what it parses to must survive being
 * quoted and parsed again. */
#include "mail/addr.h"

#include "lib/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool cond)
{
	if (!cond)
		abort();
}

static bool
good(enum addr_result r)
{
	return r == ADDR_OK || r == ADDR_UTF8;
}

static void
again(struct str *addr)
{
	struct str q = STR_INIT(2100), back = STR_INIT(1000);

	addr_quote(&q, str_c(addr), addr->len);
	require(!q.over);
	require(good(addr_mailbox(&back, str_c(&q), q.len)));
	require(back.len == addr->len &&
		!memcmp(str_c(&back), addr->s, addr->len));
	str_free(&q);
	str_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str out = STR_INIT(1000);
	size_t used = 0;
	/* exactly as long as it is said to be */
	char *p = malloc(size ? size : 1);
	enum addr_result r;

	if (size)
		memcpy(p, data, size);
	r = addr_path(&out, p, size, &used);

	if (good(r)) {
		size_t at = addr_at(str_c(&out), out.len);

		require(used >= 2 && used <= size && p[used - 1] == '>');
		for (size_t i = 0; i < out.len; i++)
			require((r == ADDR_UTF8 && out.s[i] < 0) ||
				(out.s[i] >= 32 && out.s[i] < 127));
		for (size_t i = 0, len; i < out.len; i += len) {
			len = utf8_len(out.s + i, out.len - i);
			require(len);
		}
		if (at < out.len && r == ADDR_OK)
			require(addr_isdomain(
				out.s + at + 1, out.len - at - 1));
		if (out.len)
			again(&out);
	}
	if (good(addr_mailbox(&out, p, size)))
		again(&out);
	(void)addr_isdomain(p, size);
	free(p);
	str_free(&out);
	return 0;
}
