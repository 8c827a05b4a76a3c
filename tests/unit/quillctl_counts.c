/* SPDX-License-Identifier: 0BSD */
/* what quillctl report counts: frequent keys, ids, reasons, lines of logs */
#include "quillctl/counts.h"

#include "quillctl/reason.h"

#include "tap.h"

#define ID  "0123456789abcdef"
#define ID2 "0123456789abcdeg"

/* --- topk ----------------------------------------------------------------- */

static uint32_t
next_random(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 16);
}

/* Never too small, never more too large than it says, that at most all/TOPK;
 * what is frequent is in it. */
static void
test_topk(void)
{
	enum { KEYS = 20000, ADDS = 300000 };
	static uint64_t real[KEYS];
	static struct topk t;
	char key[20];
	size_t i, k, bad = 0, missing = 0, found;
	uint64_t heavy;

	topk_init(&t);
	for (i = 0; i < ADDS; i++) {
		/* 1/x: few that are frequent, a tail that is long */
		k = KEYS / (1 + next_random() % KEYS) + next_random() % 7 * 3;
		if (next_random() % 2)
			k = next_random() % KEYS;
		k %= KEYS;
		real[k]++;
		snprintf(key, sizeof(key), "%zu", k);
		topk_add(&t, key)->more[0]++;
	}
	is_num(t.all, ADDS, "all are counted");
	is_num(t.n, TOPK, "all counters are used");
	topk_sort(&t);
	for (i = 0; i < t.n; i++) {
		k = (size_t)atoi(t.item[i].key);
		if (t.item[i].count < real[k] ||
			t.item[i].count - t.item[i].error > real[k] ||
			t.item[i].error > ADDS / TOPK ||
			t.item[i].more[0] > real[k] ||
			(i && t.item[i - 1].count < t.item[i].count))
			bad++;
	}
	is_num(bad, 0, "each count holds what it promises");
	for (k = 0; k < KEYS; k++) {
		heavy = real[k] > ADDS / TOPK;
		snprintf(key, sizeof(key), "%zu", k);
		for (found = i = 0; heavy && i < t.n; i++)
			found += strcmp(t.item[i].key, key) == 0;
		missing += heavy && found != 1;
	}
	is_num(missing, 0, "what is frequent is there, once");
}

static void
test_topk_exact(void)
{
	static struct topk t;
	static char longer[TOPK_KEY + 50], other[TOPK_KEY + 50];
	size_t i, bad = 0;
	char key[20];
	int turn;

	topk_init(&t);
	for (turn = 0; turn < 3; turn++)
		for (i = 0; i < TOPK; i++) {
			snprintf(key, sizeof(key), "k%zu", i);
			topk_add(&t, key);
		}
	for (i = 0; i < t.n; i++)
		bad += t.item[i].count != 3 || t.item[i].error != 0;
	is_num(bad, 0, "as many keys as counters: exact");
	topk_init(&t);
	memset(longer, 'x', sizeof(longer) - 1);
	memset(other, 'x', sizeof(other) - 1);
	other[TOPK_KEY + 10] = 'y';
	topk_add(&t, longer);
	topk_add(&t, other);
	topk_add(&t, "");
	topk_add(&t, "xx");
	is_num(t.n, 3, "long keys are cut, then they are the same");
	is_num(strlen(t.item[0].key), TOPK_KEY, "at that length");
}

/* --- idset ---------------------------------------------------------------- */

static void
test_idset(void)
{
	enum { IDS = 5000, STEPS = 200000 };
	static bool real[IDS];
	struct idset s;
	size_t i, k, n = 0, bad = 0;
	char id[20];

	idset_init(&s);
	ok(!idset_remove(&s, ID), "nothing is in an empty one");
	for (i = 0; i < STEPS; i++) {
		k = next_random() % IDS;
		snprintf(id, sizeof(id), "id%zu", k);
		if (next_random() % 2) {
			bad += (idset_add(&s, id) == IDSET_NEW) == real[k];
			n += !real[k];
			real[k] = true;
		} else {
			bad += idset_remove(&s, id) != real[k];
			n -= real[k];
			real[k] = false;
		}
	}
	is_num(bad, 0, "as an array of flags says");
	is_num(s.n, n, "and as many");
	for (k = 0; k < IDS; k++) {
		snprintf(id, sizeof(id), "id%zu", k);
		bad += idset_remove(&s, id) != real[k];
	}
	is_num(bad, 0, "all are found again");
	is_num(s.n, 0, "then it is empty");
	idset_free(&s);
}

/* --- reasons -------------------------------------------------------------- */

#define CUT "\342\200\246"

static const struct {
	const char *in, *out;
} reasons[] = {
	{ "", "" },
	{ "  ", "" },
	{ "plain words.", "plain words." },
	{ "550 5.7.1 no mail for that domain", "550 5.7.1 no mail for that "
					       "domain" },
	{ "(#4.4.2)", "(#4.4.2)" },
	{ "mx.a.test (192.0.2.1) said 450 4.2.0 <joe@a.test> try later.",
		CUT " (" CUT ") said 450 4.2.0 <" CUT "> try later." },
	{ "id 7F3A91C0: in 300 s", "id " CUT ": in 300 s" },
	{ "[2001:db8::1]:25 gone", "[" CUT " gone" },
	{ "see https://rbl.test/?ip=192.0.2.1.", "see https://rbl.test/" CUT
						 "." },
	{ "see http://rbl.test", "see http://rbl.test" },
	{ "said: <<>> ... !", "said: <<>> ... !" },
	{ "550-5.1.1 no", "550-5.1.1 no" },
	{ "a/b/", "a/b/" },
	{ "/a /b", "a b" },
	{ "TLSv1.3 failed", CUT " failed" },
	{ "queue 12 345678", "queue 12 " CUT },
	{ "\377\302\233 x", "\377\302\233 x" },
}, senders[] = {
	{ "Joe@A.test", "joe@a.test" },
	{ "<>", "<>" },
	{ "list-return-7-joe=a.test@b.test", "list-return-" CUT "@b.test" },
	{ "bounces+12-joe=a.test@b.test", "bounces+" CUT "@b.test" },
	{ "a=b@c.test", "a=b@c.test" },
	{ "x-@a=b", "x-@a=b" },
	{ "-=@a", "-" CUT "@a" },
	{ "", "" },
	{ "@", "@" },
	{ "=", "=" },
};

static void
test_reasons(void)
{
	struct str s = STR_INIT(1000);
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		str_clear(&s);
		reason_shape(&s, reasons[i].in);
		is_str(str_c(&s), reasons[i].out, "reason %zu", i);
	}
	for (i = 0; i < sizeof(senders) / sizeof(*senders); i++) {
		str_clear(&s);
		reason_sender(&s, senders[i].in);
		is_str(str_c(&s), senders[i].out, "sender %zu", i);
	}
	str_free(&s);
}

/* --- delays --------------------------------------------------------------- */

static void
test_delays(void)
{
	static struct counts c;
	size_t i, bad = 0;

	for (i = 1; i < COUNTS_DELAYS; i++)
		bad += counts_delay_ms(i) < counts_delay_ms(i - 1) ||
		       (i > 60 && counts_delay_ms(i) * 1000 >
					  counts_delay_ms(i - 1) * 1125);
	is_num(bad, 0, "each cell is an eighth longer at most");
	is_num(counts_delay_ms(60), 1000, "a second");
	is_num(counts_delay_ms(180), 1000000000, "11 days");
	is_num(counts_within_ms(&c, 50), 0, "nothing: 0");
	c.delay[20] = 94;
	c.delay[60] = 5;
	c.delay[100] = 1;
	is_num(counts_within_ms(&c, 50), 10, "half");
	is_num(counts_within_ms(&c, 95), 1000, "95%%");
	is_num(counts_within_ms(&c, 100), 100000, "all");
}

/* --- lines ---------------------------------------------------------------- */

enum { T0 = 1700000000 / 3600 * 3600 };

static struct counts c;

static void
line(int64_t t, const char *text)
{
	struct logs_line l = {
		.us = t ? (T0 + t) * 1000000 : 0, .name = "send", .text = text
	};

	counts_line(&c, &l);
}

static void
test_lines(void)
{
	const struct topk *t;
	struct logs_line torn = { .us = (int64_t)T0 * 1000000,
		.name = "send",
		.text = "info msg " ID ": bytes 1 from <a@b> qp",
		.torn = true };

	counts_init(&c, T0, T0 + 4 * 3600);
	is_num(c.hours, 4, "four hours");
	line(-1, "new msg " ID);
	line(4 * 3600, "new msg " ID);
	line(0, "new msg " ID);
	counts_line(&c, &torn);
	is_num(c.earlier, 1, "a line before it");
	is_num(c.later, 1, "a line after it");
	is_num(c.undated, 1, "a line without time");
	is_num(c.torn, 1, "a torn line");
	is_num(c.inqueue, 0, "none of them counts");
	/* a message that is there before the log begins */
	line(10, "starting delivery 5: msg " ID " to local x@y.test");
	line(20, "new msg " ID2);
	line(21, "info msg " ID2 ": bytes 99 from <A@b.test> qp 7 uid 0 "
		 "nrcpt=1");
	line(22, "starting delivery 6: msg " ID2 " to remote x@Y.test");
	line(30, "delivery 5: success: did_1+0+0/ to=x@y.test from=<a@b> "
		 "relay=- delay=0.050 delays=0/0/0/0 tls=- dsn=2.0.0 "
		 "status=sent");
	line(31, "end msg " ID);
	line(7200, "delivery 6: deferral: mx.y.test_(192.0.2.1)_said_450_no/ "
		   "to=x@Y.test from=<a@b> relay=mx.y.test[192.0.2.1]:25 "
		   "delay=7180.000 dsn=4.2.0 status=deferred");
	/* quill-send was started again */
	line(7201, "new msg " ID2);
	line(7202, "delivery 1: failure: no/ to=x@Y.test from=<a@b> "
		   "relay=mx.y.test[192.0.2.1]:25 delay=7182.000 dsn=5.1.1 "
		   "status=bounced");
	line(7203, "end msg " ID2);
	/* one of which only the end is told */
	line(7204, "end msg 00000000000000001");
	line(7204, "end msg 0000000000000001");
	line(7205, "quill-smtpd: refused pid=1 ip=192.0.2.9 helo=c from=<a@b> "
		   "to=<x@c> code=550 text=\"5.7.1 not %22here%22 <b@c>%00\" "
		   "what=RCPT");
	line(7206, "quill-smtpd: accepted pid=1 ip=192.0.2.9 id=x");
	line(7207, "quill-smtpd: session pid=1 ip=192.0.2.9");
	line(7208, "quill-smtpd: refused");
	line(7209, "delivery 9: success: to=evil/ to= relay= delay=zz");
	line(7210, "something else");
	line(7211, "delivery 9: success:");
	counts_end(&c, false);
	is_num(c.total[COUNTS_MESSAGES], 1, "messages");
	is_num(c.bytes, 99, "bytes");
	is_num(c.total[COUNTS_SENT], 2, "sent");
	is_num(c.total[COUNTS_DEFERRED], 1, "deferred");
	is_num(c.total[COUNTS_FAILED], 1, "failed");
	is_num(c.total[COUNTS_REFUSED], 1, "refused");
	is_num(c.accepted, 1, "accepted");
	is_num(c.sessions, 1, "sessions");
	is_num(c.took[0][0], 1, "50 ms, local");
	is_num(c.delay[34], 1, "in its cell");
	is_num(counts_within_ms(&c, 100), 51, "within");
	is_num(c.before, 2, "in the queue before");
	is_num(c.hour[0].most, 3, "the queue at first");
	is_num(c.hour[1].most, 2, "an hour of which nothing is told");
	is_num(c.hour[2].most, 2, "its most, not its last");
	is_num(c.hour[3].most, 0, "then it is empty");
	is_num(c.hour[2].n[COUNTS_FAILED], 1, "each in its hour");
	t = c.top[COUNTS_SENDERS];
	is_num(t->n, 1, "one sender");
	is_str(t->item[0].key, "a@b.test", "in lower case");
	is_num(t->item[0].more[0], 99, "its bytes");
	t = c.top[COUNTS_DESTINATIONS];
	is_str(t->item[0].key, "y.test", "a destination");
	is_num(t->item[0].count, 3, "its attempts");
	is_num(t->item[0].more[0], 1, "its deliveries");
	is_num(t->item[0].more[1], 1, "its deferrals");
	is_num(t->item[0].more[2], 1, "its failures");
	t = c.top[COUNTS_DEFERRALS];
	is_str(t->item[0].key, "4.2.0 " CUT " (" CUT ") said 450 no",
		"a deferral");
	t = c.top[COUNTS_REFUSALS];
	is_str(t->item[0].key, "550 5.7.1 not \"here\" <" CUT ">?",
		"a refusal");
	counts_free(&c);
}

static void
test_period(void)
{
	counts_init(&c, T0 - 1, T0 + 1);
	is_num(c.hours, 2, "parts of hours are hours");
	is_num(c.from, T0 - 3600, "from the first one's beginning");
	counts_free(&c);
	counts_init(&c, 0, T0);
	is_num(c.hours, COUNTS_HOURS, "no more than that");
	is_num(c.from, T0 - COUNTS_DAYS * (int64_t)86400, "the last ones");
	line(-7200, "quill-smtpd: refused pid=1");
	line(-7200, "quill-smtpd: refused pid=1 ip=2 code=5");
	counts_end(&c, true);
	is_num(c.hours, 2, "trimmed");
	is_num(c.from, T0 - 7200, "to where something is");
	is_num(c.hour[0].n[COUNTS_REFUSED], 2, "which is still there");
	counts_free(&c);
	counts_init(&c, T0, T0 - 5);
	is_num(c.hours, 1, "an end before the beginning: an hour");
	counts_end(&c, true);
	is_num(c.hours, 1, "stays");
	counts_free(&c);
}

int
main(void)
{
	test_topk();
	test_topk_exact();
	test_idset();
	test_reasons();
	test_delays();
	test_lines();
	test_period();
	return done_testing();
}
