/* SPDX-License-Identifier: 0BSD */
/* checkdomains - the domains whose mail is delivered here */
#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/map.h"
#include "lib/table.h"
#include "quillctl/check.h"

enum { DOMAINS_MAX = 100 };

static struct {
	void (*fn)(const char *domain);
	struct map seen;
	size_t n;
} run;

/* Names of one label are of this host alone, those that begin with a dot no
 * domain. */
static void
domain(const char *name, size_t n)
{
	struct str s = STR_INIT(ADDR_MAX);

	str_put(&s, name, n);
	if (n)
		ascii_tolower(s.s, s.len);
	str_c(&s);
	if (n && *s.s != '.' && *s.s != '[' && !strchr(s.s, '@') &&
		strchr(s.s, '.') && !map_get(&run.seen, s.s, n, NULL)) {
		map_put(&run.seen, s.s, n, "", 0);
		if (run.n++ < DOMAINS_MAX)
			run.fn(s.s);
		else
			check_say(CHECK_NOTE, NULL, 0,
				"there are more than 100 domains: the others "
				"were not looked at",
				NULL);
	}
	str_free(&s);
}

static const char *
local_domain(void *arg, size_t line, char *entry, size_t n)
{
	(void)arg;
	(void)line;
	domain(entry, n);
	return NULL;
}

static const char *
virtual_domain(void *arg, size_t line, char *entry, size_t n)
{
	const struct table_kind kind = { ':', NULL };
	const char *val;
	size_t klen;

	(void)arg;
	(void)line;
	if (!table_split(&kind, entry, n, &klen, &val) && *val)
		domain(entry, klen);
	return NULL;
}

void
check_domains(void (*fn)(const char *domain))
{
	run.fn = fn;
	run.n = 0;
	map_init(&run.seen);
	if (control_list("locals", local_domain, NULL) == CONTROL_ABSENT)
		domain(str_c(&check.me), check.me.len);
	(void)control_list("virtualdomains", virtual_domain, NULL);
	map_free(&run.seen);
}
