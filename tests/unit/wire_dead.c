/* SPDX-License-Identifier: 0BSD */
#include "wire/dead.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

enum { NOW = 1800000000 };

static struct dead d;
static char file[] = "/tmp/quill-dead.XXXXXX";

static struct ipaddr
ip(const char *text)
{
	struct ipaddr a;

	if (!ipaddr_parse(text, strlen(text), &a))
		abort();
	return a;
}

static unsigned
failures(const char *text, int64_t now)
{
	struct ipaddr a = ip(text);
	struct dead_entry e;

	return dead_is(&d, &a, 25, now, &e) ? e.failures : 0;
}

static void
fail(const char *text, int64_t now)
{
	struct ipaddr a = ip(text);

	dead_failed(&d, &a, 25, DEAD_TIMEOUT, now);
}

static size_t
count(int64_t now)
{
	struct dead_entry e;
	size_t at = 0, n = 0;

	while (dead_next(&d, &at, now, &e))
		n++;
	return n;
}

/* All of it, again, as a new process sees it. */
static void
again(void)
{
	dead_close(&d);
	dead_use(&d, open(file, O_RDWR | O_CLOEXEC));
}

static void
back_off(void)
{
	int64_t now = NOW;
	unsigned k;

	is_num(failures("192.0.2.1", NOW), 0, "nobody is dead");
	fail("192.0.2.1", NOW);
	again();
	is_num(failures("192.0.2.1", NOW), 1, "dead, for others too");
	is_num(failures("192.0.2.1", NOW + DEAD_FIRST - 1), 1, "still");
	is_num(failures("192.0.2.1", NOW + DEAD_FIRST), 0, "tried again");
	fail("192.0.2.1", NOW + 1);
	is_num(failures("192.0.2.1", NOW + 2), 1,
		"a failure meanwhile counts for nothing");
	for (k = 2; k < 20; k++) {
		now += DEAD_MOST;
		fail("192.0.2.1", now);
		is_num(failures("192.0.2.1", now), k, "failure %u", k);
	}
	is_num(failures("192.0.2.1", now + DEAD_MOST - 1), 19, "the longest");
	is_num(failures("192.0.2.1", now + DEAD_MOST), 0, "and no more");
	is_num(count(now + DEAD_FORGET - 1), 1, "still known");
	is_num(count(now + DEAD_FORGET + 1), 0, "forgotten");
	fail("192.0.2.1", now + DEAD_FORGET + 1);
	is_num(failures("192.0.2.1", now + DEAD_FORGET + 1), 1,
		"begins anew then");
	is_num(failures("192.0.2.1", NOW - 2 * DEAD_MOST), 0,
		"a clock that was put back");
}

static void
kinds(void)
{
	struct ipaddr four = ip("192.0.2.7"), six = ip("2001:db8::7");
	struct dead_entry e;

	dead_failed(&d, &six, 25, DEAD_UNREACHABLE, NOW);
	is_num(failures("2001:db8::8", NOW), 0, "another address");
	is_num(failures("2001:db8::7", NOW), 1, "IPv6");
	ok(dead_is(&d, &six, 25, NOW, &e) && ipaddr_equal(&e.ip, &six) &&
			e.reason == DEAD_UNREACHABLE && e.first == NOW &&
			e.last == NOW && e.until == NOW + DEAD_FIRST,
		"all that is known of it");
	is_num(dead_clear(&d, &four, 25), 0, "not there");
	is_num(dead_clear(&d, &six, 25), 1, "cleared");
	is_num(dead_clear(&d, &six, 25), 0, "gone");
	fail("192.0.2.7", NOW);
	fail("2001:db8::7", NOW);
	is_num(dead_clear(&d, NULL, 0), 1, "all cleared");
	is_num(count(NOW), 0, "nothing there");
	fail("192.0.2.7", NOW);
	dead_failed(&d, &four, 587, DEAD_TIMEOUT, NOW);
	ok(!dead_is(&d, &four, 24, NOW, &e), "another port of it");
	is_num(dead_clear(&d, &four, 587), 1, "one port answered");
	is_num(failures("192.0.2.7", NOW), 1, "the other is dead");
	dead_failed(&d, &four, 587, DEAD_TIMEOUT, NOW);
	is_num(dead_clear(&d, &four, 0), 1, "all ports");
	is_num(count(NOW), 0, "none is left");
	is_num(dead_clear(&d, NULL, 0), 0, "again");
}

/* More than there is room for: the latest are kept. */
static void
crowd(void)
{
	unsigned i, found = 0;
	char text[40];
	struct stat st;

	for (i = 0; i < 20000; i++) {
		sprintf(text, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		fail(text, NOW + i / 1000);
	}
	for (i = 19900; i < 20000; i++) {
		sprintf(text, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		found += failures(text, NOW + 20) != 0;
	}
	is_num(found, 100, "the last hundred of many are known");
	ok(count(NOW + 20) <= DEAD_SETS * DEAD_WAYS, "a ceiling");
	fstat(d.fd, &st);
	is_num(st.st_size, DEAD_HEAD + DEAD_SETS * DEAD_WAYS * DEAD_ENTRY,
		"the file does not grow");
}

static void
damage(void)
{
	char junk[4096];
	int fd;

	memset(junk, 0xff, sizeof junk);
	is_num(pwrite(d.fd, junk, sizeof junk, DEAD_HEAD), sizeof junk,
		"damaged");
	again();
	is_num(d.fd >= 0, 1, "it can be used");
	count(NOW);
	fd = open(file, O_WRONLY | O_TRUNC);
	close(fd);
	is_num(failures("10.0.78.1", NOW), 0, "cut short under us");
	fail("10.0.78.1", NOW);
	again();
	is_num(count(NOW), 0, "begun anew");
	fail("10.0.78.1", NOW);
	is_num(count(NOW), 1, "and used");
	is_num(truncate(file, DEAD_HEAD), 0, "cut behind its first line");
	again();
	fail("10.0.78.1", NOW);
	is_num(count(NOW), 1, "begun anew, too, and used");
	fd = open(file, O_RDONLY | O_CLOEXEC);
	dead_close(&d);
	d.fd = fd;
	d.writable = false;
	is_num(failures("10.0.78.1", NOW), 1, "without the right to write");
	fail("10.0.78.2", NOW);
	is_num(count(NOW), 1, "nothing is written");
	dead_close(&d);
	is_num(failures("10.0.78.1", NOW), 0, "without a file");
	fail("10.0.78.2", NOW);
	is_num(count(NOW), 0, "nothing is known");
}

/* A file from elsewhere, linked to the name: root must not give it away. */
static void
another_name(void)
{
	char name[] = "/tmp/quill-other.XXXXXX";
	int fd = mkstemp(name);
	struct stat st;

	is_num(write(fd, "secret", 6), 6, "a file of somebody");
	unlink(file);
	is_num(link(name, file), 0, "has our name, too");
	again();
	is_num(d.fd, -1, "it is not used");
	fstat(fd, &st);
	is_num(st.st_size, 6, "not begun anew");
	close(fd);
	unlink(name);
	again();
	is_num(d.fd >= 0, 1, "once the name is all it has, it is");
}

int
main(void)
{
	dead_use(&d, mkstemp(file));
	back_off();
	kinds();
	crowd();
	damage();
	another_name();
	unlink(file);
	return done_testing();
}
