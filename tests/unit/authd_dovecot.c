/* SPDX-License-Identifier: 0BSD */
/* What quill-authd says to Dovecot, and makes of its answers. */
#include "authd/dovecot.h"

#include "tap.h"

static const struct authreq q = { "joe", "pw", "192.0.2.1", "submission",
	true };
static struct str s = STR_INIT(8192);

#define ANSWER(line, want, wantwhy, wantuser)                                  \
	do {                                                                   \
		enum authreq_class class;                                      \
		const char *why = dovecot_answer(line, &q, &class, &s);        \
		is_str(why, wantwhy, "%s", line);                              \
		if (why && !*why) {                                            \
			is_num(class, want, "class");                          \
			if (class == AUTHREQ_YES)                              \
				is_str(str_c(&s), wantuser, "user");           \
		}                                                              \
	} while (0)

int
main(void)
{
	static char big[AUTHREQ_PASSWORD_MAX + 1], tabs[AUTHREQ_USER_MAX + 1];
	struct authreq odd = q;

	ok(dovecot_request(&s, &q, 77), "request");
	is_str(str_c(&s),
		"VERSION\t1\t2\nCPID\t77\nAUTH\t1\tPLAIN\tservice=smtp"
		"\trip=192.0.2.1\tsecured\tnologin\tresp=AGpvZQBwdw==\n",
		"as Dovecot wants it");
	odd.client = "a\tb\nc\1d";
	odd.tls = false;
	str_clear(&s);
	dovecot_request(&s, &odd, 77);
	is_str(str_c(&s),
		"VERSION\t1\t2\nCPID\t77\nAUTH\t1\tPLAIN\tservice=smtp"
		"\trip=a\1tb\1nc\1"
		"1d\tnologin\tresp=AGpvZQBwdw==\n",
		"nothing ends a field");
	memset(big, '\t', sizeof big - 1);
	memset(tabs, '\1', sizeof tabs - 1);
	odd.password = big;
	odd.user = tabs;
	str_clear(&s);
	ok(dovecot_request(&s, &odd, 77), "the longest");

	ANSWER("VERSION\t1\t2", 0, NULL, "");
	ANSWER("VERSION\t2\t0", 0, "it speaks another protocol", "");
	ANSWER("MECH\tPLAIN\tplaintext", 0, NULL, "");
	ANSWER("DONE", 0, NULL, "");
	ANSWER("", 0, NULL, "");
	ANSWER("OK\t1\tuser=Joe", AUTHREQ_YES, "", "Joe");
	ANSWER("OK\t1\tx=y\tuser=j\1te\tz", AUTHREQ_YES, "", "j\te");
	ANSWER("OK\t1\tuser=j\1", AUTHREQ_YES, "", "j\1");
	ANSWER("OK\t1", AUTHREQ_YES, "", "joe");
	ANSWER("OK\t1\txuser=ann", AUTHREQ_YES, "", "joe");
	ANSWER("OK\t12\tuser=ann", 0, NULL, "");
	ANSWER("OK\t2\tuser=ann", 0, NULL, "");
	ANSWER("FAIL\t1\tuser=joe", AUTHREQ_NO, "", "");
	ANSWER("FAIL\t1", AUTHREQ_NO, "", "");
	ANSWER("FAIL\t1\tuser=joe\ttemp", 0, "it has a temporary problem", "");
	ANSWER("FAIL\t1\tcode=temp_fail", 0, "it has a temporary problem", "");
	ANSWER("FAIL\t1\treason=temp\ttempo=1\tcode=x", AUTHREQ_NO, "", "");
	ANSWER("CONT\t1\tabc", 0, "it wants to be told more", "");
	return done_testing();
}
