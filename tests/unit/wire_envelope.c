/* SPDX-License-Identifier: 0BSD */
#include "wire/envelope.h"

#include "tap.h"
#include "wire/field.h"
#include "wire/site.h"

static const struct {
	const char *name, *bytes;
	size_t n;
	enum envelope_state want;
	size_t nrcpt;
} rows[] = {
#define ROW(name, s, want, nrcpt)                                              \
	{                                                                      \
		name, s, sizeof s - 1, want, nrcpt                             \
	}
	ROW("plain", "Fa@b\0Tc@d\0\0", ENVELOPE_DONE, 1),
	ROW("null sender", "F\0Tc\0Td\0\0", ENVELOPE_DONE, 2),
	ROW("no recipients", "Fa\0\0", ENVELOPE_DONE, 0),
	ROW("empty recipient", "Fa\0T\0\0", ENVELOPE_DONE, 1),
	ROW("parameters", "Fa\0PRET=FULL\0Tb\0PNOTIFY=NEVER\0PX=\0\0",
		ENVELOPE_DONE, 1),
	ROW("any bytes", "F\n\xff\x01\0T\r\n \0\0", ENVELOPE_DONE, 1),
	ROW("nothing", "", ENVELOPE_MORE, 0),
	ROW("no end", "Fa\0Tb\0", ENVELOPE_MORE, 1),
	ROW("cut in a record", "Fa\0Tb", ENVELOPE_MORE, 1),
	ROW("no sender", "Tb\0\0", ENVELOPE_BAD, 0),
	ROW("end at once", "\0", ENVELOPE_BAD, 0),
	ROW("two senders", "Fa\0Fb\0\0", ENVELOPE_BAD, 0),
	ROW("unknown record", "Fa\0Xb\0\0", ENVELOPE_BAD, 0),
	ROW("lower case", "Fa\0tb\0\0", ENVELOPE_BAD, 0),
	ROW("parameter first", "PA=b\0Fa\0\0", ENVELOPE_BAD, 0),
	ROW("parameter without =", "Fa\0PSMTPUTF8\0\0", ENVELOPE_BAD, 0),
	ROW("parameter without key", "Fa\0P=x\0\0", ENVELOPE_BAD, 0),
	ROW("empty parameter", "Fa\0P\0\0", ENVELOPE_BAD, 0),
	ROW("after the end", "Fa\0\0T", ENVELOPE_BAD, 0),
	ROW("NUL after the end", "Fa\0\0\0", ENVELOPE_BAD, 0),
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct envelope a = { 0 }, b = { 0 };

		is_num(envelope_feed(&a, rows[i].bytes, rows[i].n),
			rows[i].want, "%s", rows[i].name);
		is_num(a.nrcpt, rows[i].nrcpt, "%s: count", rows[i].name);
		for (size_t k = 0; k < rows[i].n; k++)
			envelope_feed(&b, rows[i].bytes + k, 1);
		is_num(b.state, rows[i].want, "%s: by bytes", rows[i].name);
	}
}

static enum envelope_state
feed_long(const char *before, size_t n, size_t piece)
{
	struct envelope e = { 0 };
	struct str s = STR_INIT(10000);

	str_puts(&s, before);
	for (size_t i = 0; i < n; i++)
		str_putc(&s, 'a');
	str_put(&s, "\0\0", 2);
	if (before[0] != 'F')
		envelope_feed(&e, "Fx", 3);
	for (size_t i = 0; i < s.len; i += piece)
		envelope_feed(
			&e, s.s + i, s.len - i < piece ? s.len - i : piece);
	str_free(&s);
	return e.state;
}

static void
test_long(void)
{
	static const size_t pieces[] = { 1, 7, 999, 1000, 1001, 10000 };

	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		size_t p = pieces[i];

		is_num(feed_long("F", ADDR_MAX, p), ENVELOPE_DONE,
			"sender of %d in pieces of %zu", ADDR_MAX, p);
		is_num(feed_long("F", ADDR_MAX + 1, p), ENVELOPE_LONG,
			"one more, %zu", p);
		is_num(feed_long("T", ADDR_MAX, p), ENVELOPE_DONE,
			"recipient, %zu", p);
		is_num(feed_long("T", ADDR_MAX + 1, p), ENVELOPE_LONG,
			"one more, %zu", p);
		is_num(feed_long("PA=", PARAM_MAX - 2, p), ENVELOPE_DONE,
			"parameter, %zu", p);
		is_num(feed_long("PA=", PARAM_MAX - 1, p), ENVELOPE_BAD,
			"one more, %zu", p);
	}
}

/* PARAMS_MAX for the sender and for each recipient. */
static void
test_params(void)
{
	struct envelope e = { .state = ENVELOPE_MORE };
	size_t i;

	envelope_feed(&e, "Fa", 3);
	for (i = 0; i < PARAMS_MAX; i++)
		envelope_feed(&e, "PA=", 4);
	envelope_feed(&e, "Tb", 3);
	for (i = 0; i < PARAMS_MAX; i++)
		envelope_feed(&e, "PA=", 4);
	is_num(e.state, ENVELOPE_MORE, "as many parameters as allowed");
	is_num(envelope_feed(&e, "PA=", 4), ENVELOPE_BAD, "one more");
}

static void
test_next(void)
{
	struct str s = STR_INIT(1000);
	struct envelope_rec r;
	struct envelope e = { 0 };
	size_t pos = 0;

	field_put(&s, 'F', "a@b");
	field_put(&s, 'P', "RET=FULL");
	field_put(&s, 'T', "");
	envelope_end(&s);
	is_num(envelope_feed(&e, s.s, s.len), ENVELOPE_DONE, "round trip");
	ok(envelope_next(s.s, s.len, &pos, &r) && r.kind == 'F', "F");
	is_str(r.text, "a@b", "its text");
	is_num(r.len, 3, "its length");
	ok(envelope_next(s.s, s.len, &pos, &r) && r.kind == 'P', "P");
	is_str(r.text, "RET=FULL", "its text");
	ok(envelope_next(s.s, s.len, &pos, &r) && r.kind == 'T', "T");
	is_str(r.text, "", "empty");
	ok(!envelope_next(s.s, s.len, &pos, &r), "end");
	for (size_t n = 0; n < s.len; n++) {
		char *copy = malloc(n ? n : 1);

		memcpy(copy, s.s, n);
		for (pos = 0; envelope_next(copy, n, &pos, &r);)
			if (pos > n)
				ok(false, "beyond %zu bytes", n);
		free(copy);
	}
	str_free(&s);
}

int
main(void)
{
	test_rows();
	test_long();
	test_params();
	test_next();
	return done_testing();
}
