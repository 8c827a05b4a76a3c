/* SPDX-License-Identifier: 0BSD */
#include "wire/note.h"

#include "tap.h"
#include "unit/wire_hostile.h"

static const struct note first = { 3, 1795160000, "5.1.1",
	"No such user. (#5.1.1)\nTwo lines", "550 no", "mx.example.org",
	NOTE_RELAYED };
static const struct note second = { UINT64_MAX, 0, "5.0.0", "", "", "", 0 };

static size_t
count(const char *p, size_t n)
{
	struct note out;
	size_t pos = 0, k = 0;

	while (note_next(p, n, &pos, &out)) {
		/* every byte that is promised must be there */
		k += strlen(out.status) + strlen(out.text) + strlen(out.reply) +
			     strlen(out.host) <
		     n;
	}
	return k;
}

static bool
any(char *p, size_t n)
{
	return count(p, n) > 0;
}

#define BAD(s, name) is_num(count(s, sizeof s - 1), 0, name)

int
main(void)
{
	struct str s = STR_INIT(10000), t = STR_INIT(10000);
	struct note out;
	size_t pos = 0, one, k, wrong = 0;

	note_encode(&s, &first);
	one = s.len;
	note_encode(&s, &second);
	ok(note_next(s.s, s.len, &pos, &out), "first");
	is_num(out.rcpt, 3, "recipient");
	is_num(out.when, 1795160000, "time");
	is_str(out.status, "5.1.1", "status");
	is_str(out.text, first.text, "text");
	is_str(out.reply, "550 no", "reply");
	is_str(out.host, "mx.example.org", "host");
	is_num(out.action, NOTE_RELAYED, "action");
	ok(note_next(s.s, s.len, &pos, &out), "second");
	is_num(out.action, NOTE_FAILED, "a failure when it is not said");
	ok(out.rcpt == UINT64_MAX, "recipient");
	is_str(out.text, "", "empty text");
	is_str(out.reply, "", "no reply");
	is_str(out.host, "", "no host");
	ok(!note_next(s.s, s.len, &pos, &out), "end");

	is_num(hostile_cut(any, s.s, one), 0, "no torn record is taken");
	hostile_flip(any, s.s, s.len);
	ok(true, "no flipped bit reads too far");
	/* torn anywhere, then the next one is appended */
	for (k = 1; k < one; k++) {
		str_clear(&t);
		str_put(&t, s.s, k);
		note_encode(&t, &second);
		pos = 0;
		if (!note_next(t.s, t.len, &pos, &out) ||
			out.rcpt != UINT64_MAX || strcmp(out.status, "5.0.0"))
			wrong++;
		if (note_next(t.s, t.len, &pos, &out))
			wrong++;
	}
	/* cut behind R, G, H or A the next one's first NUL ends it: it is short,
	 * but true */
	is_num(wrong, 4 * 2, "what follows a torn record is read");
	BAD("N1 2\0S5.0.0\0Rx\0Qy\0\0", "unknown field");
	BAD("N1 2\0Rx\0S5.0.0\0\0", "wrong order");
	BAD("N1\0S5.0.0\0Rx\0\0", "no time");
	BAD("N1 2\0S5.0.0\0Rx\0Az\0\0", "unknown action");
	BAD("N1 2\0S5.0.0\0Rx\0Adx\0\0", "long action");
	BAD("N-1 2\0S5.0.0\0Rx\0\0", "no number");
	str_free(&s);
	str_free(&t);
	return done_testing();
}
