/* SPDX-License-Identifier: 0BSD */
#include "quillctl/schedule.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/log.h"
#include "wire/site.h"

void
schedule_read(struct schedule *s)
{
	*s = (struct schedule){ .local = 10, .remote = 20 };
	control_init(site_control);
	if (bydomain_lifetime(&s->lifetimes) == CONTROL_BAD ||
		control_num("retrylocal", 1, 86400, &s->local) == CONTROL_BAD ||
		control_num("retryremote", 1, 86400, &s->remote) == CONTROL_BAD)
		log_warning(control_error());
}

uint64_t
schedule_lifetime(const struct schedule *s, const struct walk_message *m)
{
	uint64_t least = UINT64_MAX, one;
	char domain[ADDR_MAX + 1];
	const char *at;
	size_t i;

	for (i = 0; i < m->env.nrcpt; i++) {
		if (!env_istodo(env_mark(&m->env, i)))
			continue;
		at = strrchr(env_rcpt(&m->env, i), '@');
		strcpy(domain, at ? at + 1 : "");
		ascii_tolower(domain, strlen(domain));
		one = bydomain_seconds(&s->lifetimes, domain);
		least = one < least ? one : least;
	}
	return least < UINT64_MAX ? least : bydomain_seconds(&s->lifetimes, "");
}
