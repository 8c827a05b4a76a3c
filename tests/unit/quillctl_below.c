/* SPDX-License-Identifier: 0BSD */
/* Links in the place of directories of the queue, before and after they were
 * opened, and of files in them */
#include "quillctl/below.h"

#include <fcntl.h>
#include <unistd.h>

#include "tap.h"

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ok(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text),
		"%s is written", path);
	close(fd);
}

/* Any function with a path in that directory, a link. */
static void
test_each(const char *dir)
{
	struct str s = STR_INIT(100);
	char path[40], other[40];
	struct stat st;

	strcpy(path, dir);
	strcat(path, "/secret");
	strcpy(other, dir);
	strcat(other, "/new");
	is_errno(below_open(path, O_RDONLY, 0), ENOTDIR, "%s: open", dir);
	is_errno(below_open(other, O_WRONLY | O_CREAT, 0600), ENOTDIR,
		"%s: create", dir);
	is_errno(below_plain(path), ENOTDIR, "%s: plain", dir);
	is_errno(below_read(path, &s), ENOTDIR, "%s: read", dir);
	is_errno(below_stat(path, &st), ENOTDIR, "%s: stat", dir);
	ok(!below_exists(path), "%s: exists", dir);
	is_errno(below_link(path, "lost/x"), ENOTDIR, "%s: link", dir);
	is_errno(below_link("lost/a", other), ENOTDIR, "%s: link to", dir);
	is_errno(below_rename(path, "lost/x"), ENOTDIR, "%s: rename", dir);
	is_errno(below_rename("lost/a", other), ENOTDIR, "%s: rename to", dir);
	is_errno(below_remove(path), ENOTDIR, "%s: remove", dir);
	is_errno(below_mkdir(other), ENOTDIR, "%s: mkdir", dir);
	is_errno(below_mkfifo(other), ENOTDIR, "%s: mkfifo", dir);
	is_errno(below_syncdir(dir), ENOTDIR, "%s: sync", dir);
	ok(!below_list(dir) && errno == ENOTDIR, "%s: list", dir);
	is_num(access("victim/secret", F_OK), 0, "%s: it is there", dir);
	is_errno(access("victim/new", F_OK), ENOENT, "%s: no other", dir);
	is_num(access("lost/a", F_OK), 0, "%s: nor was a moved", dir);
}

/* Opened once, it is that directory, whatever has its name by now. */
static void
test_swapped(void)
{
	struct str s = STR_INIT(100);
	DIR *list = below_list("msg/v");
	int fd;

	ok(list, "a directory is listed");
	is_num(rename("msg/v", "away"), 0, "moved away");
	is_num(symlink("../victim", "msg/v"), 0, "a link in its place");
	is_num(below_read("msg/v/f", &s), 0, "what it held is read");
	is_mem(s.s, s.len, "ours", 4, "from there");
	fd = below_open("msg/v/new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	ok(fd >= 0, "a file is made");
	close(fd);
	is_num(access("away/new", F_OK), 0, "in it");
	is_errno(
		access("victim/new", F_OK), ENOENT, "not where the link leads");
	is_num(below_link("msg/v/f", "lost/f"), 0, "linked from it");
	is_num(below_remove("msg/v/f"), 0, "removed from it");
	is_num(below_rename("lost/f", "msg/v/f"), 0, "moved to it");
	is_num(access("away/f", F_OK), 0, "is in it");
	is_num(below_syncdir("msg/v"), 0, "synced");
	closedir(list);
	ok(!below_list("msg/v") && errno == ENOTDIR, "listed anew: a link");
	is_str(below_where(), "msg/v", "it is named");
	is_num(unlink("msg/v") + rename("away", "msg/v"), 0, "moved back");
	list = below_list("msg/v");
	ok(list, "listed anew");
	is_str(below_where(), "", "nothing is wrong");
	closedir(list);
	str_free(&s);
}

static void
test_names(void)
{
	struct str s = STR_INIT(100);
	struct stat st;

	is_num(symlink("../../victim/secret", "msg/v/l"), 0,
		"a link to a file");
	is_errno(below_open("msg/v/l", O_RDWR, 0), ELOOP, "is not opened");
	is_errno(below_open("msg/v/l", O_RDWR | O_CREAT, 0600), ELOOP,
		"nor made");
	is_errno(below_plain("msg/v/l"), ELOOP, "nor read");
	ok(below_stat("msg/v/l", &st) == 0 && S_ISLNK(st.st_mode), "is seen");
	ok(below_exists("msg/v/l"), "is there");
	is_num(below_rename("msg/v/l", "lost/l"), 0, "is moved itself");
	is_num(below_remove("lost/l"), 0, "is removed itself");
	is_num(below_mkfifo("msg/v/p"), 0, "a fifo");
	is_errno(below_plain("msg/v/p"), EINVAL, "is no plain file");
	is_errno(below_read("msg/v/p", &s), EINVAL, "and not read");
	is_errno(below_link("msg/v/p", "lost/a"), EEXIST, "not over another");
	is_num(below_remove("msg/v/p"), 0, "removed");
	is_num(below_mkdir("msg/v/d"), 0, "a directory");
	is_errno(below_plain("msg/v/d"), EINVAL, "is no plain file");
	is_num(rmdir("msg/v/d"), 0, "removed");
	is_errno(below_plain("msg/w/f"), ENOENT, "no such directory");
	is_errno(below_plain("lost/f/x"), ENOENT, "nor is a file");
	is_errno(below_plain("a-long-name/f"), ENAMETOOLONG,
		"no directory of the queue");
}

int
main(void)
{
	char dir[] = "/tmp/quillctl_below.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	is_num(mkdir("msg", 0700) + mkdir("msg/v", 0700) + mkdir("lost", 0700) +
			mkdir("victim", 0700) + mkdir("real", 0700),
		0, "directories");
	put("victim/secret", "theirs");
	put("msg/v/f", "ours");
	put("lost/a", "a");
	is_num(symlink("../victim", "msg/l") + symlink("victim", "bounce"), 0,
		"links");
	test_each("msg/l");
	test_each("bounce");
	test_swapped();
	test_names();
	is_num(rename("lost", "real/lost") + symlink("real/lost", "lost"), 0,
		"one that was opened is moved");
	is_num(below_remove("lost/a"), 0, "and still the same");
	/* everything in it has a name from above */
	unlink("msg/v/f");
	unlink("msg/v/new");
	unlink("msg/l");
	unlink("bounce");
	unlink("lost");
	unlink("victim/secret");
	is_num(rmdir("msg/v") + rmdir("msg") + rmdir("real/lost") +
			rmdir("real") + rmdir("victim"),
		0, "nothing else was made");
	is_num(chdir("/") + rmdir(dir), 0, "nowhere");
	return done_testing();
}
