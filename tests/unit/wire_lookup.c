/* SPDX-License-Identifier: 0BSD */
#include <fcntl.h>
#include <unistd.h>

#include "lib/cdbmake.h"
#include "wire/lookup.h"
#include "tap.h"

static char path[] = "/tmp/quill-lookup-XXXXXX";

struct entry {
	const char *key;
	size_t klen;
	const char *data;
	size_t dlen;
};
#define E(key, data)                                                           \
	{                                                                      \
		key, sizeof(key) - 1, data, sizeof(data) - 1                   \
	}

/* As quill-newu makes them. */
static const struct entry normal[] = {
	E("!joe\0", "joe\0007790\00070\0/home/joe\0\0"),
	E("!joe-", "joe\0007790\00070\0/home/joe\0-\0"),
	E("!list-a\0", "a\0007791\00071\0/l/a\0-\0fixed"),
	E("!list-", "l\0007792\00072\0/l\0-\0pre-"),
	E("!li", "li\0007793\00073\0/li\0\0"),
	E("!", "all\0007794\00074\0/all\0-\0"),
	E("!bad\0", "bad\0x\00074\0/all\0-\0"),
	E("!short\0", "bad\000074"),
	E("", "-i"),
};

static void
make(const struct entry *e, size_t n)
{
	char tmp[64], buf[4096];
	struct cdbmake c;
	int fd;

	snprintf(tmp, sizeof tmp, "%s.tmp", path);
	fd = open(tmp, O_RDWR | O_CREAT | O_TRUNC, 0600);
	cdbmake_start(&c, fd, buf, sizeof buf);
	for (size_t i = 0; i < n; i++)
		cdbmake_add(&c, e[i].key, e[i].klen, e[i].data, e[i].dlen);
	cdbmake_finish(&c);
	close(fd);
	rename(tmp, path);
}

static const char *
find(struct lookup *l, const char *local)
{
	static char text[4096];
	struct pwuser u;

	switch (lookup_find(l, local, strlen(local), &u)) {
	case LOOKUP_NONE:
		return "none";
	case LOOKUP_FAILED:
		return "failed";
	default:
		snprintf(text, sizeof text, "%s %u %u %s %s|%s", u.user,
			(unsigned)u.uid, (unsigned)u.gid, u.home, u.dash,
			u.ext);
		return text;
	}
}

static void
test_table(struct lookup *l)
{
	static const struct {
		const char *local, *want;
	} t[] = {
		{ "joe", "joe 7790 70 /home/joe |" },
		{ "JOE", "joe 7790 70 /home/joe |" },
		{ "joe-", "joe 7790 70 /home/joe -|" },
		{ "Joe-List-Owner", "joe 7790 70 /home/joe -|List-Owner" },
		{ "list-a", "a 7791 71 /l/a -|fixed" },
		{ "list-ab", "l 7792 72 /l -|pre-ab" },
		{ "LIST-A-b", "l 7792 72 /l -|pre-A-b" },
		{ "list", "li 7793 73 /li |st" },
		{ "Liszt", "li 7793 73 /li |szt" },
		{ "l", "all 7794 74 /all -|l" },
		{ "Zoe", "all 7794 74 /all -|Zoe" },
		{ "joey", "all 7794 74 /all -|joey" },
		{ "bad", "failed" },
		{ "short", "failed" },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		is_str(find(l, t[i].local), t[i].want, "%s", t[i].local);
}

int
main(void)
{
	static const struct entry one[] = {
		E("!joe\0", "joe\0001\0002\0/h\0\0"), E("", "")
	};
	static const struct entry unset[] = {
		E("!joe\0", "joe\0001\0002\0/h\0\0"),
	};
	static char name[1200];
	static struct lookup l;
	int fd = mkstemp(path);

	lookup_init(&l, path);
	is_str(find(&l, "joe"), "failed", "an empty file is damaged");
	close(fd);
	unlink(path);
	is_str(find(&l, "joe"), "none", "no file");
	make(normal, sizeof normal / sizeof *normal);
	test_table(&l);
	memset(name, 'x', 1000);
	name[1000] = '\0';
	ok(strncmp(find(&l, name), "all 7794 74 /all -|xxx", 22) == 0,
		"the longest local part");
	memset(name, 'x', 1100);
	is_str(find(&l, name), "none", "over the limit");
	make(one, 2);
	is_str(find(&l, "joe"), "joe 1 2 /h |", "a new file is seen");
	is_str(find(&l, "joe-x"), "none", "no wildcards");
	make(unset, 1);
	is_str(find(&l, "joe"), "failed", "a file without its \"\" record");
	make(one, 2);
	is_str(find(&l, "joe"), "joe 1 2 /h |", "mended");
	if (truncate(path, 2060) == 0)
		is_str(find(&l, "joe"), "failed", "cut short");
	unlink(path);
	is_str(find(&l, "joe"), "none", "removed");
	str_free(&l.wild);
	str_free(&l.key);
	str_free(&l.val);
	return done_testing();
}
