/* SPDX-License-Identifier: 0BSD */
/* lookups DIR N text|cdb - how fast, and in how much memory, DIR/locals and
 * DIR/virtualdomains of N entries (see lookups) answer. One line of numbers. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/table.h"
#include "mail/route.h"

enum { ROUNDS = 300000 };

static struct table lists[ROUTE_LISTS];

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool
find(void *arg, enum route_list list, const char *key, size_t n,
	struct str *val)
{
	struct table *t = arg;

	return table_get(&t[list], key, n, val) > 0;
}

/* KiB of anonymous memory. */
static long
memory(void)
{
	char line[200];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

static void
must(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "lookups: %s: %s\n", what, control_error());
		exit(1);
	}
}

/* Look-ups per second of names there are (hit) or not. */
static double
plain(unsigned n, bool hit)
{
	char key[100];
	double start = now();
	unsigned seed = 12345, good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int len;

		seed = seed * 1103515245 + 12345;
		len = snprintf(key, sizeof key, "%s%u.example", hit ? "d" : "x",
			(seed >> 1) % n);
		good += table_get(&lists[ROUTE_LOCALS], key, (size_t)len,
				NULL) > 0;
	}
	must(good == (hit ? ROUNDS : 0), "wrong answers");
	return ROUNDS / (now() - start);
}

/* Recipients routed per second: a third local, virtual and remote each. */
static double
routes(unsigned n)
{
	struct route r = { find, lists, STR_INIT(100) };
	struct str out = STR_INIT(4000);
	char addr[100];
	double start = now();
	unsigned seed = 4711, local = 0, rounds = ROUNDS / 3;

	for (unsigned i = 0; i < rounds; i++) {
		seed = seed * 1103515245 + 12345;
		snprintf(addr, sizeof addr, "user@%c%u.example", "dvx"[i % 3],
			(seed >> 1) % n);
		local += route_address(&r, addr, &out) == ROUTE_LOCAL;
	}
	must(local == (rounds + 2) / 3 + (rounds + 1) / 3, "wrong routes");
	return rounds / (now() - start);
}

int
main(int argc, char **argv)
{
	static const struct table_kind locals = { 0, table_host };
	static const struct table_kind virtual = { ':', NULL };
	unsigned n;
	double start;
	bool cdb;

	if (argc != 4)
		return 100;
	log_init("lookups");
	control_init(argv[1]);
	n = (unsigned)strtoul(argv[2], NULL, 10);
	cdb = strcmp(argv[3], "cdb") == 0;
	start = now();
	if (cdb) {
		must(table_open(&lists[ROUTE_LOCALS], "locals", &locals) ==
					CONTROL_OK &&
				table_open(&lists[ROUTE_VIRTUALDOMAINS],
					"virtualdomains",
					&virtual) == CONTROL_OK,
			"cannot open");
		must(lists[ROUTE_LOCALS].compiled, "locals.cdb is not used");
	} else {
		must(table_text(&lists[ROUTE_LOCALS], "locals", &locals) ==
					CONTROL_OK &&
				table_text(&lists[ROUTE_VIRTUALDOMAINS],
					"virtualdomains",
					&virtual) == CONTROL_OK,
			"cannot read");
	}
	table_init(&lists[ROUTE_PERCENTHACK]);
	start = now() - start;
	printf("%9u %-5s %9.1f %9ld %10.0f %10.0f %10.0f\n", n, argv[3],
		start * 1000, memory(), plain(n, true), plain(n, false),
		routes(n));
	return 0;
}
