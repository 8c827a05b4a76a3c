/* SPDX-License-Identifier: 0BSD */
#include "quillctl/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/lock.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "quillctl/below.h"
#include "quillctl/sendlog.h"
#include "wire/note.h"
#include "wire/site.h"

int
offline_lock(void)
{
	static int fd = -1;

	if (fd >= 0)
		return 0;
	fd = below_open("lock/send", O_RDWR, 0);
	if (fd < 0)
		return -1;
	if (lock_try(fd) == 0)
		return 0;
	close(fd);
	fd = -1;
	return -1;
}

/* --- what comes before a mark --------------------------------------------- */

/* bounce/<id> for appending; quills must own it. */
static int
open_notes(struct qid id)
{
	char path[QPATH_MAX];
	struct site_ids ids;
	int fd;

	qpath_fmt(path, id, QFILE_BOUNCE);
	fd = below_open(path, O_WRONLY | O_APPEND, 0);
	if (fd >= 0 && file_alone(fd) < 0) {
		close(fd);
		errno = EMLINK;
		return -1;
	}
	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (site_ids(&ids, NULL) < 0)
		return -1;
	fd = below_open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, 0600);
	if (fd >= 0 &&
		((geteuid() == 0 && fchown(fd, ids.quills, ids.quill) < 0) ||
			fchmod(fd, QFILE_NOTES_MODE) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
write_notes(const struct walk_message *m, enum ctl_verb v, const char *argument,
	const uint32_t *rcpts, size_t n)
{
	struct str s = STR_INIT(64 << 20);
	int fd = open_notes(m->id), r;
	size_t i;

	if (fd < 0)
		return -1;
	for (i = 0; i < n; i++) {
		struct note note = { .rcpt = rcpts[i],
			.when = stamp_now(),
			.status = v == CTL_BOUNCE ? "5.0.0" : "2.0.0",
			.text = v == CTL_BOUNCE ? argument : "",
			.host = v == CTL_BOUNCE ? "" : argument,
			.action = v == CTL_BOUNCE ? NOTE_FAILED : NOTE_VIA };

		note_encode(&s, &note);
	}
	r = s.over ? -1 : fd_writeall(fd, s.s, s.len);
	if (r == 0 && (fsync(fd) < 0 || below_syncdir("bounce") < 0))
		r = -1;
	close(fd);
	str_free(&s);
	return r;
}

/* --- marks ---------------------------------------------------------------- */

static enum env_mark
new_mark(enum ctl_verb v, const char *argument, enum env_mark was)
{
	bool held = env_isheld(was), via = env_isvia(was);

	switch (v) {
	case CTL_HOLD:
		held = true;
		break;
	case CTL_RELEASE:
		held = false;
		break;
	case CTL_BOUNCE:
		return ENV_FAILED;
	case CTL_DELETE:
		return ENV_REMOVED;
	case CTL_REROUTE:
		via = *argument != '\0';
		break;
	default:
		break;
	}
	if (held)
		return via ? ENV_HELD_VIA : ENV_HELD;
	return via ? ENV_TODO_VIA : ENV_TODO;
}

/* As if it had never been tried: due when quill-send starts. */
static int
make_due(int fd, struct qid id)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)(id.us / 1000000),
			.tv_nsec = (long)(id.us % 1000000) * 1000 } };

	return futimens(fd, t);
}

int
offline_obey(const struct walk_message *m, enum ctl_verb v,
	const char *argument, const uint32_t *rcpts, size_t n,
	uint64_t *changed)
{
	struct env e = m->env;
	struct timespec was[2];
	char path[QPATH_MAX];
	int fd, r = 0;
	struct stat st;
	size_t i;

	*changed = 0;
	qpath_fmt(path, m->id, QFILE_ENV);
	fd = below_open(path, O_RDWR, 0);
	if (fd < 0)
		return -1;
	if (file_alone(fd) < 0 || fstat(fd, &st) < 0) {
		close(fd);
		return -1;
	}
	if (v == CTL_BOUNCE || (v == CTL_REROUTE && *argument))
		r = write_notes(m, v, argument, rcpts, n);
	for (i = 0; i < n && r == 0; i++) {
		if (v != CTL_RETRY)
			r = env_setmark(&e, fd, rcpts[i],
				new_mark(v, argument, env_mark(&e, rcpts[i])));
		*changed += r == 0;
	}
	/* a mark is no attempt; for others than root it has to count as one */
	was[0] = st.st_atim;
	was[1] = st.st_mtim;
	if (r == 0 && (v == CTL_HOLD || v == CTL_DELETE))
		futimens(fd, was);
	else if (r == 0)
		r = make_due(fd, m->id);
	if (r == 0)
		r = fsync(fd);
	close(fd);
	return r;
}

/* --- the log -------------------------------------------------------------- */

static void
put_hex(struct str *s, uint64_t n, int digits)
{
	while (digits-- > 0)
		str_putc(s, "0123456789abcdef"[n >> (4 * digits) & 15]);
}

void
offline_log(
	const char *id, enum ctl_verb v, const char *argument, uint64_t changed)
{
	struct str path = STR_INIT(4096), s = STR_INIT(LOG_MAX);
	int64_t us = stamp_us();
	int fd = -1;

	str_puts(&path, site_home);
	str_puts(&path, "/log/quillctl");
	if (mkdir(str_c(&path), 0750) == 0 || errno == EEXIST) {
		str_puts(&path, "/current");
		fd = fd_open(str_c(&path),
			O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0640);
	}
	/* the label of multilog: TAI64N */
	str_putc(&s, '@');
	put_hex(&s, (UINT64_C(1) << 62) + 10 + (uint64_t)us / 1000000, 16);
	put_hex(&s, (uint64_t)us % 1000000 * 1000, 8);
	str_puts(&s, " order ");
	str_puts(&s, ctl_verb_name(v));
	str_puts(&s, " msg ");
	str_puts(&s, id);
	str_puts(&s, ": uid=");
	str_putnum(&s, getuid());
	str_puts(&s, " recipients=");
	str_putnum(&s, changed);
	str_puts(&s, " busy=0 send=stopped");
	if (v == CTL_REROUTE) {
		str_puts(&s, " via=");
		sendlog_address(&s, *argument ? argument : "-");
	}
	str_putc(&s, '\n');
	if (fd < 0 || fd_writeall(fd, s.s, s.len) < 0)
		log_warning_sys("unable to log the order in ", str_c(&path));
	if (fd >= 0)
		close(fd);
	str_free(&path);
	str_free(&s);
}
