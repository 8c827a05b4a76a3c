/* SPDX-License-Identifier: 0BSD */
/* sevenbit: the first byte is a seed for splits, the rest a message. However
 * it is split, the outcome is the same; there are no more 8-bit bytes than
 * before, none where a second conversion would do something, which changes
 * nothing more. */
#include "mail/sevenbit.h"

#include "fuzz.h"

static bool
put(void *arg, const char *p, size_t n)
{
	str_put(arg, p, n);
	return true;
}

static bool
pass(struct sevenbit *s, const char *p, size_t n, uint32_t seed)
{
	size_t step;
	bool ok = true;

	for (; n && ok; p += step, n -= step) {
		seed = seed * 1664525 + 1013904223;
		step = seed < 1u << 31 ? 1 + (seed >> 20) % 7 : n;
		if (step > n)
			step = n;
		ok = sevenbit_feed(s, p, step);
	}
	return ok && sevenbit_end(s);
}

/* false: no conversion; *why tells. */
static bool
convert(struct str *out, const char *p, size_t n, uint32_t seed,
	enum sevenbit_why *why, bool *any)
{
	static struct sevenbit s;
	struct str parts = STR_INIT(0);
	bool ok;
	size_t i;

	str_clear(out);
	sevenbit_init(&s, &parts, NULL, NULL);
	ok = pass(&s, p, n, seed);
	*why = s.why;
	sevenbit_free(&s);
	*any = false;
	for (i = 0; i < parts.len; i++)
		*any = *any || parts.s[i];
	if (ok) {
		sevenbit_init(&s, &parts, put, out);
		require(pass(&s, p, n, seed + 1));
		sevenbit_free(&s);
	}
	str_free(&parts);
	return ok;
}

static size_t
eightbit(const char *p, size_t n)
{
	size_t count = 0;

	while (n--)
		count += (*p++ & 0x80) != 0;
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str a = STR_INIT(1 << 20), b = STR_INIT(1 << 20);
	const char *p = (const char *)data + 1;
	enum sevenbit_why why, why2;
	size_t n = size ? size - 1 : 0;
	bool ok, any;

	ok = convert(&a, p, n, size ? data[0] : 0, &why, &any);
	require(ok == convert(&b, p, n, UINT32_MAX, &why2, &any));
	require(why == why2);
	if (ok) {
		require(a.len == b.len && !memcmp(str_c(&a), str_c(&b), a.len));
		require(eightbit(str_c(&a), a.len) <= eightbit(p, n));
		require(convert(&b, str_c(&a), a.len, 7, &why, &any));
		require(!any);
		require(a.len == b.len && !memcmp(str_c(&a), str_c(&b), a.len));
	}
	str_free(&a);
	str_free(&b);
	return 0;
}
