/* SPDX-License-Identifier: 0BSD */
#include "smtpd/policy.h"

#include <unistd.h>

#include "lib/control.h"
#include "tap.h"

static char dir[] = "/tmp/quill-policy.XXXXXX";
static struct conf conf;

static void
put(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (!text) {
		unlink(path);
		return;
	}
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static void
rcpt(const char *addr, int code, const char *becomes)
{
	struct policy p;
	struct str r = STR_INIT(1000);
	struct answer a;

	policy_init(&p, &conf);
	str_puts(&r, addr);
	a = policy_rcpt(&p, &r);
	is_num(a.code, code, "%s -> %d", addr, code);
	if (becomes)
		is_str(str_c(&r), becomes, "%s becomes", addr);
	str_free(&r);
	policy_free(&p);
}

static void
sender(const char *addr, int code)
{
	struct policy p;
	struct str s = STR_INIT(1000);

	policy_init(&p, &conf);
	str_puts(&s, addr);
	is_num(policy_sender(&p, &s).code, code, "<%s> -> %d", addr, code);
	str_free(&s);
	policy_free(&p);
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 99;
	control_init(dir);
	str_init(&conf.me, 255);
	str_puts(&conf.me, "Me.example");
	str_c(&conf.me);

	/* without rcpthosts: our own names only */
	rcpt("a@me.EXAMPLE", 0, "a@me.EXAMPLE");
	rcpt("a@other.example", 550, NULL);
	rcpt("postmaster", 0, "postmaster@Me.example");
	rcpt("POSTMASTER", 0, "POSTMASTER@Me.example");
	rcpt("postmaster@other.example", 550, NULL);
	rcpt("nobody", 553, NULL);
	put("locals", "Here.example\n");
	put("virtualdomains", "v.example:x\n.w.example:x\n:all\nu@o.example:x\n"
			      "no.w.example:\n");
	rcpt("a@me.example", 550, NULL);
	rcpt("a@here.example", 0, NULL);
	rcpt("a@v.example", 0, NULL);
	rcpt("a@x.v.example", 550, NULL);
	rcpt("a@x.y.w.example", 0, NULL);
	rcpt("a@w.example", 550, NULL);
	rcpt("a@no.w.example", 550, NULL);
	rcpt("U@O.example", 0, NULL);
	rcpt("a@o.example", 550, NULL);
	rcpt("a@", 550, NULL);

	put("rcpthosts", "r.example\n.s.example\n[192.0.2.5]\n");
	rcpt("a@here.example", 550, NULL);
	rcpt("a@R.example", 0, NULL);
	rcpt("a@x.r.example", 550, NULL);
	rcpt("a@s.example", 550, NULL);
	rcpt("a@x.s.example", 0, NULL);
	rcpt("a@s.example.evil.example", 550, NULL);
	rcpt("a@r.example@evil.example", 550, NULL);
	rcpt("a@[192.0.2.5]", 0, "a@[192.0.2.5]");
	rcpt("a@[192.0.2.6]", 550, NULL);
	put("rcpthosts", "r.example\n.s.example\nxn--mnchen-3ya.example\n");
	rcpt("a@m\303\274nchen.example", 0, "a@xn--mnchen-3ya.example");
	rcpt("\303\244@M\303\234nchen.Example", 0,
		"\303\244@xn--mnchen-3ya.example");
	rcpt("a@XN--mnchen-3ya.example", 0, "a@XN--mnchen-3ya.example");
	rcpt("a@\303\266.s.example", 0, "a@xn--nda.s.example");
	rcpt("a@\303\266.example", 550, NULL);
	rcpt("a@\377.example", 550, NULL);
	rcpt("a%b@r.example", 0, NULL);
	put("percenthack", "r.example\n");
	rcpt("a%b@r.example", 550, NULL);
	rcpt("a%b@x.s.example", 0, NULL);

	conf.localip = "192.0.2.6";
	put("localiphost", "r.example\n");
	rcpt("a@[192.0.2.6]", 0, "a@r.example");
	rcpt("a@[192.0.2.7]", 550, NULL);
	conf.localip = "nonsense";
	rcpt("a@[192.0.2.6]", 550, NULL);

	put("badrcptto", "a@r.example\n@x.s.example\n");
	rcpt("A@r.example", 553, NULL);
	rcpt("b@r.example", 0, NULL);
	rcpt("b@x.s.example", 553, NULL);
	conf.relayclient = "";
	rcpt("b@x.s.example", 553, NULL);
	rcpt("b@anywhere.example", 0, "b@anywhere.example");
	rcpt("b", 0, "b");
	conf.relayclient = ".gate";
	rcpt("b@anywhere.example", 0, "b@anywhere.example.gate");
	rcpt("postmaster", 0, "postmaster@Me.example");
	sender("b", 0);
	conf.relayclient = NULL;
	sender("b", 553);
	sender("", 0);
	sender("a@b", 0);
	put("badmailfrom", "m\303\274nchen.example\n");
	sender("a@b", 421);
	put("badmailfrom", "@b\nc@d\n@xn--tda\n");
	sender("a@\303\234", 553);
	sender("a@B", 553);
	sender("C@d", 553);
	sender("a@d", 0);
	sender("", 0);
	put("badmailfrom", "a\001\n\n");
	sender("a@b", 0);

	str_free(&conf.me);
	put("rcpthosts", NULL), put("locals", NULL), put("localiphost", NULL);
	put("virtualdomains", NULL), put("percenthack", NULL);
	put("badrcptto", NULL), put("badmailfrom", NULL);
	rmdir(dir);
	return done_testing();
}
