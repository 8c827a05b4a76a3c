/* SPDX-License-Identifier: 0BSD */
#include "tlsd/loaded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* rename */
#include <string.h>
#include <unistd.h>

#include "lib/crc32c.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/lock.h"
#include "lib/log.h"
#include "lib/map.h"
#include "wire/site.h"

enum { LIST_MAX = 1 << 20 };

static int kept = -1;

/* HOME/run/tls/loaded and a suffix. */
static const char *
path_of(struct str *s, const char *suffix)
{
	str_init(s, 4096);
	str_puts(s, site_run);
	str_puts(s, "/tls/loaded");
	str_puts(s, suffix);
	return str_c(s);
}

static void
add(struct str *out, const char *name, const char *file, const struct str *s)
{
	char sum[CRC32C_HEX];

	if (!s)
		return;
	crc32c_fmt(sum, crc32c(0, s->s, s->len));
	str_puts(out, name);
	str_putc(out, '/');
	str_puts(out, file);
	str_putc(out, ' ');
	str_put(out, sum, sizeof(sum));
	str_putc(out, '\n');
}

void
loaded_list(struct str *out, const struct bundle *b)
{
	str_clear(out);
	for (size_t i = 0; i < b->count; i++) {
		const struct bundle_name *n = &b->name[i];

		add(out, n->name, "cert.pem", n->cert);
		add(out, n->name, "clients.pem", n->clients);
		add(out, n->name, "ca.pem", n->systems ? NULL : n->ca);
	}
}

int
loaded_keep(const struct str *list)
{
	struct str path, aside;
	int fd, r = -1;

	path_of(&path, "");
	(void)unlink(path_of(&aside, ".new"));
	fd = fd_open(str_c(&aside), O_RDWR | O_CREAT | O_EXCL, 0600);
	/* locked before it can be found: who finds it free knows that it is of
	 * one that ended */
	if (fd >= 0 && lock_try(fd) == 0 &&
		fd_writeall(fd, list->s, list->len) == 0)
		r = rename(str_c(&aside), str_c(&path));
	if (r < 0)
		log_warning_sys("unable to write ", str_c(&path));
	str_free(&path);
	str_free(&aside);
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	loaded_leave();
	kept = fd;
	return 0;
}

void
loaded_leave(void)
{
	if (kept >= 0)
		close(kept);
	kept = -1;
}

/* Each line's name to its checksum. */
static void
index_lines(struct map *m, const char *s)
{
	map_init(m);
	for (; *s; s += strcspn(s, "\n"), s += *s != 0) {
		size_t n = strcspn(s, " \n");

		map_put(m, s, n, s + n, strcspn(s + n, "\n"));
	}
}

/* Say which lines of list are not in others; gone: only whose names are not. */
static void
differ(struct str *out, const char *list, const struct map *others, bool gone)
{
	for (; *list; list += strcspn(list, "\n"), list += *list != 0) {
		size_t n = strcspn(list, " \n");
		size_t len = strcspn(list + n, "\n");
		const char *is = map_get(others, list, n, NULL);

		if (is && (gone || (strlen(is) == len &&
					   memcmp(is, list + n, len) == 0)))
			continue;
		str_puts(out, "changed ");
		str_put(out, list, n);
		str_putc(out, '\n');
	}
}

void
loaded_compare(const struct str *list, struct str *out)
{
	struct str path;
	struct str had = STR_INIT(LIST_MAX), has = STR_INIT(LIST_MAX);
	struct map before, now;
	int fd = fd_open(path_of(&path, ""), O_RDWR, 0);

	str_free(&path);
	if (fd < 0)
		return;
	if (lock_held(fd) == 1 && file_readfd(fd, &had) == 0) {
		str_put(&has, list->s, list->len);
		index_lines(&before, str_c(&had));
		index_lines(&now, str_c(&has));
		differ(out, has.s, &before, false);
		differ(out, had.s, &now, true);
		map_free(&before);
		map_free(&now);
	}
	str_free(&had);
	str_free(&has);
	close(fd);
}
