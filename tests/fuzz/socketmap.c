/* SPDX-License-Identifier: 0BSD */
/* socketmap: an answer, taken as it grows; and what MTA-STS makes of it. */
#include "wire/socketmap.h"

#include "fuzz.h"
#include "remote/sts.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str out = STR_INIT(SOCKETMAP_MAX), list = STR_INIT(8192);
	enum socketmap got = SOCKETMAP_MORE;
	const char *p = (const char *)data;
	size_t n;

	for (n = 0; got == SOCKETMAP_MORE && n <= size; n++)
		got = socketmap_decode(p, n, &out);
	if (got == SOCKETMAP_OK && !memchr(str_c(&out), 0, out.len) &&
		sts_parse(str_c(&out), &list) == STS_ENFORCE) {
		require(list.len && strstr(str_c(&out), "match="));
		sts_match(str_c(&list), "mx.example.org");
		require(!sts_match(str_c(&list), ""));
	}
	str_free(&out);
	str_free(&list);
	return 0;
}
