/* SPDX-License-Identifier: 0BSD */
#include "quillctl/select.h"

#include <errno.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "quillctl/args.h"
#include "quillctl/quillctl.h"
#include "quillctl/replies.h"

const char select_usage[] =
	"SELECTOR: ID..., DOMAIN or --all, and conditions that all must hold:\n"
	"       --from ADDRESS|@DOMAIN  --to ADDRESS|@DOMAIN  "
	"--domain DOMAIN|.DOMAIN\n"
	"       --older AGE  --younger AGE   (90, 15m, 2h, 3d, 1w)\n"
	"       --state new|active|waiting|held|damaged\n"
	"       --reason REGEX (last reply)  "
	"--match REGEX (sender or recipient)\n";

static const char *const states[] = {
	[SELECT_ANY] = "",
	[SELECT_NEW] = "new",
	[SELECT_ACTIVE] = "active",
	[SELECT_WAITING] = "waiting",
	[SELECT_HELD] = "held",
	[SELECT_DAMAGED] = "damaged",
};

/* --- what was given ------------------------------------------------------- */

static int
take_age(const char *age, int64_t *when)
{
	uint64_t seconds;

	if (!age)
		return 0;
	if (!args_age(age, &seconds))
		return args_bad("not an age: ", age);
	*when = stamp_now() - (int64_t)seconds;
	return 0;
}

static int
take_state(struct select *s)
{
	size_t i;

	if (!s->state_name)
		return 0;
	for (i = SELECT_NEW; i <= SELECT_DAMAGED; i++)
		if (strcmp(s->state_name, states[i]) == 0)
			s->state = (enum select_state)i;
	if (s->state == SELECT_ANY)
		return args_bad("unknown state ", s->state_name);
	return 0;
}

static int
take_regex(const char *text, regex_t *re)
{
	static char why[200];
	int r;

	if (!text)
		return 0;
	r = regcomp(re, text, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (r == 0)
		return 0;
	regerror(r, re, why, sizeof(why));
	log_alert("not a regular expression: ", text, ": ", why);
	return CTL_USAGE;
}

int
select_ready(struct select *s, int n, char **operands)
{
	int i, r = 0;

	s->ids = xmalloc(((size_t)n + 1) * sizeof(*s->ids));
	for (i = 0; i < n; i++) {
		if (strcmp(operands[i], "all") == 0)
			s->all = true;
		else if (strlen(operands[i]) == QID_LEN &&
			 qid_parse(operands[i], &s->ids[s->nids]))
			s->nids++;
		else if (!s->domain && strchr(operands[i], '.'))
			s->domain = operands[i];
		else
			return args_bad("not a message id: ", operands[i]);
	}
	if (s->all && s->nids)
		return args_bad("either ids or ", "--all");
	r = r ? r : take_age(s->older, &s->before);
	r = r ? r : take_age(s->younger, &s->after);
	r = r ? r : take_state(s);
	r = r ? r : take_regex(s->reason, &s->reason_re);
	r = r ? r : take_regex(s->match, &s->match_re);
	return r;
}

bool
select_given(const struct select *s)
{
	return s->all || s->nids || s->from || s->to || s->domain || s->older ||
	       s->younger || s->state_name || s->reason || s->match;
}

bool
select_whole(const struct select *s)
{
	return !s->to && !s->domain && !s->state_name && !s->reason &&
	       !s->match;
}

/* --- does it fit? --------------------------------------------------------- */

/* "user@host", "@host" for all of a host, "" or "<>" for the null sender. */
static bool
is_address(const char *want, const char *address)
{
	const char *at = strrchr(address, '@');

	if (strcmp(want, "<>") == 0)
		want = "";
	if (want[0] == '@')
		return at && ascii_caseis(want, at);
	return ascii_caseis(want, address);
}

/* As in control files: with a dot in front, what is below it. */
static bool
is_domain(const char *want, const char *address)
{
	const char *at = strrchr(address, '@');
	size_t n = strlen(want), len;

	if (!at)
		return !*want;
	if (*want != '.')
		return ascii_caseis(want, at + 1);
	len = strlen(at + 1);
	return len > n && ascii_caseis(at + 1 + len - n, want);
}

static bool
has_state(const struct select *s, const struct walk_message *m, size_t i)
{
	enum env_mark k = env_mark(&m->env, i);

	switch (s->state) {
	case SELECT_ANY:
		return true;
	case SELECT_HELD:
		return env_isheld(k);
	case SELECT_NEW:
		return env_istodo(k) && !m->tried;
	case SELECT_WAITING:
		return env_istodo(k) && m->tried;
	case SELECT_ACTIVE:
		return env_istodo(k); /* and quill-send is asked */
	default:
		return false;
	}
}

bool
select_message(const struct select *s, const struct walk_message *m)
{
	int64_t born = qid_birth(m->id);

	if ((s->older && born > s->before) || (s->younger && born < s->after))
		return false;
	if (s->state == SELECT_ACTIVE && !replies_active(m->name))
		return false;
	return !s->from || is_address(s->from, m->env.sender);
}

bool
select_rcpt(const struct select *s, const struct walk_message *m, size_t i)
{
	const char *to = env_rcpt(&m->env, i);
	struct reply r;

	if ((s->to && !is_address(s->to, to)) ||
		(s->domain && !is_domain(s->domain, to)) || !has_state(s, m, i))
		return false;
	if (s->match && regexec(&s->match_re, to, 0, NULL, 0) != 0 &&
		regexec(&s->match_re, m->env.sender, 0, NULL, 0) != 0)
		return false;
	return !s->reason ||
	       (replies_get(m, i, &r) &&
		       regexec(&s->reason_re, r.text, 0, NULL, 0) == 0);
}

/* --- visiting ------------------------------------------------------------- */

/* One that was named is not passed over. */
static void
say_odd(void *arg, const struct walk_message *m)
{
	(void)arg;
	log_warning(m->name, ": its envelope file is damaged or unfinished: "
			     "quillctl fsck");
}

int
select_each(const struct select *s, walk_fn *fn, walk_fn *odd, void *arg)
{
	char name[QID_LEN + 1];
	size_t i;
	int r;

	if (s->nids == 0)
		return walk_each(fn, odd, arg);
	for (i = 0; i < s->nids; i++) {
		r = walk_one(s->ids[i], fn, odd ? odd : say_odd, arg);
		if (r < 0)
			return -1;
		qid_fmt(name, s->ids[i]);
		if (r == 0)
			log_warning("no message ", name, " in the queue");
	}
	return 0;
}

const char *
select_state(const struct walk_message *m, size_t i)
{
	enum env_mark k = env_mark(&m->env, i);

	return k == ENV_DONE	  ? "done"
	       : k == ENV_FAILED  ? "failed"
	       : k == ENV_REMOVED ? "removed"
	       : env_isheld(k)	  ? "held"
	       : m->tried	  ? "waits"
				  : "new";
}
