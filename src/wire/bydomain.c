/* SPDX-License-Identifier: 0BSD */
#include "wire/bydomain.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/num.h"
#include "lib/table.h"

enum { LIFETIME = 604800, MOST = 5000, RATE = 1000000 };
#define LIFETIME_MAX (100 * 365 * (uint64_t)86400)

/* NULL, or the reason why a value is bad. */
typedef const char *check_fn(const char *value);

struct reading {
	struct map *map;
	bool plain;
	check_fn *check;
};

static const char *
entry(void *arg, size_t line, char *s, size_t n)
{
	struct reading *r = arg;
	/* the domain may be a literal with colons in it */
	char *from = *s == '[' ? strchr(s, ']') : s;
	char *colon = from ? strchr(from, ':') : NULL;
	const char *value, *why;
	size_t klen;

	if (!colon && !r->plain)
		return "no colon";
	value = colon ? colon + 1 : s;
	klen = colon ? (size_t)(colon - s) : 0;
	why = table_ascii(s, klen);
	if (!why)
		why = r->check(value);
	if (why)
		return why;
	ascii_tolower(s, klen);
	table_keep(r->map, s, klen, value, n - (size_t)(value - s), line);
	return NULL;
}

/* Read control/NAME into *b, which is empty when it is absent or bad. plain: a
 * line without a colon is the value of all others. */
static enum control
read_file(struct bydomain *b, const char *name, bool plain, check_fn *check)
{
	struct reading r = { &b->map, plain, check };
	enum control c;

	map_init(&b->map);
	c = control_list(name, entry, &r);
	if (c != CONTROL_OK)
		bydomain_free(b);
	return c;
}

void
bydomain_free(struct bydomain *b)
{
	map_free(&b->map);
}

/* The value for a domain in lower case; NULL: none. */
static const char *
find(const struct bydomain *b, const char *domain)
{
	const char *p = domain, *v;

	if (!b->map.count)
		return NULL;
	v = map_get(&b->map, domain, strlen(domain), NULL);
	while (!v && (p = strchr(p, '.'))) {
		v = map_get(&b->map, p, strlen(p), NULL);
		p++;
	}
	return v ? v : map_get(&b->map, "", 0, NULL);
}

bool
bydomain_names(const struct bydomain *b, const char *domain)
{
	const char *v = find(b, domain);

	return v && v != map_get(&b->map, "", 0, NULL);
}

size_t
bydomain_line(const struct bydomain *b, const char *domain)
{
	const char *v = find(b, domain);

	return v ? table_kept(v) : 0;
}

/* --- queuelifetime -------------------------------------------------------- */

static uint64_t shortest;

static const char *
check_seconds(const char *v)
{
	uint64_t n;

	if (!num_parses(v, LIFETIME_MAX, &n))
		return "not a number of seconds";
	if (n < shortest)
		shortest = n;
	return NULL;
}

enum control
bydomain_lifetime(struct bydomain *b)
{
	enum control c;

	shortest = LIFETIME_MAX;
	c = read_file(b, "queuelifetime", true, check_seconds);
	b->shortest = shortest;
	if (!find(b, "") && b->shortest > LIFETIME)
		b->shortest = LIFETIME;
	return c;
}

uint64_t
bydomain_shortest(const struct bydomain *b)
{
	return b->shortest;
}

uint64_t
bydomain_seconds(const struct bydomain *b, const char *domain)
{
	const char *v = find(b, domain);
	uint64_t n = LIFETIME;

	if (v)
		num_parses(v, LIFETIME_MAX, &n);
	return n;
}

/* --- concurrencydomain ---------------------------------------------------- */

/* "N/s", "N/m", "N/h" */
static bool
rate(const char *s, uint32_t *every)
{
	const char *slash = strchr(s, '/');
	uint64_t n, unit;

	if (!slash || !num_parse(s, (size_t)(slash - s), RATE, &n) || n == 0 ||
		!slash[1] || slash[2])
		return false;
	switch (slash[1]) {
	case 's':
		unit = 1;
		break;
	case 'm':
		unit = 60;
		break;
	case 'h':
		unit = 3600;
		break;
	default:
		return false;
	}
	/* an hour in us fits 32 bits */
	*every = (uint32_t)(unit * 1000000 / n);
	return true;
}

static bool
split(const char *v, uint32_t *most, uint32_t *every)
{
	const char *colon = strchr(v, ':');
	size_t len = colon ? (size_t)(colon - v) : strlen(v);
	uint64_t n = 0;

	*most = *every = 0;
	if (len > 0 && (!num_parse(v, len, MOST, &n) || n == 0))
		return false;
	*most = (uint32_t)n;
	if (colon)
		return rate(colon + 1, every);
	return len > 0;
}

static const char *
check_limits(const char *v)
{
	uint32_t most, every;

	return split(v, &most, &every) ? NULL
				       : "not like 20, 20:100/m or :100/m "
					 "(deliveries at once; per s, m or h)";
}

enum control
bydomain_concurrency(struct bydomain *b)
{
	return read_file(b, "concurrencydomain", false, check_limits);
}

bool
bydomain_limits(const struct bydomain *b, const char *domain, uint32_t *most,
	uint32_t *every)
{
	const char *v = find(b, domain);

	*most = *every = 0;
	return v && split(v, most, every);
}
