/* SPDX-License-Identifier: 0BSD */
/* quillctl.c - ask a quill, and steer it: what is where, why, and go on
 *
 * runs as     caller (root, or a member of group quill)
 * started by  the administrator, scripts, mailq
 * fd 0        import: a backup
 * fd 1        the answer
 * fd 2        errors
 * cwd         queue
 * reads       msg/<c>/<id>.env, msg/<c>/<id>.mess, bounce, lost, log/,
 *             control/, run/, users/cdb; asks quill-send   wire/ctl.h
 * writes      by way of quill-send; fsck, import and orders without a
 *             quill-send: the queue; report, metrics: the file given
 * runs        for explain and check those that decide, each as its user, with
 *             -n: quill-getpw, quill-local, quill-remote, quill-smtpd and most
 *             others; tcprulescheck
 * trusts      root, quillq; not addresses and replies: they are escaped
 * exits       0 yes or done, 1 no, 64 usage, STATUS_TEMP cannot tell
 */
#include "quillctl/quillctl.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "quillctl/select.h"
#include "wire/site.h"
#include "wire/status.h"

static char outbuf[65536];
struct obuf out;

static const struct ctl_command commands[] = {
	{ "status", "status [-j] [--services DIR]", ctl_status, CTL_IN_QUEUE },
	{ "queue", "queue [-j | --count] [SELECTOR]", ctl_queue, CTL_IN_QUEUE },
	{ "ages", "ages [-jbs] [-l LINES] [SELECTOR]", ctl_ages, CTL_IN_QUEUE },
	{ "top", "top [-d SECONDS] [-n TURNS]", ctl_top, CTL_IN_QUEUE },
	{ "show", "show [-j | --message] ID...", ctl_show, CTL_IN_QUEUE },
	{ "why", "why [-j] ID|ADDRESS [LOGDIR...]", ctl_why, CTL_ANYWHERE },
	{ "explain",
		"explain [-j] [--from IP] [--as USER] [--rules FILE]"
		" [--default DELIVERY] ADDRESS",
		ctl_explain, CTL_ANYWHERE },
	{ "check",
		"check [-jqv] [--no-dns] [--services DIR] [--ip IP,...]"
		" [--dkim NAME] [PART...]",
		ctl_check, CTL_ANYWHERE },
	{ "dns", "dns [--tinydns] [--ip IP,...] [--tlsa HEX] [--ttl N] DOMAIN",
		ctl_dns, CTL_ANYWHERE },
	{ "retry", "retry [-nj] SELECTOR", ctl_order, CTL_IN_QUEUE },
	{ "hold", "hold [-nj] SELECTOR", ctl_order, CTL_IN_QUEUE },
	{ "release", "release [-nj] SELECTOR", ctl_order, CTL_IN_QUEUE },
	{ "bounce", "bounce [-nj] [--text REASON] SELECTOR", ctl_order,
		CTL_IN_QUEUE },
	{ "delete", "delete [-nj] SELECTOR", ctl_order, CTL_IN_QUEUE },
	{ "reroute", "reroute [-nj] --via RELAY SELECTOR", ctl_order,
		CTL_IN_QUEUE },
	{ "metrics", "metrics [--file FILE | --http]", ctl_metrics,
		CTL_ANYWHERE },
	{ "report", "report [--days N] [-o FILE] [LOGDIR...]", ctl_report,
		CTL_ANYWHERE },
	{ "fsck", "fsck [-nj]", ctl_fsck, CTL_IN_QUEUE },
	{ "export", "export DIR|-", ctl_export, CTL_ANYWHERE },
	{ "import", "import [-n] [--logs DIR] DIR|FILE|-", ctl_import,
		CTL_ANYWHERE },
};

enum { NCOMMANDS = sizeof(commands) / sizeof(*commands) };

/* Of one subcommand, or of all (c NULL). */
static void
usage(int fd, const struct ctl_command *c)
{
	struct obuf o;
	char buf[2048];
	const char *intro = "usage: quillctl ";
	size_t i;

	obuf_init(&o, fd, buf, sizeof(buf));
	for (i = 0; i < NCOMMANDS; i++) {
		if (c && c != &commands[i])
			continue;
		obuf_puts(&o, intro);
		intro = "       quillctl ";
		obuf_puts(&o, commands[i].usage);
		obuf_putc(&o, '\n');
	}
	if (!c || strstr(c->usage, "SELECTOR"))
		obuf_puts(&o, select_usage);
	obuf_flush(&o);
}

void
ctl_enter_queue(void)
{
	if (chdir(site_queue) < 0)
		log_die_sys(STATUS_TEMP, "unable to enter ", site_queue,
			errno == EACCES ? " (only root and group quill may)"
					: "");
}

static int
run(const struct ctl_command *c, int argc, char **argv)
{
	int r;

	if (c->where == CTL_IN_QUEUE)
		ctl_enter_queue();
	r = c->run(argc, argv);
	if (obuf_flush(&out) < 0)
		log_die_sys(STATUS_TEMP, "unable to write");
	if (r == CTL_USAGE)
		usage(2, c);
	return r;
}

static const struct ctl_command *
find(const char *name)
{
	size_t i;

	for (i = 0; i < NCOMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int
main(int argc, char **argv)
{
	const char *name = argc >= 2 ? argv[1] : "";
	const struct ctl_command *c = find(name);
	bool help = c && argc == 3 && is_help(argv[2]);

	log_init("quillctl");
	fd_sane();
	sig_ignore(SIGPIPE);
	obuf_init(&out, 1, outbuf, sizeof(outbuf));
	if (c && !help)
		return run(c, argc - 1, argv + 1);
	if (is_help(name) || strcmp(name, "help") == 0) {
		name = argc >= 3 ? argv[2] : "";
		c = find(name);
		help = c || argc == 2;
	}
	if (help) {
		usage(1, c);
		return CTL_YES;
	}
	if (*name)
		log_alert("unknown subcommand ", name);
	usage(2, NULL);
	return CTL_USAGE;
}
