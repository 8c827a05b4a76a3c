/* SPDX-License-Identifier: 0BSD */
#include "mail/mimehead.h"

#include "tap.h"

static const struct {
	const char *in, *type, *subtype, *boundary;
} types[] = {
	{ "text/plain", "text", "plain", "" },
	{ " TEXT / Html ; charset=x", "text", "html", "" },
	{ "multipart/mixed; boundary=abc", "multipart", "mixed", "abc" },
	{ "multipart/mixed;\n\tboundary=\"a \\\" b \"", "multipart", "mixed",
		"a \" b" },
	{ "multipart/mixed (c \\) (d)); a=b;BOUNDARY=x", "multipart", "mixed",
		"x" },
	{ "multipart/mixed; boundary=a; boundary=b", "multipart", "mixed",
		"a" },
	{ "multipart/mixed; x=\"; boundary=no\"; boundary=yes", "multipart",
		"mixed", "yes" },
	{ "multipart/mixed; junk boundary=no; ; boundary=yes", "multipart",
		"mixed", "yes" },
	{ "multipart/mixed; boundary=\"\"", "multipart", "mixed", "" },
	{ "multipart/mixed; boundary=\"open", "multipart", "mixed", "open" },
	{ "text", "", "", "" },
	{ "/plain", "", "", "" },
	{ "", "", "", "" },
};

static const struct {
	const char *in;
	enum mimehead_encoding want;
} encodings[] = {
	{ "7bit", MIMEHEAD_7BIT },
	{ " 8BIT (x)", MIMEHEAD_8BIT },
	{ "Binary", MIMEHEAD_BINARY },
	{ "quoted-printable", MIMEHEAD_QP },
	{ "base64;", MIMEHEAD_BASE64 },
	{ "x-uuencode", MIMEHEAD_UNKNOWN },
	{ "", MIMEHEAD_UNKNOWN },
};

int
main(void)
{
	struct mimehead m;
	char head[500], longest[400];
	size_t i;

	for (i = 0; i < sizeof types / sizeof *types; i++) {
		sprintf(head, "A: b\nContent-Type:%s\nContent-Type: x/y\n",
			types[i].in);
		mimehead_parse(&m, head, strlen(head));
		is_str(m.type, types[i].type, "type of \"%s\"", types[i].in);
		is_str(m.subtype, types[i].subtype, "subtype");
		is_str(m.boundary, types[i].boundary, "boundary");
		ok(m.typed && !m.version && m.encoding == MIMEHEAD_NONE,
			"nothing else");
	}
	for (i = 0; i < sizeof encodings / sizeof *encodings; i++) {
		sprintf(head, "CONTENT-transfer-encoding :%s\nMime-version:1\n",
			encodings[i].in);
		mimehead_parse(&m, head, strlen(head));
		is_num(m.encoding, encodings[i].want, "\"%s\"",
			encodings[i].in);
		ok(m.version && !m.typed, "version");
	}
	memset(longest, 'x', sizeof longest);
	longest[300] = 0;
	sprintf(head, "Content-Type: multipart/mixed; boundary=%s\n", longest);
	mimehead_parse(&m, head, strlen(head));
	is_str(m.boundary, "", "a boundary that is too long");
	ok(mimehead_isfield("A-b.c:", 6) && mimehead_isfield("A \t:", 4) &&
			!mimehead_isfield("A b:", 4) &&
			!mimehead_isfield(":", 1) && !mimehead_isfield("", 0) &&
			!mimehead_isfield("\xc3:", 2),
		"what is a field");
	is_num(mimehead_field("a: b\n c\n\td\ne: f\n", 16), 11, "folded");
	return done_testing();
}
