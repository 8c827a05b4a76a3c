/* SPDX-License-Identifier: 0BSD */
#include "send/batch.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/str.h"
#include "send/conf.h"

enum {
	ADDRESSES = JOB_RECORD_MAX / 2,
	RECORD_ROOM = JOB_RECORD_MAX / 2, /* a job is closed when that full */
};

/* The sender for one recipient: "list-@host-@[]" stands for a return path
 * that names the recipient (VERP), "list-box=rhost@host". */
static bool
is_verp(const char *sender)
{
	size_t n = strlen(sender);

	return n >= 5 && strcmp(sender + n - 4, "-@[]") == 0 &&
	       memchr(sender, '@', n - 4);
}

static const char *
verp(const char *sender, const char *rcpt)
{
	static struct str out = STR_INIT(3 * ADDR_MAX);
	size_t n = strlen(sender) - 4;
	const char *at = memrchr(sender, '@', n);
	const char *rat = strrchr(rcpt, '@');

	str_clear(&out);
	str_put(&out, sender, (size_t)(at - sender));
	str_put(&out, rcpt, rat ? (size_t)(rat - rcpt) : strlen(rcpt));
	str_putc(&out, '=');
	str_puts(&out, rat ? rat + 1 : "");
	str_put(&out, at, n - (size_t)(at - sender));
	return str_c(&out);
}

static const char *
params_of(const struct env *e, size_t i)
{
	const char *p = env_param(e, i, 0);

	return p ? p - 1 : NULL; /* with its P, as wire/job.h wants it */
}

/* Bytes of a params list with the NUL of each. */
static size_t
params_size(const char *p)
{
	const char *q = p;

	while (q && *q == 'P')
		q += strlen(q) + 1;
	return q ? (size_t)(q - p) : 0;
}

void
batch_fill(struct job *j, const struct pass *p, int chan)
{
	static struct str addrs = STR_INIT(ADDRESSES);
	static struct str routed = STR_INIT(2 * ADDR_MAX);
	static char host[ADDR_MAX + 1];
	static size_t at[JOB_RCPT_MAX];
	const struct env *e = &p->m->env;
	bool each = is_verp(e->sender);
	size_t most = chan == CHAN_REMOTE && !each ? conf.jobrcpts : 1;
	size_t i, n, size = 0;

	j->id = p->m->name;
	j->birth = qid_birth(p->m->id);
	j->bytes = e->head.bytes;
	j->params = params_of(e, ENV_SENDER);
	j->sender = each ? verp(e->sender, env_rcpt(e, p->order[p->at]))
			 : e->sender;
	str_clear(&addrs);
	for (n = 0; n < most && p->at + n < p->n; n++) {
		i = p->order[p->at + n];
		route_address(&conf.route, env_rcpt(e, i), &routed);
		if (n == 0)
			memccpy(host, route_host(str_c(&routed)), '\0',
				ADDR_MAX);
		else if (!ascii_caseis(host, route_host(str_c(&routed))))
			break;
		j->rcpt[n].params = params_of(e, i);
		size += routed.len + params_size(j->rcpt[n].params);
		if (n > 0 && size > RECORD_ROOM)
			break;
		at[n] = addrs.len;
		str_put(&addrs, str_c(&routed), routed.len + 1);
	}
	ascii_tolower(host, strlen(host));
	for (i = 0; i < n; i++)
		j->rcpt[i].addr = addrs.s + at[i];
	j->nrcpt = n;
	j->host = chan == CHAN_REMOTE ? host : NULL;
}
