/* SPDX-License-Identifier: 0BSD */
#include "local/forward.h"

#include <string.h>

#include "lib/ascii.h"
#include "wire/job.h"
#include "wire/notify.h"
#include "wire/qclient.h"

/* P fields of a list (wire/job.h) whose key is one of keys, all of them for
 * NULL. */
static void
put_params(struct qclient *q, const char *params, const char *const *keys)
{
	for (; params && *params == 'P'; params += strlen(params) + 1) {
		const char *const *k = keys;

		while (k && *k && !ascii_casestarts(params + 1, *k))
			k++;
		if (!k || *k)
			qclient_param(q, params + 1);
	}
}

/* The recipient's parameters for one of several addresses: success is ours to
 * report, so it is not asked for again (RFC 3461 5.2.7.3 c). */
static void
put_shared(struct qclient *q, const struct delivery *d)
{
	static const char *const orcpt[] = { "ORCPT=", 0 };
	const char *notify = job_param(d->rcptparams, "NOTIFY");
	char list[7 + NOTIFY_FMT] = "NOTIFY=";

	if (notify) {
		notify_fmt(list + 7,
			notify_of(notify) & ~(unsigned)NOTIFY_SUCCESS);
		qclient_param(q, list);
	}
	put_params(q, d->rcptparams, orcpt);
}

/* A sender who wants to be told of this recipient knows it by the address that
 * is ours (RFC 3461 5.2.1 c). */
static void
put_original(
	struct qclient *q, const struct delivery *d, const struct str *rcpt)
{
	struct str s = STR_INIT(6 + ORCPT_MAX);

	if (!job_param(d->rcptparams, "NOTIFY") ||
		job_param(d->rcptparams, "ORCPT"))
		return;
	for (size_t i = 0; i < rcpt->len; i++)
		if (rcpt->s[i] & 0x80)
			return;
	str_puts(&s, "ORCPT=rfc822;");
	notify_encode(&s, rcpt->s, rcpt->len);
	if (!s.over)
		qclient_param(q, str_c(&s));
	str_free(&s);
}

/* RFC 3461 5.2.7: what was asked of us goes with a message that is passed on
 * for its sender; a list (new sender) ends it. BODY and SMTPUTF8 say what the
 * message is, and stay true. */
static void
put_envelope(struct qclient *q, const struct delivery *d,
	const struct str *rcpt, const char *newsender, const struct str *to,
	bool single)
{
	static const char *const content[] = { "BODY=", "SMTPUTF8", 0 };
	bool same = strcmp(newsender, d->sender) == 0;

	qclient_from(q, newsender);
	put_params(q, d->params, same ? 0 : content);
	for (size_t i = 0; i < to->len; i += strlen(to->s + i) + 1) {
		qclient_to(q, to->s + i);
		if (!same || !d->rcptparams)
			continue;
		if (single)
			put_params(q, d->rcptparams, 0);
		else
			put_shared(q, d);
		put_original(q, d, rcpt);
	}
}

bool
forward_send(const struct delivery *d, const struct vars *v,
	const struct message *m, const char *newsender, const struct str *to,
	bool single, struct forward_done *done, struct result *r)
{
	struct qclient q;
	struct qverdict verdict;
	const char *p;
	off_t pos = 0;
	ssize_t got = 0;

	if (qclient_open(&q) == 0) {
		qclient_put(&q, v->dtline.s, v->dtline.len);
		while ((got = message_read(m, &pos, &p)) > 0)
			qclient_put(&q, p, (size_t)got);
		if (got < 0) {
			result_sys(r, "Unable to read", "message");
			qclient_abort(&q);
		}
		put_envelope(&q, d, &v->rcpt, newsender, to, single);
	}
	qclient_close(&q, &verdict);
	if (got < 0)
		return false;
	if (verdict.class == STATUS_ACCEPTED) {
		done->qp = verdict.pid;
		memcpy(done->id, verdict.id, sizeof done->id);
		return true;
	}
	return result_set(r, verdict.class == STATUS_PERMANENT ? 'D' : 'Z',
		verdict.enhanced, "Unable to forward message: ", verdict.text,
		(char *)0);
}
