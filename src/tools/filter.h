/* SPDX-License-Identifier: 0BSD */
/* filter - what the programs for .qmail lines share: they are started by
 * quill-local, with the message on descriptor 0 and its variables
 *
 * All of these end the program with STATUS_TEMP when something that may mend
 * itself goes wrong, and with STATUS_PERM where the line is no good.
 */
#ifndef TOOLS_FILTER_H
#define TOOLS_FILTER_H

#include <stddef.h>

/* The variable's value. */
const char *filter_env(const char *name);
/* Go to the start of the message, where it is a file: whoever had it before
 * left it anywhere. */
void filter_rewind(void);
/* Run argv, found in $PATH, with the message. Its exit code; not 111, nor what
 * says that it could not be run or was killed. */
int filter_ask(char *const *argv);
/* Queue the message, with a Delivered-To line, for n addresses, and say so. */
void filter_forward(const char *const *to, size_t n);

#endif
