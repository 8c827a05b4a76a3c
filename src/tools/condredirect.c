/* SPDX-License-Identifier: 0BSD */
/* condredirect.c - send the message elsewhere, if a program says so
 *
 * runs as     recipient
 * started by  quill-local, from |condredirect ADDRESS PROGRAM...
 * fd 0        the message
 * fd 1        text for the log
 * fd 2        errors
 * reads       nothing
 * writes      nothing; the message goes to quill-queue
 * trusts      quill-local's environment, its caller; not message content
 * exits       99 the program said yes (exit 0): queued, and the lines that
 *             follow are skipped; 0 it said no; 100 usage, or refused for
 *             good; 111 try later
 */
#include "lib/fd.h"
#include "lib/log.h"
#include "tools/filter.h"
#include "wire/status.h"

enum { DONE = 99 };

int
main(int argc, char **argv)
{
	const char *to[1];

	log_init("condredirect");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	if (argc < 3)
		log_die(STATUS_PERM, "usage: condredirect ADDRESS PROGRAM...");
	if (filter_ask(argv + 2) != 0)
		return STATUS_OK;
	to[0] = argv[1];
	filter_forward(to, 1);
	return DONE;
}
