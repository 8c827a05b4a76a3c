/* SPDX-License-Identifier: 0BSD */
#include "smtpd/foretell.h"

#include "lib/control.h"
#include "lib/num.h"
#include "smtpd/clients.h"
#include "smtpd/crowd.h"
#include "smtpd/limits.h"
#include "smtpd/policy.h"
#include "smtpd/recipient.h"
#include "smtpd/senders.h"
#include "wire/site.h"

static void
say(struct str *out, const char *command, const struct answer *a)
{
	char num[NUM_FMT];

	str_puts(out, command);
	str_putc(out, ' ');
	str_put(out, num, num_fmt(num, (uint64_t)a->code));
	str_putc(out, ' ');
	str_puts(out, a->enhanced);
	str_putc(out, ' ');
	str_puts(out, a->text);
	if (a->code == 421) {
		str_puts(out, ": ");
		str_puts(out, control_error());
	}
	str_putc(out, '\n');
}

void
foretell(struct str *out, const struct conf *c, const char *sender,
	const char *rcpt, const char *user)
{
	struct str from = STR_INIT(ADDR_MAX), to = STR_INIT(ADDR_MAX);
	struct answer a = { 0 };
	struct policy p;

	policy_init(&p, c);
	p.user = user;
	str_puts(&from, sender);
	str_puts(&to, rcpt);
	if (from.over || to.over)
		a = (struct answer){ 501, "5.1.3", "address too long" };
	if (!a.code)
		a = policy_sender(&p, &from);
	if (!a.code && user && from.len)
		a = senders_answer(&p, &from);
	if (a.code) {
		say(out, "mail", &a);
	} else {
		a = policy_rcpt(&p, &to);
		if (!a.code)
			a = recipient_answer(&p, &from, &to);
		if (!a.code)
			a = (struct answer){ 250, "2.1.5", "ok" };
		say(out, "rcpt", &a);
	}
	policy_free(&p);
	str_free(&from);
	str_free(&to);
}

void
foretell_control(struct str *out, const struct conf *c)
{
	struct crowd_host host = { 0 };
	struct answer a;
	struct limits limits = { .bad = false };
	struct crowd crowd = { .conf = c, .limits = &limits, .host = &host };
	struct str name = STR_INIT(ADDR_MAX);
	struct policy p;
	bool found;
	struct {
		struct policy_list *list;
		const char *name;
		char sep;
	} lists[] = {
		{ &p.badhelo, "badhelo", 0 },
		{ &p.badmailfrom, "badmailfrom", 0 },
		{ &p.badrcptto, "badrcptto", 0 },
		{ &p.percenthack, "percenthack", 0 },
		{ &p.rcpthosts, "rcpthosts", 0 },
		{ &p.locals, "locals", 0 },
		{ &p.virtualdomains, "virtualdomains", ':' },
		{ &p.senders, "senders", ':' },
	};

	policy_init(&p, c);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		(void)policy_list(lists[i].list, lists[i].name, lists[i].sep);
	for (int i = 0; i < LIMITS; i++)
		(void)limits_get(&limits, (enum limit)i);
	(void)clients_has("barelf", c->remoteip, &found);
	(void)control_line_or_me("localiphost", &name);
	a = crowd_mail(&crowd, false, 0);
	if (a.code)
		say(out, "mail", &a);
	str_free(&name);
	policy_free(&p);
}
