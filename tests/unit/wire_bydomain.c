/* SPDX-License-Identifier: 0BSD */
#include "wire/bydomain.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static char dir[] = "/tmp/quill-bydomain.XXXXXX";

static void
put(const char *name, const char *text)
{
	char path[100];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (!text) {
		unlink(path);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		exit(1);
	close(fd);
}

static void
lifetime(void)
{
	struct bydomain b;

	put("queuelifetime", NULL);
	is_num(bydomain_lifetime(&b), CONTROL_ABSENT, "absent");
	is_num(bydomain_seconds(&b, "x.example"), 604800, "a week");
	is_num(bydomain_shortest(&b), 604800, "the shortest");
	put("queuelifetime", "345600\n");
	is_num(bydomain_lifetime(&b), CONTROL_OK, "a number alone");
	is_num(bydomain_seconds(&b, "x.example"), 345600, "for all");
	is_num(bydomain_shortest(&b), 345600, "the shortest");
	bydomain_free(&b);
	put("queuelifetime",
		"# backup\n100\nBig.example:2592000\n.big.example:50\n");
	is_num(bydomain_lifetime(&b), CONTROL_OK, "lines");
	is_num(bydomain_seconds(&b, "big.example"), 2592000, "one domain");
	is_num(bydomain_seconds(&b, "a.b.big.example"), 50, "below it");
	is_num(bydomain_seconds(&b, "x.example"), 100, "others");
	is_num(bydomain_line(&b, "big.example"), 3, "the line of one");
	is_num(bydomain_line(&b, "a.b.big.example"), 4, "of what is below");
	is_num(bydomain_line(&b, "x.example"), 2, "of others");
	is_num(bydomain_shortest(&b), 50, "the shortest");
	bydomain_free(&b);
	put("queuelifetime", "big.example:2592000\n");
	is_num(bydomain_lifetime(&b), CONTROL_OK, "no default");
	is_num(bydomain_seconds(&b, "x.example"), 604800, "a week");
	is_num(bydomain_line(&b, "x.example"), 0, "of no line");
	is_num(bydomain_shortest(&b), 604800, "which is the shortest");
	bydomain_free(&b);
	put("queuelifetime", "m\303\274nchen.example:5\n");
	is_num(bydomain_lifetime(&b), CONTROL_BAD, "not ASCII");
	put("queuelifetime", "100\nbig.example:long\n");
	is_num(bydomain_lifetime(&b), CONTROL_BAD, "no number");
	ok(strstr(control_error(), "queuelifetime: line 2: "), "%s",
		control_error());
	is_num(bydomain_seconds(&b, "big.example"), 604800, "then none");
}

static void
concurrency(void)
{
	static const char *const bad[] = { "x", "x:", "x:0", "x:5001",
		"x:5:", "x:5:10", "x:5:10/d", "x:5:0/s", "x::", "x:-1",
		"x:5:10/m1", "x:5:1000001/s" };
	struct bydomain b;
	uint32_t most, every;
	size_t i;

	put("concurrencydomain", "a.example:20:100/m\nb.example::10/s\n"
				 ".c.example:1\n[192.0.2.1]:2\n:3:1/h\n");
	is_num(bydomain_concurrency(&b), CONTROL_OK, "lines");
	ok(bydomain_limits(&b, "a.example", &most, &every) && most == 20 &&
			every == 600000,
		"both");
	ok(bydomain_limits(&b, "b.example", &most, &every) && most == 0 &&
			every == 100000,
		"a rate");
	ok(bydomain_limits(&b, "x.c.example", &most, &every) && most == 1 &&
			every == 0,
		"a suffix");
	ok(bydomain_limits(&b, "[192.0.2.1]", &most, &every) && most == 2,
		"a literal");
	ok(bydomain_limits(&b, "c.example", &most, &every) && most == 3 &&
			every == 3600000000u,
		"others");
	ok(bydomain_names(&b, "a.example") && bydomain_names(&b, "x.c.example"),
		"named");
	ok(!bydomain_names(&b, "c.example"), "not named: the default");
	bydomain_free(&b);
	put("concurrencydomain", "a.example:20\n");
	is_num(bydomain_concurrency(&b), CONTROL_OK, "one line");
	ok(!bydomain_limits(&b, "b.example", &most, &every) && !most && !every,
		"none for others");
	ok(!bydomain_names(&b, "b.example"), "nor named");
	bydomain_free(&b);
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		put("concurrencydomain", bad[i]);
		is_num(bydomain_concurrency(&b), CONTROL_BAD, "%s", bad[i]);
	}
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 1;
	control_init(dir);
	lifetime();
	concurrency();
	put("queuelifetime", NULL);
	put("concurrencydomain", NULL);
	rmdir(dir);
	return done_testing();
}
