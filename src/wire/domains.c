/* SPDX-License-Identifier: 0BSD */
#include "wire/domains.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/cdb.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "wire/site.h"

enum { NAME_MAX_BYTES = 260 };

void
domains_prefix(struct str *out, const char *domain)
{
	str_putc(out, '+');
	str_puts(out, domain);
	str_puts(out, "-:");
}

void
domains_dir(struct str *out, const char *domain)
{
	str_clear(out);
	str_puts(out, "domains/");
	/* no hidden directory, and none that looks like a domain's */
	str_puts(out, *domain == '.' ? "_" : "");
	str_puts(out, domain);
}

static int
look_up(const struct cdb *c, const char *domain, struct domains_owner *o)
{
	struct str key = STR_INIT(NAME_MAX_BYTES);
	int r;

	str_putc(&key, '!');
	str_puts(&key, domain);
	str_putc(&key, '-');
	str_init(&o->data, PWREQ_MAX);
	r = key.over ? 0 : cdb_get(c, key.s, key.len, &o->data);
	str_free(&key);
	if (r != 1)
		return r;
	str_putc(&o->data, '\0');
	if (o->data.over || !pwuser_decode(&o->u, o->data.s, o->data.len)) {
		errno = EBADMSG;
		return -1;
	}
	/* Another kind of entry has its files elsewhere; root owns nothing. */
	return strcmp(o->u.dash, "-") == 0 && !*o->u.ext && o->u.uid != 0;
}

int
domains_find(const char *domain, struct domains_owner *o)
{
	struct str path = STR_INIT(DOMAINS_PATH_MAX);
	struct cdb c;
	int fd, r, saved;

	str_puts(&path, site_users);
	str_puts(&path, "/cdb");
	fd = fd_open(str_c(&path), O_RDONLY, 0);
	str_free(&path);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	r = cdb_init(&c, fd);
	if (r == 0)
		r = look_up(&c, domain, o);
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

static void
add(struct domains_list *l, const char *p, size_t n)
{
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->name = xrealloc(l->name, l->room * sizeof *l->name);
	}
	l->name[l->n] = xmalloc(n + 1);
	memcpy(l->name[l->n], p, n);
	l->name[l->n][n] = '\0';
	ascii_tolower(l->name[l->n++], n);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Several lines of the same domain are one. */
static void
sort(struct domains_list *l)
{
	size_t n = 0;

	if (l->n)
		qsort(l->name, l->n, sizeof *l->name, compare);
	for (size_t i = 0; i < l->n; i++) {
		if (n && strcmp(l->name[n - 1], l->name[i]) == 0)
			free(l->name[i]);
		else
			l->name[n++] = l->name[i];
	}
	l->n = n;
}

int
domains_all(struct domains_list *l)
{
	struct str path = STR_INIT(DOMAINS_PATH_MAX);
	struct str text = STR_INIT(DOMAINS_FILE_MAX);
	const char *p, *end;
	int r;

	*l = (struct domains_list){ 0 };
	str_puts(&path, site_control);
	str_puts(&path, "/virtualdomains");
	r = file_read(str_c(&path), &text);
	str_free(&path);
	if (r < 0)
		return errno == ENOENT ? 0 : -1;
	end = str_c(&text) + text.len;
	for (p = text.s; p < end;) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((lf ? lf : end) - p);
		const char *colon = memchr(p, ':', n);
		size_t k = colon ? (size_t)(colon - p) : 0;

		while (n && (p[n - 1] == ' ' || p[n - 1] == '\t' ||
				    p[n - 1] == '\r'))
			n--;
		if (k && *p != '#' && n == 2 * k + 1 && !memchr(p, '@', k) &&
			!memchr(p, '\0', k) && ascii_caseeqn(p, colon + 1, k))
			add(l, p, k);
		p = lf ? lf + 1 : end;
	}
	str_free(&text);
	sort(l);
	return 0;
}
