/* SPDX-License-Identifier: 0BSD */
/* quillctl.c - ask a quill: is it running, what is in its queue
 *
 * runs as     caller (root, or a member of group quill)
 * started by  the administrator, scripts, mailq
 * fd 1        the answer
 * fd 2        errors
 * cwd         queue
 * reads       msg/<c>/<id>.env, lost, lock/send
 * writes      nothing
 * trusts      root, quillq; not addresses: they are escaped
 * exits       0 yes or done, 1 no, 64 usage, STATUS_TEMP cannot tell
 */
#include "quillctl/quillctl.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "wire/site.h"
#include "wire/status.h"

static char outbuf[65536];
struct obuf out;

static const struct command {
	const char *name, *usage;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "status", "status", ctl_status },
	{ "queue", "queue [-j | --count]", ctl_queue },
};

enum { NCOMMANDS = sizeof(commands) / sizeof(*commands) };

static int
usage(void)
{
	struct obuf err;
	char buf[1024];
	size_t i;

	obuf_init(&err, 2, buf, sizeof(buf));
	for (i = 0; i < NCOMMANDS; i++) {
		obuf_puts(&err, i ? "       quillctl " : "usage: quillctl ");
		obuf_puts(&err, commands[i].usage);
		obuf_putc(&err, '\n');
	}
	obuf_flush(&err);
	return CTL_USAGE;
}

int
main(int argc, char **argv)
{
	int r = CTL_USAGE;
	size_t i;

	log_init("quillctl");
	fd_sane();
	sig_ignore(SIGPIPE);
	obuf_init(&out, 1, outbuf, sizeof(outbuf));
	if (argc >= 2 && chdir(site_queue) < 0)
		log_die_sys(STATUS_TEMP, "unable to enter ", site_queue,
			errno == EACCES ? " (only root and group quill may)"
					: "");
	for (i = 0; argc >= 2 && i < NCOMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0) {
			r = commands[i].run(argc - 1, argv + 1);
			if (obuf_flush(&out) < 0)
				log_die_sys(STATUS_TEMP, "unable to write");
		}
	return r == CTL_USAGE ? usage() : r;
}
