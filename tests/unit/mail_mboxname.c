/* SPDX-License-Identifier: 0BSD */
#include "mail/mboxname.h"

#include "tap.h"

static char label63[64], label64[65], long_local[66];

static void
test_domains(void)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
	} t[] = {
		{ "Example.NET", "example.net" },
		{ "first.1.last.example.net", "first.1.last.example.net" },
		{ ".Example.net", ".example.net" },
		{ ".local", ".local" },
		{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
		{ "", NULL },
		{ ".", NULL },
		{ "example", NULL },
		{ "example.", NULL },
		{ "..example.net", NULL },
		{ "a..example", NULL },
		{ "-a.example", NULL },
		{ "a-.example", NULL },
		{ "a/b.example", NULL },
		{ "a:b.example", NULL },
		{ "a b.example", NULL },
		{ "a\nb.example", NULL },
		{ "a@b.example", NULL },
		{ "b\xc3\xbc.example", NULL },
		{ "a_b.example", NULL },
	};
	struct str s = STR_INIT(MBOXNAME_DOMAIN_MAX), d = STR_INIT(400);

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		const char *why = mboxname_domain(t[i].in, strlen(t[i].in), &s);

		is_str(why ? NULL : str_c(&s), t[i].out, "domain %zu", i);
	}
	ok(mboxname_domain("a.b\0c", 5, &s), "domain with a NUL");
	memset(label63, 'a', 63);
	memset(label64, 'a', 64);
	str_puts(&d, label64);
	str_puts(&d, ".example");
	ok(mboxname_domain(d.s, d.len, &s), "label of 64");
	str_clear(&d);
	for (int i = 0; i < 4; i++) {
		str_puts(&d, i ? "." : "");
		str_puts(&d, label63);
	}
	ok(mboxname_domain(d.s, d.len, &s), "255 bytes");
	ok(!mboxname_domain(d.s, 253, &s), "253 bytes");
	str_free(&d);
	str_free(&s);
}

static void
test_locals(void)
{
	static const struct {
		const char *in, *local, *file, *dir;
	} t[] = {
		{ "Joe", "joe", ".qmail-joe", "joe" },
		{ "joe.B.smith", "joe.b.smith", ".qmail-joe:b:smith",
			"joe.b.smith" },
		{ "joe-list", "joe-list", ".qmail-joe-list", "joe-list" },
		{ "o'brien", "o'brien", ".qmail-o'brien", "o'brien" },
		{ "a_b+c=d~e&f", "a_b+c=d~e&f", ".qmail-a_b+c=d~e&f",
			"a_b+c=d~e&f" },
		{ "*", "*", ".qmail-default", "default" },
		{ "joe-*", "joe-*", ".qmail-joe-default", "joe-default" },
		{ "mydefault", "mydefault", ".qmail-mydefault", "mydefault" },
		{ "default-x", "default-x", ".qmail-default-x", "default-x" },
		{ "default", NULL, NULL, NULL },
		{ "DEFAULT", NULL, NULL, NULL },
		{ "joe-default", NULL, NULL, NULL },
		{ "", NULL, NULL, NULL },
		{ ".joe", NULL, NULL, NULL },
		{ "joe.", NULL, NULL, NULL },
		{ "..", NULL, NULL, NULL },
		{ "a..b", NULL, NULL, NULL },
		{ "-joe", NULL, NULL, NULL },
		{ "-*", NULL, NULL, NULL },
		{ "joe*", NULL, NULL, NULL },
		{ "*-joe", NULL, NULL, NULL },
		{ "a/b", NULL, NULL, NULL },
		{ "../x", NULL, NULL, NULL },
		{ "a:b", NULL, NULL, NULL },
		{ "a b", NULL, NULL, NULL },
		{ "a\nb", NULL, NULL, NULL },
		{ "a@b", NULL, NULL, NULL },
		{ "j\xc3\xb6", NULL, NULL, NULL },
	};
	struct str s = STR_INIT(MBOXNAME_LOCAL_MAX), f = STR_INIT(400);

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		const char *why = mboxname_local(t[i].in, strlen(t[i].in), &s);

		is_str(why ? NULL : str_c(&s), t[i].local, "local %zu", i);
		if (why)
			continue;
		mboxname_file(&f, str_c(&s));
		is_str(str_c(&f), t[i].file, "its file");
		ok(mboxname_of_file(t[i].file, &s), "which is known");
		is_str(str_c(&s), t[i].local, "as its own");
		mboxname_dir(&f, str_c(&s));
		is_str(str_c(&f), t[i].dir, "its directory");
	}
	ok(mboxname_local("a\0b", 3, &s), "local part with a NUL");
	memset(long_local, 'a', 65);
	ok(mboxname_local(long_local, 65, &s), "65 bytes");
	ok(!mboxname_local(long_local, 64, &s), "64 bytes");
	str_free(&s);
	str_free(&f);
}

/* Names that no address is delivered by. */
static void
test_files(void)
{
	static const char *const t[] = { ".qmail", ".qmail-", "qmail-joe",
		".qmail-Joe", ".qmail-a.b", ".qmail-:a", ".qmail-a::b",
		".qmail-joe.tmp", ".qmail-a b", ".qmail-*", ".qmail-a-*" };
	struct str s = STR_INIT(MBOXNAME_LOCAL_MAX);

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		ok(!mboxname_of_file(t[i], &s), "no address has %s", t[i]);
	str_free(&s);
}

static void
test_addresses(void)
{
	static const struct {
		const char *addr;
		bool split, target;
	} t[] = {
		{ "joe@example.net", true, true },
		{ "*@.example.net", true, false },
		{ "Joe.\"x\"@example.net", false, true },
		{ "j\xc3\xb6@example.net", false, true },
		{ "joe@[127.0.0.1]", false, true },
		{ "joe", false, false },
		{ "@example.net", false, false },
		{ "joe@", false, false },
		{ "a b@example.net", false, false },
		{ "a\n|b@example.net", false, false },
		{ "&joe@example.net", true, false },
		{ "|joe@example.net", false, true },
		{ "a@b@example.net", false, true },
	};
	struct str l = STR_INIT(MBOXNAME_LOCAL_MAX),
		   d = STR_INIT(MBOXNAME_DOMAIN_MAX);

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		is_num(!mboxname_split(t[i].addr, &l, &d), t[i].split,
			"split %zu", i);
		is_num(!mboxname_target(t[i].addr), t[i].target, "target %zu",
			i);
	}
	ok(!mboxname_split("A.b@Example.NET", &l, &d), "in upper case");
	is_str(str_c(&l), "a.b", "the local part");
	is_str(str_c(&d), "example.net", "the domain");
	str_free(&l);
	str_free(&d);
}

int
main(void)
{
	test_domains();
	test_locals();
	test_files();
	test_addresses();
	return done_testing();
}
