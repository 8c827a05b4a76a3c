/* SPDX-License-Identifier: 0BSD */
#include "local/conf.h"

#include <sys/utsname.h>

#include "lib/control.h"
#include "wire/site.h"

enum { MARGIN = 5 }; /* s */

void
conf_read(struct local_conf *c)
{
	uint64_t create = 1, program = 3600, lock = 30, job = 86400;
	static struct str host = STR_INIT(256);
	struct utsname u;

	control_init(site_control);
	/* Only to tell machines apart that share a Maildir: no reason to
	 * refuse mail. */
	if (control_line("me", &host) != CONTROL_OK)
		str_puts(&host, uname(&u) == 0 ? u.nodename : "localhost");
	c->error = 0;
	if (control_num("maildircreate", 0, 1, &create) == CONTROL_BAD ||
		control_num("timeoutprogram", 1, 86400, &program) ==
			CONTROL_BAD ||
		control_num("timeoutlock", 1, 3600, &lock) == CONTROL_BAD ||
		control_num("timeoutlocal", 1, 30 * 86400, &job) == CONTROL_BAD)
		c->error = control_error();
	if (job > 2 * MARGIN)
		job -= MARGIN;
	c->host = str_c(&host);
	c->create = create != 0;
	c->program_timeout = (int64_t)program * 1000;
	c->lock_timeout = (int64_t)lock * 1000;
	c->job_timeout = (int64_t)job * 1000;
}
