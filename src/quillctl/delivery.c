/* SPDX-License-Identifier: 0BSD */
#include "quillctl/delivery.h"

#include <dirent.h>
#include <string.h>

#include "lib/file.h"
#include "lib/num.h"
#include "quillctl/ask.h"
#include "wire/site.h"

enum { FILE_ROOM = 65536 };

static struct str text = STR_INIT(FILE_ROOM);

static bool
read_file(const char *dir, const char *name, const char *file)
{
	static struct str path = STR_INIT(4096);

	str_clear(&path);
	str_puts(&path, dir);
	str_putc(&path, '/');
	str_puts(&path, name);
	str_putc(&path, '/');
	str_puts(&path, file);
	str_clear(&text);
	return !path.over && file_read(str_c(&path), &text) == 0;
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

	if (!read_file("/proc", name, "stat"))
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
			!read_file("/proc", d->d_name, "cmdline") ||
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

/* As envdir(8) takes it: the first line without blanks at its end; a NUL stands
 * for LF. */
static const char *
value(void)
{
	const char *end = text.len ? memchr(text.s, '\n', text.len) : NULL;

	if (end)
		str_cut(&text, (size_t)(end - text.s));
	for (size_t i = 0; i < text.len; i++)
		if (text.s[i] == 0)
			text.s[i] = '\n';
	while (text.len && strchr(" \t", text.s[text.len - 1]))
		str_cut(&text, text.len - 1);
	return text.len ? str_c(&text) : DELIVERY_USUAL;
}

static const char *
service(const char *path, struct str *from)
{
	static struct str start = STR_INIT(4096);
	const struct dirent *d;
	const char *found = NULL;
	DIR *dir = opendir(path);

	str_clear(&start);
	str_puts(&start, site_bin);
	str_puts(&start, "/quill-start ");
	while (dir && !found && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || !read_file(path, d->d_name, "run") ||
			!strstr(str_c(&text), str_c(&start)) ||
			!read_file(path, d->d_name, "env/DEFAULT"))
			continue;
		found = value();
		str_puts(from, path);
		str_putc(from, '/');
		str_puts(from, d->d_name);
		str_puts(from, "/env/DEFAULT");
	}
	if (dir)
		closedir(dir);
	return found;
}

const char *
delivery_default(struct str *from)
{
	static struct str own = STR_INIT(4096);
	const char *found = running(from);

	str_clear(&own);
	str_puts(&own, site_home);
	str_puts(&own, "/service");
	if (!found)
		found = service("/service", from);
	if (!found)
		found = service("/etc/service", from);
	return found ? found : service(str_c(&own), from);
}
