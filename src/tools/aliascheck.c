/* SPDX-License-Identifier: 0BSD */
#include "tools/aliascheck.h"

#include <stdlib.h>
#include <string.h>

#include "lib/safefile.h"
#include "lib/log.h"
#include "lib/str.h"
#include "mail/aliases.h"
#include "wire/aliasdb.h"
#include "wire/status.h"

static struct {
	const struct aliascheck *how;
	const struct map *where;
	struct aliasdb db;
	struct map deep; /* what was looked into: how deep it goes, one byte */
	const char *chain[ALIASDB_DEPTH + 1];
	size_t nchain;
} run;

const char *
aliascheck_line(const char *file, size_t line)
{
	static struct str s = STR_INIT(8192);

	str_clear(&s);
	str_puts(&s, file);
	str_puts(&s, ": line ");
	str_putnum(&s, line);
	return str_c(&s);
}

static size_t visit(const char *key, const char *where);

static void __attribute__((noreturn))
die_loop(const char *where, const char *key)
{
	static struct str s = STR_INIT(4000);
	size_t i = 0;

	str_clear(&s);
	while (i + 1 < run.nchain && strcmp(run.chain[i], key) != 0)
		i++;
	for (; i < run.nchain; i++) {
		str_puts(&s, run.chain[i]);
		str_puts(&s, " -> ");
	}
	str_puts(&s, key);
	run.how->die(STATUS_PERM, where, "a loop: ", str_c(&s));
}

/* An address of an alias or an include: another alias? How deep it goes. */
static size_t
visit_address(const char *addr, size_t n, const char *where)
{
	struct str data = STR_INIT(ALIASDB_DATA_MAX);
	const char *used;
	size_t deep = 0;
	char *name;

	if (memchr(addr, '@', n))
		return 0;
	switch (aliasdb_match(&run.db, addr, n, &data, &used)) {
	case ALIASDB_NONE:
		break;
	case ALIASDB_FAILED:
		run.how->die(STATUS_TEMP, run.db.path, log_strerror(), "");
	case ALIASDB_FOUND:
		name = xstrdup(used);
		deep = visit(name, where);
		free(name);
	}
	str_free(&data);
	return deep;
}

/* What an include may hold depends on whose it is (quill-aliases.5). */
static bool
is_trusted(const struct safefile *f)
{
	return (f->owner == 0 || f->owner == run.how->alias) && !f->group;
}

static size_t
visit_include(const char *path, const char *where)
{
	struct str text = STR_INIT(ALIASES_FILE_MAX), key = STR_INIT(8000);
	enum safefile_result got;
	enum aliases_kind kind;
	struct aliases l;
	struct safefile safe;
	size_t deep = 0, d;

	run.how->become_alias(true);
	got = safefile_read(&safe, path, &text);
	run.how->become_alias(false);
	if (got != SAFEFILE_OK) {
		str_puts(&key, path);
		str_putc(&key, ' ');
		str_puts(&key, safe.why);
		run.how->die(STATUS_PERM, where, ":include:", str_c(&key));
	}
	aliases_init(&l, text.s, text.len, 1, true);
	while ((kind = aliases_next(&l)) > ALIASES_BAD) {
		d = 0;
		if (kind == ALIASES_ADDRESS) {
			d = visit_address(l.text.s, l.text.len,
				aliascheck_line(path, l.line));
		} else if (kind != ALIASES_FINAL && !is_trusted(&safe)) {
			run.how->die(STATUS_PERM, aliascheck_line(path, l.line),
				"only addresses may be in a file that belongs"
				" to, or can be written by, others",
				"");
		} else if (kind == ALIASES_INCLUDE) {
			str_clear(&key);
			str_putc(&key, ':');
			str_put(&key, l.text.s, l.text.len);
			d = visit(str_c(&key), aliascheck_line(path, l.line));
		}
		if (d > deep)
			deep = d;
	}
	if (kind == ALIASES_BAD)
		run.how->die(
			STATUS_PERM, aliascheck_line(path, l.line), l.why, "");
	aliases_free(&l);
	str_free(&text);
	str_free(&key);
	return deep;
}

static size_t
visit_alias(const char *name)
{
	struct str data = STR_INIT(ALIASDB_DATA_MAX), key = STR_INIT(8000);
	size_t pos = 0, deep = 0, d, n = strlen(name);
	const char *text, *where = map_get(run.where, name, n, NULL);
	enum aliasdb_kind kind;

	if (aliasdb_find(&run.db, name, n, &data) != ALIASDB_FOUND)
		run.how->die(STATUS_TEMP, run.db.path, log_strerror(), "");
	while ((kind = aliasdb_next(&data, &pos, &text)) > ALIASDB_END) {
		d = 0;
		if (kind == ALIASDB_ADDRESS) {
			d = visit_address(text, strlen(text), where);
		} else if (kind == ALIASDB_INCLUDE) {
			str_clear(&key);
			str_putc(&key, ':');
			str_puts(&key, text);
			d = visit(str_c(&key), where);
		}
		if (d > deep)
			deep = d;
	}
	str_free(&data);
	str_free(&key);
	return deep;
}

/* Look into the alias of that name, or, for ":/path", into that include, and
 * into what is in there. How many levels there are, this one included. */
static size_t
visit(const char *key, const char *where)
{
	size_t n = strlen(key), deep;
	const char *known;
	char byte, *w;

	for (size_t i = 0; i < run.nchain; i++)
		if (strcmp(run.chain[i], key) == 0)
			die_loop(where, key);
	known = map_get(&run.deep, key, n, NULL);
	deep = known ? (size_t)*known : 1;
	if (run.nchain + deep > ALIASDB_DEPTH)
		run.how->die(
			STATUS_PERM, where, "nested too deep by way of ", key);
	if (known)
		return deep;
	w = xstrdup(where);
	run.chain[run.nchain++] = key;
	deep = 1 + (*key == ':' ? visit_include(key + 1, w) : visit_alias(key));
	run.nchain--;
	free(w);
	byte = (char)deep;
	map_put(&run.deep, key, n, &byte, 1);
	return deep;
}

void
aliascheck(const struct aliascheck *how, const char *path,
	const struct map *where, const char *names, size_t n)
{
	const char *p = names, *end = names + n;

	run.how = how;
	run.where = where;
	map_init(&run.deep);
	aliasdb_init(&run.db, path);
	for (; p < end; p += strlen(p) + 1)
		visit(p, map_get(where, p, strlen(p), NULL));
	aliasdb_close(&run.db);
}
