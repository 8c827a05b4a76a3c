/* SPDX-License-Identifier: 0BSD */
#include "lib/usock.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/stamp.h"
#include "tap.h"

static int64_t
soon(void)
{
	return stamp_mono() + 60000;
}

/* What a second daemon in this directory sees. */
static int
second(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = usock_listen("s", 0600, 5, NULL);

		_exit(fd < 0 && errno == EADDRINUSE ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return status;
}

int
main(void)
{
	char dir[] = "/tmp/usock.XXXXXX", longer[200], buf[10];
	int listener, lock, a, b, passed;
	uid_t uid = (uid_t)-1;
	struct stat st;

	if (!mkdtemp(dir) || chdir(dir) < 0)
		return 1;
	is_errno(usock_connect(dir, "s", soon()), ENOENT, "no socket");
	listener = usock_listen("s", 0660, 5, &lock);
	ok(listener >= 0, "listen");
	is_num(stat("s", &st) == 0 ? st.st_mode & 07777 : 0, 0660, "mode");
	is_errno(usock_accept(listener, 0, &uid), EAGAIN, "nobody is there");
	a = usock_connect(dir, "s", soon());
	ok(a >= 0, "connect");
	b = usock_accept(listener, SOCK_NONBLOCK, &uid);
	ok(b >= 0, "accept");
	is_num(uid, getuid(), "by whom");
	ok(fd_send(a, "hello", 5, -1) == 0 &&
			fd_recv(b, buf, sizeof buf, &passed) == 5,
		"a record");
	is_num(second(), 0, "a second daemon is kept out");
	a = usock_connect(dir, "s", soon());
	ok(a >= 0, "and has not taken the name");
	close(listener);
	is_errno(usock_connect(dir, "s", soon()), ECONNREFUSED,
		"the daemon has ended");
	memset(longer, 'a', sizeof longer);
	longer[sizeof longer - 1] = 0;
	is_errno(usock_connect(dir, longer, soon()), ENAMETOOLONG,
		"a name too long");
	is_errno(usock_connect(dir, "s", 1), ETIMEDOUT, "too late");
	unlink("s");
	unlink("lock");
	rmdir(dir);
	return done_testing();
}
