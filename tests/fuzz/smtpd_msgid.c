/* SPDX-License-Identifier: 0BSD */
/* smtpd_msgid: the first byte says in which pieces the rest goes by; what is
 * found must be the same as in one piece. */
#include "fuzz.h"
#include "smtpd/msgid.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msgid whole, cut;
	const char *p = (const char *)data;
	size_t step;

	if (!size)
		return 0;
	step = 1u + data[0] % 16u;
	msgid_init(&whole);
	msgid_init(&cut);
	msgid_feed(&whole, p + 1, size - 1);
	for (size_t at = 1; at < size; at += step)
		msgid_feed(&cut, p + at, size - at < step ? size - at : step);
	require(whole.len <= MSGID_MAX && whole.len == cut.len);
	require(!memcmp(whole.text, cut.text, whole.len + 1));
	require(!memchr(whole.text, '\n', whole.len));
	return 0;
}
