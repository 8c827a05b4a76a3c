/* SPDX-License-Identifier: 0BSD */
/* quill-mailbox list: one line for each address */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/obuf.h"
#include "lib/proc.h"
#include "mail/mboxname.h"
#include "mailbox/box.h"
#include "wire/site.h"
#include "wire/status.h"

static char outbuf[65536];
static struct obuf out;

struct names {
	char **name;
	size_t n, room;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The local parts that have a file, in order. */
static void
read_names(struct names *l, const char *dir)
{
	struct str local = STR_INIT(MBOXNAME_LOCAL_MAX);
	DIR *d = opendir(".");
	struct dirent *e;

	if (!d)
		log_die_sys(STATUS_TEMP, "unable to read ", dir);
	for (errno = 0; (e = readdir(d)) != NULL; errno = 0) {
		if (!mboxname_of_file(e->d_name, &local))
			continue;
		if (l->n == l->room) {
			l->room = l->room ? 2 * l->room : 64;
			l->name = xrealloc(l->name, l->room * sizeof *l->name);
		}
		l->name[l->n++] = xstrdup(str_c(&local));
	}
	if (errno)
		log_die_sys(STATUS_TEMP, "unable to read ", dir);
	closedir(d);
	if (l->n)
		qsort(l->name, l->n, sizeof *l->name, compare);
}

/* A file as "add" or as "alias" writes it; all others may do anything. */
enum kind { MAILBOX, ALIAS, OTHER };

static enum kind
classify(struct str *text)
{
	struct str own = STR_INIT(BOX_NAME_MAX);
	int fd = fd_open(
		str_c(&box.file), O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	struct stat st;
	enum kind k = OTHER;

	str_clear(text);
	if (fd < 0)
		return OTHER;
	str_puts(&own, "./");
	str_put(&own, box.maildir.s, box.maildir.len);
	str_puts(&own, "/\n");
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		file_readfd(fd, text) == 0 &&
		!memchr(str_c(text), 0, text->len))
		k = strcmp(text->s, str_c(&own)) == 0 ? MAILBOX : ALIAS;
	close(fd);
	str_free(&own);
	if (k != ALIAS)
		return k;
	if (text->len == 0 || text->s[text->len - 1] != '\n')
		return OTHER;
	for (char *p = text->s; *p; p = strchr(p, '\n') + 1)
		if (*p != '&' || p[1] == '\n')
			return OTHER;
	return ALIAS;
}

static void
field(bool json, const char *key, const char *text)
{
	if (json) {
		obuf_puts(&out, ",\"");
		obuf_puts(&out, key);
		obuf_puts(&out, "\":");
		json_string(&out, text);
	} else {
		obuf_putc(&out, ' ');
		json_plain(&out, text);
	}
}

static void
targets(bool json, char *text)
{
	const char *sep = "";

	if (json)
		obuf_puts(&out, ",\"targets\":[");
	for (char *p = text, *lf; *p; p = lf + 1) {
		lf = strchr(p, '\n');
		*lf = '\0';
		if (json) {
			obuf_puts(&out, sep);
			json_string(&out, p + 1);
			sep = ",";
		} else {
			obuf_putc(&out, ' ');
			json_plain(&out, p + 1);
		}
	}
	if (json)
		obuf_putc(&out, ']');
}

static void
show(bool json, const struct domains_owner *o, struct str *text)
{
	static const char *const kinds[] = { "mailbox", "alias", "other" };
	enum kind k = classify(text);
	struct str path = STR_INIT(DOMAINS_PATH_MAX + BOX_NAME_MAX);

	obuf_puts(&out, json ? "{\"address\":\"" : "");
	obuf_puts(&out, box.text);
	obuf_puts(&out, json ? "\"" : "");
	field(json, "kind", kinds[k]);
	str_puts(&path, o->u.home);
	str_putc(&path, '/');
	str_puts(&path, str_c(k == MAILBOX ? &box.maildir : &box.file));
	if (k == MAILBOX)
		str_putc(&path, '/');
	if (k == ALIAS)
		targets(json, text->s);
	else
		field(json, k == MAILBOX ? "maildir" : "file", str_c(&path));
	obuf_puts(&out, json ? "}\n" : "\n");
	str_free(&path);
}

static int
list_domain(bool json, const char *domain)
{
	struct domains_owner o = { 0 };
	struct str text = STR_INIT(BOX_FILE_MAX), addr = STR_INIT(BOX_NAME_MAX);
	struct names l = { 0 };

	box_become_owner(domain, &o);
	read_names(&l, o.u.home);
	for (size_t i = 0; i < l.n; i++) {
		str_clear(&addr);
		str_puts(&addr, l.name[i]);
		str_putc(&addr, '@');
		str_puts(&addr, domain);
		box_parse(str_c(&addr));
		show(json, &o, &text);
		str_free(&box.local);
		str_free(&box.domain);
		str_free(&box.file);
		str_free(&box.maildir);
	}
	if (obuf_flush(&out) < 0)
		log_die_sys(STATUS_TEMP, "unable to write");
	return 0;
}

/* Of all domains, or all of the caller: each by a child that becomes the
 * owner. */
static int
list_all(bool json)
{
	struct domains_list l;
	int code = 0;

	if (domains_all(&l) < 0)
		log_die_sys(STATUS_TEMP, "unable to read virtualdomains");
	for (size_t i = 0; i < l.n; i++) {
		struct domains_owner o = { 0 };
		int r = domains_find(l.name[i], &o), status;
		pid_t pid;

		if (r < 0)
			log_die_sys(STATUS_TEMP, "unable to read ", site_users,
				"/cdb");
		if (r == 1 && (geteuid() == 0 || o.u.uid == geteuid())) {
			pid = fork();
			if (pid == 0)
				_exit(list_domain(json, l.name[i]));
			if (pid < 0 || proc_wait(pid, &status) < 0)
				log_die_sys(STATUS_TEMP, "unable to fork");
			/* the other domains are listed all the same */
			if (proc_code(status) != 0)
				code = STATUS_TEMP;
		}
		str_free(&o.data);
	}
	return code;
}

int
list_run(bool json, const char *domain)
{
	obuf_init(&out, 1, outbuf, sizeof outbuf);
	return domain ? list_domain(json, domain) : list_all(json);
}
