/* SPDX-License-Identifier: 0BSD */
#include "quillctl/args.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/num.h"
#include "lib/str.h"
#include "quillctl/quillctl.h"

int
args_bad(const char *what, const char *word)
{
	log_alert(what, word);
	return CTL_USAGE;
}

static const struct args_option *
by_name(const struct args_option *o, size_t n, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (o[i].name && strlen(o[i].name) == len &&
			memcmp(o[i].name, s, len) == 0)
			return &o[i];
	return NULL;
}

static const struct args_option *
by_letter(const struct args_option *o, size_t n, char c)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (o[i].letter == c && c)
			return &o[i];
	return NULL;
}

/* The option at argv[*at]; false after a complaint. */
static bool
long_option(
	const struct args_option *o, size_t n, int argc, char **argv, int *at)
{
	const char *s = argv[*at] + 2, *eq = strchr(s, '=');
	size_t len = eq ? (size_t)(eq - s) : strlen(s);

	o = by_name(o, n, s, len);
	if (!o || (eq && o->flag)) {
		args_bad("unknown option ", argv[*at]);
		return false;
	}
	if (o->flag) {
		*o->flag = true;
	} else if (eq) {
		*o->text = eq + 1;
	} else if (*at + 1 < argc) {
		*o->text = argv[++*at];
	} else {
		args_bad("no value after ", argv[*at]);
		return false;
	}
	return true;
}

static bool
letters(const struct args_option *o, size_t n, int argc, char **argv, int *at)
{
	const struct args_option *k;
	const char *s = argv[*at] + 1;

	for (; *s; s++) {
		k = by_letter(o, n, *s);
		if (!k) {
			args_bad("unknown option ", argv[*at]);
			return false;
		}
		if (k->flag) {
			*k->flag = true;
			continue;
		}
		if (s[1]) {
			*k->text = s + 1;
		} else if (*at + 1 < argc) {
			*k->text = argv[++*at];
		} else {
			args_bad("no value after ", argv[*at]);
			return false;
		}
		break;
	}
	return true;
}

int
args_parse(const struct args_option *o, size_t n, int argc, char **argv)
{
	bool over = false;
	int i, kept = 0;

	for (i = 1; i < argc; i++) {
		if (over || argv[i][0] != '-' || !argv[i][1])
			argv[kept++] = argv[i];
		else if (strcmp(argv[i], "--") == 0)
			over = true;
		else if (argv[i][1] == '-' ? !long_option(o, n, argc, argv, &i)
					   : !letters(o, n, argc, argv, &i))
			return -1;
	}
	argv[kept] = NULL;
	return kept;
}

bool
args_exactly(int operands, const struct args_option *o, size_t n, int argc,
	char **argv)
{
	const char *name = argv[0];
	int got = args_parse(o, n, argc, argv);

	if (got > operands)
		args_bad("one word too many: ", argv[operands]);
	else if (got >= 0 && got < operands)
		args_bad("what is it about? ", name);
	return got == operands;
}

bool
args_age(const char *s, uint64_t *seconds)
{
	static const char units[] = "smhdw";
	static const uint64_t lengths[] = { 1, 60, 3600, 86400, 604800 };
	size_t n = strlen(s);
	const char *u = n ? strchr(units, s[n - 1]) : NULL;
	uint64_t num;

	if (!num_parse(s, u ? n - 1 : n, UINT32_MAX, &num))
		return false;
	*seconds = num * (u ? lengths[u - units] : 1);
	return true;
}

char *
args_absolute(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : xstrdup(path);
}
