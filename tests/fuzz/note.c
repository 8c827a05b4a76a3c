/* SPDX-License-Identifier: 0BSD */
/* note: any bytes, then a good record behind them, which must be found. */
#include "wire/note.h"

#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct note good = { 7, 8, "5.9.9", "the good one",
		"reply", "host", NOTE_DELAYED };
	struct str s = STR_INIT(1 << 20);
	struct note n, last;
	size_t pos = 0;

	memset(&last, 0, sizeof last);
	str_put(&s, data, size);
	note_encode(&s, &good);
	while (note_next(s.s, s.len, &pos, &n)) {
		require(pos <= s.len);
		require(touch(n.status) + touch(n.text) + touch(n.reply) +
				touch(n.host) <
			s.len);
		last = n;
	}
	require(last.text && !strcmp(last.text, good.text) && last.rcpt == 7 &&
		last.when == 8 && last.action == NOTE_DELAYED);
	pos = 0;
	while (note_next((const char *)data, size, &pos, &n))
		touch(n.host);
	str_free(&s);
	return 0;
}
