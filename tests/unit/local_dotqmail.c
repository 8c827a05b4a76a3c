/* SPDX-License-Identifier: 0BSD */
#include "local/dotqmail.h"

#include <string.h>

#include "tap.h"

/* Entries as text: a letter for the kind, the text, LF; a bad line as
 * "!line why". */
static const char *
render(const char *p, size_t n)
{
	static struct str out = STR_INIT(1 << 20);
	struct dotqmail d;
	struct dotqmail_entry e;

	str_clear(&out);
	dotqmail_init(&d, p, n);
	while (dotqmail_next(&d, &e) != DOTQMAIL_END) {
		if (e.kind == DOTQMAIL_BAD) {
			str_putc(&out, '!');
			str_putnum(&out, d.line);
			str_putc(&out, ' ');
			str_puts(&out, d.why);
		} else {
			str_putc(&out, "?!|&./+"[e.kind]);
			str_put(&out, e.text, e.len);
		}
		str_putc(&out, '\n');
	}
	return str_c(&out);
}

static const struct {
	const char *in, *want;
} lines[] = {
	{ "", "" },
	{ "#", "" },
	{ "# nothing\n#\n", "" },
	{ "a@b", "&a@b\n" },
	{ "a@b\n", "&a@b\n" },
	{ "&a@b\n", "&a@b\n" },
	{ "& \ta@b\n", "&a@b\n" },
	{ "&a@b \t \n", "&a@b\n" },
	{ "alice\n", "&alice\n" },
	{ "&#a@b\n", "&#a@b\n" },
	{ "&/a@b\n", "&/a@b\n" },
	{ "\303\244@b\n", "&\303\244@b\n" },
	{ "&&a@b\n", "&&a@b\n" },
	{ "./Maildir/\n", "/./Maildir/\n" },
	{ "./Maildir/  \n", "/./Maildir/\n" },
	{ "/x/\n/x\n", "//x/\n./x\n" },
	{ "./Mailbox\n", "../Mailbox\n" },
	{ ".Mail box", "..Mail box\n" },
	{ "../x\n", "...\057x\n" },
	{ "/\n", "//\n" },
	{ "|true\n", "|true\n" },
	{ "| a | b\n", "| a | b\n" },
	{ "|a \n", "|a\n" },
	{ "|\303\244\n", "|\303\244\n" },
	{ "+list\n", "++list\n" },
	{ "+list  ", "++list\n" },
	{ "#\n\n \t\na@b\n\n", "&a@b\n" },
	{ "./a/\n|b\nc\n", "/./a/\n|b\n&c\n" },
	/* bad ones; the next line is read all the same */
	{ "\n", "!1 first line is blank\n" },
	{ " \t\na\n", "!1 first line is blank\n&a\n" },
	{ "a\n|\nb\n", "&a\n!2 no command\n&b\n" },
	{ "| \t\n", "!1 no command\n" },
	{ "#\n&\n", "!2 no address\n" },
	{ "&  \n", "!1 no address\n" },
	{ " a@b\n", "!1 line starts with a blank\n" },
	{ "#\n\t./Maildir/\n", "!2 line starts with a blank\n" },
	{ "a@b\r\n", "!1 line ends in a carriage return\n" },
	{ "./Maildir/\r\n", "!1 line ends in a carriage return\n" },
	{ "|true\r", "!1 line ends in a carriage return\n" },
	{ "\357\273\277./Maildir/\n#\n", "!1 starts with a byte order mark\n" },
	{ "\357\273\277#\na\n", "!1 starts with a byte order mark\n&a\n" },
	{ "\357\273\277", "!1 starts with a byte order mark\n" },
	{ "a\033b\n", "!1 control character in address\n" },
	{ "a\177b\n", "!1 control character in address\n" },
	{ "+\n", "!1 unknown word after +\n" },
	{ "+lists\n", "!1 unknown word after +\n" },
	{ "+LIST\n", "!1 unknown word after +\n" },
};

static void
test_limits(void)
{
	static char big[DOTQMAIL_LINE_MAX + 2];
	struct dotqmail d;
	struct dotqmail_entry e;

	memset(big, 'a', sizeof big);
	big[0] = '|';
	is_str(render("a\0b\nc", 5), "!1 NUL byte\n&c\n", "NUL in a line");
	is_str(render("#\0b\nc", 5), "&c\n", "NUL in a comment");
	is_str(render(big, DOTQMAIL_LINE_MAX + 1), "!1 line too long\n",
		"one byte over the limit of a line");
	dotqmail_init(&d, big, DOTQMAIL_LINE_MAX);
	is_num(dotqmail_next(&d, &e), DOTQMAIL_PROGRAM, "a line of the limit");
	is_num(e.len, DOTQMAIL_LINE_MAX - 1, "its length");
	is_str(render(big + 1, 1001), "!1 address too long\n",
		"address of 1001");
	is_num(strlen(render(big + 1, 1000)), 1002, "address of 1000");
	big[0] = '.';
	is_str(render(big, DOTQMAIL_PATH_MAX + 1), "!1 path too long\n",
		"path too long");
}

static const struct {
	const char *in;
	bool forward_only, good, sends;
	size_t line;
} checks[] = {
	{ "./Maildir/\n", false, true, false, 1 },
	{ "./Maildir/\na@b\n", false, true, true, 2 },
	{ "|true\n", false, true, true, 1 },
	{ "a@b\n./Maildir/\n", true, false, true, 2 },
	{ "a@b\n|true\n", true, false, true, 2 },
	{ "./mbox\n", true, false, false, 1 },
	{ "a@b\n# c\n&c@d", true, true, true, 3 },
	{ "+list\na@b\n", false, true, true, 2 },
	{ "+list\n./Maildir/\n", false, false, false, 2 },
	{ "./Maildir/\n+list\na\n", false, true, true, 3 },
	{ "a\nb\n|\nc\n", false, false, true, 3 },
	{ "#", true, true, false, 1 },
};

static const struct {
	const char *dash, *ext, *want;
} searches[] = {
	{ "", "", ".qmail:-1\n" },
	{ "-", "", ".qmail-:-1\n.qmail-default:0\n" },
	{ "-", "foo", ".qmail-foo:-1\n.qmail-default:0\n" },
	{ "-", "Foo.Bar", ".qmail-foo:bar:-1\n.qmail-default:0\n" },
	{ "-", "a-b-c",
		".qmail-a-b-c:-1\n.qmail-a-b-default:4\n.qmail-a-default:2\n"
		".qmail-default:0\n" },
	{ "-", "a--",
		".qmail-a--:-1\n.qmail-a--default:3\n.qmail-a-default:2\n"
		".qmail-default:0\n" },
	{ "-", "default", ".qmail-default:0\n.qmail-default:0\n" },
	{ "-", "a-DEFAULT",
		".qmail-a-default:2\n.qmail-a-default:2\n.qmail-default:0\n" },
	{ "-", "mydefault", ".qmail-mydefault:-1\n.qmail-default:0\n" },
	{ "", "x", ".qmailx:-1\n.qmaildefault:0\n" },
	{ "-l-", "A", ".qmail-l-a:-1\n.qmail-l-default:0\n" },
	{ "-", "../../etc/x", ".qmail-::/::/etc/x:-1\n.qmail-default:0\n" },
	{ "-", "\303\204", ".qmail-\303\204:-1\n.qmail-default:0\n" },
};

static const char *
names(const char *dash, const char *ext)
{
	static struct str out = STR_INIT(1 << 16);
	struct dotqmail_search s;

	str_clear(&out);
	dotqmail_search(&s, dash, ext);
	while (dotqmail_search_next(&s)) {
		str_put(&out, s.name.s, s.name.len);
		str_puts(&out, s.deflt < 0 ? ":-" : ":");
		str_putnum(&out, (uint64_t)(s.deflt < 0 ? -s.deflt : s.deflt));
		str_putc(&out, '\n');
	}
	ok(!dotqmail_search_next(&s), "the end stays the end");
	dotqmail_search_end(&s);
	return str_c(&out);
}

int
main(void)
{
	struct str s = STR_INIT(100);
	struct dotqmail d;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		is_str(render(lines[i].in, strlen(lines[i].in)), lines[i].want,
			"lines %zu", i);
	test_limits();
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		dotqmail_init(&d, checks[i].in, strlen(checks[i].in));
		is_num(dotqmail_check(&d, checks[i].forward_only),
			checks[i].good, "check %zu", i);
		is_num(d.sends, checks[i].sends, "check %zu: sends", i);
		is_num(d.line, checks[i].line, "check %zu: line", i);
		ok(checks[i].good == !d.why, "check %zu: reason", i);
	}
	for (size_t i = 0; i < sizeof searches / sizeof *searches; i++)
		is_str(names(searches[i].dash, searches[i].ext),
			searches[i].want, "search %zu", i);
	dotqmail_name(&s, "-", "A.b-c", 3, "-owner");
	is_str(str_c(&s), ".qmail-a:b-owner", "name with a suffix");
	str_free(&s);
	return done_testing();
}
