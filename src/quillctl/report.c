/* SPDX-License-Identifier: 0BSD */
/* quillctl report [LOGDIR...]: a page of HTML about the mail of some days, from
 * the logs
 *
 * report.c reads, counts.h counts, page.h writes. Memory does not grow with
 * the logs; the queue is not looked at.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "quillctl/args.h"
#include "quillctl/aside.h"
#include "quillctl/counts.h"
#include "quillctl/logs.h"
#include "quillctl/page.h"
#include "quillctl/quillctl.h"
#include "wire/site.h"
#include "wire/status.h"

enum { DAY = 86400 };

/* The lines of days days, up to the last one; 0: as many as there are. A clock
 * that was ahead for a while does not make the end of it. */
static int
count(struct counts *c, struct logs *l, uint64_t days)
{
	int64_t last = logs_last(l) / 1000000, now = stamp_now(), to;
	struct logs_line line;

	if (last == 0) {
		log_alert("no line of these logs has a time (multilog t)");
		return -1;
	}
	if (last > now)
		last = now;
	to = last - last % 3600 + 3600;
	counts_init(c, to - (int64_t)(days ? days : COUNTS_DAYS) * DAY, to);
	logs_since(l, c->from * 1000000);
	while (logs_next(l, &line))
		counts_line(c, &line);
	counts_end(c, days == 0);
	return 0;
}

static const char *
host(void)
{
	static struct str me = STR_INIT(1000);

	control_init(site_control);
	return control_line("me", &me) == CONTROL_OK ? str_c(&me) : "this host";
}

static int
write_page(const struct page *p, const char *file)
{
	static char buf[65536];
	struct obuf o;
	int fd;

	if (!file || strcmp(file, "-") == 0) {
		page_write(&out, p);
		return obuf_flush(&out);
	}
	fd = aside_open(file);
	if (fd < 0)
		return -1;
	obuf_init(&o, fd, buf, sizeof(buf));
	page_write(&o, p);
	return aside_close(fd, file, obuf_flush(&o) == 0);
}

int
ctl_report(int argc, char **argv)
{
	static struct counts c;
	const char *file = NULL, *text = NULL;
	const struct args_option options[] = {
		{ 'd', "days", NULL, &text },
		{ 'o', "output", NULL, &file },
	};
	int n = args_parse(options, 2, argc, argv);
	struct page p = { .counts = &c };
	uint64_t days = 0;
	struct logs *logs;

	if (n < 0)
		return CTL_USAGE;
	if (text && (!num_parses(text, COUNTS_DAYS, &days) || days == 0))
		return args_bad("not a number of days, 1 to 400: ", text);
	p.host = host();
	p.made = stamp_now();
	p.logs = logs = logs_open(n, argv, NULL, true);
	if (!logs) {
		log_alert_sys("no log can be read", n ? "" : " below ",
			n ? "" : site_home, n ? "" : "/log",
			errno == EACCES ? " (root may)" : "");
		return STATUS_TEMP;
	}
	if (count(&c, logs, days) < 0)
		return CTL_NO;
	if (write_page(&p, file) < 0) {
		log_alert_sys("unable to write ",
			file ? file : "the standard output");
		return STATUS_TEMP;
	}
	counts_free(&c);
	n = logs_unread(logs) ? STATUS_TEMP : CTL_YES;
	logs_close(logs);
	return n;
}
