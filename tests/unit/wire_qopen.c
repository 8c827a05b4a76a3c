/* SPDX-License-Identifier: 0BSD */
/* What may stand where a file of a message should be: none of it is waited for,
 * followed or taken. */
#include "wire/qopen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"

static const struct qid id = { 1, 0 };
static char path[QPATH_MAX];

static void
refused(const char *name, int error)
{
	struct stat st;

	errno = 0;
	is_num(qopen(id, QFILE_MESS, O_RDONLY, NULL), -1, "%s to read", name);
	is_num(errno, error, "says so");
	errno = 0;
	is_num(qopen(id, QFILE_MESS, O_RDWR, &st), -1, "%s to write", name);
	is_num(errno, error, "says so");
	if (unlink(path) == -1)
		rmdir(path);
}

int
main(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/quill-test.XXXXXX";
	struct stat st;
	int fd;

	if (!mkdtemp(dir) || chdir(dir) == -1 || mkdir("msg", 0700) == -1 ||
		mkdir("msg/0", 0700) == -1)
		return 99;
	alarm(60); /* what waits fails */
	qpath_fmt(path, id, QFILE_MESS);
	refused("nothing", ENOENT);
	mkfifo(path, 0600);
	refused("a fifo", EINVAL);
	mkdir(path, 0700);
	refused("a directory", EINVAL);
	ok(symlink("/etc/passwd", path) == 0, "a link");
	refused("a link", EINVAL);
	memcpy(sun.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ok(bind(fd, (struct sockaddr *)&sun, sizeof sun) == 0, "a socket");
	refused("a socket", EINVAL);
	close(fd);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	ok(truncate(path, 7) == 0, "a file");
	fd = qopen(id, QFILE_MESS, O_RDWR, &st);
	ok(fd >= 0, "is opened");
	is_num(st.st_size, 7, "and known");
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "close-on-exec");
	unlink(path);
	rmdir("msg/0");
	rmdir("msg");
	rmdir(dir);
	return done_testing();
}
