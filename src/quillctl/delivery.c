/* SPDX-License-Identifier: 0BSD */
#include "quillctl/delivery.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/num.h"
#include "quillctl/ask.h"
#include "quillctl/facts.h"

enum { FILE_ROOM = 65536 };

static struct str text = STR_INIT(FILE_ROOM);

/* /proc/NAME/FILE into text. */
static bool
read_file(const char *name, const char *file)
{
	static struct str path = STR_INIT(4096);

	str_clear(&path);
	str_puts(&path, "/proc/");
	str_puts(&path, name);
	str_putc(&path, '/');
	str_puts(&path, file);
	str_clear(&text);
	return file_read(str_c(&path), &text) == 0;
}

/* --- the running one ------------------------------------------------------ */

static void
take(void *arg, const char *object, const char *key, const char *value)
{
	(void)object;
	if (key && strcmp(key, "pid") == 0)
		ask_number(arg, INT32_MAX, value);
}

/* Is process name, a number, a child of that one? Of "1 (c) S 2 ...", where c
 * may be anything. */
static bool
is_child(const char *name, uint64_t parent)
{
	const char *p;
	uint64_t ppid;

	if (!read_file(name, "stat"))
		return false;
	p = strrchr(str_c(&text), ')');
	if (!p || strlen(p) < 4)
		return false;
	p += 4;
	return num_parse(p, strspn(p, "0123456789"), INT32_MAX, &ppid) &&
	       ppid == parent;
}

/* quill-lspawn is a child of quill-send's, which was quill-start. */
static const char *
running(struct str *from)
{
	static const char lspawn[] = "quill-lspawn";
	const struct dirent *d;
	const char *found = NULL;
	uint64_t send = 0;
	DIR *dir;

	if (ask_question(CTL_STATUS, NULL, take, &send) < 0 || !send)
		return NULL;
	dir = opendir("/proc");
	while (dir && !found && (d = readdir(dir))) {
		if (d->d_name[0] < '1' || d->d_name[0] > '9' ||
			!is_child(d->d_name, send) ||
			!read_file(d->d_name, "cmdline") ||
			text.len <= sizeof(lspawn) ||
			strcmp(str_c(&text), lspawn) != 0)
			continue;
		found = text.s + sizeof(lspawn);
		str_puts(from, "/proc/");
		str_puts(from, d->d_name);
		str_puts(from, "/cmdline");
	}
	if (dir)
		closedir(dir);
	return found;
}

/* --- its service ---------------------------------------------------------- */

struct search {
	struct str *from;
	bool found;
};

/* As envdir(8) takes it: the first line without blanks at its end; a NUL stands
 * for LF. */
static void
trim(struct str *s)
{
	const char *end = s->len ? memchr(s->s, '\n', s->len) : NULL;

	if (end)
		str_cut(s, (size_t)(end - s->s));
	for (size_t i = 0; i < s->len; i++)
		if (s->s[i] == 0)
			s->s[i] = '\n';
	while (s->len && strchr(" \t", s->s[s->len - 1]))
		str_cut(s, s->len - 1);
}

/* facts_service_fn */
static void
look(void *arg, const char *path, const char *name, int dir, const char *run)
{
	struct search *s = arg;
	int fd;

	if (s->found || !strstr(run, "/quill-start "))
		return;
	fd = openat(dir, "env/DEFAULT", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	str_clear(&text);
	s->found = file_readfd(fd, &text) == 0;
	close(fd);
	trim(&text);
	str_puts(s->from, path);
	str_putc(s->from, '/');
	str_puts(s->from, name);
	str_puts(s->from, "/env/DEFAULT");
}

static const char *
service(struct str *from)
{
	struct search s = { .from = from };

	facts_each_service(NULL, look, &s);
	if (!s.found)
		return NULL;
	return text.len ? str_c(&text) : DELIVERY_USUAL;
}

const char *
delivery_default(struct str *from)
{
	const char *found = running(from);

	return found ? found : service(from);
}
