/* SPDX-License-Identifier: 0BSD */
#include "smtpd/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "smtpd/recipient.h"
#include "smtpd/secure.h"
#include "smtpd/senders.h"
#include "smtpd/usage.h"
#include "wire/authreq.h"
#include "wire/ctl.h"

enum { AUTH_WAIT_MS = 60000 };

static enum effect
answer(struct loop *l, struct answer a)
{
	if (a.code == 421) {
		log_alert(control_error());
		return session_close(&l->s, "config", a.enhanced, a.text);
	}
	return session_answer(&l->s, &a);
}

/* Programs that we start may want to know; only what they can take. */
static void
tell(const char *name, struct str *value)
{
	if (value->len && !memchr(value->s, 0, value->len))
		setenv(name, str_c(value), 1);
	else
		unsetenv(name);
}

static enum effect
ask_helo(struct loop *l)
{
	enum effect e = answer(l, policy_helo(&l->policy, &l->s.arg));

	tell("HELO", &l->s.helo);
	return e;
}

static enum effect
ask_auth(struct loop *l)
{
	struct session *s = &l->s;
	struct authreq q = { .user = str_c(&s->login),
		.password = str_c(&s->password),
		.client = l->conf->remoteip ? l->conf->remoteip : "-",
		.service = l->conf->submission ? "submission" : "smtp",
		.tls = s->tls };
	struct str user = STR_INIT(AUTHREQ_USER_MAX);
	enum auth_result r = AUTH_LATER;
	enum effect e;

	switch (authreq_ask(&q, stamp_mono() + AUTH_WAIT_MS, &user)) {
	case AUTHREQ_YES:
		r = AUTH_GOOD;
		break;
	case AUTHREQ_NO:
		r = AUTH_WRONG;
		break;
	case AUTHREQ_DOWN:
		log_warning("quill-authd does not answer");
		break;
	case AUTHREQ_TEMP:
		break;
	}
	e = session_auth(s, r, str_c(&user));
	l->policy.user = s->user.len ? str_c(&s->user) : NULL;
	tell("SMTPAUTHUSER", &s->user);
	str_free(&user);
	return e;
}

/* The same with what TLS has made us forget. */
static enum effect
handshake(struct loop *l)
{
	enum effect e = secure_start(l);

	l->policy.user = NULL;
	unsetenv("SMTPAUTHUSER");
	unsetenv("HELO");
	return e;
}

static struct answer
sender(struct loop *l)
{
	struct session *s = &l->s;
	struct answer a = crowd_mail(&l->crowd, l->patience.trusted, s->size);

	if (!a.code)
		a = policy_sender(&l->policy, &s->from);
	if (!a.code && l->policy.user && s->from.len)
		a = senders_answer(&l->policy, &s->from);
	if (!a.code && l->policy.user)
		a = usage_message(&l->policy);
	return a;
}

static struct answer
recipient(struct loop *l)
{
	struct session *s = &l->s;
	struct answer a = policy_rcpt(&l->policy, &s->rcpt);

	if (!a.code)
		a = recipient_answer(&l->policy, &s->from, &s->rcpt);
	if (!a.code && l->policy.user)
		a = usage_rcpt(&l->policy);
	return a;
}

static struct answer
etrn(struct loop *l)
{
	char buf[CTL_RECORD];
	struct ctl_request req = { .record = STR_INIT(0) };
	struct ctl_answer a = { .refused = NULL };
	int fd = ctl_connect();
	bool good;

	ctl_begin(&req, CTL_DOMAIN, str_c(&l->s.arg));
	good = fd != -1 && ctl_ask(fd, &req) == 0 && ctl_read(fd, buf, &a) == 0;
	if (!good)
		log_warning_sys("unable to ask quill-send for ETRN");
	else if (a.refused)
		log_warning(a.refused);
	str_free(&req.record);
	if (fd != -1)
		close(fd);
	if (good && !a.refused)
		return (struct answer){ 0 };
	return (struct answer){ 458, "4.3.0",
		"unable to try its mail again now" };
}

enum effect
ask(struct loop *l, enum effect e)
{
	switch (e) {
	case EFFECT_HELO:
		return ask_helo(l);
	case EFFECT_SENDER:
		return answer(l, sender(l));
	case EFFECT_RCPT:
		return answer(l, recipient(l));
	case EFFECT_VRFY:
		return answer(l, recipient_vrfy(&l->policy, &l->s.rcpt));
	case EFFECT_ETRN:
		return answer(l, etrn(l));
	case EFFECT_AUTH:
		return ask_auth(l);
	case EFFECT_TLS:
		return secure_reserve(l);
	case EFFECT_HANDSHAKE:
		return handshake(l);
	default: /* no question */
		return e;
	}
}
