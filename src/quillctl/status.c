/* SPDX-License-Identifier: 0BSD */
/* quillctl status: does quill-send run, and how much is in the queue? */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/lock.h"
#include "lib/log.h"
#include "quillctl/quillctl.h"
#include "quillctl/walk.h"
#include "wire/site.h"
#include "wire/status.h"

/* 1 running, 0 not, -1 errno. */
static int
send_runs(void)
{
	int fd = open("lock/send", O_RDWR | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -1;
	r = lock_held(fd);
	close(fd);
	return r;
}

int
ctl_status(int argc, char **argv)
{
	int runs = send_runs();
	int64_t count = walk_count(), lost = walk_lost();

	(void)argv;
	if (argc > 1)
		return CTL_USAGE;
	if (runs < 0 || count < 0 || lost < 0) {
		log_alert_sys("unable to look into ", site_queue);
		return STATUS_TEMP;
	}
	obuf_puts(&out, "quill-send: ");
	obuf_puts(&out, runs ? "running\n" : "not running\n");
	obuf_puts(&out, "messages in queue: ");
	obuf_putnum(&out, (uint64_t)count);
	obuf_puts(&out, "\nmessages set aside: ");
	obuf_putnum(&out, (uint64_t)lost);
	obuf_puts(&out, "\n");
	return runs ? CTL_YES : CTL_NO;
}
