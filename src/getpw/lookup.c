/* SPDX-License-Identifier: 0BSD */
#include "getpw/lookup.h"

#include <string.h>

#include "lib/ascii.h"

/* 1 the account called by the first n bytes of local counts, 0 it does not; -1
 * its name, -2 its home cannot be looked at now. */
static int
try(const struct lookup_ops *ops, const char *local, size_t n,
	struct account *a)
{
	char name[LOOKUP_NAME_MAX + 1];
	uid_t owner;
	int r;

	if (n == 0 || n > LOOKUP_NAME_MAX)
		return 0;
	memcpy(name, local, n);
	name[n] = '\0';
	ascii_tolower(name, n);
	r = ops->account(ops->arg, name, a);
	if (r != 1)
		return r;
	if (a->uid == 0)
		return 0;
	r = ops->owner(ops->arg, a->home, &owner);
	if (r != 1)
		return r == -1 ? -2 : 0;
	return owner == a->uid;
}

const char *
lookup_account(const struct lookup_ops *ops, const char *alias,
	const char *local, struct lookup_found *f)
{
	size_t len = strlen(local), n = len;

	for (;;) {
		switch (try(ops, local, n, &f->a)) {
		case 1:
			f->dash = n == len ? "" : "-";
			f->ext = n == len ? "" : local + n + 1;
			return NULL;
		case -1:
			return "the user look-up failed (#4.3.0)";
		case -2:
			return "unable to look at the home directory (#4.3.0)";
		}
		do {
			if (n == 0)
				goto none;
			n--;
		} while (local[n] != '-');
	}
none:
	switch (ops->account(ops->arg, alias, &f->a)) {
	case 1:
		f->dash = "-";
		f->ext = local;
		return NULL;
	case 0:
		return "the alias user does not exist (#4.3.5)";
	}
	return "the user look-up failed (#4.3.0)";
}
