/* SPDX-License-Identifier: 0BSD */
#include "wire/routes.h"

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/log.h"
#include "wire/site.h"
#include "wire/status.h"

static const struct {
	const char *name;
	struct table_kind kind;
} lists[ROUTES] = {
	[ROUTES_LOCALS] = { "locals", { 0, table_host } },
	[ROUTES_VIRTUALDOMAINS] = { "virtualdomains", { ':', table_ascii } },
	[ROUTES_PERCENTHACK] = { "percenthack", { 0, table_host } },
};

/* To take an address for one that is not in the list sends mail astray. */
static void
read_text(struct table *t, int list)
{
	log_alert_sys("unable to read control/", lists[list].name, ".cdb");
	table_close(t);
	if (table_text(t, lists[list].name, &lists[list].kind) != CONTROL_OK)
		log_die(STATUS_TEMP, "nor control/", lists[list].name);
}

bool
routes_find(
	struct routes *r, int list, const char *key, size_t n, struct str *val)
{
	struct table *t = &r->list[list];
	int got = table_get(t, key, n, val);

	if (got < 0) {
		read_text(t, list);
		got = table_get(t, key, n, val);
	}
	return got > 0;
}

/* locals; without the file this machine's own name. */
static enum control
read_locals(struct table *t)
{
	struct str me = STR_INIT(ADDR_MAX);
	enum control r = control_line("me", &me);

	if (r == CONTROL_ABSENT)
		r = control_bad("me", 0, "missing: run quill-config");
	if (r == CONTROL_OK)
		r = table_open(t, "locals", &lists[ROUTES_LOCALS].kind);
	if (r == CONTROL_ABSENT) {
		ascii_tolower(me.s, me.len);
		table_put(t, me.s, me.len, "", 0);
	}
	str_free(&me);
	return r;
}

int
routes_read(struct routes *new)
{
	enum control r;

	for (int i = 0; i < ROUTES; i++)
		table_init(&new->list[i]);
	str_init(&new->envnoathost, ADDR_MAX);
	r = read_locals(&new->list[ROUTES_LOCALS]);
	for (int i = ROUTES_LOCALS + 1; i < ROUTES && r != CONTROL_BAD; i++)
		r = table_open(&new->list[i], lists[i].name, &lists[i].kind);
	if (r != CONTROL_BAD)
		r = control_line_or_me("envnoathost", &new->envnoathost);
	if (r != CONTROL_BAD)
		return 0;
	routes_free(new);
	return -1;
}

void
routes_free(struct routes *r)
{
	for (int i = 0; i < ROUTES; i++)
		table_close(&r->list[i]);
	str_free(&r->envnoathost);
}
