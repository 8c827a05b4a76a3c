/* SPDX-License-Identifier: 0BSD */
#include "domain/hup.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/lock.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/str.h"
#include "wire/domains.h"
#include "wire/site.h"
#include "wire/status.h"

/* Is the process HOME/bin/PROGRAM, run by that user? */
static bool
is_ours(const char *pid, const char *program, uid_t uid)
{
	static const char gone[] = " (deleted)";
	struct str path = STR_INIT(300), own = STR_INIT(DOMAINS_PATH_MAX);
	char exe[DOMAINS_PATH_MAX];
	struct stat st;
	ssize_t n = -1;
	bool same;

	str_puts(&own, site_bin);
	str_putc(&own, '/');
	str_puts(&own, program);
	str_puts(&path, "/proc/");
	str_puts(&path, pid);
	if (stat(str_c(&path), &st) == 0 && st.st_uid == uid) {
		str_puts(&path, "/exe");
		n = readlink(str_c(&path), exe, sizeof exe);
	}
	/* a new one was installed since it was started */
	if (n > (ssize_t)sizeof gone - 1 &&
		memcmp(exe + n - (sizeof gone - 1), gone, sizeof gone - 1) == 0)
		n -= (ssize_t)sizeof gone - 1;
	same = n == (ssize_t)own.len && memcmp(exe, own.s, own.len) == 0;
	str_free(&path);
	str_free(&own);
	return same;
}

void
hup_send(void)
{
	DIR *d = opendir("/proc");
	struct site_ids ids;
	struct dirent *e;
	uint64_t pid;
	int told = 0, lock;
	bool send;

	if (site_ids(&ids, NULL) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	while (d && (e = readdir(d)) != NULL) {
		if (!num_parses(e->d_name, INT32_MAX, &pid) || pid <= 1)
			continue;
		send = is_ours(e->d_name, "quill-send", ids.quills);
		if (!send && !is_ours(e->d_name, "quill-verifyd", ids.quillv))
			continue;
		if (kill((pid_t)pid, SIGHUP) == 0 && send)
			told++;
	}
	if (d)
		closedir(d);
	if (told)
		return;
	lock = fd_open("queue/lock/send", O_RDWR, 0);
	if (lock >= 0 && lock_held(lock) == 1)
		log_warning("quill-send runs, but not where it can be seen: "
			    "svc -h /etc/service/quill-send");
	if (lock >= 0)
		close(lock);
}
