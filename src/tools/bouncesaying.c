/* SPDX-License-Identifier: 0BSD */
/* bouncesaying.c - send the message back, if a program says so
 *
 * runs as     recipient
 * started by  quill-local, from |bouncesaying TEXT PROGRAM...
 * fd 0        the message
 * fd 1        TEXT, for the bounce
 * fd 2        errors
 * reads       nothing
 * writes      nothing
 * trusts      its caller; not message content
 * exits       0 the program said no; 100 it said yes (exit 0), or usage;
 *             111 try later
 */
#include <string.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "tools/filter.h"
#include "wire/status.h"

int
main(int argc, char **argv)
{
	log_init("bouncesaying");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	if (argc < 2)
		log_die(STATUS_PERM, "usage: bouncesaying TEXT [PROGRAM...]");
	if (argc > 2 && filter_ask(argv + 2) != 0)
		return STATUS_OK;
	if (fd_writeall(1, argv[1], strlen(argv[1])) < 0 ||
		fd_writeall(1, "\n", 1) < 0)
		log_die_sys(STATUS_TEMP, "unable to write");
	return STATUS_PERM;
}
