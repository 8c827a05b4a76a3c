/* SPDX-License-Identifier: 0BSD */
#include "local/conf.h"

#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "lib/control.h"
#include "lib/num.h"
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

/* The words of control/programlimits. A core file of a program that had mail in
 * its memory is nobody's wish. */
static const struct {
	const char *name;
	int resource;
} kinds[CONF_RLIMITS] = {
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "memory", RLIMIT_AS },
	{ "filesize", RLIMIT_FSIZE },
	{ "files", RLIMIT_NOFILE },
	{ "processes", RLIMIT_NPROC },
};

static const char *
add_rlimit(void *arg, size_t line, char *entry, size_t n)
{
	struct conf_limits *l = arg;
	char *colon = strchr(entry, ':');
	uint64_t value;

	(void)line;
	if (!colon || !num_parse(colon + 1, n - (size_t)(colon + 1 - entry),
			      INT64_MAX, &value))
		return "not of the form limit:number";
	*colon = 0;
	for (size_t i = 0; i < CONF_RLIMITS; i++) {
		size_t k = 0;

		if (strcmp(entry, kinds[i].name) != 0)
			continue;
		while (k < l->nrlimit &&
			l->rlimit[k].resource != kinds[i].resource)
			k++;
		if (k == l->nrlimit)
			l->nrlimit++;
		l->rlimit[k].resource = kinds[i].resource;
		l->rlimit[k].value = value;
		return NULL;
	}
	return "no such limit";
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
	l.rlimit[0] = (struct proc_limit){ RLIMIT_CORE, 0 };
	l.nrlimit = 1;
	if (control_list("programlimits", add_rlimit, &l) == CONTROL_BAD)
		return NULL;
	l.program = (int64_t)program * 1000;
	l.lock = (int64_t)lock * 1000;
	l.job = (int64_t)job * 1000;
	l.job -= l.job > 4 * MARGIN ? MARGIN : l.job / 4;
	return &l;
}

bool
conf_look(void)
{
	control_survey();
	(void)conf_host();
	(void)conf_maildircreate();
	(void)conf_limits();
	return !control_surveyed();
}
