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

/* TLS: what was said before it is forgotten, what counts against the client is
 * not. */
static void
test_tls(void)
{
	begin();
	conf.maxerrors = 10;
	conf.starttls = conf.auth = conf.authplain = true;
	say("EHLO c");
	code("bad", "500");
	is_num(say("AUTH PLAIN AGEAYg=="), EFFECT_AUTH, "AUTH");
	session_auth(&s, AUTH_GOOD, "a");
	is_num(say("STARTTLS"), EFFECT_TLS, "STARTTLS: is there one?");
	str_clear(&s.out);
	is_num(session_ready(&s, false), EFFECT_NONE, "no");
	is_str(str_c(&s.out), "454 4.7.0 TLS is not available now\r\n", "454");
	is_str(str_c(&s.user), "a", "nothing is forgotten");
	say("STARTTLS");
	str_clear(&s.out);
	is_num(session_ready(&s, true), EFFECT_HANDSHAKE, "yes: handshake");
	is_mem(s.out.s, 4, "220 ", 4, "220 goes out first");
	str_clear(&s.out);
	is_num(session_tls(&s, "V/C"), EFFECT_NONE, "it is done");
	is_num(s.out.len, 0, "without a word");
	is_num(s.helo.len + s.user.len, 0, "name and user are forgotten");
	code("MAIL FROM:<a@b>", "503");
	code("AUTH PLAIN AGEAYg==", "503");
	code("EHLO c", "250");
	is_num(s.errors, 4, "errors are not");
	end();

	begin();
	conf.starttls = true;
	say("EHLO c");
	say("STARTTLS");
	session_ready(&s, true);
	str_clear(&s.out);
	is_num(session_tls(&s, NULL), EFFECT_CLOSE, "no handshake: the end");
	is_num(s.out.len, 0, "nothing in plain text");
	is_str(s.end, "tls", "the log");
	end();

	begin();
	is_num(session_tls(&s, "V/C"), EFFECT_NONE, "TLS first");
	is_num(session_greet(&s), EFFECT_NONE, "then the greeting");
	end();
}

static void
test_auth(void)
{
	begin();
	conf.auth = true;
	session_tls(&s, "V/C");
	say("EHLO c");
	is_num(say("AUTH LOGIN"), EFFECT_NONE, "LOGIN");
	is_str(str_c(&s.out), "334 VXNlcm5hbWU6\r\n", "asks for the name");
	say("Ym9i");
	is_str(str_c(&s.out), "334 UGFzc3dvcmQ6\r\n", "and the password");
	is_num(say("c2VjcmV0"), EFFECT_AUTH, "then they are checked");
	is_str(str_c(&s.login), "bob", "name");
	is_str(str_c(&s.password), "secret", "password");
	str_clear(&s.out);
	session_auth(&s, AUTH_WRONG, "");
	is_str(str_c(&s.out), "535 5.7.8 wrong user name or password\r\n",
		"wrong");
	is_str(str_c(&s.login), "bob", "the name is there for the log");
	is_num(s.password.len, 0, "the password is not");
	ok(!memmem(s.password.s, s.password.cap, "secret", 6),
		"not even in memory");
	code("NOOP", "250");
	is_num(s.login.len, 0, "and the name goes");
	say("AUTH PLAIN AGJvYgBz");
	session_auth(&s, AUTH_LATER, "");
	code("MAIL FROM:<a@b>", "250");
	is_num(s.authfails, 1, "later is not wrong");
	code("RSET", "250");
	say("AUTH PLAIN AGJvYgBz");
	session_auth(&s, AUTH_WRONG, "");
	say("AUTH PLAIN AGJvYgBz");
	str_clear(&s.out);
	is_num(session_auth(&s, AUTH_WRONG, ""), EFFECT_CLOSE, "three wrong");
	is_mem(s.out.s, 3, "535", 3, "the last one is told, too");
	end();

	begin();
	conf.auth = conf.submission = true;
	session_tls(&s, "V/C");
	say("EHLO c");
	code("MAIL FROM:<a@b>", "530");
	is_num(session_line(&s, "AUTH PLAIN", 10, true), EFFECT_CLOSE,
		"input after AUTH closes");
	end();
	begin();
	conf.auth = conf.submission = true;
	session_tls(&s, "V/C");
	say("EHLO c");
	say("AUTH PLAIN");
	is_num(session_timeout(&s), EFFECT_CLOSE, "timeout in the exchange");
	end();
	begin();
	conf.auth = true;
	session_tls(&s, "V/C");
	say("EHLO c");
	say("AUTH LOGIN");
	is_num(session_longline(&s), EFFECT_NONE, "too long a response");
	code("NOOP", "250");
	end();

	begin();
	conf.auth = true;
	session_tls(&s, "V/C");
	say("EHLO c");
	code("AUTH LOGIN", "334");
	code("*", "501");
	code("AUTH PLAIN", "334");
	code("*", "501");
	code("AUTH CRAM-MD5", "504");
	code("AUTH LOGIN", "334");
	end();
}

static void
test_asked(void)
{
	static const struct answer no = { 550, "5.7.1", "no" };
	static const struct answer yes = { 0 };

	begin();
	conf.vrfy = conf.etrn = true;
	say("EHLO first");
	say("MAIL FROM:<a@b>");
	is_num(session_line(&s, "HELO second", 11, false), EFFECT_HELO,
		"HELO asks policy");
	session_answer(&s, &no);
	is_str(str_c(&s.helo), "first", "refused: the old name stays");
	is_num(s.mail && s.esmtp, 1, "and the transaction");
	code("HELO second", "250");
	is_str(str_c(&s.helo), "second", "taken");
	code("RCPT TO:<a@b>", "503");
	is_num(session_line(&s, "VRFY <a.b@c>", 12, false), EFFECT_VRFY,
		"VRFY");
	str_clear(&s.out);
	session_answer(&s, &yes);
	is_str(str_c(&s.out), "250 2.1.5 <a.b@c>\r\n", "there it is");
	session_line(&s, "EXPN a.b@c", 10, false);
	str_clear(&s.out);
	session_answer(&s, &no);
	is_str(str_c(&s.out), "550 5.7.1 no\r\n", "not there");
	is_num(session_line(&s, "ETRN d.example", 14, false), EFFECT_ETRN,
		"ETRN");
	is_str(str_c(&s.arg), "d.example", "of that domain");
	str_clear(&s.out);
	session_answer(&s, &yes);
	is_mem(s.out.s, 3, "250", 3, "done");
	end();
}

static void
test_received(void)
{
	struct str r = STR_INIT(2000);

	begin();
	conf.auth = true;
	conf.hideclient = true;
	conf.remoteip = "192.0.2.1";
	session_tls(&s, "TLSv1.3/X client CN=a(b)\\c");
	say("EHLO c");
	say("MAIL FROM:<a@b> SMTPUTF8");
	say("RCPT TO:<c@d>");
	session_received(&s, 0, &r);
	is_str(str_c(&r),
		"Received: from c ([192.0.2.1])\n"
		"  by mx.example with UTF8SMTPS\n"
		"  (TLSv1.3/X client CN=a?b??c)\n"
		"  for <c@d>; 1 Jan 1970 00:00:00 -0000\n",
		"TLS, SMTPUTF8");
	say("RSET");
	say("AUTH PLAIN AGJvYgBz");
	session_auth(&s, AUTH_GOOD, "bob");
	say("MAIL FROM:<a@b>");
	say("RCPT TO:<c@d>");
	str_clear(&r);
	session_received(&s, 0, &r);
	is_str(str_c(&r),
		"Received: by mx.example with ESMTPSA\n"
		"  (TLSv1.3/X client CN=a?b??c)\n"
		"  for <c@d>; 1 Jan 1970 00:00:00 -0000\n",
		"AUTH, the client hidden");
	end();
	str_free(&r);
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
	test_tls();
	test_auth();
	test_asked();
	test_received();
	test_verbs();
	return done_testing();
}
