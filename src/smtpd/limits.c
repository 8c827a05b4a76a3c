/* SPDX-License-Identifier: 0BSD */
#include "smtpd/limits.h"

#include <stdlib.h>

#include "lib/control.h"
#include "lib/num.h"

enum { SECONDS_MAX = 3600 };

static const struct {
	const char *name, *twin;
	uint64_t standard, min, max;
} rows[] = {
	[MAXPERCLIENT] = { "maxperclient", "MAXPERCLIENT", 20, 0, UINT32_MAX },
	[GREETDELAY] = { "greetdelay", "GREETDELAY", 0, 0, SECONDS_MAX },
	[TARPITCOUNT] = { "tarpitcount", "TARPITCOUNT", 0, 0, UINT32_MAX },
	[TARPITDELAY] = { "tarpitdelay", "TARPITDELAY", 5, 0, SECONDS_MAX },
	[MINRATE] = { "minrate", "MINRATE", 100, 0, UINT32_MAX },
	[TIMEOUTBUSY] = { "timeoutbusy", "TIMEOUTBUSY", 30, 1, SECONDS_MAX },
	[MINSPACE] = { "minspace", "MINSPACE", 32 << 20, 0, INT64_MAX },
	[MININODES] = { "mininodes", "MININODES", 1000, 0, INT64_MAX },
	[MAXLOAD] = { "maxload", "MAXLOAD", 0, 0, UINT32_MAX },
};

bool
limits_twin(enum limit which)
{
	return getenv(rows[which].twin) != NULL;
}

static bool
read_number(enum limit which, uint64_t *value)
{
	const char *twin = getenv(rows[which].twin);
	uint64_t min = rows[which].min, max = rows[which].max;

	if (!twin)
		return control_num(rows[which].name, min, max, value) !=
		       CONTROL_BAD;
	if (num_parses(twin, max, value) && *value >= min)
		return true;
	control_bad(rows[which].name, 0,
		"its twin in the environment is no number or out of range");
	return false;
}

uint64_t
limits_get(struct limits *l, enum limit which)
{
	if (l->known[which])
		return l->value[which];
	l->known[which] = true;
	l->value[which] = rows[which].standard;
	if (!read_number(which, &l->value[which])) {
		l->value[which] = rows[which].standard;
		l->bad = true;
	}
	return l->value[which];
}
