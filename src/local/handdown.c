/* SPDX-License-Identifier: 0BSD */
#include "local/handdown.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "wire/job.h"
#include "wire/notify.h"

static bool
is_notify(const char *p, size_t n)
{
	return notify_parse(p, n) != 0;
}

static const struct param {
	const char *key;
	bool (*good)(const char *p, size_t n);
	bool sender;
} params[] = {
	{ "RET", notify_isret, true },
	{ "ENVID", notify_isenvid, true },
	{ "NOTIFY", is_notify, false },
	{ "ORCPT", notify_isorcpt, false },
};
enum { PARAMS = sizeof params / sizeof *params, ALL_MAX = 2000 };

static void
put(struct str *out, const char *list, bool sender)
{
	str_clear(out);
	for (size_t i = 0; list && i < PARAMS; i++) {
		const char *v = job_param(list, params[i].key);

		if (!v || params[i].sender != sender ||
			!params[i].good(v, strlen(v)))
			continue;
		if (out->len)
			str_putc(out, ' ');
		str_puts(out, params[i].key);
		str_putc(out, '=');
		str_puts(out, v);
	}
}

void
handdown_sender(struct str *out, const struct delivery *d)
{
	put(out, d->params, true);
}

void
handdown_recipient(struct str *out, const struct delivery *d)
{
	put(out, d->rcptparams, false);
}

/* One word of the environment as a P record. */
static void
take_word(struct str *out, const char *p, size_t n, bool sender)
{
	for (size_t i = 0; i < PARAMS; i++) {
		size_t k = strlen(params[i].key);

		if (params[i].sender != sender || n < k + 1 || p[k] != '=' ||
			!ascii_caseeqn(p, params[i].key, k) ||
			!params[i].good(p + k + 1, n - k - 1))
			continue;
		str_putc(out, 'P');
		str_put(out, p, n);
		str_putc(out, '\0');
	}
}

/* A list as in wire/job.h, or NULL. */
static const char *
take(struct str *out, const char *var, bool sender)
{
	const char *p = getenv(var);

	if (!p)
		return NULL;
	while (*p) {
		size_t n = strcspn(p, " ");

		take_word(out, p, n, sender);
		p += n + (p[n] == ' ');
	}
	return out->len && !out->over ? str_c(out) : NULL;
}

void
handdown_take(struct delivery *d)
{
	static struct str s = STR_INIT(ALL_MAX), r = STR_INIT(ALL_MAX);

	d->params = take(&s, "DSNSENDER", true);
	d->rcptparams = take(&r, "DSNRECIPIENT", false);
}
