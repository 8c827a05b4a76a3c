/* SPDX-License-Identifier: 0BSD */
#include "smtpd/session.h"
#include "smtpd/verbs.h"

#include "tap.h"

static struct conf conf;
static struct session s;

static void
begin(void)
{
	conf = (struct conf){ .maxrcpt = 3, .maxerrors = 4 };
	str_init(&conf.me, 255);
	str_puts(&conf.me, "mx.example");
	str_c(&conf.me);
	str_init(&conf.greeting, 255);
	str_puts(&conf.greeting, "mx.example hi");
	session_init(&s, &conf);
	is_num(session_greet(&s), EFFECT_NONE, "greeting: commands may come");
	is_str(str_c(&s.out), "220 mx.example hi ESMTP\r\n", "greeting");
	str_clear(&s.out);
}

static void
end(void)
{
	session_free(&s);
	str_free(&conf.me);
	str_free(&conf.greeting);
}

/* One line; the answers of a policy that takes all. */
static enum effect
say(const char *line)
{
	static const struct answer yes = { 0 };
	enum effect e;

	str_clear(&s.out);
	e = session_line(&s, line, strlen(line), false);
	if (e == EFFECT_HELO || e == EFFECT_SENDER || e == EFFECT_RCPT)
		e = session_answer(&s, &yes);
	return e;
}

static void
code(const char *line, const char *want)
{
	say(line);
	is_mem(s.out.s, s.out.len < 3 ? s.out.len : 3, want, 3, "%s -> %s",
		line, want);
}

static struct qverdict
verdict(enum status_class class, int smtp)
{
	return (struct qverdict){ .class = class,
		.smtp = smtp,
		.enhanced = smtp == 250 ? "2.0.0" : "4.3.0",
		.text = "words\r\nof \001\200 somebody",
		.pid = 77,
		.id = "0123456789abcdef" };
}

static void
test_transaction(void)
{
	struct data good = { .state = DATA_END }, bad = good;
	struct qverdict v = verdict(STATUS_ACCEPTED, 250);

	begin();
	conf.maxerrors = 0;
	code("EHLO c", "250");
	code("MAIL FROM:<a@b>", "250");
	code("RCPT TO:<c@d>", "250");
	code("RCPT TO:<\"e f\"@d>", "250");
	is_mem(s.rcpts.s, s.rcpts.len, "c@d\0e f@d", 10, "recipients");
	is_num(say("DATA"), EFFECT_OPEN, "DATA: the queue is started");
	is_num(session_opened(&s, true), EFFECT_DATA, "then data is read");
	is_num(session_data(&s, &good), EFFECT_COMMIT, "then committed");
	str_clear(&s.out);
	is_num(session_verdict(&s, &v, 1234), EFFECT_NONE, "then replied");
	is_str(str_c(&s.out), "250 2.0.0 ok 1234 qp 77 id 0123456789abcdef\r\n",
		"reply");
	is_num(s.nrcpt, 2, "what was queued is still there for the log");
	code("RCPT TO:<c@d>", "503");
	is_num(s.nrcpt, 0, "and gone with the next command");

	code("MAIL FROM:<a@b>", "250");
	code("RCPT TO:<c@d>", "250");
	is_num(say("DATA"), EFFECT_OPEN, "again");
	str_clear(&s.out);
	is_num(session_opened(&s, false), EFFECT_NONE, "no queue");
	is_str(str_c(&s.out), "451 4.3.0 unable to start the queue program\r\n",
		"said so");
	code("RCPT TO:<c@d>", "503");

	code("MAIL FROM:<a@b>", "250");
	code("RCPT TO:<c@d>", "250");
	say("DATA");
	session_opened(&s, true);
	bad.bad = DATA_BARELF | DATA_TOOBIG;
	str_clear(&s.out);
	is_num(session_data(&s, &bad), EFFECT_NONE, "bad data: no commit");
	is_num(s.refused, 552, "refused");
	end();
}

static void
test_verdict(void)
{
	struct data good = { .state = DATA_END };
	struct qverdict v = verdict(STATUS_TEMPORARY, 451);

	begin();
	say("EHLO c");
	say("MAIL FROM:<a@b>");
	say("RCPT TO:<c@d>");
	say("DATA");
	session_opened(&s, true);
	session_data(&s, &good);
	str_clear(&s.out);
	session_verdict(&s, &v, 0);
	is_str(str_c(&s.out), "451 4.3.0 words??of ?? somebody\r\n",
		"words of a program cannot make a second line");
	is_num(s.nmessages, 0, "not a message");
	end();
}

static void
test_policy(void)
{
	static const struct answer no = { 550, "5.1.1", "nobody" };

	begin();
	say("EHLO c");
	is_num(session_line(&s, "MAIL FROM:<a@b>", 15, false), EFFECT_SENDER,
		"MAIL asks policy");
	str_clear(&s.out);
	session_answer(&s, &no);
	is_str(str_c(&s.out), "550 5.1.1 nobody\r\n", "its words");
	is_str(str_c(&s.from), "a@b", "the sender is there for the log");
	code("RCPT TO:<c@d>", "503");
	is_num(s.from.len, 0, "and then gone");
	say("MAIL FROM:<a@b>");
	is_num(session_line(&s, "RCPT TO:<c@d>", 13, false), EFFECT_RCPT,
		"RCPT asks policy");
	str_puts(&s.rcpt, ".rewritten");
	session_answer(&s, &(struct answer){ 0 });
	is_mem(s.rcpts.s, s.rcpts.len, "c@d.rewritten", 14, "it may rewrite");
	end();
}

static void
test_limits(void)
{
	char line[300];

	begin();
	code("EHLO c", "250");
	code("a", "500");
	code("b", "500");
	is_num(session_longline(&s), EFFECT_NONE, "a long line is an error");
	is_num(say("d"), EFFECT_CLOSE, "the fourth error closes");
	is_str(str_c(&s.out), "421 4.7.0 too many errors\r\n", "and says why");
	is_str(s.end, "errors", "and logs it");
	end();

	begin();
	conf.maxerrors = 0;
	conf.maxcommands = 3;
	say("EHLO c");
	say("MAIL FROM:<a@b>");
	for (int i = 0; i < 10; i++) {
		snprintf(line, sizeof line, "RCPT TO:<c%d@d>", i);
		code(line, i < 3 ? "250" : "452");
		is_num(s.refused, i == 3 ? 452 : 0, "logged once");
	}
	code("NOOP", "250");
	is_num(say("NOOP"), EFFECT_CLOSE, "too many commands");
	is_str(s.end, "commands", "commands");
	end();

	begin();
	is_num(session_timeout(&s), EFFECT_CLOSE, "timeout closes");
	is_str(str_c(&s.out), "421 4.4.2 timeout\r\n", "with 421");
	end();
	begin();
	is_num(session_line(&s, "EHLO c", 6, true), EFFECT_CLOSE,
		"input before EHLO's reply closes");
	is_str(str_c(&s.out), "554 5.5.0 input came before its turn\r\n",
		"with 554");
	end();
	begin();
	is_num(session_line(&s, "RSET", 4, true), EFFECT_NONE,
		"input after RSET does not");
	end();
}

static void
test_verbs(void)
{
	ok(verb_find("ehlo", 4), "verb in any case");
	ok(!verb_find("EHL", 3) && !verb_find("EHLOX", 5) && !verb_find("", 0),
		"whole words only");
}

int
main(void)
{
	test_transaction();
	test_verdict();
	test_policy();
	test_limits();
	test_verbs();
	return done_testing();
}
