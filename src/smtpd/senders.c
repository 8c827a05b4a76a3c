/* SPDX-License-Identifier: 0BSD */
#include "smtpd/senders.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/log.h"
#include "mail/addr.h"
#include "smtpd/recipient.h"

static const struct answer yes = { 0 };
static const struct answer no = { 553, "5.7.1",
	"you may not use this sender address" };

static bool
same(const char *a, const char *b, size_t n)
{
	return strlen(a) == n && ascii_caseeqn(a, b, n);
}

/* One entry of a user's line. */
static bool
entry_has(const char *p, size_t n, const char *from)
{
	const char *domain = from + addr_at(from, strlen(from));

	if (n == 1 && *p == '*')
		return true;
	return n && same(*p == '@' ? domain : from, p, n);
}

static bool
line_has(const char *p, const char *from)
{
	while (*p) {
		size_t n = strcspn(p, ", \t");

		if (entry_has(p, n, from))
			return true;
		p += n + strspn(p + n, ", \t");
	}
	return false;
}

/* Not listed: what is the account's own. */
static struct answer
by_account(struct policy *p, struct str *from)
{
	struct verify_answer login;
	size_t n = strlen(p->user);

	if (addr_at(p->user, n) < n && same(p->user, from->s, from->len))
		return yes;
	if (recipient_ask(p, p->user) == VERIFY_YES) {
		login = p->heard;
		if (recipient_ask(p, str_c(from)) == VERIFY_YES)
			return verify_owns(&login, &p->heard) ? yes : no;
	}
	if (p->heard.class == VERIFY_DOWN)
		log_warning("the sender of a user cannot be checked: ",
			p->heard.text);
	if (p->heard.class == VERIFY_TEMP || p->heard.class == VERIFY_DOWN)
		return (struct answer){ 451, "4.7.1",
			"your sender address cannot be checked now" };
	return no;
}

struct answer
senders_answer(struct policy *p, struct str *from)
{
	struct str user = STR_INIT(0), line = STR_INIT(CONTROL_LINE_MAX);
	struct answer a;
	int got;

	if (!policy_list(&p->senders, "senders", ':'))
		return (struct answer){ 421, "4.3.5",
			"server configuration error" };
	str_puts(&user, p->user);
	ascii_tolower(user.s, user.len);
	got = p->senders.there
		      ? table_get(&p->senders.table, user.s, user.len, &line)
		      : 0;
	if (got < 0) {
		table_bad("senders");
		a = (struct answer){ 421, "4.3.5",
			"server configuration error" };
	} else if (got) {
		a = line_has(str_c(&line), str_c(from)) ? yes : no;
	} else {
		a = by_account(p, from);
	}
	str_free(&user);
	str_free(&line);
	return a;
}
