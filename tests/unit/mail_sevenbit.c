/* SPDX-License-Identifier: 0BSD */
#include "mail/sevenbit.h"

#include "tap.h"

static struct str out = STR_INIT(0);

static bool
put(void *arg, const char *p, size_t n)
{
	str_put(arg, p, n);
	return true;
}

static bool
refuse(void *arg, const char *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
	return false;
}

static enum sevenbit_why
convert(const char *p, size_t n)
{
	static struct sevenbit s;
	struct str parts = STR_INIT(0);

	str_clear(&out);
	sevenbit_init(&s, &parts, NULL, NULL);
	if (sevenbit_feed(&s, p, n) && sevenbit_end(&s)) {
		sevenbit_free(&s);
		sevenbit_init(&s, &parts, put, &out);
		if (sevenbit_feed(&s, p, n))
			sevenbit_end(&s);
	}
	sevenbit_free(&s);
	str_free(&parts);
	return s.why;
}

#define Q     "Content-Transfer-Encoding: quoted-printable\n"
#define B     "Content-Transfer-Encoding: base64\n"
#define T     "Content-Type: text/plain\n"
#define M     "MIME-Version: 1.0\n"
#define U     "Content-Type: text/plain; charset=unknown-8bit\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\n"

static const struct {
	const char *in, *out;
} cases[] = {
	{ "", "" },
	{ "A: b\n\nc =\n", "A: b\n\nc =\n" },
	{ "A: b\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n" },
	{ "A: b\n\n\xe9\n", "A: b\n" M U Q "\n=E9\n" },
	{ "\n\xe9", M U Q "\n=E9" },
	{ "\xe9\n", M U Q "\n=E9\n" },
	{ M "\n\xe9\n", M Q "\n=E9\n" },
	{ M T "\n= \n\t\xe9\t\n", M T Q "\n=3D=20\n\t=E9=09\n" },
	/* a header that ends in a line that is none */
	{ M T "no field\n\xe9\n", M T Q "\nno field\n=E9\n" },
	/* header fields stay */
	{ M T "A: \xe9\n\n\xe9\n", M T "A: \xe9\n" Q "\n=E9\n" },
	/* the old encoding goes, wherever it stands */
	{ M "Content-Transfer-Encoding:\n 8bit\n" T "\n\xe9\n",
		M T Q "\n=E9\n" },
	/* encoded already, with 8-bit bytes in spite of that */
	{ M T Q "\na=\n=E9\xe9\n", M T Q "\na=\n=E9=E9\n" },
	{ M B "\nYWJj\xe9\n", M B "\nYWJj\n" },
	/* the line end before a boundary is no content */
	{ M MIXED "\n--b\nContent-Type: a/b\n\n\xe9\n--b--\n",
		M MIXED "\n--b\nContent-Type: a/b\n" B "\n6Q==\n--b--\n" },
	{ M MIXED "\n--b\nContent-Type: a/b\n\n\xe9\n\n--b--\n",
		M MIXED "\n--b\nContent-Type: a/b\n" B "\n6Q0K\n--b--\n" },
	{ M MIXED "\n--b\n" T "\n\xe9\n--bb\n--b \n\n\xe9\n",
		M MIXED "\n--b\n" T Q "\n=E9\n--bb\n--b \n" Q "\n=E9\n" },
	/* the boundary of an outer one ends the inner one, too */
	{ M MIXED "\n--b\nContent-Type: multipart/x; boundary=c\n\n--c\n\n"
		  "\xe9\n--b\n\n--c\n\xe9\n--b--\n",
		M MIXED
		"\n--b\nContent-Type: multipart/x; boundary=c\n\n--c\n" Q
		"\n=E9\n--b\n" Q "\n--c\n=E9\n--b--\n" },
	/* a part that says 8bit and has none may not say so any more */
	{ M MIXED "\n--b\n" T "Content-Transfer-Encoding: 8bit\n\nx\n--b\n" T
		  "\n\xe9\n--b--\n",
		M MIXED "\n--b\n" T "Content-Transfer-Encoding: 7bit\n\nx\n"
			"--b\n" T Q "\n=E9\n--b--\n" },
	/* what is between parts stays */
	{ M MIXED "\n\xe9\n--b\n\nx\n--b--\n\xe9\n",
		M MIXED "\n\xe9\n--b\n\nx\n--b--\n\xe9\n" },
	{ M "Content-Type: multipart/digest; boundary=b\n\n--b\n\n" M
	    "\n\xe9\n--b--\n",
		M "Content-Type: multipart/digest; boundary=b\n\n--b\n\n" M Q
		  "\n=E9\n--b--\n" },
	/* signed, and nothing in it */
	{ M "Content-Type: multipart/signed; boundary=b\n\n--b\n" T
	    "Content-Transfer-Encoding: 8bit\n\nx\n--b--\n",
		M "Content-Type: multipart/signed; boundary=b\n\n--b\n" T
		  "Content-Transfer-Encoding: 8bit\n\nx\n--b--\n" },
};

static const struct {
	const char *in;
	enum sevenbit_why why;
} refused[] = {
	{ M "Content-Type: multipart/signed; boundary=b\n\n--b\n" T
	    "\n\xe9\n--b--\n",
		SEVENBIT_SIGNED },
	{ M "Content-Type: multipart/signed; boundary=b\n\n--b\n" MIXED
	    "\n--b\n" T "\n\xe9\n--b--\n",
		SEVENBIT_SIGNED },
	{ "Content-Transfer-Encoding: x-odd\n\n\xe9\n", SEVENBIT_ODD },
	{ "Content-Type: multipart/mixed\n\n\xe9\n", SEVENBIT_ODD },
	{ "Content-Type: message/partial\n\n\xe9\n", SEVENBIT_ODD },
	{ "Content-Type: message/external-body\n\n\xe9\n", SEVENBIT_ODD },
};

static void
limits(void)
{
	static struct str in = STR_INIT(0);
	struct str parts = STR_INIT(0);
	static struct sevenbit s;
	size_t i, n;
	char num[40];

	for (n = SEVENBIT_DEPTH; n <= SEVENBIT_DEPTH + 1; n++) {
		str_clear(&in);
		for (i = 0; i < n; i++) {
			sprintf(num, "%zu", i);
			str_puts(&in, "Content-Type: multipart/x; boundary=");
			str_puts(&in, num);
			str_puts(&in, "\n\n--");
			str_puts(&in, num);
			str_puts(&in, "\n");
		}
		str_puts(&in, "\n\xe9\n");
		is_num(convert(in.s, in.len),
			n == SEVENBIT_DEPTH ? SEVENBIT_OK : SEVENBIT_ODD,
			"%zu multiparts within each other", n);
	}
	str_clear(&in);
	str_puts(&in, "A: ");
	for (i = 0; i < SEVENBIT_HEADER; i++)
		str_putc(&in, 'x');
	is_num(convert(in.s, in.len), SEVENBIT_ODD, "a header too long");
	for (n = SEVENBIT_PIECE - 2; n <= SEVENBIT_PIECE + 2; n++) {
		str_clear(&in);
		str_puts(&in, "\n");
		for (i = 0; i < n; i++)
			str_putc(&in, 'x');
		str_puts(&in, "\r\ny\r\n");
		convert(in.s, in.len);
		is_mem(out.s, out.len, in.s, in.len, "a line of %zu bytes", n);
	}
	str_clear(&in);
	str_puts(&in, M T "\n\xe9");
	for (i = 0; i < 200; i++)
		str_puts(&in, "x y");
	convert(in.s, in.len);
	for (n = i = 0; i < out.len; n = out.s[i++] == '\n' ? 0 : n + 1)
		if (n > 76)
			break;
	is_num(i, out.len, "no line of quoted-printable over 76");
	sevenbit_init(&s, &parts, NULL, NULL);
	sevenbit_feed(&s, in.s, in.len);
	sevenbit_end(&s);
	sevenbit_free(&s);
	sevenbit_init(&s, &parts, refuse, NULL);
	sevenbit_feed(&s, in.s, in.len);
	ok(!sevenbit_end(&s) && s.why == SEVENBIT_STOP, "nobody takes it");
	sevenbit_free(&s);
	str_free(&parts);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		is_num(convert(cases[i].in, strlen(cases[i].in)), SEVENBIT_OK,
			"case %zu", i);
		is_str(str_c(&out), cases[i].out, "becomes");
	}
	for (i = 0; i < sizeof refused / sizeof *refused; i++)
		is_num(convert(refused[i].in, strlen(refused[i].in)),
			refused[i].why, "refusal %zu", i);
	limits();
	return done_testing();
}
