/* SPDX-License-Identifier: 0BSD */
#include "local/orders.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "local/dotqmail.h"

void
orders_init(struct orders *o)
{
	memset(o, 0, sizeof *o);
	str_init(&o->text, DOTQMAIL_MAX);
	str_init(&o->name, 8192);
	str_init(&o->newsender, 8192);
}

void
orders_clear(struct orders *o)
{
	str_clear(&o->text);
	str_clear(&o->newsender);
	if (o->is_alias)
		alias_free(&o->alias);
	o->is_alias = o->is_default = o->forward_only = false;
	o->deflt = NULL;
}

/* Does the name exist? A name that cannot be that of a file does not. */
static bool
is_absent(int err)
{
	return err == ENOENT || err == ENOTDIR || err == ENAMETOOLONG;
}

/* Read the file that is open: its mode, then its bytes. */
static bool
read_file(struct orders *o, int fd, struct result *r)
{
	const char *name = str_c(&o->name);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return result_sys(r, "Unable to read", name);
	if (!S_ISREG(st.st_mode))
		return result_temp(r, "4.3.0", name, " is not a file");
	if (st.st_mode & S_IWOTH)
		return result_temp(r, "4.7.0", name, " is writable by others");
	o->forward_only = (st.st_mode & S_IXUSR) != 0;
	if (st.st_size > DOTQMAIL_MAX)
		return result_temp(r, "4.3.0", name, " is too large");
	if (!st.st_size)
		return true;
	if (file_readfd(fd, &o->text) < 0)
		return result_sys(r, "Unable to read", name);
	return true;
}

static void
use_default(struct orders *o, const struct delivery *d)
{
	o->is_default = !d->direct;
	o->forward_only = false;
	str_clear(&o->text);
	str_puts(&o->text, d->dflt);
	str_clear(&o->name);
	str_puts(&o->name, "default delivery");
}

/* The alias database, in the place of a file: its programs and files become
 * the lines of one. false when there is trouble. */
static bool
find_alias(struct orders *o, const struct delivery *d, struct result *r)
{
	switch (alias_expand(&o->alias, d, r)) {
	case ALIAS_NONE:
		return true;
	case ALIAS_FAILED:
		return false;
	case ALIAS_FOUND:
		break;
	}
	o->is_alias = true;
	str_put(&o->text, o->alias.lines.s, o->alias.lines.len);
	if (!o->text.len)
		str_puts(&o->text, "#\n");
	str_clear(&o->name);
	str_puts(&o->name, "alias ");
	str_put(&o->name, o->alias.name.s, o->alias.name.len);
	return true;
}

/* The first of the names that exists. O_NONBLOCK: a fifo must not hold us. */
bool
orders_find(struct orders *o, const struct delivery *d, struct result *r)
{
	struct dotqmail_search s;
	int fd = -1;
	bool good = true, first = true;

	if (d->direct) {
		use_default(o, d);
		return true;
	}
	dotqmail_search(&s, d->dash, d->ext);
	while (fd < 0 && good && !o->is_alias && dotqmail_search_next(&s)) {
		fd = fd_open(str_c(&s.name), O_RDONLY | O_NONBLOCK, 0);
		if (fd < 0 && !is_absent(errno))
			good = result_sys(r, "Unable to open", str_c(&s.name));
		/* after the file of that very name, before the -default ones */
		if (fd < 0 && good && first && alias_isours(d))
			good = find_alias(o, d, r);
		first = false;
	}
	if (fd >= 0) {
		str_clear(&o->name);
		str_put(&o->name, s.name.s, s.name.len);
		if (s.deflt >= 0)
			o->deflt = d->ext + s.deflt;
		good = read_file(o, fd, r);
		close(fd);
	} else if (good && !o->is_alias && *d->dash) {
		good = result_perm(
			r, "5.1.1", "Sorry, no mailbox here by that name.");
	}
	dotqmail_search_end(&s);
	if (good && !o->text.len)
		use_default(o, d);
	return good;
}

/* 1 there is .qmail-EXT and suffix, 0 not, -1 r says why. */
static int
has_sibling(const struct delivery *d, const char *suffix, struct result *r)
{
	struct str name = STR_INIT(8192);
	struct stat st;
	int there = 1;

	dotqmail_name(&name, d->dash, d->ext, strlen(d->ext), suffix);
	if (stat(str_c(&name), &st) < 0) {
		there = is_absent(errno) ? 0 : -1;
		if (there < 0)
			result_sys(r, "Unable to check", str_c(&name));
	}
	str_free(&name);
	return there;
}

bool
orders_sender(struct orders *o, const struct delivery *d, struct result *r)
{
	const char *sender = d->sender;
	int owner = 0, verp = 0;

	if (o->is_alias || d->direct) {
		str_puts(&o->newsender,
			o->is_alias ? o->alias.group[o->alias.top].sender
				    : sender);
		return true;
	}
	if (*sender && strcmp(sender, "#@[]") != 0)
		owner = has_sibling(d, "-owner", r);
	if (owner > 0)
		verp = has_sibling(d, "-owner-default", r);
	if (owner < 0 || verp < 0)
		return false;
	str_puts(&o->newsender, owner ? d->local : sender);
	if (owner) {
		str_puts(&o->newsender, verp ? "-owner-@" : "-owner@");
		str_puts(&o->newsender, d->host);
		if (verp)
			str_puts(&o->newsender, "-@[]");
	}
	return true;
}
