/* SPDX-License-Identifier: 0BSD */
/* addrlist: the bytes are the value of a field. */
#include "mail/addrlist.h"

#include "fuzz/fuzz.h"
#include "mail/qualify.h"

static const char *
host(void *arg, enum qualify_host which)
{
	(void)arg;
	return which == QUALIFY_DEFAULTHOST ? "dh" : "dd.test";
}

/* addrlist_fn: complete and list the address. */
static void
collect(void *arg, struct addrlist_addr *a)
{
	static const struct qualify q = { .host = host };

	require(a->local.len + a->domain.len < ADDRLIST_ADDR_MAX);
	require(a->local.len > 0 || a->domain.len == 0);
	qualify_addr(&q, a);
	require(a->local.len == 0 || a->domain.len > 0);
	addrlist_join(arg, a);
	str_putc(arg, '\n');
}

/* No control character may get into an envelope. */
static void
clean(const struct str *s)
{
	for (size_t i = 0; i < s->len; i++)
		require(s->s[i] == '\n' ||
			((unsigned char)s->s[i] >= 32 && s->s[i] != 127));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str out = STR_INIT(0), addrs = STR_INIT(0);
	struct str out2 = STR_INIT(0), addrs2 = STR_INIT(0);
	const char *p = (const char *)data;
	enum addrlist e, plain;

	if (size > 60000)
		return 0;
	plain = addrlist_walk(p, size, NULL, collect, &addrs2);
	str_clear(&addrs2);
	e = addrlist_walk(p, size, &out, collect, &addrs);
	require(e == plain);
	clean(&addrs);
	if (e == ADDRLIST_OK) {
		/* What was written means the same and is stable. An address
		 * may only have become too long. */
		e = addrlist_walk(out.s, out.len, &out2, collect, &addrs2);
		if (e != ADDRLIST_LONG) {
			require(e == ADDRLIST_OK);
			require(addrs.len == addrs2.len);
			require(addrs.len == 0 ||
				memcmp(addrs.s, addrs2.s, addrs.len) == 0);
			require(out.len == out2.len);
			require(out.len == 0 ||
				memcmp(out.s, out2.s, out.len) == 0);
		}
	} else {
		require(out.len == 0);
	}
	str_free(&out);
	str_free(&addrs);
	str_free(&out2);
	str_free(&addrs2);
	return 0;
}
