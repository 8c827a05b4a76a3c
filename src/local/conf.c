/* SPDX-License-Identifier: 0BSD */
#include "local/conf.h"

#include <stddef.h>
#include <sys/utsname.h>

#include "lib/control.h"
#include "lib/str.h"
#include "wire/site.h"

enum { MARGIN = 5000 }; /* ms */

const char *
conf_host(void)
{
	static struct str host = STR_INIT(256);
	struct utsname u;

	if (host.len)
		return str_c(&host);
	control_init(site_control);
	/* Only to tell machines apart that share a Maildir: no reason to
	 * refuse mail. */
	if (control_line("me", &host) != CONTROL_OK)
		str_puts(&host, uname(&u) == 0 ? u.nodename : "localhost");
	return str_c(&host);
}

enum conf_create
conf_maildircreate(void)
{
	uint64_t create = 1;

	control_init(site_control);
	if (control_num("maildircreate", 0, 1, &create) == CONTROL_BAD)
		return CONF_BAD;
	return create ? CONF_CREATE : CONF_LEAVE;
}

const struct conf_limits *
conf_limits(void)
{
	static struct conf_limits l;
	uint64_t program = 3600, lock = 30, job = 86400;

	if (l.job)
		return &l;
	control_init(site_control);
	if (control_num("timeoutprogram", 1, 86400, &program) == CONTROL_BAD ||
		control_num("timeoutlock", 1, 3600, &lock) == CONTROL_BAD ||
		control_num("timeoutlocal", 1, 30 * 86400, &job) == CONTROL_BAD)
		return NULL;
	l.program = (int64_t)program * 1000;
	l.lock = (int64_t)lock * 1000;
	l.job = (int64_t)job * 1000;
	l.job -= l.job > 4 * MARGIN ? MARGIN : l.job / 4;
	return &l;
}
