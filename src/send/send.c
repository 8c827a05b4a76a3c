/* SPDX-License-Identifier: 0BSD */
/* send.c - the queue manager: schedules deliveries, marks results
 *
 * runs as     quills
 * started by  start
 * fd 0        /dev/null
 * fd 1        the log
 * fd 3        jobs to and reports from lspawn  wire/job.h wire/report.h
 * fd 4        jobs to and reports from rspawn  wire/job.h wire/report.h
 * fd 5        requests to clean                wire/clean.h
 * fd 6        answers from clean               wire/clean.h
 * argv        -n: read control/ and no more
 * cwd         queue
 * reads       control, msg/<c>/<id>.env, msg/<c>/<id>.mess, lock/hint; orders
 *             from run/send/ctl                wire/ctl.h
 * writes      marks in msg/<c>/<id>.env, bounce/<id>, lock/send, run/send/ctl,
 *             run/count/send
 * runs        bounce
 * trusts      root, quillq, group quill; not reports, not message content
 * exits       STATUS_OK after TERM, STATUS_TEMP if it cannot start or go on
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/lock.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "send/admit.h"
#include "send/answer.h"
#include "send/bouncer.h"
#include "send/channel.h"
#include "send/cleaner.h"
#include "send/conf.h"
#include "send/ctl.h"
#include "send/dest.h"
#include "send/event.h"
#include "send/hurry.h"
#include "send/message.h"
#include "send/order.h"
#include "send/scan.h"
#include "send/tally.h"
#include "send/turn.h"
#include "wire/fds.h"
#include "wire/hint.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	LOST_WAIT = 30000, /* ms for deliveries that run when a helper died */
	LOOK = 60,	   /* s between looks at lock/hint */
};

static struct hint hints;
/* What poll watches of the helpers; -1 when one is gone. */
static struct {
	int local, remote, clean;
} helper = { SEND_FD_LOCAL, SEND_FD_REMOTE, SEND_FD_CLEANED };
static int sigs;
static bool term;	  /* TERM: finish what runs, then exit */
static int64_t lost;	  /* a helper is gone: exit then, stamp_mono() */
static int64_t next_scan; /* s */
static int64_t next_look; /* s */

static void
hold_lock(void)
{
	int fd = open("lock/send", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		log_die_sys(STATUS_TEMP, "unable to open lock/send");
	if (lock_try(fd) < 0)
		log_die(STATUS_TEMP, "another quill-send is running on ",
			site_queue);
	/* fd stays open: the lock ends with this process */
}

static void
start(void)
{
	static const int list[] = { SIGTERM, SIGHUP, SIGALRM, SIGCHLD, 0 };

	sig_ignore(SIGPIPE);
	if (chdir(site_queue) < 0)
		log_die_sys(STATUS_TEMP, "unable to enter ", site_queue);
	hold_lock();
	if (conf_read() < 0)
		log_die(STATUS_TEMP, control_error());
	sigs = sig_fd(list);
	if (sigs < 0 || hint_open(&hints) < 0)
		log_die_sys(STATUS_TEMP, "unable to open lock/hint");
	fd_nonblock(SEND_FD_CLEAN);
	fd_nonblock(SEND_FD_CLEANED);
	fd_cloexec(SEND_FD_CLEAN);
	fd_cloexec(SEND_FD_CLEANED);
	fd_cloexec(SEND_FD_POOL);
	fd_cloexec(SEND_FD_LOCAL);
	fd_cloexec(SEND_FD_REMOTE);
	tally_init();
	answer_init();
	message_init();
	channel_init();
	if (ctl_open() < 0)
		log_warning_sys("unable to listen on ", site_run,
			"/send/ctl, so quillctl cannot give orders");
	scan_begin(false);
}

static void
signals(void)
{
	int s;

	while ((s = sig_next(sigs))) {
		switch (s) {
		case SIGTERM:
			if (term) {
				log_warning("exiting at once; what runs may be "
					    "delivered again");
				event_flush();
				_exit(STATUS_OK);
			}
			log_info("finishing what runs, then exiting");
			term = true;
			channel_stop();
			break;
		case SIGHUP:
			if (conf_read() < 0)
				log_warning(control_error(),
					"; the old values stay");
			else
				log_info("control files read");
			dest_relimit();
			break;
		case SIGALRM:
			known_hurry(stamp_now());
			dest_hurry_all();
			scan_begin(true);
			next_look = 0;
			break;
		case SIGCHLD:
			bouncer_reap();
			break;
		}
	}
}

static void
take_hints(void)
{
	struct qid id;
	bool missed = false;

	while (hint_next(&hints, &id, &missed))
		admit_new(id);
	if (missed)
		scan_begin(false);
}

/* Somebody may have removed or replaced the fifo. quill-queue does not mind,
 * so it is for us to notice, and to scan until it is there again. */
static void
look_at_fifo(void)
{
	static struct hint again;
	static bool told;

	if (hint_current(&hints))
		return;
	if (hint_open(&again) == 0) {
		close(hints.fd);
		hints = again;
		told = false;
		log_info("lock/hint was replaced: using the new one");
	} else if (!told) {
		told = true;
		log_alert_sys("unable to open lock/hint, so new mail waits up "
			      "to a minute (make install mends it)");
	}
	scan_begin(false);
}

static void
look_at_clock(int64_t now)
{
	int64_t back = known_clock(now, stamp_mono());
	char num[NUM_FMT];

	if (!back)
		return;
	num_fmt(num, (uint64_t)back);
	log_warning("the clock was put back by ", num,
		" seconds: what waits is tried so much earlier");
}

static void
is_lost(int *fd, const char *who)
{
	log_alert("lost ", who, ": exiting, to be started again");
	*fd = -1;
	if (!lost)
		lost = stamp_mono() + LOST_WAIT;
	channel_stop();
}

/* Has everything ended that should be waited for? */
static bool
over(void)
{
	size_t wait = bouncer_running() + order_running();

	if (!term && !lost)
		return false;
	if (lost && stamp_mono() >= lost)
		return true;
	if (helper.local >= 0)
		wait += channel_running(CHAN_LOCAL);
	if (helper.remote >= 0)
		wait += channel_running(CHAN_REMOTE);
	if (helper.clean >= 0)
		wait += cleaner_waiting();
	return wait == 0;
}

/* Once in so many seconds; a clock put back does not put it off for long. */
static bool
is_time(int64_t *next, int64_t now, int64_t every)
{
	if (now < *next && *next <= now + every)
		return false;
	*next = now + every;
	return true;
}

static int
sooner(int a, int64_t b)
{
	return b < 0 || b > a ? a : (int)b;
}

/* How long poll may sleep, ms. */
static int
sleep_time(int64_t now)
{
	int64_t until = next_scan < next_look ? next_scan : next_look;
	int64_t mono = stamp_mono(), step = turn_next_step(mono);
	int ms;

	if (lost)
		return 1000;
	if (scan_running() || hurry_running())
		return 0;
	if (!term && (channel_more(CHAN_LOCAL) || channel_more(CHAN_REMOTE)))
		return 0;
	if (!term && admit_next() < until)
		until = admit_next();
	if (until <= now)
		return 0;
	ms = until - now > 3600 ? 3600000 : (int)(until - now) * 1000;
	if (step >= 0)
		ms = sooner(ms, step > mono ? step - mono : 0);
	return sooner(ms, ctl_sleep());
}

static void
wait_for_something(void)
{
	enum { SIGNALS, HINTS, LOCAL, REMOTE, CLEANED, CLEAN, MINE };
	struct pollfd p[MINE + CTL_FDS] = {
		[SIGNALS] = { sigs, POLLIN, 0 },
		[HINTS] = { hints.fd, POLLIN, 0 },
		[LOCAL] = { helper.local, POLLIN, 0 },
		[REMOTE] = { helper.remote, POLLIN, 0 },
		[CLEANED] = { helper.clean, POLLIN, 0 },
		[CLEAN] = { cleaner_blocked() ? SEND_FD_CLEAN : -1, POLLOUT,
			0 },
	};

	if (channel_blocked(CHAN_LOCAL))
		p[LOCAL].events |= POLLOUT;
	if (channel_blocked(CHAN_REMOTE))
		p[REMOTE].events |= POLLOUT;
	ctl_poll(p + MINE);
	if (poll(p, MINE + CTL_FDS, sleep_time(stamp_now())) < 0)
		return;
	if (p[SIGNALS].revents)
		signals();
	if (p[HINTS].revents)
		take_hints();
	if ((p[LOCAL].revents & ~POLLOUT) && !channel_reports(CHAN_LOCAL))
		is_lost(&helper.local, "quill-lspawn");
	if ((p[REMOTE].revents & ~POLLOUT) && !channel_reports(CHAN_REMOTE))
		is_lost(&helper.remote, "quill-rspawn");
	if (p[CLEANED].revents && !cleaner_answers())
		is_lost(&helper.clean, "quill-clean");
	ctl_step(p + MINE);
}

int
main(int argc, char **argv)
{
	int64_t now;

	log_init("quill-send");
	control_init(site_control);
	if (argc == 2 && strcmp(argv[1], "-n") == 0) {
		control_survey();
		(void)conf_read();
		return control_surveyed() ? STATUS_PERM : STATUS_OK;
	}
	start();
	log_info("running");
	for (;;) {
		now = stamp_now();
		look_at_clock(now);
		if (over())
			break;
		if (is_time(&next_scan, now, (int64_t)conf.rescan))
			scan_begin(false);
		if (is_time(&next_look, now, LOOK))
			look_at_fifo();
		scan_step(now);
		hurry_step(now);
		turn_step(stamp_mono());
		if (!term && !lost) {
			admit_run(now);
			bouncer_run();
		}
		channel_run(CHAN_LOCAL);
		channel_run(CHAN_REMOTE);
		cleaner_flush();
		channel_status();
		event_flush();
		wait_for_something();
	}
	event_flush();
	log_info("exiting");
	_exit(lost ? STATUS_TEMP : STATUS_OK);
}
