/* SPDX-License-Identifier: 0BSD */
/* control_map of lib/control.h, by itself: few programs need maps. */
#include <string.h>

#include "lib/ascii.h"
#include "lib/control.h"

struct into_map {
	struct map *map;
	char sep;
};

static const char *
map_entry(void *arg, size_t line, char *entry, size_t n)
{
	struct into_map *m = arg;
	const char *val = entry + n;
	size_t klen = n;

	(void)line;
	if (m->sep) {
		val = memchr(entry, m->sep, n);
		if (!val)
			return "separator missing";
		klen = (size_t)(val++ - entry);
	}
	ascii_tolower(entry, klen);
	map_put(m->map, entry, klen, val, (size_t)(entry + n - val));
	return 0;
}

enum control
control_map(const char *name, struct map *m, char sep)
{
	struct into_map arg = { m, sep };

	return control_list(name, map_entry, &arg);
}
