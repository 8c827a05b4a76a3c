/* SPDX-License-Identifier: 0BSD */
/* verify: questions to quill-verifyd and its answers. */
#include "wire/verify.h"

#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *addr;
	struct str out = STR_INIT(VERIFY_RECORD_MAX);
	struct verify_answer a, b;
	uint32_t number, again;

	if (verify_question(p, size, &number, &addr))
		require(touch(addr) < size && touch(addr) <= ADDR_MAX);
	if (verify_decode(&a, &number, p, size)) {
		touch(a.user);
		touch(a.local);
		touch(a.how);
		touch(a.text);
		verify_put(&out, number, a.class, a.uid, a.user, a.local, a.how,
			a.text);
		require(verify_decode(&b, &again, out.s, out.len));
		require(number == again && a.class == b.class &&
			a.uid == b.uid && strcmp(a.how, b.how) == 0);
		verify_owns(&a, &b);
	}
	str_free(&out);
	return 0;
}
