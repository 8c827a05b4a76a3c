/* SPDX-License-Identifier: 0BSD */
/* addr: the bytes are an SMTP path; what it parses to must survive being
 * quoted and parsed again. */
#include "mail/addr.h"

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

static void
again(struct str *addr)
{
	struct str q = STR_INIT(2100), back = STR_INIT(1000);

	addr_quote(&q, str_c(addr), addr->len);
	require(!q.over);
	require(addr_mailbox(&back, str_c(&q), q.len) == ADDR_OK);
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

	if (size)
		memcpy(p, data, size);
	if (addr_path(&out, p, size, &used) == ADDR_OK) {
		size_t at = addr_at(str_c(&out), out.len);

		require(used >= 2 && used <= size && p[used - 1] == '>');
		for (size_t i = 0; i < out.len; i++)
			require(out.s[i] >= 32 && out.s[i] < 127);
		if (at < out.len)
			require(addr_isdomain(
				out.s + at + 1, out.len - at - 1));
		if (out.len)
			again(&out);
	}
	if (addr_mailbox(&out, p, size) == ADDR_OK)
		again(&out);
	(void)addr_isdomain(p, size);
	free(p);
	str_free(&out);
	return 0;
}
