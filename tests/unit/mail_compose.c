/* SPDX-License-Identifier: 0BSD */
/* with mail/qualify and mail/fullname */
#include "mail/compose.h"

#include "mail/fullname.h"
#include "tap.h"

#define DATE "Date: Fri, 20 Nov 2026 07:22:00 +0000\n"
#define ID   "Message-ID: <20261120072200.u.quill@id.test>\n"
#define FROM "From: joe@dh.dd.test\n"
#define CC   "Cc: recipient list not shown: ;\n"

static const char *
host(void *arg, enum qualify_host which)
{
	static const char *const names[] = { "dh", "dd.test", "pd.test",
		"id.test" };

	(void)arg;
	return names[which];
}

static void
setup(struct compose *c)
{
	memset(c, 0, sizeof *c);
	c->hosts.host = host;
	c->now = 1795159320;
	c->unique = "u";
	c->user = "joe";
	c->use_rcpt = c->use_sender = true;
}

/* letters: f drop From, i drop Message-ID, a recipients are arguments,
 * o only_complete */
static const struct {
	const char *what, *letters, *in, *head, *rcpts;
} table[] = {
	{ "nothing", "", "", DATE ID FROM CC, "" },
	{ "To", "", "To: a\n", DATE ID FROM "To: a@dh.dd.test\n",
		"a@dh.dd.test " },
	{ "all there", "",
		"From: x@y.z\nSubject:  s\n  t\nDate:\n"
		"mEssage-iD: <1>\nCC: b@c.d\n",
		"From: x@y.z\nSubject:  s\n  t\nDate:\nmEssage-iD: <1>\n"
		"CC: b@c.d\n",
		"b@c.d " },
	{ "order and other fields are kept", "",
		"X-A: (\nTo: a@b.c\nX-B:\nX-A: 2\n",
		DATE ID FROM "X-A: (\nTo: a@b.c\nX-B:\nX-A: 2\n", "a@b.c " },
	{ "Bcc goes", "", "To: a@b.c\nBcc: d@e.f\nBCC: g@h.i\n",
		DATE ID FROM "To: a@b.c\n", "a@b.c d@e.f g@h.i " },
	{ "Bcc alone", "", "Bcc: d@e.f\n", DATE ID FROM CC, "d@e.f " },
	{ "Apparently-To", "", "Apparently-To: d\n",
		DATE ID FROM CC "Apparently-To: d@dh.dd.test\n",
		"d@dh.dd.test " },
	{ "Return-Path, Content-Length go", "",
		"Return-Path: <x>\nContent-Length: 3\nTo: a@b.c\n",
		DATE ID FROM "To: a@b.c\n", "a@b.c " },
	{ "no last LF", "", "To: a@b.c\nX: y", DATE ID FROM "To: a@b.c\nX: y\n",
		"a@b.c " },
	{ "no last LF in a list", "", "To: a@b.c", DATE ID FROM "To: a@b.c\n",
		"a@b.c " },
	{ "CRLF", "", "To: a@b.c,\r\n d\r\nX: y\rz\r\n\r\n",
		DATE ID FROM "To: a@b.c,\n d@dh.dd.test\nX: y\rz\n",
		"a@b.c d@dh.dd.test " },
	{ "CRs before a line end", "", "To: a@b.c\r\r\nX: \r\r\ny\r\r\n",
		DATE ID FROM "To: a@b.c\nX: \n", "a@b.c " },
	{ "host names", "", "To: a@b, c@d+, e@+, f@g., h@i.j., k@[1.2.3.4]\n",
		DATE ID FROM "To: a@b.dd.test, c@d.pd.test, e@pd.test, "
			     "f@g.dd.test, h@i.j, k@[1.2.3.4]\n",
		"a@b.dd.test c@d.pd.test e@pd.test f@g.dd.test h@i.j "
		"k@[1.2.3.4] " },
	{ "names are kept", "", "To: A <a> (x), g: \"B, C\" <b>;\n",
		DATE ID FROM "To: A <a@dh.dd.test> (x), "
			     "g: \"B, C\" <b@dh.dd.test>;\n",
		"a@dh.dd.test b@dh.dd.test " },
	{ "all kinds of lists", "",
		"From: a\nSender: a\nReply-To: a\nErrors-To: a\n"
		"Return-Receipt-To: a\nDisposition-Notification-To: a\n"
		"Mail-Followup-To: a\nTo: a@b.c\n",
		DATE ID "From: a@dh.dd.test\nSender: a@dh.dd.test\n"
			"Reply-To: a@dh.dd.test\nErrors-To: a@dh.dd.test\n"
			"Return-Receipt-To: a@dh.dd.test\n"
			"Disposition-Notification-To: a@dh.dd.test\n"
			"Mail-Followup-To: a@dh.dd.test\nTo: a@b.c\n",
		"a@b.c " },
	{ "an empty To is a To", "", "To:\n", DATE ID FROM "To:\n", "" },
	{ "the null address is no recipient", "", "To: <>, a@b.c\n",
		DATE ID FROM "To: <>, a@b.c\n", "a@b.c " },
	{ "a broken To stays", "a", "To: a, <b\nTo: c\n",
		DATE ID FROM "To: a, <b\nTo: c@dh.dd.test\n", "c@dh.dd.test " },
	{ "a broken Bcc goes", "a", "Bcc: a, <b\nTo: c\n",
		DATE ID FROM "To: c@dh.dd.test\n", "c@dh.dd.test " },
	{ "a broken From stays", "", "From: a, <b\nTo: c\n",
		DATE ID "From: a, <b\nTo: c@dh.dd.test\n", "c@dh.dd.test " },
	{ "letters f, i", "fi", "Message-ID: x\nFrom: x\nTo: a@b.c\n",
		DATE ID FROM "To: a@b.c\n", "a@b.c " },
	{ "mbox line", "", "From x Thu\nTo: a@b.c\n",
		DATE ID FROM "To: a@b.c\n", "a@b.c " },
	{ "sent again", "", "Resent-To: r\nFrom: x@y.z\nTo: a\nBcc: b\n",
		"Resent-" DATE "Resent-" ID "Resent-" FROM
		"Resent-To: r@dh.dd.test\nFrom: x@y.z\nTo: a@dh.dd.test\n",
		"r@dh.dd.test " },
	{ "sent again by Bcc", "", "From: x@y.z\nResent-Bcc: r\n",
		"Resent-" DATE "Resent-" ID "Resent-" FROM "Resent-" CC
		"From: x@y.z\n",
		"r@dh.dd.test " },
	{ "sent again, a field behind To", "",
		"From: x@y.z\nTo: <\nresent-sender: s\nResent-cc: r@s.t\n"
		"Resent-Date: d\nResent-Message-ID: m\nResent-From: f\n",
		"From: x@y.z\nTo: <\nresent-sender: s@dh.dd.test\n"
		"Resent-cc: r@s.t\nResent-Date: d\nResent-Message-ID: m\n"
		"Resent-From: f@dh.dd.test\n",
		"r@s.t " },
	{ "sent again, letters f, i", "fi",
		"From: x@y.z\nMessage-ID: m\nResent-From: f\n"
		"Resent-Message-ID: n\nResent-To: r@s.t\n",
		"Resent-" DATE "Resent-" ID "Resent-" FROM
		"From: x@y.z\nMessage-ID: m\nResent-To: r@s.t\n",
		"r@s.t " },
	{ "a submission", "o",
		"Return-Path: <x>\nContent-Length: 3\nBcc: b\nSubject: x\n",
		DATE ID FROM "Return-Path: <x@dh.dd.test>\nContent-Length: 3\n"
			     "Bcc: b@dh.dd.test\nSubject: x\n",
		"b@dh.dd.test " },
};

static void
row(size_t i)
{
	struct compose c;
	const char *letters = table[i].letters, *in = table[i].in;

	setup(&c);
	c.drop_from = strchr(letters, 'f') != NULL;
	c.drop_id = strchr(letters, 'i') != NULL;
	c.use_rcpt = strchr(letters, 'a') == NULL;
	c.only_complete = strchr(letters, 'o') != NULL;
	ok(compose_header(&c, in, strlen(in)), "%s: good", table[i].what);
	is_str(str_c(&c.head), table[i].head, "%s: header", table[i].what);
	for (size_t j = 0; j < c.rcpts.len; j++)
		if (c.rcpts.s[j] == '\0')
			c.rcpts.s[j] = ' ';
	is_str(str_c(&c.rcpts), table[i].rcpts, "%s: recipients",
		table[i].what);
	compose_free(&c);
}

static const struct {
	const char *in, *field, *error;
	bool rcpt, sender;
} bad[] = {
	{ "To: a <b\n", "To", "unbalanced < >", true, true },
	{ "X: y\ncC: a@b.c, (d\n", "cC", "unbalanced ( )", true, true },
	{ "Bcc: \"\n", "Bcc", "\" without its end", true, false },
	{ "Apparently-To: a;\n", "Apparently-To", "misplaced : or ;", true,
		false },
	{ "Resent-To: a\nResent-Bcc: <a\n", "Resent-Bcc", "unbalanced < >",
		true, false },
	{ "Return-Path: <a\n", "Return-Path", "unbalanced < >", false, true },
	{ "Return-Path: <\n", NULL, NULL, true, false },
	{ "To: <\n", NULL, NULL, false, true },
	{ "Resent-To: a\nTo: <\n", NULL, NULL, true, true },
};

static void
errors(void)
{
	struct compose c;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		setup(&c);
		c.use_rcpt = bad[i].rcpt;
		c.use_sender = bad[i].sender;
		is_num(compose_header(&c, bad[i].in, strlen(bad[i].in)),
			bad[i].field == NULL, "bad %zu", i);
		is_str(c.errfield.len > 0 ? str_c(&c.errfield) : NULL,
			bad[i].field, "bad %zu: field", i);
		is_str(c.error, bad[i].error, "bad %zu: reason", i);
		compose_free(&c);
	}
}

static const struct {
	const char *in;
	bool has;
	const char *sender;
} senders[] = {
	{ "To: a\n", false, "" },
	{ "Return-Path: <a@b.c>\n", true, "a@b.c" },
	{ "Return-Path: a\n", true, "a@dh.dd.test" },
	{ "Return-Path: <>\n", true, "" },
	{ "Return-Path:\n", false, "" },
	{ "Return-Path: (x)\nReturn-Path: <a@b.c>\nReturn-Path: <d@e.f>\n",
		true, "a@b.c" },
};

static void
sender(void)
{
	struct compose c;

	for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
		setup(&c);
		ok(compose_header(&c, senders[i].in, strlen(senders[i].in)),
			"sender %zu", i);
		is_num(c.has_sender, senders[i].has, "sender %zu: is there", i);
		is_str(str_c(&c.sender), senders[i].sender, "sender %zu", i);
		compose_free(&c);
	}
}

static const struct {
	const char *user, *host, *name;
	bool comment;
	const char *from;
} froms[] = {
	{ "joe", "x.y", NULL, false, "From: joe@x.y\n" },
	{ "joe", "x.y", "", true, "From: joe@x.y\n" },
	{ "joe", "x", "Joe User", false, "From: Joe User <joe@x.dd.test>\n" },
	{ "joe", "x+", "Joe Q. User", false,
		"From: \"Joe Q. User\" <joe@x.pd.test>\n" },
	{ "joe", NULL, "a\"b\\c", false,
		"From: \"a\\\"b\\\\c\" <joe@dh.dd.test>\n" },
	{ "joe", "x.y", "Joe (x) \\", true,
		"From: joe@x.y (Joe \\(x\\) \\\\)\n" },
	{ "joe", "x.y", "J\nBcc: x", false, "From: \"J Bcc: x\" <joe@x.y>\n" },
	{ "joe", "x.y", "J\nBcc: x", true, "From: joe@x.y (J Bcc: x)\n" },
	{ "j e", "x.y", NULL, false, "From: \"j e\"@x.y\n" },
	{ "j\ne", "x\n.y", NULL, false, "From: j_e@x_.y\n" },
	{ "joe", "[1.2.3.4]", NULL, false, "From: joe@[1.2.3.4]\n" },
	{ "joe", "x.y", "J\303\266rg (x)", false,
		"From: =?utf-8?q?J=C3=B6rg_=28x=29?= <joe@x.y>\n" },
	{ "joe", "x.y", "J\303\266rg", true,
		"From: joe@x.y (=?utf-8?q?J=C3=B6rg?=)\n" },
	{ "joe", "x.y", "J\366\nrg", false,
		"From: =?unknown-8bit?q?J=F6_rg?= <joe@x.y>\n" },
	{ "joe", "x.y", "\303", false,
		"From: =?unknown-8bit?q?=C3?= <joe@x.y>\n" },
};

static void
from(void)
{
	struct compose c;
	const char *start;

	for (size_t i = 0; i < sizeof froms / sizeof froms[0]; i++) {
		setup(&c);
		c.user = froms[i].user;
		c.host = froms[i].host;
		c.name = froms[i].name;
		c.comment_from = froms[i].comment;
		ok(compose_header(&c, "To: a\n", 6), "From %zu", i);
		str_cut(&c.head, c.head.len - strlen("To: a@dh.dd.test\n"));
		start = strstr(str_c(&c.head), "From:");
		is_str(start, froms[i].from, "From %zu", i);
		compose_free(&c);
	}
}

/* Long names: no encoded-word over 75 characters, no character cut. */
static void
long_name(void)
{
	struct str name = STR_INIT(0), out = STR_INIT(0);
	bool good = true;

	for (int i = 0; i < 100; i++)
		str_puts(&name, "\342\202\254 ");
	fullname_phrase(&out, str_c(&name));
	str_c(&out);
	for (char *p = strtok(out.s, " "); p; p = strtok(NULL, " "))
		if (strlen(p) > 75 || strncmp(p, "=?utf-8?q?", 10) != 0 ||
			strcmp(p + strlen(p) - 2, "?=") != 0 ||
			(p[10] != '_' && strncmp(p + 10, "=E2", 3) != 0))
			good = false;
	ok(good, "a long name is cut between characters");
	str_free(&name);
	str_free(&out);
}

static void
followup(void)
{
	struct compose c;
	struct map lists;
	const char *in = "To: List@L.test, X <a@b.c>\nCc: A@B.C, d\n";

	map_init(&lists);
	map_put(&lists, "list@l.test", 11, "", 0);
	setup(&c);
	c.lists = &lists;
	ok(compose_header(&c, in, strlen(in)), "a list");
	ok(strstr(str_c(&c.head), "\nMail-Followup-To: List@L.test,\n\ta@b.c,"
				  "\n\td@dh.dd.test\n") != NULL,
		"everybody once");
	compose_free(&c);
	setup(&c);
	c.lists = &lists;
	in = "To: other@l.test\nBcc: list@l.test\n";
	ok(compose_header(&c, in, strlen(in)), "no list");
	ok(strstr(str_c(&c.head), "Mail-Followup-To") == NULL, "no field");
	compose_free(&c);
	setup(&c);
	c.lists = &lists;
	in = "To: list@l.test\nMail-Followup-To: x@y.z\n";
	ok(compose_header(&c, in, strlen(in)), "with the field");
	ok(strstr(str_c(&c.head), "list@l.test,") == NULL &&
			strstr(str_c(&c.head), "Mail-Followup-To: x@y.z\n") !=
				NULL,
		"it stays");
	compose_free(&c);
	map_free(&lists);
}

static void
too_long(void)
{
	struct compose c;
	char user[1100];

	memset(user, 'x', sizeof user - 1);
	user[sizeof user - 1] = '\0';
	setup(&c);
	c.user = user;
	ok(!compose_header(&c, "To: a\n", 6), "a user name of 1099 bytes");
	is_str(c.error, "address too long", "is said to be that");
	compose_free(&c);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		row(i);
	errors();
	sender();
	from();
	long_name();
	followup();
	too_long();
	return done_testing();
}
