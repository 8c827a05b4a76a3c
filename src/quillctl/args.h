/* SPDX-License-Identifier: 0BSD */
/* args - options of a subcommand, as a table
 *
 * "--name VALUE", "--name=VALUE", "-x VALUE", "-xVALUE", flags joined as in
 * "-nj", "--" for the end of options. Options and operands may be mixed.
 */
#ifndef QUILLCTL_ARGS_H
#define QUILLCTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct args_option {
	char letter;	  /* 0 none */
	const char *name; /* without --, NULL none */
	/* one of them: set to true, or to the value */
	bool *flag;
	const char **text;
};

/* Parse argv[1] on. Operands are moved to the front of argv, from argv[0] on,
 * and ended by NULL; returns their number, or -1 after one line on fd 2. */
int args_parse(const struct args_option *o, size_t n, int argc, char **argv);
/* The same where there must be that many operands; false after one line. */
bool args_exactly(int operands, const struct args_option *o, size_t n, int argc,
	char **argv);
/* "90", "15m", "2h", "3d", "1w": seconds. */
bool args_age(const char *s, uint64_t *seconds);
/* Complain about a word on fd 2; CTL_USAGE. */
int args_bad(const char *what, const char *word);
/* The absolute path of a file (malloc'd); the same where there is none. */
char *args_absolute(const char *path);

#endif
