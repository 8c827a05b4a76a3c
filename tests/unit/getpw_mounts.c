/* SPDX-License-Identifier: 0BSD */
#include "getpw/mounts.h"
#include "tap.h"

static const char text[] =
	"23 61 0:22 / /sys rw,nosuid shared:2 - sysfs sysfs rw\n"
	"61 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
	"70 61 0:40 / /home rw shared:3 master:4 - nfs srv:/home rw\n"
	"71 70 0:41 / /home/joe/x\\040y rw - fuse.sshfs z rw\n"
	"72 61 0:42 / /net rw - autofs /etc/auto.net rw\n"
	"73 72 0:43 / /net/a rw - nfs4 a:/ rw\n"
	"74 61 0:44 / /auto rw - nfs b:/ rw\n"
	"75 61 0:45 / /auto rw - autofs c rw\n"
	"76 61 0:46 / /cut rw\n"
	"short\n"
	"\n"
	"77 61 0:46 / /last rw - nfs c:/";

static const struct {
	const char *path, *want;
} rows[] = {
	{ "/home/joe", "/home" },
	{ "/home/joe/", "/home" },
	{ "/home", "/home" },
	{ "/homes/joe", "/homes/joe" },
	{ "/hom", "/hom" },
	{ "/home/joe/x y/z", "/home/joe/x y" },
	{ "/home/joe/x", "/home" },
	{ "/srv/joe", "/srv/joe" },
	{ "/", "/" },
	{ "", "" },
	{ "home/joe", "home/joe" },
	{ "/net/b", "/net/b" },
	{ "/net/a/b", "/net/a" },
	{ "/auto/x", "/auto/x" }, /* the later mount is on top */
	{ "/cut/x", "/cut/x" },
	{ "/last/x", "/last" },
};

int
main(void)
{
	static struct str out = STR_INIT(100);
	char name[400];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		mounts_above(text, sizeof text - 1, rows[i].path, &out);
		is_str(str_c(&out), rows[i].want, "%s", rows[i].path);
	}
	for (size_t n = 0; n < sizeof text; n++) {
		mounts_above(text, n, "/home/joe", &out);
		if (strcmp(str_c(&out), "/home") != 0 &&
			strcmp(str_c(&out), "/home/joe") != 0)
			break;
	}
	ok(!out.over, "cut anywhere");
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	mounts_above(text, sizeof text - 1, name, &out);
	ok(out.over, "longer than out may be");
	mounts_find("/proc/self/fd", &out);
	is_str(str_c(&out), "/proc", "the real ones");
	return done_testing();
}
