/* SPDX-License-Identifier: 0BSD */
#include "mailbox/box.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/proc.h"
#include "mail/mboxname.h"
#include "wire/site.h"
#include "wire/status.h"

struct box box;

void
box_parse(const char *addr)
{
	struct str name = STR_INIT(BOX_NAME_MAX);
	const char *why;

	str_init(&box.local, MBOXNAME_LOCAL_MAX);
	str_init(&box.domain, MBOXNAME_DOMAIN_MAX);
	str_init(&box.file, BOX_NAME_MAX);
	str_init(&box.maildir, BOX_NAME_MAX);
	why = mboxname_split(addr, &box.local, &box.domain);
	if (why)
		log_die(BOX_USAGE, addr, ": ", why);
	box.text = addr;
	mboxname_file(&box.file, str_c(&box.local));
	mboxname_dir(&name, str_c(&box.local));
	str_puts(&box.maildir, DOMAINS_MAIL "/");
	str_put(&box.maildir, name.s, name.len);
	str_free(&name);
}

void
box_become_owner(const char *domain, struct domains_owner *o)
{
	struct stat st;
	int r = domains_find(domain, o);

	if (r < 0)
		log_die_sys(STATUS_TEMP, "unable to read ", site_users, "/cdb");
	if (r == 0)
		log_die(BOX_NO, domain,
			": no account owns it: quill-domain add");
	if (geteuid() == 0 && proc_drop(o->u.uid, o->u.gid) < 0)
		log_die_sys(STATUS_TEMP, "unable to become ", o->u.user);
	if (geteuid() != o->u.uid)
		log_die(BOX_NOT_YOURS, domain, ": belongs to ", o->u.user);
	umask(077);
	if (chdir(o->u.home) < 0 || stat(".", &st) < 0)
		log_die_sys(STATUS_TEMP, "unable to enter ", o->u.home);
	if (st.st_uid != o->u.uid)
		log_die(STATUS_TEMP, o->u.home, " does not belong to ",
			o->u.user);
}
