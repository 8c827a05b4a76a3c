/* SPDX-License-Identifier: 0BSD */
#include "tlsd/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/file.h"

static const char *const system_ca[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, Arch, Alpine */
	"/etc/pki/tls/certs/ca-bundle.crt",   /* Red Hat */
	"/etc/ssl/ca-bundle.pem",	      /* SUSE */
	"/etc/ssl/cert.pem",		      /* BSD */
};

static bool
refuse(struct str *why, const char *path, const char *reason)
{
	str_clear(why);
	str_puts(why, path);
	str_puts(why, ": ");
	str_puts(why, reason);
	return false;
}

/* The file, or NULL when there is none or it is no good (then why says so).
 * secret: nobody but the owner may read it. */
static struct str *
read_file(struct bundle *b, const char *path, bool secret, struct str *why)
{
	int fd = fd_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct str *s = NULL;
	struct stat st;

	if (fd < 0) {
		if (errno != ENOENT)
			refuse(why, path, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) < 0)
		refuse(why, path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		refuse(why, path, "not a plain file");
	else if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)))
		refuse(why, path,
			"others than its owner may use it: chmod 600");
	else if (!st.st_size)
		refuse(why, path, "empty");
	else {
		s = xmalloc(sizeof *s);
		str_init(s, BUNDLE_FILE_MAX);
		/* Room for all of it, and for what file_readfd reads ahead:
		 * growing would leave a key in memory that is given back. */
		if (st.st_size > BUNDLE_FILE_MAX - 8192 ||
			!str_room(s, (size_t)st.st_size + 8192) ||
			file_readfd(fd, s) < 0 ||
			b->bytes + s->len > BUNDLE_MAX) {
			refuse(why, path, "too large");
			str_free(s);
			free(s);
			s = NULL;
		} else
			b->bytes += s->len;
	}
	close(fd);
	return s;
}

/* --- one name */
static struct str *
member(struct bundle *b, struct str *dir, const char *file, struct str *why)
{
	size_t len = dir->len;
	struct str *s = NULL;

	if (!why->len) {
		str_putc(dir, '/');
		str_puts(dir, file);
		s = read_file(b, str_c(dir), !strcmp(file, "key.pem"), why);
		str_cut(dir, len);
	}
	return s;
}

static bool
add_name(struct bundle *b, struct bundle_name *n, struct str *dir,
	struct str *why)
{
	n->cert = member(b, dir, "cert.pem", why);
	n->key = member(b, dir, "key.pem", why);
	n->clients = member(b, dir, "clients.pem", why);
	n->ca = member(b, dir, "ca.pem", why);
	if (why->len)
		return false;
	if (n->cert && !n->key)
		return refuse(why, str_c(dir), "cert.pem, but no key.pem");
	if (n->key && !n->cert)
		return refuse(why, str_c(dir), "key.pem, but no cert.pem");
	b->server |= n->cert != NULL;
	return true;
}

static bool
good_name(const char *s)
{
	size_t i;

	for (i = 0; s[i]; i++)
		if (ascii_lower(s[i]) != s[i] ||
			(!ascii_isalnum(s[i]) && s[i] != '-' && s[i] != '.' &&
				s[i] != '_'))
			return false;
	return i > 0 && i <= 253;
}

static int
by_name(const void *a, const void *b)
{
	const struct bundle_name *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* --- all of them */
static bool
list_names(struct bundle *b, DIR *d, const char *path, struct str *why)
{
	struct dirent *e;

	while (errno = 0, (e = readdir(d)) != NULL) {
		struct bundle_name *n;
		struct stat st;

		if (e->d_name[0] == '.' ||
			fstatat(dirfd(d), e->d_name, &st, 0) < 0 ||
			!S_ISDIR(st.st_mode))
			continue;
		if (!good_name(e->d_name))
			return refuse(why, path,
				"a directory in it is not"
				" named as a host is (in lower case)");
		if (b->count == BUNDLE_NAMES)
			return refuse(why, path, "too many names");
		n = &b->name[b->count++];
		memset(n, 0, sizeof *n);
		n->name = xstrdup(e->d_name);
	}
	return errno ? refuse(why, path, strerror(errno)) : true;
}

static struct bundle_name *
find(struct bundle *b, const char *name)
{
	for (size_t i = 0; i < b->count; i++)
		if (!strcmp(b->name[i].name, name))
			return &b->name[i];
	return NULL;
}

/* "default" is there in any case: it has CAs. */
static bool
add_default(struct bundle *b, const char *dir, struct str *why)
{
	struct bundle_name *n = find(b, "default");

	if (b->server && (!n || !n->cert))
		return refuse(why, dir,
			"no default/cert.pem, for clients that "
			"name no name");
	if (!n) {
		n = &b->name[b->count++];
		memset(n, 0, sizeof *n);
		n->name = xstrdup("default");
	}
	for (size_t i = 0;
		!n->ca && !why->len && i < sizeof system_ca / sizeof *system_ca;
		i++) {
		n->ca = read_file(b, system_ca[i], false, why);
		n->systems = true;
	}
	return !why->len;
}

bool
bundle_read(struct bundle *b, const char *dir, struct str *why)
{
	struct str path = STR_INIT(4096);
	size_t base;
	bool good = true;
	DIR *d;

	memset(b, 0, sizeof *b);
	b->name = xmalloc((BUNDLE_NAMES + 1) * sizeof *b->name);
	str_clear(why);
	str_puts(&path, dir);
	base = path.len;
	d = opendir(str_c(&path));
	if (d) {
		good = list_names(b, d, str_c(&path), why);
		closedir(d);
	} else if (errno != ENOENT)
		good = refuse(why, str_c(&path), strerror(errno));
	for (size_t i = 0; good && i < b->count; i++) {
		str_cut(&path, base);
		str_putc(&path, '/');
		str_puts(&path, b->name[i].name);
		good = add_name(b, &b->name[i], &path, why);
	}
	good = good && add_default(b, dir, why);
	str_free(&path);
	if (!good)
		bundle_free(b);
	else
		qsort(b->name, b->count, sizeof *b->name, by_name);
	return good;
}

static void
drop(struct str **s)
{
	if (*s) {
		explicit_bzero((*s)->s, (*s)->cap);
		str_free(*s);
		free(*s);
	}
	*s = NULL;
}

void
bundle_wipe(struct bundle *b)
{
	for (size_t i = 0; i < b->count; i++)
		drop(&b->name[i].key);
}

void
bundle_free(struct bundle *b)
{
	bundle_wipe(b);
	for (size_t i = 0; i < b->count; i++) {
		drop(&b->name[i].cert);
		drop(&b->name[i].clients);
		drop(&b->name[i].ca);
		free(b->name[i].name);
	}
	free(b->name);
	memset(b, 0, sizeof *b);
}
