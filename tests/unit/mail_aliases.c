/* SPDX-License-Identifier: 0BSD */
#include "mail/aliases.h"
#include "mail/aliasfile.h"

#include <string.h>

#include "tap.h"

/* Items as text: line, a sign for the kind, the text, "; "; a bad one as
 * "line!why". */
static void
put_items(struct str *out, struct aliases *l)
{
	enum aliases_kind k;

	while ((k = aliases_next(l)) != ALIASES_END) {
		str_putnum(out, l->line);
		str_putc(out, "?!=&\\|/:"[k]);
		if (k == ALIASES_BAD) {
			str_puts(out, l->why);
			break;
		}
		str_put(out, l->text.s, l->text.len);
		str_putc(out, ';');
	}
	if (k == ALIASES_BAD)
		ok(aliases_next(l) == ALIASES_END, "a bad list has ended");
	aliases_free(l);
}

static const char *
items(const char *p, size_t n, bool lines)
{
	static struct str out = STR_INIT(1 << 20);
	struct aliases l;

	str_clear(&out);
	aliases_init(&l, p, n, 1, lines);
	put_items(&out, &l);
	return str_c(&out);
}

static const struct {
	const char *in, *forward; /* as the text of a .forward */
	const char *entry;	  /* as the list of an alias; NULL: the same */
} lists[] = {
	{ "", "", NULL },
	{ " \n\n", "", NULL },
	{ ",,", "", NULL },
	{ "joe", "1&joe;", NULL },
	{ " joe , ann ", "1&joe;1&ann;", NULL },
	{ "\357\273\277joe", "1&joe;", "1&\357\273\277joe;" },
	{ "joe\nann\n", "1&joe;2&ann;", "1!no comma between two addresses" },
	{ "joe,\n ann", "1&joe;2&ann;", NULL },
	{ "joe\r\nann\r\n", "1&joe;2&ann;",
		"1!no comma between two addresses" },
	{ "joe ann", "1!no comma between two addresses", NULL },
	{ "joe # a note", "1!no comma between two addresses", NULL },
	{ "# a note\njoe", "2&joe;", "1!no comma between two addresses" },
	{ "a,\n # a note, b\n c", "1&a;3&c;", NULL },
	{ "a,\n\n\n c", "1&a;4&c;", NULL },
	{ "Joe.Doe@B.Example", "1&Joe.Doe@B.Example;", NULL },
	{ "Joe <joe@b.example> (his), \"Doe, Ann\" <ann@b.example>",
		"1&joe@b.example;1&ann@b.example;", NULL },
	{ "joe (one, two), ann", "1&joe;1&ann;", NULL },
	{ "\"joe doe\"", "1&joe doe;", NULL },
	{ "\"a,b\"@c.example", "1&a,b@c.example;", NULL },
	{ "\"|x\"@c.example", "1&|x@c.example;", NULL },
	{ "joe@[192.0.2.1], x", "1&joe@[192.0.2.1];1&x;", NULL },
	{ "host!joe", "1&host!joe;", NULL },
	{ "joe%a@b", "1&joe%a@b;", NULL },
	{ "\303\244@b", "1&\303\244@b;", NULL },
	{ "joe+x-y", "1&joe+x-y;", NULL },
	{ "\\joe", "1\\joe;", NULL },
	{ "\\joe, ann", "1\\joe;1&ann;", NULL },
	{ "\"\\joe\"", "1\\joe;", NULL },
	{ "\\joe, \"|/usr/bin/vacation joe\"",
		"1\\joe;1|/usr/bin/vacation joe;", NULL },
	{ "\"|/bin/x a, b\", c", "1|/bin/x a, b;1&c;", NULL },
	{ "\"|IFS=' ' && exec /usr/bin/procmail -f- || exit 75 #joe\"",
		"1|IFS=' ' && exec /usr/bin/procmail -f- || exit 75 #joe;",
		NULL },
	{ "|\"exec /bin/x -f\"", "1|exec /bin/x -f;", NULL },
	{ "|/bin/x a b, c", "1|/bin/x a b;1&c;", NULL },
	{ "| /bin/x", "1|/bin/x;", NULL },
	{ "|/bin/x 'a' \"b, c\" d", "1|/bin/x 'a' \"b, c\" d;", NULL },
	{ "\"|x \\\"y\\\" \\\\n\"", "1|x \"y\" \\n;", NULL },
	{ "/var/mail/x", "1//var/mail/x;", NULL },
	{ "/home/x/Maildir/, y", "1//home/x/Maildir/;1&y;", NULL },
	{ "\"/var/mail/a b\"", "1//var/mail/a b;", NULL },
	{ "/dev/null", "1//dev/null;", NULL },
	{ ":include:/etc/list", "1:/etc/list;", NULL },
	{ ":Include: /etc/list , b", "1:/etc/list;1&b;", NULL },
	{ "\":include:/etc/my list\"", "1:/etc/my list;", NULL },
	{ ":include:\"/etc/my list\"", "1:/etc/my list;", NULL },
	{ "a, \\\n b", "1&a;1!no address", "1&a;2&b;" },
	/* bad ones */
	{ "\"joe", "1!\" without its end", NULL },
	{ "a,\n \"|x\n b", "1&a;2!\" without its end", NULL },
	{ "joe\"", "1!\" without its end", NULL },
	{ "\"|x\" y", "1!no comma between two items", NULL },
	{ "\"|x\"y", "1!no comma between two items", NULL },
	{ "\"/x\" | y", "1!no comma between two items", NULL },
	{ "|", "1!nothing follows |", NULL },
	{ "a, |\nb", "1&a;1!nothing follows |", NULL },
	{ "\"| \"", "1!nothing follows |", NULL },
	{ "/a b", "1!blank in a path that is not in quotes", NULL },
	{ "/a\"b\"", "1!\" inside a path", NULL },
	{ "\"/a \"", "1!path with a TAB, or a blank at its end", NULL },
	{ ":include:list", "1!the path does not start with /", NULL },
	{ ":include:", "1!nothing follows |", NULL },
	{ ":fail: no", "1!a : that begins no :include:", NULL },
	{ ":", "1!a : that begins no :include:", NULL },
	{ "\\", "1!no address", NULL },
	{ "a, <>", "1&a;1!no address", NULL },
	{ "(nobody)", "1!no address", NULL },
	{ "friends: joe;", "1!a colon in an address", NULL },
	{ "friends: joe, ann;", "1!a colon in an address", NULL },
	{ "@x", "1!address without local part", NULL },
	{ "a@", "1&a;", NULL },
	{ "<@a,@b:c@d>", "1!malformed source route", NULL },
	{ "<@a:c@d>", "1&c@d;", NULL },
	{ "c@[IPv6:::1]", "1&c@[IPv6:::1];", NULL },
	{ "a)", "1!unbalanced ( )", NULL },
	{ "(a", "1!unbalanced ( )", NULL },
	{ "<a", "1!unbalanced < >", NULL },
	{ "\"|x\033\"", "1!control character", NULL },
	{ "\"a\033\"", "1!control character in an address", NULL },
};

static const char *
entries(const char *p, size_t n)
{
	static struct str out = STR_INIT(1 << 20);
	struct aliasfile a;
	struct aliases l;
	enum aliases_kind k;

	str_clear(&out);
	aliasfile_init(&a, p, n);
	while ((k = aliasfile_next(&a)) != ALIASES_END) {
		str_putnum(&out, a.line);
		if (k == ALIASES_BAD) {
			str_putc(&out, '!');
			str_puts(&out, a.why);
		} else {
			str_putc(&out, '=');
			str_put(&out, a.name.s, a.name.len);
			str_putc(&out, ' ');
			aliases_init(&l, a.list, a.len, a.line, false);
			put_items(&out, &l);
		}
		str_putc(&out, '\n');
	}
	aliasfile_free(&a);
	return str_c(&out);
}

static const struct {
	const char *in, *want;
} files[] = {
	{ "", "" },
	{ "# nothing\n\n \n\t# nothing\n", "" },
	{ "a: b", "1=a 1&b;\n" },
	{ "a:b\nC : d, e\n", "1=a 1&b;\n2=c 2&d;2&e;\n" },
	{ "# x\na: b,\n  c,\n\td\n# y\ne: f\n",
		"2=a 2&b;3&c;4&d;\n6=e 6&f;\n" },
	{ "a: b,\n# in between\n c\n\n\n d: e\n",
		"1=a 1&b;3!a colon in an address\n" },
	{ "a: b,\n# in between\n\n c\nd: e\n", "1=a 1&b;4&c;\n5=d 5&e;\n" },
	{ "a: b, \\\nc\nd: e\n", "1=a 1&b;2&c;\n3=d 3&e;\n" },
	{ "\"a b\": c\n", "1=a b 1&c;\n" },
	{ "\"a:b\": c\n", "1=a:b 1&c;\n" },
	{ "\"A\\\"B\": c\n", "1=a\"b 1&c;\n" },
	{ "owner-list: ann\nlist-request: ann\n",
		"1=owner-list 1&ann;\n2=list-request 2&ann;\n" },
	{ "a: :include:/x, \"|y z\"\n", "1=a 1:/x;1|y z;\n" },
	{ "a:\nb: c\n", "1=a \n2=b 2&c;\n" },
	{ "a:\n b\n", "1=a 2&b;\n" },
	{ "a: b\r\nc: d\r\n", "1=a 1&b;\n2=c 2&d;\n" },
	{ "\357\273\277a: b\nc: d\n", "1=a 1&b;\n2=c 2&d;\n" },
	{ "\357\273\277# x\na: b\n", "2=a 2&b;\n" },
	/* bad ones; what follows is read all the same */
	{ "a b\nc: d\n", "1!no colon after the name\n2=c 2&d;\n" },
	{ "a\n", "1!no colon after the name\n" },
	{ "a b: c\n", "1!no colon after the name\n" },
	{ "\"a: b\nc: d\n", "1!\" without its end\n2=c 2&d;\n" },
	{ "\"a\"b: c\n", "1!no colon after the name\n" },
	{ ": b\n", "1!no name before the colon\n" },
	{ "\"\": b\n", "1!no name before the colon\n" },
	{ " a: b\nc: d\n",
		"1!a line that goes on, and nothing before it\n2=c 2&d;\n" },
	{ "a@b: c\n", "1!a name with a domain: aliases are local\n" },
	{ "|a: c\n", "1!a name that begins with | or / or :\n" },
	{ "\"a\033\": c\n", "1!control character in the name\n" },
	{ "a: \"b\nc: d\n", "1=a 1!\" without its end\n2=c 2&d;\n" },
};

static void
test_limits(void)
{
	static char big[ALIASES_TEXT_MAX + 10];

	memset(big, 'a', sizeof big);
	is_str(items("a\0b", 3, true), "1!control character in an address",
		"NUL in an address");
	is_str(items("|a\0b", 4, true), "1!control character",
		"NUL in a command");
	is_str(items(big, 1001, true), "1!address too long", "address of 1001");
	is_num(strlen(items(big, 999, true)), 1002, "address of 999");
	big[0] = '|';
	is_num(strlen(items(big, ALIASES_TEXT_MAX + 1, true)),
		ALIASES_TEXT_MAX + 3, "the longest command");
	is_str(items(big, ALIASES_TEXT_MAX + 2, true), "1!too long",
		"a command too long");
	big[0] = '/';
	is_num(strlen(items(big, ALIASES_PATH_MAX, true)), ALIASES_PATH_MAX + 3,
		"the longest path");
	is_str(items(big, ALIASES_PATH_MAX + 1, true), "1!path too long",
		"a path too long");
	big[0] = 'a';
	big[ALIASES_NAME_MAX] = ':';
	big[ALIASES_NAME_MAX + 1] = 'b';
	is_str(entries(big, ALIASES_NAME_MAX + 2) + ALIASES_NAME_MAX + 3,
		"1&b;\n", "the longest name");
	big[ALIASES_NAME_MAX] = 'a';
	big[ALIASES_NAME_MAX + 1] = ':';
	is_str(entries(big, ALIASES_NAME_MAX + 2), "1!name too long\n",
		"a name too long");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const char *in = lists[i].in;

		is_str(items(in, strlen(in), true), lists[i].forward,
			".forward %zu", i);
		is_str(items(in, strlen(in), false),
			lists[i].entry ? lists[i].entry : lists[i].forward,
			"list %zu", i);
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		is_str(entries(files[i].in, strlen(files[i].in)), files[i].want,
			"file %zu", i);
	test_limits();
	return done_testing();
}
