/* SPDX-License-Identifier: 0BSD */
/* maildirmake.c - make Maildirs
 *
 * runs as     caller
 * started by  by hand, scripts
 * fd 2        errors
 * reads       nothing
 * reads       nothing
 * writes      the directories named by its arguments
 * trusts      its caller
 * exits       0; 100 usage; 111 a directory could not be made
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/str.h"

enum { USAGE = 100, FAILED = 111, PATH_CEILING = 8192 };

/* What stood there before is left alone, also on failure. */
static int
make(const char *dir)
{
	static const char *const subs[] = { "", "/tmp", "/new", "/cur" };
	struct str path = STR_INIT(PATH_CEILING);
	int r = 0;

	for (size_t i = 0; i < sizeof subs / sizeof *subs && r == 0; i++) {
		str_clear(&path);
		str_puts(&path, dir);
		str_puts(&path, subs[i]);
		if (path.over)
			errno = ENAMETOOLONG;
		if (path.over || mkdir(str_c(&path), 0700) < 0) {
			log_alert_sys("unable to create ", str_c(&path));
			r = -1;
		}
	}
	str_free(&path);
	return r;
}

int
main(int argc, char **argv)
{
	int code = 0;

	log_init("maildirmake");
	umask(077);
	if (argc > 1 && strcmp(argv[1], "--") == 0) {
		argv++;
		argc--;
	} else if (argc > 1 && argv[1][0] == '-') {
		argc = 0;
	}
	if (argc < 2)
		log_die(USAGE, "usage: maildirmake DIR...", (char *)0);
	while (*++argv)
		if (make(*argv) < 0)
			code = FAILED;
	return code;
}
