/* SPDX-License-Identifier: 0BSD */
#include "lspawn/route.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/ascii.h"
#include "lib/cdbmake.h"
#include "lib/log.h"
#include "lib/stamp.h"

void
route_init(struct route *r, uid_t owner, const char *cdb, const char *getpw,
	int64_t answer_ms)
{
	r->owner = owner;
	lookup_init(&r->cdb, cdb);
	getpw_init(&r->getpw, getpw, answer_ms);
}

static void
refuse(struct spawn_plan *p, char class, const char *why)
{
	size_t n = strlen(why);

	if (n >= sizeof p->why)
		n = sizeof p->why - 1;
	p->refuse = class;
	memcpy(p->why, why, n);
	p->why[n] = '\0';
}

/* The user is known: r->user. */
static void
settle(struct route *r, struct spawn_plan *p)
{
	const struct pwuser *u = &r->user;

	/* (uid_t)-1 would leave the child what we are. */
	if (u->uid == 0 || u->uid == (uid_t)-1 || u->gid == (gid_t)-1) {
		refuse(p, 'D',
			"Sorry, I do not deliver mail as root. (#5.7.0)");
		return;
	}
	p->uid = u->uid;
	p->gid = u->gid;
	p->user = u;
	memcpy(p->key, &u->uid, sizeof u->uid);
	memcpy(p->key + sizeof u->uid, &u->gid, sizeof u->gid);
	p->keylen = sizeof u->uid + sizeof u->gid;
}

static struct route_memo *
memo_of(struct route *r, const char *user, size_t n)
{
	return &r->memo[cdb_hash(user, n) % ROUTE_MEMOS];
}

/* Keep the n bytes of an answer, decoded in a. */
static void
memo_put(struct route *r, const struct pwanswer *a, size_t n)
{
	struct route_memo *m;

	if (n > ROUTE_MEMO_SIZE || a->u.dash[0] != '\0' || a->u.ext[0] != '\0')
		return;
	m = memo_of(r, a->u.user, strlen(a->u.user));
	memcpy(m->answer, r->answer, n);
	m->n = n;
	m->until = stamp_mono() + ROUTE_MEMO_MS;
}

/* Is the user of a local part known without asking? Then it is in r->user. */
static bool
memo_get(struct route *r, const char *local, size_t n)
{
	struct route_memo *m;
	struct pwanswer a;
	char name[ROUTE_MEMO_SIZE];

	if (n >= sizeof name)
		return false;
	memcpy(name, local, n);
	name[n] = '\0';
	ascii_tolower(name, n);
	m = memo_of(r, name, n);
	if (m->n == 0 || m->until < stamp_mono() ||
		!pwreq_decode(&a, m->answer, m->n) ||
		strcmp(a.u.user, name) != 0)
		return false;
	r->user = a.u;
	return true;
}

bool
route_plan(void *arg, const struct job *j, int fdmess, uint32_t token,
	struct spawn_plan *p)
{
	struct route *r = arg;
	const char *addr = j->rcpt[0].addr, *at = strrchr(addr, '@');
	size_t n = at != NULL ? (size_t)(at - addr) : strlen(addr);
	const char *why;
	struct stat st;

	/* send is not trusted to name files: it passes an open one, and what
	 * does not belong to the queue is not shown to anybody. */
	if (!r->verify && (fstat(fdmess, &st) == -1 || !S_ISREG(st.st_mode) ||
				  st.st_uid != r->owner)) {
		log_alert("job refused: its message is not from the queue");
		refuse(p, 'Z', "the message is not from the queue (#4.3.5)");
		return true;
	}
	if (j->nrcpt != 1 || j->host != NULL || n > ADDR_MAX) {
		log_alert("job refused: not a local one");
		refuse(p, 'Z', "this is not a local delivery (#4.3.5)");
		return true;
	}
	if (n == 0) {
		refuse(p, 'D',
			"Sorry, an empty mailbox name is nobody's. (#5.1.1)");
		return true;
	}
	switch (lookup_find(&r->cdb, addr, n, &r->user)) {
	case LOOKUP_FOUND:
		settle(r, p);
		return true;
	case LOOKUP_FAILED:
		log_alert_sys("unable to read ", r->cdb.path);
		refuse(p, 'Z', "unable to read users/cdb (#4.3.0)");
		return true;
	case LOOKUP_NONE:
		break;
	}
	if (memo_get(r, addr, n)) {
		settle(r, p);
		return true;
	}
	why = getpw_ask(&r->getpw, token, addr, n);
	if (why != NULL)
		refuse(p, 'Z', why);
	return why != NULL;
}

int
route_answer(void *arg, uint32_t *token, struct spawn_plan *p)
{
	struct route *r = arg;
	struct pwanswer a;
	ssize_t n;

	n = getpw_answer(&r->getpw, r->answer, sizeof r->answer, &a);
	if (n <= 0)
		return (int)n;
	*token = a.number;
	if (a.found) {
		r->user = a.u;
		settle(r, p);
		memo_put(r, &a, (size_t)n);
	} else {
		refuse(p, 'Z', a.text);
	}
	return 1;
}

void
route_expired(void *arg)
{
	struct route *r = arg;

	getpw_expired(&r->getpw);
}

void
route_ended(void *arg, pid_t pid, int status)
{
	struct route *r = arg;

	getpw_ended(&r->getpw, pid, status);
}

size_t
route_argv(const struct job *j, const char **argv)
{
	static char local[ADDR_MAX + 1];
	const char *addr = j->rcpt[0].addr, *at = strrchr(addr, '@');
	size_t n = at != NULL ? (size_t)(at - addr) : strlen(addr);

	if (n > ADDR_MAX)
		n = ADDR_MAX;
	memcpy(local, addr, n);
	local[n] = '\0';
	argv[1] = "--";
	argv[2] = j->user;
	argv[3] = j->home;
	argv[4] = local;
	argv[5] = j->dash;
	argv[6] = j->ext;
	argv[7] = at != NULL ? at + 1 : "";
	argv[8] = j->sender;
	argv[9] = j->defaultdelivery;
	return 10;
}
