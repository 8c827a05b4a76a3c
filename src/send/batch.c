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

/* --- where recipients go -------------------------------------------------- */

const char *
batch_via(const struct message *m, size_t i)
{
	return m->via && env_isvia(env_mark(&m->env, i)) ? m->via[i] : NULL;
}

int
batch_route(const struct message *m, size_t i, struct str *out)
{
	const char *addr = env_rcpt(&m->env, i);

	if (!batch_via(m, i))
		return route_address(&conf.route, addr, out) == ROUTE_LOCAL
			       ? CHAN_LOCAL
			       : CHAN_REMOTE;
	/* ordered to go elsewhere: as it stands, be it local or not */
	str_clear(out);
	str_puts(out, addr);
	if (!*route_host(addr)) {
		str_putc(out, '@');
		str_puts(out, str_c(&conf.route.envnoathost));
	}
	return CHAN_REMOTE;
}

/* Before the @: in a virtual domain that begins with the prepended text, which
 * names the user. */
static void
local_part(char name[ADDR_MAX + 1], const char *addr)
{
	const char *at = strrchr(addr, '@');
	size_t n = at ? (size_t)(at - addr) : strlen(addr);

	if (n > ADDR_MAX)
		n = ADDR_MAX;
	memcpy(name, addr, n);
	name[n] = '\0';
}

const char *
batch_destination(const struct pass *p, size_t k)
{
	static struct str routed = STR_INIT(2 * ADDR_MAX);
	static char name[ADDR_MAX + 1];
	size_t i = p->order[k];
	const char *via = batch_via(p->m, i);

	if (via)
		return via;
	if (batch_route(p->m, i, &routed) == CHAN_LOCAL)
		local_part(name, str_c(&routed));
	else /* the last byte stays a NUL */
		memccpy(name, route_host(str_c(&routed)), '\0', ADDR_MAX);
	ascii_tolower(name, strlen(name));
	return name;
}

bool
batch_same(const struct pass *p, size_t k, size_t l)
{
	size_t i = p->order[k], j = p->order[l];
	const struct env *e = &p->m->env;
	const char *via = batch_via(p->m, i), *via2 = batch_via(p->m, j);
	char name[ADDR_MAX + 1];

	if (!via != !via2 || (via && strcmp(via, via2) != 0))
		return false;
	if (p == &p->m->pass[CHAN_REMOTE])
		return ascii_caseis(
			route_host(env_rcpt(e, i)), route_host(env_rcpt(e, j)));
	strcpy(name, batch_destination(p, k));
	return strcmp(name, batch_destination(p, l)) == 0;
}

bool
batch_wanted(const struct pass *p, size_t k)
{
	return env_istodo(env_mark(&p->m->env, p->order[k]));
}

/* --- jobs ----------------------------------------------------------------- */

void
batch_fill(struct job *j, const struct pass *p, int chan, size_t at, size_t max)
{
	static struct str addrs = STR_INIT(ADDRESSES);
	static struct str routed = STR_INIT(2 * ADDR_MAX);
	static char host[ADDR_MAX + 1];
	static size_t where[JOB_RCPT_MAX];
	const struct message *m = p->m;
	bool each = is_verp(m->env.sender);
	size_t most = chan == CHAN_REMOTE && !each ? conf.jobrcpts : 1;
	size_t i, n, size = 0;

	j->id = m->name;
	j->birth = qid_birth(m->id);
	j->bytes = m->env.head.bytes;
	j->params = params_of(&m->env, ENV_SENDER);
	j->sender = each ? verp(m->env.sender, env_rcpt(&m->env, p->order[at]))
			 : m->env.sender;
	j->via = batch_via(m, p->order[at]);
	j->user = NULL;
	str_clear(&addrs);
	for (n = 0; n < most && n < max; n++) {
		i = p->order[at + n];
		if (n > 0 && !batch_wanted(p, at + n))
			break;
		batch_route(m, i, &routed);
		if (n == 0)
			memccpy(host, route_host(str_c(&routed)), '\0',
				ADDR_MAX);
		else if (!ascii_caseis(host, route_host(str_c(&routed))))
			break;
		j->rcpt[n].params = params_of(&m->env, i);
		size += routed.len + params_size(j->rcpt[n].params);
		if (n > 0 && size > RECORD_ROOM)
			break;
		where[n] = addrs.len;
		str_put(&addrs, str_c(&routed), routed.len + 1);
	}
	ascii_tolower(host, strlen(host));
	for (i = 0; i < n; i++)
		j->rcpt[i].addr = addrs.s + where[i];
	j->nrcpt = n;
	j->host = chan == CHAN_REMOTE ? host : NULL;
}
