/* SPDX-License-Identifier: 0BSD */
/* except.c - turn a program's answer round: yes becomes no
 *
 * runs as     recipient
 * started by  quill-local, from |except PROGRAM... and others of these tools
 * fd 0        the message
 * fd 2        errors
 * reads       nothing
 * writes      nothing
 * trusts      its caller; not message content
 * exits       0 the program exited with another code than 0; 100 with 0, or
 *             usage; 111 try later
 */
#include "lib/fd.h"
#include "lib/log.h"
#include "tools/filter.h"
#include "wire/status.h"

int
main(int argc, char **argv)
{
	log_init("except");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	if (argc < 2)
		log_die(STATUS_PERM, "usage: except PROGRAM...");
	return filter_ask(argv + 1) == 0 ? STATUS_PERM : STATUS_OK;
}
