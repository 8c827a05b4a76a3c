/* SPDX-License-Identifier: 0BSD */
#include "smtpd/usage.h"

#include <stdint.h>
#include <string.h>

#include "lib/log.h"
#include "lib/str.h"
#include "wire/rates.h"

enum { HOUR = 3600 };

/* One more of kind, of which limit are allowed in an hour. */
static struct answer
take(struct policy *p, const char *kind, const char *what, uint64_t limit)
{
	static struct rates rates;
	static bool opened, said;
	struct str text = STR_INIT(sizeof p->text - 1);
	uint32_t wait = 0;

	if (!limit)
		return (struct answer){ 0 };
	if (!opened && rates_open(&rates, "smtpd") == -1)
		log_warning_sys("users are counted for this session only");
	opened = true;
	if (rates_take(&rates, kind, p->user, 1, (uint32_t)limit, HOUR, &wait))
		return (struct answer){ 0 };
	/* a stolen password shows here first */
	if (!said)
		log_warning("user ", p->user, " sends too many ", what,
			": control/usermessages, userrcpts");
	said = true;
	str_puts(&text, "too many ");
	str_puts(&text, what);
	str_puts(&text, " from you lately, try again in ");
	str_putnum(&text, wait / 60 + 1);
	str_puts(&text, " minutes");
	memcpy(p->text, str_c(&text), text.len + 1);
	str_free(&text);
	return (struct answer){ 450, "4.7.1", p->text };
}

struct answer
usage_message(struct policy *p)
{
	return take(p, "msg", "messages", p->conf->usermessages);
}

struct answer
usage_rcpt(struct policy *p)
{
	return take(p, "rcpt", "recipients", p->conf->userrcpts);
}
