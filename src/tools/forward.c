/* SPDX-License-Identifier: 0BSD */
/* forward.c - send the message on to other addresses, from a .qmail line
 *
 * runs as     recipient
 * started by  quill-local, from |forward ADDRESS...
 * fd 0        the message
 * fd 1        text for the log
 * fd 2        errors
 * reads       nothing
 * writes      nothing; the message goes to quill-queue
 * trusts      quill-local's environment, its caller; not message content
 * exits       0 queued; 100 usage, or refused for good; 111 try later
 */
#include "lib/fd.h"
#include "lib/log.h"
#include "tools/filter.h"
#include "wire/status.h"

int
main(int argc, char **argv)
{
	const char *to[256];
	size_t n = 0;

	log_init("forward");
	if (fd_sane() < 0)
		return STATUS_TEMP;
	if (argc < 2)
		log_die(STATUS_PERM, "usage: forward ADDRESS...");
	if ((size_t)argc > sizeof to / sizeof *to)
		log_die(STATUS_PERM, "too many addresses");
	while (*++argv)
		to[n++] = *argv;
	filter_forward(to, n);
	return STATUS_OK;
}
