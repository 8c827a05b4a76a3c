/* SPDX-License-Identifier: 0BSD */
#include "wire/daemon.h"

#include <errno.h>
#include <signal.h>

#include "lib/control.h"
#include "lib/log.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "lib/usock.h"
#include "wire/site.h"
#include "wire/status.h"

enum { BACKLOG = 512 };

void
daemon_open(struct daemon *d, const char *name)
{
	static const int sigs[] = { SIGTERM, SIGHUP, 0 };

	d->sigfd = sig_fd(sigs);
	d->listener = usock_listen("socket", 0660, BACKLOG, NULL);
	if (d->sigfd < 0 || d->listener < 0)
		log_die_sys(STATUS_TEMP, "unable to listen on ", site_run, "/",
			name, "/socket");
	d->now = stamp_mono();
}

static void
hear_signals(struct daemon *d)
{
	int sig;

	while ((sig = sig_next(d->sigfd)) != 0) {
		if (sig == SIGTERM)
			d->ended = true;
		else if (sig == SIGHUP && d->reread(d->arg))
			log_info("control files reread");
		else if (sig == SIGHUP)
			log_alert(control_error(), "; nothing is changed");
	}
}

void
daemon_sleep(struct daemon *d, struct pollfd *p, size_t n, bool room, int ms)
{
	p[DAEMON_SIGNAL] = (struct pollfd){ d->sigfd, POLLIN, 0 };
	p[DAEMON_LISTENER] =
		(struct pollfd){ room ? d->listener : -1, POLLIN, 0 };
	if (poll(p, (nfds_t)n, ms) < 0 && errno != EINTR)
		log_die_sys(STATUS_TEMP, "unable to wait");
	d->now = stamp_mono();
	if (p[DAEMON_SIGNAL].revents)
		hear_signals(d);
}
