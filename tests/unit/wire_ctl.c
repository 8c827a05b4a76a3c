/* SPDX-License-Identifier: 0BSD */
#include "wire/ctl.h"

#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "tap.h"
#include "unit/wire_hostile.h"
#include "wire/field.h"

static bool
decodes(char *p, size_t n)
{
	struct ctl_asked q;

	return ctl_decode(&q, p, n);
}

static void
requests(void)
{
	static struct ctl_request req;
	struct ctl_asked q;
	struct qid id;
	char name[QID_LEN + 1];
	size_t pos = 0, at, n;

	ctl_begin(&req, CTL_BOUNCE, "no such project any more");
	ok(ctl_id(&req, "0123456789abcdef") && ctl_rcpt(&req, 0) &&
			ctl_rcpt(&req, 77) && ctl_id(&req, "vvvvvvvvvvvvvvvv"),
		"made");
	str_putc(&req.record, 0);
	ok(ctl_decode(&q, req.record.s, req.record.len), "decodes");
	is_num(q.verb, CTL_BOUNCE, "verb");
	is_str(q.argument, "no such project any more", "argument");
	is_num(q.nids, 2, "two ids");
	ok(ctl_target(&q, &pos, &id, &at), "the first");
	qid_fmt(name, id);
	is_str(name, "0123456789abcdef", "its id");
	ok(ctl_number(&q, &at, &n) && n == 0, "recipient 0");
	ok(ctl_number(&q, &at, &n) && n == 77, "recipient 77");
	ok(!ctl_number(&q, &at, &n), "no more");
	ok(ctl_target(&q, &pos, &id, &at), "the second");
	ok(!ctl_number(&q, &at, &n), "is meant whole");
	ok(!ctl_target(&q, &pos, &id, &at), "no third");
	is_num(hostile_cut(decodes, req.record.s, req.record.len), 0,
		"no truncation is taken");
	hostile_flip(decodes, req.record.s, req.record.len);
	ok(true, "no wrong bit does harm");
}

static void
refused(void)
{
	static const struct {
		const char *p;
		size_t n;
		const char *why;
	} bad[] = {
#define BYTES(s) s, sizeof s
		{ BYTES("Vfly\0"), "an unknown verb" },
		{ BYTES("V\0"), "no verb" },
		{ BYTES("Vretry\0"), "no ids where some belong" },
		{ BYTES("Vstatus\0I0123456789abcdef\0"), "ids where none do" },
		{ BYTES("Vretry\0I0123456789abcde\0"), "a short id" },
		{ BYTES("Vretry\0I0123456789abcdez\0"), "an id with a z" },
		{ BYTES("Vretry\0I0123456789abcdef\0n\0"), "an empty number" },
		{ BYTES("Vretry\0I0123456789abcdef\0n-1\0"),
			"a negative number" },
		{ BYTES("Vretry\0I0123456789abcdef\0n99999999999\0"),
			"a number too large" },
		{ BYTES("Vdomain\0Aa\nb\0"), "a line feed in an argument" },
		{ BYTES("Vdomain\0Aa\0Ab\0"), "two arguments" },
		{ BYTES("Vstatus\0\0"), "a second end" },
		{ BYTES("Vstatus"), "no end" },
	};
	struct ctl_asked q;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!ctl_decode(&q, bad[i].p, bad[i].n), "%s", bad[i].why);
	ok(ctl_decode(&q, BYTES("Vstatus\0")), "a question");
	ok(ctl_decode(&q, BYTES("Vdomain\0A\xc3\xa9.example\0")), "UTF-8");
}

static void
full(void)
{
	static struct ctl_request req;
	struct ctl_asked q;
	int i;

	ctl_begin(&req, CTL_HOLD, NULL);
	for (i = 0; ctl_id(&req, "0123456789abcdef"); i++)
		;
	is_num(i, CTL_IDS, "so many ids");
	for (i = 0; ctl_rcpt(&req, 4000000000u); i++)
		;
	ok(i > 100 && !req.record.over, "%d recipients", i);
	str_putc(&req.record, 0);
	ok(ctl_decode(&q, req.record.s, req.record.len), "decodes");
}

/* An answer over a socket, as quill-send makes it. */
static void
answers(void)
{
	static char buf[CTL_RECORD];
	struct str s = STR_INIT(CTL_RECORD);
	struct ctl_outcome o = { .id = "0123456789abcdef",
		.result = CTL_FAILED,
		.changed = 3,
		.busy = 1,
		.text = "No space left on device" };
	struct ctl_answer a;
	const char *text, *value;
	int fds[2];

	if (fd_seqpair(fds) < 0)
		return;
	field_put(&s, '+', "");
	ctl_put_outcome(&s, &o);
	o.id = "0123456789abcdeg", o.result = CTL_GONE, o.text = NULL;
	ctl_put_outcome(&s, &o);
	fd_send(fds[0], s.s, s.len, -1);
	is_num(ctl_read(fds[1], buf, &a), 0, "read");
	ok(!a.last && !a.refused, "more will come");
	ok(ctl_outcome(&a, &o), "an outcome");
	is_str(o.id, "0123456789abcdef", "id");
	is_num(o.result, CTL_FAILED, "result");
	is_num(o.changed * 10 + o.busy, 31, "numbers");
	is_str(o.text, "No space left on device", "text");
	ok(ctl_outcome(&a, &o), "another");
	is_num(o.result, CTL_GONE, "result");
	is_str(o.text, "", "no text");
	ok(!ctl_outcome(&a, &o), "no more");

	str_clear(&s);
	field_put(&s, '.', "");
	field_put(&s, 'O', "example.org");
	ctl_put_num(&s, "running", 5);
	ctl_put_key(&s, "text", "a=b");
	fd_send(fds[0], s.s, s.len, -1);
	is_num(ctl_read(fds[1], buf, &a), 0, "read");
	ok(a.last, "the last");
	is_num(ctl_field(&a, &text, &value), 'O', "an object");
	is_str(text, "example.org", "its name");
	is_num(ctl_field(&a, &text, &value), 'K', "a key");
	is_str(text, "running", "key");
	is_str(value, "5", "value");
	is_num(ctl_field(&a, &text, &value), 'K', "a key");
	is_str(value, "a=b", "value with =");
	is_num(ctl_field(&a, &text, &value), 0, "no more");

	str_clear(&s);
	field_put(&s, '.', "");
	field_put(&s, 'X', "no permission");
	fd_send(fds[0], s.s, s.len, -1);
	is_num(ctl_read(fds[1], buf, &a), 0, "read");
	is_str(a.refused, "no permission", "refused");
	fd_send(fds[0], "?", 2, -1);
	ok(ctl_read(fds[1], buf, &a) < 0 && errno == EPROTO, "nonsense");
	close(fds[0]);
	ok(ctl_read(fds[1], buf, &a) < 0 && errno == EPIPE, "end of file");
	close(fds[1]);
	str_free(&s);
}

int
main(void)
{
	requests();
	refused();
	full();
	answers();
	return done_testing();
}
