/* SPDX-License-Identifier: 0BSD */
/* notify: what is taken for a value can stand on an SMTP line; what xtext
 * stands for comes back from its encoding. */
#include "wire/notify.h"

#include "fuzz/fuzz.h"

static bool
one_word(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] == 127)
			return false;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str a = STR_INIT(1 << 20), b = STR_INIT(3 << 20);
	const char *p = (const char *)data;
	char list[NOTIFY_FMT];
	unsigned f = notify_parse(p, size);

	if (f) {
		notify_fmt(list, f);
		require(notify_parse(list, strlen(list)) == f);
	}
	if (f || notify_isret(p, size) || notify_isenvid(p, size) ||
		notify_isorcpt(p, size))
		require(one_word(p, size));
	notify_encode(&b, p, size);
	require(one_word(str_c(&b), b.len));
	require(notify_decode(&a, str_c(&b), b.len));
	require(a.len == size && (!size || !memcmp(a.s, data, size)));
	str_clear(&a);
	notify_decode(&a, p, size);
	str_free(&a);
	str_free(&b);
	return 0;
}
