/* SPDX-License-Identifier: 0BSD */
#include "verifyd/lookups.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "wire/job.h"
#include "wire/report.h"

int
lookups_find(const struct lookups *l, const char *addr)
{
	for (int i = 0; i < VERIFY_JOBS; i++)
		if (l->at[i].busy && strcmp(l->at[i].addr, addr) == 0)
			return i;
	return -1;
}

/* There is no message: what a job must have of one is made up. */
static void
make_job(struct str *out, uint32_t number, const char *addr)
{
	static struct job j;

	j = (struct job){ .number = number,
		.id = "0000000000000000",
		.sender = "",
		.rcpt = { { addr, NULL } },
		.nrcpt = 1 };
	str_clear(out);
	job_encode(out, &j);
}

/* How many are for the same name? */
static int
share(const struct lookups *l, const char *addr)
{
	size_t n = strcspn(addr, "-@");
	int count = 0;

	for (int i = 0; i < VERIFY_JOBS; i++)
		if (l->at[i].busy && strcspn(l->at[i].addr, "-@") == n &&
			ascii_caseeqn(l->at[i].addr, addr, n))
			count++;
	return count;
}

int
lookups_new(struct lookups *l, const char *addr, int64_t until, struct str *job)
{
	int i = 0;

	while (i < VERIFY_JOBS && l->at[i].busy)
		i++;
	if (i == VERIFY_JOBS || strlen(addr) > ADDR_MAX ||
		share(l, addr) >= LOOKUPS_SHARE)
		return -1;
	l->at[i].busy = true;
	l->at[i].number = ++l->last;
	l->at[i].until = until;
	strcpy(l->at[i].addr, addr);
	make_job(job, l->at[i].number, addr);
	return i;
}

void
lookups_free(struct lookups *l, int slot)
{
	l->at[slot].busy = false;
}

void
lookups_expire(struct lookups *l, int64_t now)
{
	for (int i = 0; i < VERIFY_JOBS; i++)
		/* what is not used stays untouched, and takes no memory */
		if (l->at[i].busy && l->at[i].until <= now)
			l->at[i].busy = false;
}

/* to, of size bytes, gets what fits of from, lines joined by spaces. */
static void
one_line(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from && n < size - 1; from++)
		to[n++] = (char)(*from == '\n' ? ' ' : *from);
	while (n > 0 && to[n - 1] == ' ')
		n--;
	to[n] = 0;
}

static void
local_part(char *to, size_t size, const char *addr)
{
	const char *at = strrchr(addr, '@');
	size_t n = at ? (size_t)(at - addr) : strlen(addr);

	if (n >= size)
		n = size - 1;
	memcpy(to, addr, n);
	to[n] = 0;
}

/* What the only recipient of a report becomes. */
static void
judge(const struct report *r, struct verify_answer *a)
{
	const char *uid = report_info(r, "uid"), *user = report_info(r, "user");
	uint64_t n;

	one_line(a->text, sizeof a->text, r->rcpt[0].text);
	a->class = r->rcpt[0].class == 'D' ? VERIFY_NO : VERIFY_TEMP;
	if (r->rcpt[0].class != 'K')
		return;
	if (!uid || !num_parses(uid, UINT32_MAX - 1, &n)) {
		strcpy(a->text, "quill-lspawn does not say who it is (#4.3.5)");
		return;
	}
	a->class = VERIFY_YES;
	a->uid = (uid_t)n;
	memcpy(a->how, a->text, sizeof a->how);
	a->text[0] = 0;
	one_line(a->user, sizeof a->user, user ? user : "");
}

int
lookups_report(const struct lookups *l, const char *p, size_t n,
	struct verify_answer *a)
{
	static struct report r;

	memset(a, 0, sizeof *a);
	if (!report_decode(&r, p, n) || r.nrcpt != 1)
		return -1;
	for (int i = 0; i < VERIFY_JOBS; i++) {
		if (!l->at[i].busy || l->at[i].number != r.number)
			continue;
		local_part(a->local, sizeof a->local, l->at[i].addr);
		judge(&r, a);
		return i;
	}
	return -1;
}
