/* SPDX-License-Identifier: 0BSD */
#include "lib/netstring.h"

#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "tap.h"

static const struct {
	const char *bytes;
	uint64_t max;
	enum netstring want;
	uint64_t len;
} rows[] = {
	{ "0:,", 0, NETSTRING_OK, 0 },
	{ "5:hello,", 5, NETSTRING_OK, 5 },
	{ "5:hello,", 4, NETSTRING_BAD, 0 },
	{ "05:hello,", 9, NETSTRING_BAD, 0 },
	{ "00:,", 9, NETSTRING_BAD, 0 },
	{ ":,", 9, NETSTRING_BAD, 0 },
	{ "-1:,", 9, NETSTRING_BAD, 0 },
	{ "+1:x,", 9, NETSTRING_BAD, 0 },
	{ " 1:x,", 9, NETSTRING_BAD, 0 },
	{ "1x:", 9, NETSTRING_BAD, 0 },
	{ "1;", 9, NETSTRING_BAD, 0 },
	{ "", 9, NETSTRING_LOST, 0 },
	{ "12", 99, NETSTRING_LOST, 0 },
	{ "18446744073709551615:", UINT64_MAX, NETSTRING_OK, UINT64_MAX },
	{ "18446744073709551616:", UINT64_MAX, NETSTRING_BAD, 0 },
	{ "99999999999999999999999999:", UINT64_MAX, NETSTRING_BAD, 0 },
};

static void
given(struct ibuf *i, char *buf, size_t cap, const char *bytes)
{
	int p[2];

	if (fd_pipe(p) < 0 || fd_writeall(p[1], bytes, strlen(bytes)) < 0)
		_exit(99);
	close(p[1]);
	ibuf_init(i, p[0], buf, cap);
}

int
main(void)
{
	char buf[64], head[NETSTRING_HEAD];
	struct ibuf i;
	uint64_t used;

	for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
		uint64_t len = 0;

		given(&i, buf, sizeof buf, rows[n].bytes);
		ok(netstring_start(&i, rows[n].max, &len, NULL) == rows[n].want,
			"\"%s\"", rows[n].bytes);
		if (rows[n].want == NETSTRING_OK)
			ok(len == rows[n].len, "... its length");
		close(i.fd);
	}
	given(&i, buf, sizeof buf, "3:");
	used = 1;
	ok(netstring_start(&i, 9, &used, NULL) == NETSTRING_OK, "3:");
	close(i.fd);
	given(&i, buf, sizeof buf, ",x");
	used = 7;
	ok(netstring_end(&i, &used) == NETSTRING_OK && used == 8, "a comma");
	ok(netstring_end(&i, &used) == NETSTRING_BAD, "no comma");
	ok(netstring_end(&i, &used) == NETSTRING_LOST, "the end");
	close(i.fd);
	ok(netstring_head(head, 0) == 2 && !strcmp(head, "0:"), "head of none");
	ok(netstring_head(head, UINT64_MAX) == 21, "head of the largest");
	ok(netstring_size(0) == 3 && netstring_size(10) == 14, "sizes");
	return done_testing();
}
