/* SPDX-License-Identifier: 0BSD */
#include "wire/assign.h"

#include "tap.h"
#include "wire/pwreq.h"
#include "wire/site.h"

static struct assign a;

/* What became of a line: "key data" with | for NULs, or why it is none. */
static const char *
take(const char *text, size_t n)
{
	static char line[ASSIGN_LINE_MAX], out[ASSIGN_LINE_MAX * 2];
	const char *why;
	size_t at;

	memcpy(line, text, n);
	why = assign_line(&a, line, n);
	if (why != NULL)
		return why;
	memcpy(out, a.key.s, a.key.len);
	out[a.key.len] = ' ';
	memcpy(out + a.key.len + 1, a.data, a.len);
	at = a.key.len + 1 + a.len;
	for (size_t i = 0; i < at; i++)
		if (out[i] == '\0')
			out[i] = '|';
	out[at] = '\0';
	return out;
}

#define FIELDS "fewer than seven fields, each with a colon"

int
main(void)
{
	static const struct {
		const char *line, *want;
	} t[] = {
		{ "=joe:joe:7:8:/h::x:", "!joe| joe|7|8|/h||x" },
		{ "=JoE:Joe:7:8:/H:-:X:", "!joe| Joe|7|8|/H|-|X" },
		{ "+joe-:joe:7:8:/h:-::", "!joe- joe|7|8|/h|-|" },
		{ "+:alias:7:8:/h:-::", "! alias|7|8|/h|-|" },
		{ "+:alias:7:8:/h:-::more:x", "! alias|7|8|/h|-|" },
		{ "=a b:x y:007:8:/:::", "!a b| x y|007|8|/||" },
		{ "=j:j:4294967294:0:/:::", "!j| j|4294967294|0|/||" },
		{ "=:j:7:8:/h:::", "the local part is empty" },
		{ "joe:j:7:8:/h:::", "it starts with neither = nor +" },
		{ ".", "it starts with neither = nor +" },
		{ "", "it is empty" },
		{ "=", "there is no colon" },
		{ "=joe", "there is no colon" },
		{ "=joe:", FIELDS },
		{ "=joe:joe:7:8:/h", FIELDS },
		{ "=joe:joe:7:8:/h:", FIELDS },
		{ "=joe:joe:7:8:/h::", FIELDS },
		{ "=joe:joe:7:8:/h::x", FIELDS },
		{ "=joe:joe:7:/h:::", FIELDS },
		{ "=joe::7:8:/h:::", "the user is empty" },
		{ "=joe:joe::8:/h:::", "the uid is not a number" },
		{ "=joe:joe:x:8:/h:::", "the uid is not a number" },
		{ "=joe:joe:-1:8:/h:::", "the uid is not a number" },
		{ "=joe:joe:7 :8:/h:::", "the uid is not a number" },
		{ "=joe:joe:4294967295:8:/h:::", "the uid is not a number" },
		{ "=joe:joe:7:8x:/h:::", "the gid is not a number" },
		{ "=joe:joe:7:4294967296:/h:::", "the gid is not a number" },
		{ "=joe:joe:7:8:h:::",
			"the home directory does not start with /" },
		{ "=joe:joe:7:8::::",
			"the home directory does not start with /" },
	};
	static char line[ASSIGN_LINE_MAX];
	static const char rest[] = ":joe:7:8:/h:::";
	struct pwuser u;

	assign_init(&a);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		is_str(take(t[i].line, strlen(t[i].line)), t[i].want, "%s",
			t[i].line);
	is_str(take("=a\0b:j:7:8:/:::", 15), "there is a NUL in it", "NUL");
	take("=joe:joe:0:8:/h:::", 18);
	ok(a.root && !a.prefix, "root");
	take("+joe:joe:7:8:/h:::", 18);
	ok(!a.root && a.prefix, "a prefix");
	/* the colon at the end of ext is a NUL in the line, not in the data */
	ok(pwuser_decode(&u, a.data, a.len + 1) && u.uid == 7 && u.gid == 8,
		"what lspawn reads");
	for (size_t n = ADDR_MAX; n <= ADDR_MAX + 1; n++) {
		memset(line, 'x', sizeof line);
		line[0] = '=';
		memcpy(line + 1 + n, rest, sizeof rest - 1);
		is_num(strncmp(take(line, n + sizeof rest), "!xx", 3) == 0,
			n == ADDR_MAX, "%zu bytes", n);
	}
	is_num(a.key.over, 0, "the key fits");
	str_free(&a.key);
	return done_testing();
}
