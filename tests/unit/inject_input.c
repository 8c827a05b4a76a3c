/* SPDX-License-Identifier: 0BSD */
#include "inject/input.h"

#include <unistd.h>

#include "lib/str.h"
#include "tap.h"

#define S(lit) lit, sizeof(lit) - 1

static const struct {
	const char *what;
	bool lines, dots;
	const char *in;
	size_t n;
	const char *out;
	size_t outn;
} table[] = {
	{ "bytes", false, true, S("a\r\n.\r\nb\0\n.\n\xff"),
		S("a\r\n.\r\nb\0\n.\n\xff") },
	{ "nothing", true, true, S(""), S("") },
	{ "a dot ends", true, true, S("a\n.\nb\n"), S("a\n") },
	{ "a dot first", true, true, S(".\nb\n"), S("") },
	{ "a dot last", true, true, S("a\n."), S("a\n") },
	{ "a dot alone", true, true, S("."), S("") },
	{ "other dots", true, true, S("a.\n..\n.b\n .\n\n.. \n"),
		S("a.\n..\n.b\n .\n\n.. \n") },
	{ "dots are nothing", true, false, S("a\n.\nb"), S("a\n.\nb\n") },
	{ "a dot last, nothing", true, false, S("a\n."), S("a\n.\n") },
	{ "CRLF", true, true, S("a\r\nb\r\n\r\nc\r\n.\r\nd"),
		S("a\nb\n\nc\n") },
	{ "CRLF, no dots", true, false, S("a\r\n.\r\n.\n\r\n"),
		S("a\n.\n.\n\n") },
	{ "CRLF, empty line first", true, true, S("\r\na\r\n"), S("\na\n") },
	{ "CRLF, then LF", true, true, S("a\r\nb\nc\r\n"), S("a\nb\nc\n") },
	{ "CRLF, then LF dot", true, true, S("a\r\n.\nc\r\n"), S("a\n") },
	{ "CRLF, bare CR", true, true, S("a\r\nb\rc\r\r\nd\r"),
		S("a\nb\rc\r\nd\n") },
	{ "LF, then CRLF", true, true, S("a\nb\r\nc\r"), S("a\nb\r\nc\r\n") },
	{ "LF, then CRLF dot", true, true, S("a\n.\r\nc\n.\n"),
		S("a\n.\r\nc\n") },
	{ "a dot, CR", true, true, S("a\n.\rb\n"), S("a\n.\rb\n") },
	{ "a dot, CR, end", true, true, S("a\n.\r"), S("a\n.\r\n") },
	{ "CRs", true, true, S("a\n\r\r\r\n\r.\n"), S("a\n\r\r\r\n\r.\n") },
	{ "NUL", true, true, S("\0\n\0.\0\n"), S("\0\n\0.\0\n") },
};

/* Written in pieces of that many bytes. */
static void
feed(int fd, const char *p, size_t n, size_t piece)
{
	while (n > 0) {
		size_t len = n < piece ? n : piece;

		if (write(fd, p, len) != (ssize_t)len)
			_exit(1);
		p += len;
		n -= len;
	}
}

static void
row(size_t i, size_t cap, const char *how)
{
	struct input in = { .lines = table[i].lines, .dots = table[i].dots };
	struct str out = STR_INIT(0);
	char buf[256];
	ssize_t r;
	int fds[2];

	if (pipe(fds) == -1)
		_exit(1);
	feed(fds[1], table[i].in, table[i].n, 1000);
	close(fds[1]);
	in.fd = fds[0];
	while ((r = input_read(&in, buf, cap)) > 0)
		str_put(&out, buf, (size_t)r);
	is_num(r, 0, "%s, %s: end", table[i].what, how);
	is_mem(out.s, out.len, table[i].out, table[i].outn, "%s, %s",
		table[i].what, how);
	is_num(input_read(&in, buf, cap), 0, "%s, %s: it stays the end",
		table[i].what, how);
	close(fds[0]);
	str_free(&out);
}

int
main(void)
{
	struct input in = { .fd = -1, .lines = true };
	char buf[INPUT_MIN];

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		row(i, 256, "at once");
		row(i, 3, "byte by byte");
		row(i, 4, "two by two");
	}
	ok(input_read(&in, buf, sizeof buf) == -1 && errno == EBADF,
		"an error is one");
	return done_testing();
}
