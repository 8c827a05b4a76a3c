/* SPDX-License-Identifier: 0BSD */
/* quillctl - one command to ask a running quill
 *
 * Each subcommand is one file and one row of the table in quillctl.c. cwd is
 * HOME/queue. The result is the exit code: 0 yes or done, 1 no, EX_USAGE 64,
 * STATUS_TEMP 111 when it could not be found out (said on fd 2).
 */
#ifndef QUILLCTL_QUILLCTL_H
#define QUILLCTL_QUILLCTL_H

#include "lib/obuf.h"

enum { CTL_YES = 0, CTL_NO = 1, CTL_USAGE = 64 };

/* Standard output; flushed by main. */
extern struct obuf out;

int ctl_status(int argc, char **argv);
int ctl_queue(int argc, char **argv);

#endif
