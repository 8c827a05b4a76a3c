/* SPDX-License-Identifier: 0BSD */
/* pwfile: lines of users/passwd. */
#include "wire/pwfile.h"

#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pwfile_line l, found;
	struct str text = STR_INIT(PWFILE_MAX);
	size_t pos = 0, end = 0;

	str_put(&text, data, size);
	while (pwfile_next(&text, &pos, &l)) {
		require(l.at == end && l.len > 0);
		end = l.at + l.len;
		require(end <= size);
		if (!l.user[0])
			continue;
		require(touch(l.user) <= PWFILE_USER_MAX && touch(l.hash) > 0);
		require(!strchr(l.user, ':') && !strchr(l.hash, ':'));
		require(pwfile_find(&text, l.user, &found));
	}
	require(end == size);
	str_free(&text);
	return 0;
}
