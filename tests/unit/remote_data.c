/* SPDX-License-Identifier: 0BSD */
#include "remote/data.h"

#include <unistd.h>

#include "lib/str.h"
#include "tap.h"

static bool
put(void *arg, const char *p, size_t n)
{
	str_put(arg, p, n);
	return true;
}

static bool
refuse(void *arg, const char *p, size_t n)
{
	(void)p;
	*(size_t *)arg += n;
	return false;
}

#define S(s) s, sizeof(s) - 1
static const struct {
	const char *in;
	size_t n;
	const char *out;
	size_t outn;
} t[] = {
	{ S(""), S(".\r\n") },
	{ S("a"), S("a\r\n.\r\n") },
	{ S("a\n"), S("a\r\n.\r\n") },
	{ S("a\r\n"), S("a\r\n.\r\n") },
	{ S("a\r"), S("a\r\n.\r\n") },
	{ S("\n"), S("\r\n.\r\n") },
	{ S("\r"), S("\r\n.\r\n") },
	{ S("\n\n"), S("\r\n\r\n.\r\n") },
	{ S("\r\r\n"), S("\r\n\r\n.\r\n") },
	{ S("\r\n\r"), S("\r\n\r\n.\r\n") },
	{ S("\n\r"), S("\r\n\r\n.\r\n") },
	{ S("."), S("..\r\n.\r\n") },
	{ S("..\n"), S("...\r\n.\r\n") },
	{ S("a.\n.b\n.\n"), S("a.\r\n..b\r\n..\r\n.\r\n") },
	{ S("a\r.\r\n"), S("a\r\n..\r\n.\r\n") },
	{ S("a\r.b\n"), S("a\r\n..b\r\n.\r\n") },
	{ S("\0\377\n\0"), S("\0\377\r\n\0\r\n.\r\n") },
};

/* Every way to cut the input in two, or into single bytes, gives the same. */
static void
every_cut(size_t i)
{
	struct str out = STR_INIT(4096);
	bool same = true, counted = true;
	size_t cut, k, want = t[i].outn - 3;

	for (k = 0; k < t[i].outn - 3; k++)
		if (t[i].out[k] == '.' && (!k || t[i].out[k - 1] == '\n'))
			want--;
	for (cut = 0; cut <= t[i].n + 1; cut++) {
		struct data_stuff s = DATA_STUFF_INIT(put, &out);
		struct data_scan c = DATA_SCAN_INIT;

		str_clear(&out);
		if (cut > t[i].n) {
			for (k = 0; k < t[i].n; k++) {
				data_stuff(&s, t[i].in + k, 1);
				data_scan(&c, t[i].in + k, 1);
			}
		} else {
			data_stuff(&s, t[i].in, cut);
			data_stuff(&s, t[i].in + cut, t[i].n - cut);
			data_scan(&c, t[i].in, cut);
			data_scan(&c, t[i].in + cut, t[i].n - cut);
		}
		data_stuff_end(&s);
		data_scan_end(&c);
		same = same && out.len == t[i].outn &&
		       !memcmp(out.s, t[i].out, out.len);
		counted = counted && c.bytes == want;
	}
	ok(same, "message %zu, cut anywhere", i);
	ok(counted, "and its size");
	str_free(&out);
}

static void
eightbit(void)
{
	struct data_scan c = DATA_SCAN_INIT;

	data_scan(&c, "a\177\0", 3);
	ok(!c.eightbit, "seven bits");
	data_scan(&c, "a\200b", 3);
	ok(c.eightbit, "eight bits");
	data_scan(&c, "a", 1);
	ok(c.eightbit, "for good");
}

static struct data_source d;

static void
sources(void)
{
	static char big[3 * DATA_BLOCK + 7];
	struct str out = STR_INIT(4 * DATA_BLOCK);
	struct data_stuff s = DATA_STUFF_INIT(put, &out);
	char path[] = "/tmp/quill-data.XXXXXX";
	int fd = mkstemp(path), p[2];
	size_t refused = 0;
	struct data_stuff no = DATA_STUFF_INIT(refuse, &refused);

	unlink(path);
	memset(big, 'x', sizeof big);
	ok(write(fd, big, sizeof big) == sizeof big, "a file");
	data_open(&d, fd, sizeof big);
	ok(data_load(&d), "a large one is scanned");
	is_num(d.scan.bytes, sizeof big + 2, "its size");
	is_num(data_feed(&d, &s), 0, "fed");
	ok(out.len == sizeof big && !memcmp(out.s, big, out.len), "all of it");
	str_clear(&out);
	is_num(data_feed(&d, &s), 0, "and again");
	is_num(out.len, sizeof big, "all of it");
	is_num(data_feed(&d, &no), 1, "refused");
	data_open(&d, fd, 5);
	data_load(&d);
	is_errno(data_feed(&d, &s), ESTALE, "not the length expected");
	lseek(fd, 10, SEEK_SET);
	data_open(&d, fd, UINT64_MAX);
	data_load(&d);
	is_num(d.scan.bytes, sizeof big - 10 + 2, "from where it stands");
	close(fd);
	is_num(pipe(p), 0, "a pipe");
	data_open(&d, p[0], UINT64_MAX);
	is_errno(data_load(&d) ? 0 : -1, ESPIPE, "cannot be read twice");
	close(p[0]);
	close(p[1]);
	data_open(&d, p[0], UINT64_MAX);
	is_errno(data_load(&d) ? 0 : -1, EBADF, "a read error");
	str_free(&out);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		every_cut(i);
	eightbit();
	sources();
	return done_testing();
}
