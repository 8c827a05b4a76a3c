/* SPDX-License-Identifier: 0BSD */
#include "wire/hint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static struct hint h;

static void
raw(const char *s, size_t n)
{
	int fd = open("lock/hint", O_WRONLY | O_NONBLOCK);

	ok(fd != -1 && write(fd, s, n) == (ssize_t)n, "write %zu bytes", n);
	close(fd);
}

static void
test_some(void)
{
	struct qid id = { 1795160000123456, 5 }, got;
	bool lost = false;
	char text[QID_LEN + 2];

	ok(!hint_next(&h, &got, &lost), "empty");
	hint_send(id);
	id.us++;
	hint_send(id);
	id.us--;
	ok(hint_next(&h, &got, &lost) && qid_equal(got, id), "first");
	id.us++;
	ok(hint_next(&h, &got, &lost) && qid_equal(got, id), "second");
	ok(!hint_next(&h, &got, &lost), "no third");
	ok(!lost, "nothing lost");
	qid_fmt(text, id);
	raw(text, 7);
	ok(!hint_next(&h, &got, &lost) && !lost, "half of one");
	text[QID_LEN] = '\n';
	raw(text + 7, QID_LEN + 1 - 7);
	ok(hint_next(&h, &got, &lost) && qid_equal(got, id), "other half");
	raw("garbage\n", 8);
	hint_send(id);
	ok(hint_next(&h, &got, &lost) && qid_equal(got, id), "after garbage");
	ok(lost, "garbage asks for a scan");
	lost = false;
	raw("zzzzzzzzzzzzzzzz\n", 17);
	raw("01234567890123456789012345678901234567890\n", 42);
	hint_send(id);
	ok(hint_next(&h, &got, &lost) && qid_equal(got, id), "more garbage");
	ok(lost, "asks too");
}

/* Fill it until writes fail; the reader must learn of it. */
static void
test_full(int size)
{
	struct qid id = { 1, 0 }, got;
	unsigned sent = 0, n = 0;
	bool lost = false;
	int fd;

	hint_open(&h);
	if (size) {
		fcntl(h.fd, F_SETPIPE_SZ, size);
		/* as if it had been like that when it was opened */
		h.full = size > 6 * 4096 ? (size_t)size - 3 * 4096
					 : (QID_LEN + 1) * 8;
	}
	fd = open("lock/hint", O_WRONLY | O_NONBLOCK);
	for (; sent < 100; sent++, id.us++)
		hint_send(id);
	for (; n < 70; n++)
		hint_next(&h, &got, &lost);
	ok(!lost || size == 4096, "a hundred are no trouble");
	lost = false;
	for (; sent < 100000; sent++, id.us++) {
		char text[QID_LEN + 2];

		qid_fmt(text, id);
		text[QID_LEN] = '\n';
		if (write(fd, text, QID_LEN + 1) != QID_LEN + 1)
			break;
	}
	hint_send(id); /* dropped */
	diag("pipe of %d: full after %u", size, sent);
	while (hint_next(&h, &got, &lost))
		n++;
	is_num(n, sent, "all that went in came out");
	ok(lost, "but one may be missing");
	close(fd);
	close(h.fd);
}

int
main(void)
{
	char dir[] = "/tmp/quill-hint.XXXXXX";
	struct qid id = { 1, 1 };

	ok(mkdtemp(dir) && chdir(dir) == 0 && mkdir("lock", 0700) == 0,
		"directory");
	is_errno(hint_open(&h), ENOENT, "no fifo");
	hint_send(id);
	ok(true, "no fifo, no harm");
	mkfifo("lock/hint", 0600);
	hint_send(id);
	ok(true, "no reader, no harm");
	is_num(hint_open(&h), 0, "open");
	ok(hint_current(&h), "the one that writers find");
	test_some();
	unlink("lock/hint");
	ok(!hint_current(&h), "not when it was removed");
	mkfifo("lock/hint", 0600);
	ok(!hint_current(&h), "nor when there is another");
	close(h.fd);
	test_full(0);
	test_full(65536);
	test_full(4096);
	unlink("lock/hint");
	close(open("lock/hint", O_CREAT | O_WRONLY, 0600));
	is_errno(hint_open(&h), EINVAL, "a plain file");
	unlink("lock/hint");
	rmdir("lock");
	if (chdir("/") == 0)
		rmdir(dir);
	return done_testing();
}
