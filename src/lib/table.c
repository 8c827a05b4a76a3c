/* SPDX-License-Identifier: 0BSD */
#include "lib/table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/log.h"

void
table_init(struct table *t)
{
	t->compiled = false;
	t->cdb.fd = -1;
	map_init(&t->map);
}

void
table_close(struct table *t)
{
	if (t->compiled)
		close(t->cdb.fd);
	map_free(&t->map);
	t->compiled = false;
	t->cdb.fd = -1;
}

static bool
is_older(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec
		       ? a->st_mtim.tv_sec < b->st_mtim.tv_sec
		       : a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

enum control
table_bad(const char *name)
{
	struct str file = STR_INIT(CONTROL_LINE_MAX), why = STR_INIT(1000);
	bool damaged = errno == EBADMSG;
	enum control r;

	str_puts(&why, log_strerror());
	if (damaged) {
		str_puts(&why, "; run quill-cdb ");
		str_puts(&why, name);
	}
	str_puts(&file, name);
	str_puts(&file, ".cdb");
	r = control_bad(str_c(&file), 0, str_c(&why));
	str_free(&file);
	str_free(&why);
	return r;
}

/* Use the compiled file at path, whose text is at text. CONTROL_ABSENT: the
 * text counts. */
static enum control
compiled(struct table *t, const char *name, const char *path, const char *text)
{
	struct stat cdb, src;
	int fd = fd_open(path, O_RDONLY, 0);

	if (fd < 0 && errno == ENOENT)
		return CONTROL_ABSENT;
	if (fd < 0 || fstat(fd, &cdb) < 0)
		goto bad;
	if (stat(text, &src) < 0) {
		if (errno != ENOENT)
			goto bad;
		log_warning(path, " is not used: there is no ", text);
		close(fd);
		return CONTROL_ABSENT;
	}
	if (is_older(&cdb, &src)) {
		log_warning(path, " is not used: ", text,
			" was changed since; run quill-cdb ", name);
		close(fd);
		return CONTROL_ABSENT;
	}
	if (cdb_init(&t->cdb, fd) < 0)
		goto bad;
	t->compiled = true;
	return CONTROL_OK;
bad:
	table_bad(name);
	if (fd >= 0)
		close(fd);
	return CONTROL_BAD;
}

const char *
table_ascii(const char *key, size_t n)
{
	const char *at = n ? memrchr(key, '@', n) : NULL;

	if (at) {
		n -= (size_t)(at - key);
		key = at;
	}
	return ascii_only(key, n) ? NULL
				  : "a domain that is not ASCII: write xn--...";
}

const char *
table_host(const char *key, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!ascii_isalnum(key[i]) && !strchr(".-_[]:", key[i]) &&
			!(key[i] & 0x80))
			return "not a host name";
	return table_ascii(key, n);
}

const char *
table_split(const struct table_kind *k, char *line, size_t n, size_t *klen,
	const char **val)
{
	const char *from = line, *sep;

	*klen = n;
	*val = line + n;
	if (k->sep) {
		if (*line == '[')
			from = memchr(line, ']', n);
		sep = from ? memchr(from, k->sep, (size_t)(line + n - from))
			   : NULL;
		if (!sep)
			return "separator missing";
		*klen = (size_t)(sep - line);
		*val = sep + 1;
	}
	ascii_tolower(line, *klen);
	return k->check ? k->check(line, *klen) : NULL;
}

struct reading {
	struct table *table;
	const struct table_kind *kind;
};

static const char *
read_entry(void *arg, size_t line, char *entry, size_t n)
{
	struct reading *r = arg;
	const char *val, *why;
	size_t klen;

	why = table_split(r->kind, entry, n, &klen, &val);
	if (!why)
		table_keep(&r->table->map, entry, klen, val,
			(size_t)(entry + n - val), line);
	return why;
}

enum control
table_text(struct table *t, const char *name, const struct table_kind *k)
{
	struct reading r = { t, k };
	enum control c;

	table_init(t);
	c = control_list(name, read_entry, &r);
	if (c == CONTROL_BAD)
		table_close(t);
	return c;
}

enum control
table_open(struct table *t, const char *name, const struct table_kind *k)
{
	struct str text = STR_INIT(4000), path = STR_INIT(4000);
	enum control r = CONTROL_ABSENT;

	table_init(t);
	control_path(&text, name);
	control_path(&path, name);
	str_puts(&path, ".cdb");
	if (!control_missing(strrchr(str_c(&path), '/') + 1))
		r = compiled(t, name, str_c(&path), str_c(&text));
	str_free(&text);
	str_free(&path);
	return r == CONTROL_ABSENT ? table_text(t, name, k) : r;
}

void
table_put(struct table *t, const char *key, size_t n, const char *val,
	size_t vlen)
{
	table_keep(&t->map, key, n, val, vlen, 0);
}

/* What follows a value in the map: NUL, line. */
enum { KEPT = 1 + sizeof(uint32_t) };

void
table_keep(struct map *m, const char *key, size_t n, const char *val,
	size_t vlen, size_t line)
{
	static struct str kept = STR_INIT(CONTROL_LINE_MAX + KEPT);
	uint32_t number = line < UINT32_MAX ? (uint32_t)line : 0;

	str_clear(&kept);
	str_put(&kept, val, vlen);
	str_putc(&kept, 0);
	str_put(&kept, &number, sizeof number);
	map_put(m, key, n, kept.s, kept.len);
}

size_t
table_kept(const char *val)
{
	uint32_t number;

	memcpy(&number, val + strlen(val) + 1, sizeof number);
	return number;
}

size_t
table_line(const struct table *t, const char *key, size_t n)
{
	const char *val = t->compiled ? NULL : map_get(&t->map, key, n, NULL);

	return val ? table_kept(val) : 0;
}

int
table_get(const struct table *t, const char *key, size_t n, struct str *val)
{
	struct str mine = STR_INIT(CONTROL_LINE_MAX);
	const char *p;
	size_t len;
	int r;

	if (t->compiled) {
		r = cdb_get(&t->cdb, key, n, val ? val : &mine);
		str_free(&mine);
		return r;
	}
	p = map_get(&t->map, key, n, &len);
	if (p && val) {
		str_clear(val);
		str_put(val, p, len - KEPT);
	}
	return p != NULL;
}
