/* SPDX-License-Identifier: 0BSD */
/* assign: the bytes are a line of users/assign; what is taken must be what
 * lspawn can read. */
#include "wire/assign.h"

#include "fuzz/fuzz.h"
#include "wire/pwreq.h"
#include "wire/site.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);
	struct assign a;
	struct pwuser u;
	const char *why;

	require(line != NULL);
	/* no byte behind the line is there to be read */
	line = realloc(line, size ? size : 1);
	memcpy(line, data, size);
	assign_init(&a);
	why = assign_line(&a, line, size);
	if (why != NULL) {
		require(touch(why) > 0);
	} else {
		require(a.data > line && a.data + a.len < line + size);
		require(a.key.s[0] == '!' && !a.key.over);
		require(a.key.len <= ADDR_MAX + 2);
		require((memchr(a.key.s, '\0', a.key.len) == NULL) == a.prefix);
		/* the last colon is a NUL now */
		require(pwuser_decode(&u, a.data, a.len + 1));
		require(u.user[0] != '\0' && u.home[0] == '/');
		require((u.uid == 0) == a.root);
	}
	str_free(&a.key);
	free(line);
	return 0;
}
