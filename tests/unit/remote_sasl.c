/* SPDX-License-Identifier: 0BSD */
#include "remote/sasl.h"

#include "tap.h"

static const struct {
	const char *line;
	bool good;
} lines[] = {
	{ "Relay.example joe secret", true },
	{ "relay.example/Boss@lists.example boss two  words", true },
	{ "relay.example/@Lists.example\tlists\tpw", true },
	{ "192.0.2.1 j p", true },
	{ "relay.example/@xn--mnchen-3ya.example m p", true },
	{ "relay.example/@m\303\274nchen.example m p", false },
	{ "relay.example joe", false },
	{ "relay.example joe ", false },
	{ "relay.example", false },
	{ "relay.example joe se\001cret", false },
};

static const struct {
	const char *relay, *sender, *user, *password;
} find[] = {
	{ "relay.example", "a@b", "joe", "secret" },
	{ "relay.example", "", "joe", "secret" },
	{ "relay.example", "x@lists.EXAMPLE", "lists", "pw" },
	{ "relay.example", "boss@lists.example", "boss", "two  words" },
	{ "192.0.2.1", "boss@lists.example", "j", "p" },
	{ "relay.example", "a@m\303\274nchen.example", "m", "p" },
	{ "other.example", "boss@lists.example", NULL, NULL },
	{ "lists.example", "a@b", NULL, NULL },
};

static const struct {
	const char *in;
	unsigned want;
} mechanisms[] = {
	{ "", 0 },
	{ "PLAIN", SASL_PLAIN },
	{ "login plain", SASL_PLAIN | SASL_LOGIN },
	{ "CRAM-MD5  LOGIN ", SASL_LOGIN },
	{ "XPLAIN PLAINX", 0 },
};

int
main(void)
{
	static struct str out = STR_INIT(2000);
	struct sasl a;
	static struct bykey b;
	char line[2000];
	size_t i;

	bykey_init(&b);
	ok(!sasl_find(&b, "relay.example", "a@b", &a), "without a file");
	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		strcpy(line, lines[i].line);
		is_num(!sasl_add(&b, line), lines[i].good, "\"%s\"",
			lines[i].line);
	}
	memset(line, 'x', sizeof line);
	memcpy(line, "r u ", 4);
	line[4 + SASL_MAX] = 0;
	ok(sasl_add(&b, line) != NULL, "a password that is too long");
	for (i = 0; i < sizeof find / sizeof *find; i++) {
		bool found = sasl_find(&b, find[i].relay, find[i].sender, &a);

		is_num(found, find[i].user != NULL, "%s for <%s>",
			find[i].relay, find[i].sender);
		if (found) {
			is_str(a.user, find[i].user, "user");
			is_str(a.password, find[i].password, "password");
		}
	}
	for (i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++)
		is_num(sasl_mechanisms(
			       mechanisms[i].in, strlen(mechanisms[i].in)),
			mechanisms[i].want, "\"%s\"", mechanisms[i].in);
	/* RFC 4616 4 */
	strcpy(a.user, "tim");
	strcpy(a.password, "tanstaaftanstaaf");
	sasl_plain(&out, &a);
	is_str(str_c(&out), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "PLAIN");
	return done_testing();
}
