/* SPDX-License-Identifier: 0BSD */
#include "remote/hello.h"

#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "remote/reach.h"

enum step { STEP_OK, STEP_REFUSED, STEP_BROKEN };

/* One entry of LIMITS (RFC 9422): NAME=NUMBER. 0 would be no use. */
static void
limit(struct smtp *s, const char *p, size_t n)
{
	static const char rcpt[] = "RCPTMAX=", mail[] = "MAILMAX=";
	enum { NAME = sizeof rcpt - 1 };
	uint64_t v;

	if (n <= NAME || !num_parse(p + NAME, n - NAME, UINT32_MAX, &v) || !v)
		return;
	if (ascii_caseeqn(p, rcpt, NAME))
		s->rcptmax = v;
	else if (ascii_caseeqn(p, mail, NAME))
		s->mailmax = v;
}

static void
limits(struct smtp *s, const char *p, size_t n)
{
	size_t len;

	for (; n; p += len, n -= len) {
		for (len = 0; len < n && p[len] != ' ';)
			len++;
		limit(s, p, len);
		len += len < n;
	}
}

static void
extension(struct smtp *s, const char *p, size_t n)
{
	const char *arg;
	size_t argn;

	if (smtpreply_keyword(p, n, "PIPELINING", &arg, &argn))
		s->ext |= SMTP_PIPELINING;
	else if (smtpreply_keyword(p, n, "8BITMIME", &arg, &argn))
		s->ext |= SMTP_8BITMIME;
	else if (smtpreply_keyword(p, n, "SMTPUTF8", &arg, &argn))
		s->ext |= SMTP_UTF8;
	else if (smtpreply_keyword(p, n, "DSN", &arg, &argn))
		s->ext |= SMTP_DSN;
	else if (smtpreply_keyword(p, n, "STARTTLS", &arg, &argn))
		s->ext |= SMTP_STARTTLS;
	else if (smtpreply_keyword(p, n, "AUTH", &arg, &argn))
		s->auth |= sasl_mechanisms(arg, argn);
	else if (smtpreply_keyword(p, n, "LIMITS", &arg, &argn))
		limits(s, arg, argn);
	else if (smtpreply_keyword(p, n, "SIZE", &arg, &argn)) {
		s->ext |= SMTP_SIZE;
		if (!num_parse(arg, argn, UINT64_MAX, &s->sizemax))
			s->sizemax = 0;
	}
}

/* What an EHLO said holds until the next one. */
static void
forget(struct smtp *s)
{
	s->ext = s->auth = 0;
	s->sizemax = 0;
	s->rcptmax = s->mailmax = UINT64_MAX;
}

/* Read the reply to a step before the first MAIL. */
static enum step
step(struct smtp *s, enum phase phase, const char *when, struct verdict *why)
{
	enum smtp_got got = smtp_get(s, phase);

	if (got == SMTP_REPLY && s->reply.code < 300)
		return STEP_OK;
	if (got == SMTP_REPLY && s->reply.code >= 400) {
		verdict_set(why, MESSAGE_DEFERRED, "4.3.2", &s->reply, s->label,
			" takes no mail at the moment", NULL);
		return STEP_REFUSED;
	}
	smtp_trouble(s, got, when, why);
	return STEP_BROKEN;
}

static enum step
ehlo(struct smtp *s, const struct hello *h, struct verdict *why)
{
	enum step r;
	const char *p;
	size_t n;
	unsigned i;

	forget(s);
	smtp_command(s, s->to.lmtp ? "LHLO " : "EHLO ", h->name, NULL);
	r = step(s, PHASE_EHLO, s->to.lmtp ? "after LHLO" : "after EHLO", why);
	if (r == STEP_OK) {
		for (i = 1; smtpreply_line(&s->reply, i, &p, &n); i++)
			extension(s, p, n);
		if (!ibuf_ready(&s->in))
			return STEP_OK;
		/* replies would be taken for those of other commands */
		smtp_trouble(s, SMTP_GARBAGE, "in turn", why);
		return STEP_BROKEN;
	}
	/* only a server that understood and refused is asked again */
	if (r != STEP_REFUSED || s->reply.code < 500 || s->to.lmtp)
		return r;
	smtp_command(s, "HELO ", h->name, NULL);
	r = step(s, PHASE_EHLO, "after HELO", why);
	if (r == STEP_OK && ibuf_ready(&s->in)) {
		smtp_trouble(s, SMTP_GARBAGE, "in turn", why);
		r = STEP_BROKEN;
	}
	return r;
}

static enum step
tls_refused(struct smtp *s, const char *status, const char *text,
	const char *more, struct verdict *why)
{
	verdict_set(why, MESSAGE_DEFERRED, status, NULL, s->label, text, more,
		NULL);
	return STEP_REFUSED;
}

/* Give the connection to quill-tlsd over link, which is used up. */
static enum step
handshake(struct smtp *s, const struct hello *h, int link, struct verdict *why)
{
	struct tls_ask ask = h->tls.ask;
	struct tls_state state;
	char *by;
	int plain;

	/* with a very long name, the name must do */
	ask.peer = strlen(s->label) <= TLS_TEXT_MAX ? s->label : s->to.host;
	if (ask.policy == TLS_UNVERIFIED)
		ask.session = ask.peer;
	plain = tls_start(link, s->fd, &ask, smtp_until(s, PHASE_TLS), &state);
	close(s->fd);
	s->fd = plain;
	if (plain < 0) {
		tls_refused(s, "4.7.5",
			state.outcome == TLS_UNTRUSTED
				? " is not who it should be: "
				: " and TLS do not go together: ",
			state.error, why);
		return STEP_BROKEN;
	}
	smtp_attach(s, plain);
	tls_tag(&state, s->tls);
	by = strrchr(s->tls, '/');
	if (by && h->tls.by &&
		by + 1 + strlen(h->tls.by) < s->tls + sizeof s->tls)
		strcpy(by + 1, h->tls.by);
	return STEP_OK;
}

/* TLS from the first byte. */
static enum step
tls_now(struct smtp *s, const struct hello *h, struct verdict *why)
{
	struct tls_state state;
	int link = tls_reserve(TLS_AS_CLIENT, smtp_until(s, PHASE_TLS), &state);

	if (link >= 0)
		return handshake(s, h, link, why);
	tls_refused(s, "4.7.4",
		" wants TLS, which is not to be had here: ", state.error, why);
	return STEP_BROKEN;
}

/* After EHLO: TLS, if that is wanted and offered. */
static enum step
starttls(struct smtp *s, const struct hello *h, struct hello_trouble *trouble,
	struct verdict *why)
{
	bool must = h->tls.use == SECURE_MUST;
	struct tls_state state;
	enum smtp_got got;
	enum step r;
	int link;

	if (!(s->ext & SMTP_STARTTLS))
		return must ? tls_refused(s, "4.7.4", " does not offer TLS, ",
				      "which this mail needs", why)
			    : STEP_OK;
	link = tls_reserve(TLS_AS_CLIENT, smtp_until(s, PHASE_TLS), &state);
	if (link < 0) {
		if (must)
			return tls_refused(s, "4.7.4",
				": TLS is not to be had here: ", state.error,
				why);
		log_warning(s->label, ": sent in the clear: ", state.error);
		return STEP_OK;
	}
	trouble->no_tls = true;
	smtp_command(s, "STARTTLS", NULL);
	got = smtp_get(s, PHASE_EHLO);
	if (got != SMTP_REPLY || s->reply.code != 220 || ibuf_ready(&s->in)) {
		/* what came with the 220 was not protected by anything */
		close(link);
		if (got == SMTP_REPLY && s->reply.code >= 400)
			verdict_set(why, MESSAGE_DEFERRED, "4.7.4", &s->reply,
				s->label, " refused STARTTLS", NULL);
		else
			smtp_trouble(s, got == SMTP_REPLY ? SMTP_GARBAGE : got,
				"after STARTTLS", why);
		return got == SMTP_REPLY && s->reply.code >= 400 ? STEP_REFUSED
								 : STEP_BROKEN;
	}
	r = handshake(s, h, link, why);
	if (r == STEP_OK) {
		r = ehlo(s, h, why);
		trouble->no_tls = r == STEP_BROKEN;
	}
	return r;
}

static enum step
auth_refused(struct smtp *s, enum smtp_got got, struct verdict *why)
{
	if (got != SMTP_REPLY || s->reply.code < 400) {
		smtp_trouble(s, got, "after AUTH", why);
		return STEP_BROKEN;
	}
	/* a password that changed must not bounce all mail */
	verdict_set(why, MESSAGE_DEFERRED, "4.7.8", &s->reply, s->label,
		" does not take user and password of control/smtpauth", NULL);
	return STEP_REFUSED;
}

/* Send a response in base64, wait for the next reply. */
static enum smtp_got
respond(struct smtp *s, const char *command, const struct str *b64)
{
	struct str line = STR_INIT(4 * SASL_MAX);
	enum smtp_got got;

	str_put(&line, b64->s, b64->len);
	smtp_command(s, command, str_c(&line), NULL);
	got = smtp_get(s, PHASE_AUTH);
	memset(line.s, 0, line.len);
	str_free(&line);
	return got;
}

static enum step
authenticate(struct smtp *s, const struct sasl *a, struct verdict *why)
{
	struct str b64 = STR_INIT(4 * SASL_MAX);
	enum smtp_got got;

	if (s->auth & SASL_PLAIN) {
		sasl_plain(&b64, a);
		got = respond(s, "AUTH PLAIN ", &b64);
	} else if (s->auth & SASL_LOGIN) {
		smtp_command(s, "AUTH LOGIN", NULL);
		got = smtp_get(s, PHASE_AUTH);
		if (got == SMTP_REPLY && s->reply.code == 334) {
			base64_encode(&b64, a->user, strlen(a->user));
			got = respond(s, "", &b64);
		}
		if (got == SMTP_REPLY && s->reply.code == 334) {
			str_clear(&b64);
			base64_encode(&b64, a->password, strlen(a->password));
			got = respond(s, "", &b64);
		}
	} else {
		return tls_refused(s, "4.7.9",
			" does not offer AUTH PLAIN or LOGIN, but "
			"control/smtpauth has a password for it",
			"", why);
	}
	/* some say again what they did not like */
	if (got == SMTP_REPLY && s->reply.text.len > 3 &&
		sasl_tells(a, &b64, str_c(&s->reply.text))) {
		str_cut(&s->reply.text, 3);
		str_puts(&s->reply.text, " (not shown: it holds the password)");
	}
	if (b64.s)
		memset(b64.s, 0, b64.len);
	str_free(&b64);
	return got == SMTP_REPLY && s->reply.code == 235
		       ? STEP_OK
		       : auth_refused(s, got, why);
}

/* Is there all the time for it that a server is to have? At the end of a job
 * that others have used up, silence says nothing of an address. */
static bool
in_full(const struct smtp *s, enum phase phase)
{
	return stamp_mono() + s->conf->timeout[phase] <= s->limit;
}

static bool
begin(struct smtp *s, const struct target *t, const struct hello *h,
	struct hello_trouble *trouble, struct verdict *why)
{
	enum phase phase = t->hasty ? PHASE_CONNECTFIRST : PHASE_CONNECT;
	bool full = in_full(s, phase);
	char from[IPADDR_FMT] = "";
	int fd;

	s->to = *t;
	strcpy(s->label, t->host);
	strcat(s->label, "[");
	if (t->ip.family)
		ipaddr_fmt(s->label + strlen(s->label), &t->ip);
	else
		strcat(s->label, t->path);
	strcat(s->label, "]");
	s->tls[0] = 0;
	forget(s);
	s->messages = 0;
	s->dirty = false;
	s->since = stamp_mono();
	fd = reach(t, &h->from, smtp_until(s, phase), &trouble->dead);
	if (fd < 0) {
		if (!full && trouble->dead == DEAD_TIMEOUT)
			trouble->dead = 0;
		/* an address that is not ours is the administrator's to see */
		if (t->ip.family && h->from.family)
			ipaddr_fmt(from, &h->from);
		verdict_set(why, MESSAGE_DEFERRED, "4.4.1", NULL,
			"Unable to connect to ", s->label,
			*from ? " from " : "", from, ": ", log_strerror(),
			NULL);
		return false;
	}
	smtp_attach(s, fd);
	return true;
}

static enum step
greeting(struct smtp *s, struct hello_trouble *trouble, struct verdict *why)
{
	enum phase phase = s->to.hasty ? PHASE_GREETINGFIRST : PHASE_GREETING;
	bool full = in_full(s, phase);
	enum smtp_got got = smtp_get(s, phase);

	if (got == SMTP_LATE && full)
		trouble->dead = DEAD_SILENT;
	if (got == SMTP_REPLY && s->reply.code < 300)
		return STEP_OK;
	if (got == SMTP_REPLY && s->reply.code >= 400) {
		verdict_set(why, MESSAGE_DEFERRED, "4.3.2", &s->reply, s->label,
			" takes no mail at the moment", NULL);
		return STEP_REFUSED;
	}
	smtp_trouble(s, got, "before its greeting", why);
	return STEP_BROKEN;
}

bool
hello(struct smtp *s, const struct target *t, const struct hello *h,
	struct hello_trouble *trouble, struct verdict *why)
{
	enum step r = STEP_OK;

	trouble->dead = 0;
	trouble->no_tls = false;
	if (!begin(s, t, h, trouble, why))
		return false;
	if (t->tls)
		r = tls_now(s, h, why);
	if (r == STEP_OK)
		r = greeting(s, trouble, why);
	if (r == STEP_OK)
		r = ehlo(s, h, why);
	if (r == STEP_OK && !t->tls && h->tls.use != SECURE_NONE)
		r = starttls(s, h, trouble, why);
	if (r == STEP_OK && h->auth)
		r = authenticate(s, h->auth, why);
	if (r == STEP_REFUSED)
		smtp_quit(s);
	else if (r == STEP_BROKEN)
		smtp_drop(s);
	return r == STEP_OK;
}
