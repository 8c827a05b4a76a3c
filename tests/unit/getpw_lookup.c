/* SPDX-License-Identifier: 0BSD */
#include "getpw/lookup.h"
#include "tap.h"

static const struct {
	const char *name, *home;
	unsigned uid;
} accounts[] = {
	{ "joe", "/h/joe", 1 },
	{ "joe-list", "/h/joe-list", 2 },
	{ "root", "/root", 0 },
	{ "daemon", "/", 3 }, /* does not own its home */
	{ "nobody", "/nonexistent", 4 },
	{ "nfs", "/stale", 5 },
	{ "alias", "/h/alias", 6 },
	{ "a2345678901234567890123456789012", "/h/long", 7 },
	{ "Big", "/h/big", 8 },
};
static const struct {
	const char *home;
	unsigned owner;
} homes[] = {
	{ "/h/joe", 1 },
	{ "/h/joe-list", 2 },
	{ "/root", 0 },
	{ "/", 0 },
	{ "/h/alias", 6 },
	{ "/h/long", 7 },
	{ "/h/big", 8 },
};
static bool down, no_alias;
static unsigned asked;

static int
account(void *arg, const char *name, struct account *a)
{
	(void)arg;
	asked++;
	if (down || strcmp(name, "trouble") == 0)
		return -1;
	if (no_alias && strcmp(name, "alias") == 0)
		return 0;
	for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++)
		if (strcmp(name, accounts[i].name) == 0) {
			a->name = accounts[i].name;
			a->home = accounts[i].home;
			a->uid = accounts[i].uid;
			a->gid = 100;
			return 1;
		}
	return 0;
}

static int
owner(void *arg, const char *home, uid_t *uid)
{
	(void)arg;
	if (strcmp(home, "/stale") == 0)
		return -1;
	for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
		if (strcmp(home, homes[i].home) == 0) {
			*uid = homes[i].owner;
			return 1;
		}
	return 0;
}

static const char *
find(const char *local)
{
	static const struct lookup_ops ops = { account, owner, NULL };
	static char text[2000];
	struct lookup_found f;
	const char *why = lookup_account(&ops, "alias", local, &f);

	if (why != NULL)
		return why;
	snprintf(text, sizeof text, "%s %s %s|%s", f.a.name, f.a.home, f.dash,
		f.ext);
	return text;
}

#define FAILED	    "the user look-up failed (#4.3.0)"
#define HOME_FAILED "unable to look at the home directory (#4.3.0)"

int
main(void)
{
	static const struct {
		const char *local, *want;
	} t[] = {
		{ "joe", "joe /h/joe |" },
		{ "JoE", "joe /h/joe |" },
		{ "joe-", "joe /h/joe -|" },
		{ "joe-X", "joe /h/joe -|X" },
		{ "Joe-List", "joe-list /h/joe-list |" },
		{ "joe-list-Foo-Bar", "joe-list /h/joe-list -|Foo-Bar" },
		{ "joe-listing", "joe /h/joe -|listing" },
		{ "joe--x", "joe /h/joe -|-x" },
		{ "joey", "alias /h/alias -|joey" },
		{ "root", "alias /h/alias -|root" },
		{ "root-x", "alias /h/alias -|root-x" },
		{ "daemon", "alias /h/alias -|daemon" },
		{ "nobody", "alias /h/alias -|nobody" },
		{ "Postmaster", "alias /h/alias -|Postmaster" },
		{ "-", "alias /h/alias -|-" },
		{ "-joe", "alias /h/alias -|-joe" },
		{ "alias", "alias /h/alias |" },
		{ "alias-x", "alias /h/alias -|x" },
		{ "nfs", HOME_FAILED },
		{ "nfs-x", HOME_FAILED },
		{ "trouble-x", FAILED },
		{ "big", "alias /h/alias -|big" },
		{ "a2345678901234567890123456789012",
			"a2345678901234567890123456789012 /h/long |" },
		{ "a23456789012345678901234567890123",
			"alias /h/alias -|a23456789012345678901234567890123" },
	};
	static char many[1001];

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		is_str(find(t[i].local), t[i].want, "%s", t[i].local);
	memset(many, '-', 1000);
	asked = 0;
	find(many);
	ok(asked <= LOOKUP_NAME_MAX + 2, "%u questions at most", asked);
	down = true;
	is_str(find("joe"), FAILED, "name service down");
	down = false;
	no_alias = true;
	is_str(find("joe"), "joe /h/joe |", "no alias user, but not needed");
	is_str(find("x"), "the alias user does not exist (#4.3.5)",
		"no alias user");
	return done_testing();
}
