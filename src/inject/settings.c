/* SPDX-License-Identifier: 0BSD */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inject/fail.h"
#include "inject/settings.h"
#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/file.h"
#include "wire/site.h"

enum { HOSTS = QUALIFY_IDHOST + 1 };

/* The first line of a control file; NULL: there is none. */
static const char *
control(const char *name, struct str *s)
{
	switch (control_line(name, s)) {
	case CONTROL_OK:
		return str_c(s);
	case CONTROL_BAD:
		fail(FAIL_TEMP, control_error(), NULL);
	case CONTROL_ABSENT:
		break;
	}
	return NULL;
}

/* A host name: environment, control file, control/me. Each is read once. */
static const char *
host(void *arg, enum qualify_host which)
{
	static const struct {
		const char *env, *control;
	} names[HOSTS] = {
		[QUALIFY_DEFAULTHOST] = { "DEFAULTHOST", "defaulthost" },
		[QUALIFY_DEFAULTDOMAIN] = { "DEFAULTDOMAIN", "defaultdomain" },
		[QUALIFY_PLUSDOMAIN] = { "PLUSDOMAIN", "plusdomain" },
		[QUALIFY_IDHOST] = { "IDHOST", "idhost" },
	};
	static struct str lines[HOSTS], meline;
	static const char *known[HOSTS], *me;

	(void)arg;
	if (known[which] != NULL)
		return known[which];
	known[which] = site_env(names[which].env);
	if (known[which] == NULL || known[which][0] == '\0')
		known[which] = control(names[which].control, &lines[which]);
	if (known[which] != NULL)
		return known[which];
	if (me == NULL)
		me = control("me", &meline);
	if (me == NULL)
		fail(FAIL_TEMP, "control/me is missing: run quill-config",
			NULL);
	known[which] = me;
	return me;
}

/* The first of these variables that is set and not empty; the first one has a
 * QUILL and a QMAIL prefix, the others are NULL or plain. */
static const char *
env_first(const char *site, const char *second, const char *third,
	const char *fourth)
{
	const char *const plain[] = { second, third, fourth };
	const char *v = site_env(site);

	for (size_t i = 0; (v == NULL || *v == '\0') && i < 3; i++)
		v = plain[i] != NULL ? getenv(plain[i]) : NULL;
	return v != NULL && *v != '\0' ? v : NULL;
}

/* The user's name may be set to nothing, which ends the search. */
static const char *
env_name(void)
{
	const char *v = site_env("NAME");

	if (v == NULL)
		v = getenv("MAILNAME");
	if (v == NULL)
		v = getenv("NAME");
	return v;
}

/* One address a line, # comments; into a map in lower case. */
static const struct map *
read_lists(const char *path)
{
	static struct map lists;
	struct str s = STR_INIT(0);
	char *p, *lf;
	size_t n;

	if (file_read(path, &s) == -1) {
		if (errno == ENOENT)
			return NULL;
		fail(FAIL_TEMP, "unable to read QUILLMFTFILE ", path, ": ",
			strerror(errno), NULL);
	}
	str_putc(&s, '\n');
	map_init(&lists);
	ascii_tolower(s.s, s.len);
	for (p = s.s; p < s.s + s.len; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(s.s + s.len - p));
		if (lf == NULL)
			break;
		n = (size_t)(lf - p);
		while (n > 0 && strchr(" \t\r", p[n - 1]) != NULL)
			n--;
		if (n > 0 && p[0] != '#')
			map_put(&lists, p, n, "", 0);
	}
	str_free(&s);
	return &lists;
}

void
settings_read(struct settings *s, struct compose *c)
{
	const char *letters = site_env("INJECT"), *mft = site_env("MFTFILE");

	control_init(site_control);
	memset(s, 0, sizeof *s);
	for (; letters != NULL && *letters != '\0'; letters++) {
		switch (*letters) {
		case 'c':
			c->comment_from = true;
			break;
		case 's':
			s->ignore_return_path = true;
			break;
		case 'f':
			c->drop_from = true;
			break;
		case 'i':
			c->drop_id = true;
			break;
		case 'r':
			s->verp_rcpt = true;
			break;
		case 'm':
			s->verp_mess = true;
			break;
		default: /* other letters are other mailers' */
			break;
		}
	}
	c->hosts.host = host;
	c->user = env_first("USER", "MAILUSER", "USER", "LOGNAME");
	if (c->user == NULL)
		c->user = "anonymous";
	c->host = env_first("HOST", "MAILHOST", NULL, NULL);
	c->name = env_name();
	s->suser = env_first("SUSER", NULL, NULL, NULL);
	if (s->suser == NULL)
		s->suser = c->user;
	s->shost = env_first("SHOST", NULL, NULL, NULL);
	if (s->shost == NULL)
		s->shost = c->host;
	if (mft != NULL && *mft != '\0')
		c->lists = read_lists(mft);
}
