/* SPDX-License-Identifier: 0BSD */
#include "wire/socketmap.h"

#include "tap.h"

static const struct {
	const char *in;
	enum socketmap got;
	const char *out;
} decode[] = {
	{ "", SOCKETMAP_MORE, "" },
	{ "5", SOCKETMAP_MORE, "" },
	{ "5:OK ab", SOCKETMAP_MORE, "" },
	{ "5:OK ab,", SOCKETMAP_OK, "ab" },
	{ "3:OK ,", SOCKETMAP_OK, "" },
	{ "2:OK,", SOCKETMAP_OK, "" },
	{ "9:NOTFOUND ,", SOCKETMAP_NOTFOUND, "" },
	{ "6:TEMP x,", SOCKETMAP_TEMP, "TEMP x" },
	{ "9:TIMEOUT x,", SOCKETMAP_TEMP, "TIMEOUT x" },
	{ "6:PERM x,", SOCKETMAP_TEMP, "PERM x" },
	{ "12:TEMP \033a\r\nb\300c,", SOCKETMAP_TEMP, "TEMP ?a??b?c" },
	{ "4:OKAY,", SOCKETMAP_TEMP, "malformed answer" },
	{ "0:,", SOCKETMAP_TEMP, "malformed answer" },
	{ ":,", SOCKETMAP_TEMP, "malformed answer" },
	{ "x", SOCKETMAP_TEMP, "malformed answer" },
	{ "5:OK ab;", SOCKETMAP_TEMP, "malformed answer" },
	{ "5:OK ab,x", SOCKETMAP_TEMP, "malformed answer" },
	{ "10001:", SOCKETMAP_TEMP, "malformed answer" },
	{ "000005", SOCKETMAP_TEMP, "malformed answer" },
};

static const struct {
	const char *in;
	bool good;
} address[] = {
	{ "/run/x", true },
	{ "unix:/run/x", true },
	{ "inet:127.0.0.1:8461", true },
	{ "127.0.0.1:8461", true },
	{ "[::1]:8461", true },
	{ "inet:[::1]:8461", true },
	{ "::1:8461", false },
	{ "127.0.0.1", false },
	{ "127.0.0.1:", false },
	{ "127.0.0.1:0", false },
	{ "127.0.0.1:65536", false },
	{ "localhost:8461", false },
	{ "unix:run/x", false },
	{ "", false },
	{ ":1", false },
};

int
main(void)
{
	static struct str out = STR_INIT(SOCKETMAP_MAX);
	char longest[200] = "/";
	size_t i;

	for (i = 0; i < sizeof decode / sizeof *decode; i++) {
		str_clear(&out);
		is_num(socketmap_decode(
			       decode[i].in, strlen(decode[i].in), &out),
			decode[i].got, "answer %zu", i);
		is_str(str_c(&out), decode[i].out, "its value");
	}
	for (i = 0; i < sizeof address / sizeof *address; i++)
		is_num(socketmap_isaddress(address[i].in), address[i].good,
			"address \"%s\"", address[i].in);
	memset(longest + 1, 'x', sizeof longest - 2);
	ok(!socketmap_isaddress(longest), "a path that is too long");
	return done_testing();
}
