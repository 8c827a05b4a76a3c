/* SPDX-License-Identifier: 0BSD */
/* quillctl - one command to ask a running quill, and to steer it
 *
 * Each subcommand is one file and one row of the table in quillctl.c. The
 * result is the exit code: 0 yes or done, 1 no or nothing there, 2 for check
 * that there are errors, 64 wrong usage, STATUS_TEMP 111 when it could not be
 * done or found out (said on fd 2). What others wrote goes out through
 * lib/json.h only.
 */
#ifndef QUILLCTL_QUILLCTL_H
#define QUILLCTL_QUILLCTL_H

#include "lib/obuf.h"

enum { CTL_YES = 0, CTL_NO = 1, CTL_ERRORS = 2, CTL_USAGE = 64 };

/* Standard output; flushed by main. */
extern struct obuf out;

/* A row of the table. argv[0] is the subcommand's name. */
struct ctl_command {
	const char *name, *usage;
	int (*run)(int argc, char **argv);
	enum {
		CTL_ANYWHERE,
		CTL_IN_QUEUE, /* cwd is HOME/queue, or main has given up */
	} where;
};

/* For a CTL_ANYWHERE that has opened its files; dies when it cannot. */
void ctl_enter_queue(void);

int ctl_ages(int argc, char **argv);
int ctl_check(int argc, char **argv);
int ctl_dns(int argc, char **argv);
int ctl_explain(int argc, char **argv);
int ctl_export(int argc, char **argv);
int ctl_fsck(int argc, char **argv);
int ctl_import(int argc, char **argv);
int ctl_metrics(int argc, char **argv);
int ctl_order(int argc, char **argv);
int ctl_queue(int argc, char **argv);
int ctl_report(int argc, char **argv);
int ctl_show(int argc, char **argv);
int ctl_status(int argc, char **argv);
int ctl_top(int argc, char **argv);
int ctl_why(int argc, char **argv);

#endif
