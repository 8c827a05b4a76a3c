/* SPDX-License-Identifier: 0BSD */
#include "local/alias.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/log.h"
#include "lib/map.h"
#include "lib/num.h"
#include "lib/safefile.h"
#include "lib/table.h"
#include "local/conf.h"
#include "local/dotqmail.h"
#include "mail/aliases.h"
#include "wire/aliasdb.h"
#include "wire/site.h"

enum { FORWARDS_MAX = 8 << 20 };

/* One walk through the database. */
struct walk {
	struct alias *a;
	const struct delivery *d;
	struct result *r;
	struct aliasdb *db;
	struct map seen; /* "&address", "|command", ... that is in already */
	const char *chain[ALIASDB_DEPTH]; /* names and ":/include"s we are in */
	size_t nchain;
	size_t group; /* that forwards go to */
};

bool
alias_isours(const struct delivery *d)
{
	static char name[64];
	struct site_ids ids;

	if (strcmp(d->dash, "-") != 0)
		return false;
	if (!*name && site_ids(&ids, name) < 0)
		return false;
	return strcmp(d->user, name) == 0;
}

void
alias_free(struct alias *a)
{
	for (size_t i = 0; i < a->ngroup; i++) {
		free(a->group[i].sender);
		str_free(&a->group[i].to);
	}
	a->ngroup = 0;
	str_free(&a->name);
	str_free(&a->lines);
}

/* Has it been there before? It has from now on. Hosts, and names without one,
 * are alike in upper and lower case. */
static bool
is_repeated(struct walk *w, char kind, const char *text)
{
	struct str key = STR_INIT(ALIASES_TEXT_MAX + 2);
	size_t from;
	char *at;
	bool there;

	str_putc(&key, kind);
	str_puts(&key, text);
	str_c(&key);
	if (kind == ALIASDB_ADDRESS) {
		at = strrchr(key.s, '@');
		from = at ? (size_t)(at - key.s) : 0;
		ascii_tolower(key.s + from, key.len - from);
	}
	there = map_get(&w->seen, key.s, key.len, NULL) != NULL;
	if (!there)
		map_put(&w->seen, key.s, key.len, "", 0);
	str_free(&key);
	return there;
}

static bool
add_group(struct walk *w, const char *sender)
{
	struct alias_group *g;

	if (w->a->ngroup == ALIAS_GROUPS)
		return result_temp(w->r, "4.3.5", "Alias ", str_c(&w->a->name),
			": too many lists with an owner");
	w->group = w->a->ngroup++;
	g = &w->a->group[w->group];
	g->sender = xstrdup(sender);
	g->n = 0;
	str_init(&g->to, FORWARDS_MAX);
	return true;
}

static void
add_forward(struct walk *w, const char *addr)
{
	struct alias_group *g = &w->a->group[w->group];

	if (is_repeated(w, ALIASDB_ADDRESS, addr))
		return;
	str_put(&g->to, addr, strlen(addr) + 1);
	g->n++;
}

static void
add_line(struct walk *w, enum aliasdb_kind kind, const char *text)
{
	if (strcmp(text, "/dev/null") == 0 || is_repeated(w, (char)kind, text))
		return;
	if (kind == ALIASDB_PROGRAM)
		str_putc(&w->a->lines, '|');
	str_puts(&w->a->lines, text);
	str_putc(&w->a->lines, '\n');
}

static bool follow(struct walk *w, enum aliasdb_kind kind, const char *text);

/* Into an alias or an include: false in a loop, or too deep. */
static bool
enter(struct walk *w, const char *key)
{
	for (size_t i = 0; i < w->nchain; i++)
		if (strcmp(w->chain[i], key) == 0)
			return result_temp(w->r, "4.4.6", "Alias ",
				str_c(&w->a->name), " is in a loop by way of ",
				key);
	if (w->nchain == ALIASDB_DEPTH)
		return result_temp(w->r, "4.4.6", "Alias ", str_c(&w->a->name),
			" is nested too deep by way of ", key);
	w->chain[w->nchain++] = key;
	return true;
}

/* A host on which the name of an alias is its address. In a virtual domain it
 * is not: there the name has a prefix that the address lacks. */
static const char *
owner_host(const struct delivery *d)
{
	static const struct table_kind kind = { 0, table_host };
	struct str host = STR_INIT(ADDR_MAX);
	struct table t;
	bool local;

	control_init(site_control);
	str_puts(&host, d->host);
	str_c(&host);
	ascii_tolower(host.s, host.len);
	local = table_open(&t, "locals", &kind) == CONTROL_OK &&
		table_get(&t, host.s, host.len, NULL) > 0;
	table_close(&t);
	str_free(&host);
	return local ? d->host : conf_host();
}

/* Bounces of a list go to who minds it: owner-NAME, where there is such an
 * alias. Bounces and notices keep their null sender. */
static bool
find_owner(struct walk *w, const char *name, size_t n)
{
	struct str owner = STR_INIT(2 * ADDR_MAX);
	struct str data = STR_INIT(ALIASDB_DATA_MAX);
	const char *sender = w->d->sender;
	enum aliasdb_result got;
	bool good = true;

	if (!*sender || strcmp(sender, "#@[]") == 0)
		return true;
	str_puts(&owner, "owner-");
	str_put(&owner, name, n);
	got = aliasdb_find(w->db, owner.s, owner.len, &data);
	str_free(&data);
	if (got == ALIASDB_FAILED)
		good = result_sys(w->r, "Unable to read", w->db->path);
	if (got == ALIASDB_FOUND) {
		str_putc(&owner, '@');
		str_puts(&owner, owner_host(w->d));
		good = add_group(w, str_c(&owner));
		if (w->nchain == 1)
			w->a->top = w->group;
	}
	str_free(&owner);
	return good;
}

static bool
follow_items(struct walk *w, const struct str *data)
{
	enum aliasdb_kind kind;
	const char *text;
	size_t pos = 0;

	while ((kind = aliasdb_next(data, &pos, &text)) > ALIASDB_END)
		if (!follow(w, kind, text))
			return false;
	if (kind == ALIASDB_DAMAGED)
		return result_temp(w->r, "4.3.0", w->db->path, " is damaged");
	return true;
}

/* The alias of that name, whose items are in data. What was followed before
 * need not be once more; but to come upon it while we are in it is a loop. */
static bool
follow_alias(struct walk *w, const char *used, const struct str *data)
{
	char *name = xstrdup(used);
	size_t group = w->group;
	bool good = enter(w, name);

	if (good) {
		good = is_repeated(w, '=', name) ||
		       (find_owner(w, name, strlen(name)) &&
			       follow_items(w, data));
		w->nchain--;
	}
	w->group = group;
	free(name);
	return good;
}

static bool
follow_address(struct walk *w, const char *addr)
{
	struct str data = STR_INIT(ALIASDB_DATA_MAX);
	enum aliasdb_result got = ALIASDB_NONE;
	const char *used;
	bool good = true;

	if (!strchr(addr, '@'))
		got = aliasdb_match(w->db, addr, strlen(addr), &data, &used);
	if (got == ALIASDB_FAILED)
		good = result_sys(w->r, "Unable to read", w->db->path);
	else if (got == ALIASDB_NONE)
		add_forward(w, addr);
	else
		good = follow_alias(w, used, &data);
	str_free(&data);
	return good;
}

static enum aliasdb_kind
db_kind(enum aliases_kind kind)
{
	return kind == ALIASES_FINAL	 ? ALIASDB_FINAL
	       : kind == ALIASES_PROGRAM ? ALIASDB_PROGRAM
	       : kind == ALIASES_FILE	 ? ALIASDB_FILE
	       : kind == ALIASES_INCLUDE ? ALIASDB_INCLUDE
					 : ALIASDB_ADDRESS;
}

/* trusted: programs and files may be named in it, because nobody but root and
 * the alias user can have done it. */
static bool
follow_list(
	struct walk *w, const char *path, const struct str *text, bool trusted)
{
	struct aliases l;
	enum aliases_kind kind;
	char line[NUM_FMT];
	const char *why = NULL;
	bool good = true;

	aliases_init(&l, text->s, text->len, 1, true);
	while (good && (kind = aliases_next(&l)) != ALIASES_END) {
		if (kind == ALIASES_BAD)
			why = l.why;
		else if (!trusted && kind != ALIASES_ADDRESS &&
			 kind != ALIASES_FINAL)
			why = "only addresses may be in a file that belongs"
			      " to, or can be written by, others";
		if (why) {
			num_fmt(line, l.line);
			good = result_temp(
				w->r, "4.3.5", path, " line ", line, ": ", why);
		} else {
			good = follow(w, db_kind(kind), str_c(&l.text));
		}
	}
	aliases_free(&l);
	return good;
}

static bool
follow_include(struct walk *w, const char *path)
{
	struct str text = STR_INIT(ALIASES_FILE_MAX), key = STR_INIT(8000);
	struct safefile safe;
	bool good;

	str_putc(&key, ':');
	str_puts(&key, path);
	good = enter(w, str_c(&key));
	if (good) {
		if (is_repeated(w, ':', path))
			good = true;
		else if (safefile_read(&safe, path, &text) == SAFEFILE_OK)
			good = follow_list(w, path, &text,
				!safe.group &&
					(safe.owner == 0 ||
						safe.owner == geteuid()));
		else
			good = result_temp(w->r, "4.3.5", ":include:", path,
				" ", safe.why);
		w->nchain--;
	}
	str_free(&text);
	str_free(&key);
	return good;
}

static bool
follow(struct walk *w, enum aliasdb_kind kind, const char *text)
{
	switch (kind) {
	case ALIASDB_ADDRESS:
		return follow_address(w, text);
	case ALIASDB_FINAL:
		add_forward(w, text);
		return true;
	case ALIASDB_INCLUDE:
		return follow_include(w, text);
	default:
		add_line(w, kind, text);
		return true;
	}
}

enum alias_result
alias_expand(struct alias *a, const struct delivery *d, struct result *r)
{
	static struct aliasdb db = { .fd = -1 };
	struct walk w = { .a = a, .d = d, .r = r, .db = &db };
	struct str data = STR_INIT(ALIASDB_DATA_MAX);
	enum alias_result got = ALIAS_FAILED;
	const char *used;
	bool good;

	if (!db.path)
		aliasdb_init(&db, NULL);
	*a = (struct alias){ .ngroup = 0 };
	str_init(&a->name, 2 * ADDR_MAX);
	str_init(&a->lines, DOTQMAIL_MAX);
	switch (aliasdb_match(&db, d->ext, strlen(d->ext), &data, &used)) {
	case ALIASDB_NONE:
		str_free(&data);
		return ALIAS_NONE;
	case ALIASDB_FAILED:
		result_sys(r, "Unable to read", db.path);
		break;
	case ALIASDB_FOUND:
		str_puts(&a->name, used);
		map_init(&w.seen);
		good = add_group(&w, d->sender) &&
		       follow_alias(&w, used, &data);
		for (size_t i = 0; i < a->ngroup && good; i++)
			if (a->group[i].to.over)
				good = result_temp(r, "4.3.5", "Alias ",
					str_c(&a->name),
					" has too many recipients");
		if (good && a->lines.over)
			good = result_temp(r, "4.3.5", "Alias ",
				str_c(&a->name), " has too many deliveries");
		map_free(&w.seen);
		if (good)
			got = ALIAS_FOUND;
	}
	str_free(&data);
	if (got == ALIAS_FAILED)
		alias_free(a);
	return got;
}
