/* SPDX-License-Identifier: 0BSD */
#include "local/forward.h"

#include <string.h>

#include "lib/ascii.h"
#include "wire/job.h"
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

/* RFC 3461 5.2.7: what was asked of us goes with a message that is passed to
 * one new address; a list (new sender) or several addresses end it. BODY and
 * SMTPUTF8 say what the message is, and stay true. */
static void
put_envelope(struct qclient *q, const struct delivery *d, const char *newsender,
	const struct str *to, size_t n)
{
	static const char *const content[] = { "BODY=", "SMTPUTF8", 0 };
	bool same = strcmp(newsender, d->sender) == 0 && n == 1;

	qclient_from(q, newsender);
	put_params(q, d->params, same ? 0 : content);
	for (size_t i = 0; i < to->len; i += strlen(to->s + i) + 1)
		qclient_to(q, to->s + i);
	if (same)
		put_params(q, d->rcptparams, 0);
}

bool
forward_send(const struct delivery *d, const struct vars *v,
	const struct message *m, const char *newsender, const struct str *to,
	size_t n, struct forward_done *done, struct result *r)
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
		put_envelope(&q, d, newsender, to, n);
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
