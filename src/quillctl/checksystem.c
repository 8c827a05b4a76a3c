/* SPDX-License-Identifier: 0BSD */
/* checksystem - the disk that the queue is on, and the clock */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "lib/num.h"
#include "lib/stamp.h"
#include "quillctl/check.h"
#include "quillctl/facts.h"
#include "quillctl/quillctl.h"
#include "quillctl/walk.h"

enum {
	SCARCE = 5,  /* percent, as for quillctl status */
	AHEAD = 120, /* s that two clocks may differ by */
};

/* As quill-smtpd sees it, which refuses mail then. */
static void
room(void)
{
	const char *argv[] = { "quill-smtpd", "-n", NULL };
	struct str words = STR_INIT(65536);
	struct facts f;
	const char *p;

	check_ask(argv, check.ids.quilld, check.ids.nofiles, &words);
	p = str_c(&words);
	if (strncmp(p, "mail ", 5) == 0) {
		str_cut(&words, strcspn(p, "\n"));
		check_say(CHECK_ERROR, site_queue, 0,
			check_text("quill-smtpd answers to mail: ",
				str_c(&words) + 5),
			"control/minspace, mininodes and maxload are its "
			"limits");
	}
	str_free(&words);
	if (facts_disk(&f) < 0)
		return;
	if (f.free_percent < SCARCE)
		check_say(CHECK_WARNING, site_queue, 0,
			check_text("only ", check_number(f.free_percent),
				" % of its file system are free"),
			NULL);
	if (f.inode_percent < SCARCE)
		check_say(CHECK_WARNING, site_queue, 0,
			check_text("only ", check_number(f.inode_percent),
				" % of the inodes of its file system are free"),
			NULL);
}

/* A queue that a power cut empties, or that others write. */
static void
file_system(void)
{
	static const struct {
		long magic;
		const char *text;
	} kinds[] = {
		{ 0x01021994, "is in memory (tmpfs): mail that was accepted is "
			      "lost when the host stops" },
		{ 0x858458f6, "is in memory (ramfs): mail that was accepted is "
			      "lost when the host stops" },
		{ 0x6969, "is on a file server (NFS): what it calls written "
			  "is as safe as its word" },
		{ 0x4d44, "is on a FAT file system, which has no owners" },
	};
	struct statfs s;

	if (statfs(".", &s) < 0)
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if ((long)s.f_type == kinds[i].magic)
			check_say(CHECK_WARNING, site_queue, 0, kinds[i].text,
				"put the queue on a disk of this host");
}

static void
ahead(const char *what, int64_t when)
{
	if (when > stamp_now() + AHEAD)
		check_say(CHECK_ERROR, what, 0,
			"is of the future: the clock was, or is, wrong",
			"set it, and let a time service keep it");
}

/* Ids are times; reading names is enough. */
static void
newest_message(void)
{
	const struct qid *ids;
	char name[QID_LEN + 1];
	int64_t n;

	for (unsigned split = 0; split < QSPLITS; split++) {
		n = walk_ids(split, QFILE_ENV, &ids);
		if (n <= 0)
			continue;
		qid_fmt(name, ids[n - 1]);
		ahead(check_text("message ", name),
			(int64_t)(ids[n - 1].us / 1000000));
	}
}

/* The kernel's clock discipline, as it tells everybody. */
static void
time_service(void)
{
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);

	if (state == TIME_ERROR || (state >= 0 && (t.status & STA_UNSYNC)))
		check_say(CHECK_NOTE, "clock", 0,
			"no time service keeps it, as far as the kernel knows",
			"a daemon such as systemd-timesyncd or chrony");
}

static void
clock_right(void)
{
	static const char *const seen[] = { "/bin/quillctl", "/control/me",
		"/log/send/current", "/users/ids" };
	const char *path;
	struct stat st;

	for (size_t i = 0; i < sizeof(seen) / sizeof(*seen); i++) {
		path = check_text(site_home, seen[i]);
		if (stat(path, &st) == 0)
			ahead(path, st.st_mtime);
	}
	newest_message();
	time_service();
}

static void
set_aside(void)
{
	int64_t n = walk_lost();

	if (n > 0)
		check_say(CHECK_WARNING, "queue/lost", 0,
			check_text(check_number((uint64_t)n),
				" damaged files were set aside there"),
			"quillctl fsck explains, nothing is thrown away");
}

void
check_system(void)
{
	if (chdir(site_queue) < 0) {
		check_say(check.root ? CHECK_ERROR : CHECK_NOTE, site_queue, 0,
			check_text("cannot be looked into: ", strerror(errno)),
			"root and group quill may");
		return;
	}
	if (check.known)
		room();
	file_system();
	clock_right();
	set_aside();
	check_say(CHECK_OK, "system", 0, "looked at: disk and clock", NULL);
}
