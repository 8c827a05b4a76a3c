/* SPDX-License-Identifier: 0BSD */
/* quillctl ages: the domains that mail waits for, by how long it has waited */
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/map.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "quillctl/args.h"
#include "quillctl/quillctl.h"
#include "quillctl/say.h"
#include "quillctl/select.h"
#include "quillctl/walk.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	COLUMNS = 10,	   /* 5 min, 10 min, ..., the last: all that is older */
	FIRST = 300,	   /* s */
	DOMAINS = 1000000, /* told apart; the rest is "(others)" */
	LINES = 20,
	BAR = 40,
	NAME = 30,
};

struct domain {
	char *name;
	uint64_t count[COLUMNS], total;
};

static struct ages {
	struct select select;
	bool senders, json, bars;
	struct map index; /* name: number of its struct domain */
	struct domain *list;
	size_t n, cap;
	int64_t now;
} ages;

static struct domain *
find(struct ages *a, const char *address)
{
	static struct str name = STR_INIT(ADDR_MAX);
	const char *at = strrchr(address, '@'), *v;
	size_t i;

	str_clear(&name);
	str_puts(&name, at ? at + 1 : *address ? "(no domain)" : "<>");
	if (a->n == DOMAINS) {
		str_clear(&name);
		str_puts(&name, "(others)");
	}
	ascii_tolower(name.s, name.len);
	v = map_get(&a->index, name.s, name.len, NULL);
	if (v) {
		memcpy(&i, v, sizeof(i));
		return &a->list[i];
	}
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 256;
		a->list = xrealloc(a->list, a->cap * sizeof(*a->list));
	}
	i = a->n++;
	map_put(&a->index, name.s, name.len, &i, sizeof(i));
	a->list[i] = (struct domain){ .name = xstrdup(str_c(&name)) };
	return &a->list[i];
}

static void
message(void *arg, const struct walk_message *m)
{
	struct ages *a = arg;
	struct domain *d;
	int64_t age = a->now - qid_birth(m->id);
	size_t i, c = 0;

	if (!select_message(&a->select, m))
		return;
	while (c < COLUMNS - 1 && age >= (int64_t)FIRST << c)
		c++;
	for (i = 0; i < m->env.nrcpt; i++) {
		enum env_mark k = env_mark(&m->env, i);

		if ((!env_istodo(k) && !env_isheld(k)) ||
			!select_rcpt(&a->select, m, i))
			continue;
		d = find(a, a->senders ? m->env.sender : env_rcpt(&m->env, i));
		d->count[c]++;
		d->total++;
	}
}

static int
by_total(const void *p, const void *q)
{
	const struct domain *a = p, *b = q;

	if (a->total != b->total)
		return a->total > b->total ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* --- output --------------------------------------------------------------- */

static void
column_name(char name[NUM_FMT + 2], size_t c)
{
	uint64_t min = c == COLUMNS - 1 ? (uint64_t)FIRST / 60 << (c - 1)
					: (uint64_t)FIRST / 60 << c;

	num_fmt(name, min);
	if (c == COLUMNS - 1)
		strcat(name, "+");
}

static void
row(const char *name, const struct domain *d)
{
	size_t c;

	say_padded(name, NAME);
	say_number(d->total, 9);
	for (c = 0; c < COLUMNS; c++)
		say_number(d->count[c], 8);
	obuf_putc(&out, '\n');
}

static void
table(const struct ages *a, size_t lines)
{
	struct domain all = { .name = NULL };
	char name[NUM_FMT + 2];
	size_t i, c, len;

	say_padded(a->senders ? "sender, minutes old" : "domain, minutes old",
		NAME);
	obuf_puts(&out, "    total");
	for (c = 0; c < COLUMNS; c++) {
		column_name(name, c);
		for (len = strlen(name); len < 8; len++)
			obuf_putc(&out, ' ');
		obuf_puts(&out, name);
	}
	obuf_putc(&out, '\n');
	for (i = 0; i < a->n; i++) {
		all.total += a->list[i].total;
		for (c = 0; c < COLUMNS; c++)
			all.count[c] += a->list[i].count[c];
	}
	row("TOTAL", &all);
	for (i = 0; i < lines; i++)
		row(a->list[i].name, &a->list[i]);
}

/* One character for each piece of the total, which tells its age: '1' waits
 * less than 5 minutes, '2' 10, ... 'A' longer than the last but one. */
static void
bars(const struct ages *a, size_t lines)
{
	static const char marks[COLUMNS + 1] = "123456789A";
	uint64_t most = a->n ? a->list[0].total : 1, sum, drawn, want;
	size_t i, c;

	for (i = 0; i < lines; i++) {
		const struct domain *d = &a->list[i];

		say_padded(d->name, NAME);
		say_number(d->total, 9);
		obuf_puts(&out, " |");
		for (c = 0, sum = drawn = 0; c < COLUMNS; c++) {
			sum += d->count[c];
			want = (sum * BAR + most - 1) / most;
			for (; drawn < want; drawn++)
				obuf_putc(&out, marks[c]);
		}
		obuf_putc(&out, '\n');
	}
	obuf_puts(&out, "age in minutes, less than:");
	for (c = 0; c < COLUMNS - 1; c++) {
		obuf_putc(&out, ' ');
		obuf_putc(&out, marks[c]);
		obuf_putc(&out, '=');
		obuf_putnum(&out, (uint64_t)FIRST / 60 << c);
	}
	obuf_puts(&out, "; A=older\n");
}

static void
json(const struct ages *a, size_t lines)
{
	char name[NUM_FMT + 2];
	const char *sep;
	size_t i, c;

	for (i = 0; i < lines; i++) {
		sep = "";
		obuf_putc(&out, '{');
		say_string(&sep, "domain", a->list[i].name);
		say_int(&sep, "total", a->list[i].total);
		for (c = 0; c < COLUMNS; c++) {
			column_name(name, c);
			say_int(&sep, name, a->list[i].count[c]);
		}
		obuf_puts(&out, "}\n");
	}
}

int
ctl_ages(int argc, char **argv)
{
	struct ages *a = &ages;
	const char *limit = NULL;
	uint64_t lines = LINES;
	const struct args_option options[] = {
		{ 'j', "json", &a->json, NULL },
		{ 'b', "bars", &a->bars, NULL },
		{ 's', "senders", &a->senders, NULL },
		{ 'l', "lines", NULL, &limit },
		SELECT_OPTIONS(a->select),
	};
	int n = args_parse(
		options, sizeof(options) / sizeof(*options), argc, argv);

	if (n < 0 || select_ready(&a->select, n, argv) != 0)
		return CTL_USAGE;
	if (limit && !num_parses(limit, DOMAINS, &lines))
		return args_bad("not a number of lines: ", limit);
	a->now = stamp_now();
	map_init(&a->index);
	if (select_each(&a->select, message, NULL, a) < 0) {
		walk_trouble();
		return STATUS_TEMP;
	}
	if (a->n)
		qsort(a->list, a->n, sizeof(*a->list), by_total);
	if (lines > a->n)
		lines = a->n;
	(a->json ? json : a->bars ? bars : table)(a, lines);
	if (a->n == 0 && select_given(&a->select)) {
		log_info("nothing fits");
		return CTL_NO;
	}
	return CTL_YES;
}
