/* SPDX-License-Identifier: 0BSD */
#include "lib/cdb.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cdbmake.h"
#include "lib/fd.h"
#include "tap.h"

static char path[] = "/tmp/lib_cdb.XXXXXX";
static struct str val = STR_INIT(100000);

struct record {
	const char *key;
	size_t klen;
	const char *val;
	size_t vlen;
};

/* Write records and return the file, open for both. */
static int
make(const struct record *r, size_t n)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct cdbmake m;
	char buf[1024];

	cdbmake_start(&m, fd, buf, sizeof buf);
	for (size_t i = 0; i < n; i++)
		cdbmake_add(&m, r[i].key, r[i].klen, r[i].val, r[i].vlen);
	is_num(cdbmake_finish(&m), 0, "%zu records written", n);
	return fd;
}

static const struct record odd[] = {
	{ "", 0, "empty key", 9 },
	{ "empty", 5, "", 0 },
	{ "\0", 1, "NUL", 3 },
	{ "\0\0", 2, "N\0L", 3 },
	{ "twice", 5, "first", 5 },
	{ "twice", 5, "second", 6 },
	{ "!joe", 4, "prefix", 6 },
	{ "!joe\0", 5, "exact", 5 },
};

static void
test_odd(void)
{
	int fd = make(odd, sizeof odd / sizeof *odd);
	struct cdb c;

	is_num(cdb_init(&c, fd), 0, "init");
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		const struct record *r = &odd[i == 5 ? 4 : i];

		str_puts(&val, "what was there");
		is_num(cdb_get(&c, r->key, r->klen, &val), 1, "odd %zu", i);
		is_mem(val.s, val.len, r->val, r->vlen, "odd %zu: data", i);
	}
	is_num(cdb_get(&c, "\0\0\0", 3, &val), 0, "three NULs: not there");
	is_num(cdb_get(&c, "empt", 4, &val), 0, "a prefix: not there");
	is_num(cdb_get(&c, "emptyx", 6, &val), 0, "longer: not there");
	close(fd);
	fd = make(NULL, 0);
	is_num(cdb_init(&c, fd), 0, "a database of nothing");
	is_num(c.size, 2048, "is its header");
	is_num(cdb_get(&c, "", 0, &val), 0, "nothing is there");
	close(fd);
}

/* Keys, data and the record's head straddle what one read fetches. */
static void
test_sizes(void)
{
	static const size_t sizes[] = { 0, 1, 495, 503, 504, 505, 511, 512, 513,
		1015, 1016, 1017, 5000, 70000 };
	enum { N = sizeof sizes / sizeof *sizes };
	static char text[100000];
	struct record r[N * N];
	struct cdb c;
	int fd, bad = 0;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7 % 251);
	for (size_t i = 0; i < N * N; i++)
		r[i] = (struct record){ text + i, sizes[i / N], text + 2 * i,
			sizes[i % N] };
	/* the empty key is there N times: only the first can be found */
	fd = make(r, N * N);
	is_num(cdb_init(&c, fd), 0, "init");
	for (size_t i = 0; i < N * N; i++) {
		const struct record *w = i < N ? &r[0] : &r[i];

		if (cdb_get(&c, r[i].key, r[i].klen, &val) != 1 ||
			val.len != w->vlen ||
			(val.len && memcmp(val.s, w->val, val.len) != 0))
			bad++;
	}
	is_num(bad, 0, "all sizes");
	close(fd);
}

static void
test_ceiling(void)
{
	static const struct record r = { "k", 1, "12345", 5 };
	struct str five = STR_INIT(5), four = STR_INIT(4);
	int fd = make(&r, 1);
	struct cdb c;

	cdb_init(&c, fd);
	is_num(cdb_get(&c, "k", 1, &five), 1, "data just fits");
	is_errno(cdb_get(&c, "k", 1, &four), EFBIG, "data is larger");
	is_num(four.len, 0, "nothing is given");
	close(fd);
	str_free(&five);
	str_free(&four);
}

/* Two-byte keys: several with the same hash, far more than slots in a row. */
static void
test_collisions(void)
{
	static char keys[65536][2];
	static struct record r[4000];
	uint32_t hash = 0;
	size_t n = 0, same = 0, bad = 0;
	struct cdb c;
	int fd;

	/* all keys of one table, those with one and the same hash included */
	for (size_t i = 0; i < 65536 && n < 4000; i++) {
		keys[i][0] = (char)(i >> 8);
		keys[i][1] = (char)i;
		if ((cdb_hash(keys[i], 2) & 255) != 17)
			continue;
		r[n++] = (struct record){ keys[i], 2, keys[i], 2 };
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (cdb_hash(r[i].key, 2) == cdb_hash(r[k].key, 2)) {
				hash = cdb_hash(r[i].key, 2);
				same++;
			}
	ok(n > 200 && same > 10, "%zu keys of a table, %zu hash pairs (%08x)",
		n, same, (unsigned)hash);
	/* every other key is in; the others must not be found */
	for (size_t i = 0; i < n / 2; i++)
		r[i] = r[2 * i];
	fd = make(r, n / 2);
	is_num(cdb_init(&c, fd), 0, "init");
	n = 0;
	for (size_t i = 0; i < 65536; i++) {
		int in = cdb_get(&c, keys[i], 2, &val);

		if ((cdb_hash(keys[i], 2) & 255) != 17) {
			bad += in != 0;
			continue;
		}
		bad += in != (n++ % 2 == 0);
		bad += in == 1 && memcmp(val.s, keys[i], 2) != 0;
	}
	is_num(bad, 0, "each key its own data, no key of another");
	close(fd);
}

/* Two keys of the same length and hash that differ in their last bytes only,
 * beyond all that is read at once. */
static void
test_long_twins(void)
{
	enum { LEN = 1302 };
	static char a[LEN], b[LEN];
	static uint32_t hash[65536];
	struct record r = { a, LEN, "data", 4 };
	bool found = false;
	struct cdb c;
	int fd;

	memset(a, 'x', LEN);
	memset(b, 'x', LEN);
	for (int i = 0; i < 65536; i++) {
		a[LEN - 2] = (char)(i >> 8);
		a[LEN - 1] = (char)i;
		hash[i] = cdb_hash(a, LEN);
	}
	for (int i = 0; i < 65536 && !found; i++)
		for (int k = i + 1; k < 65536 && k < i + 4096; k++)
			if (hash[i] == hash[k]) {
				a[LEN - 2] = (char)(i >> 8);
				a[LEN - 1] = (char)i;
				b[LEN - 2] = (char)(k >> 8);
				b[LEN - 1] = (char)k;
				found = true;
				break;
			}
	ok(found && memcmp(a, b, LEN) != 0, "twins");
	fd = make(&r, 1);
	cdb_init(&c, fd);
	is_num(cdb_get(&c, a, LEN, &val), 1, "the one that is there");
	is_num(cdb_get(&c, b, LEN, &val), 0, "is not the other");
	close(fd);
}

/* Every single damaged byte, and every length the file may be cut to: an
 * answer or an error, within the file, and never data of another key. */
static void
test_damage(void)
{
	static const unsigned char bytes[] = { 0x00, 0xff, 0x80, 0x01, 0x7f };
	int fd = make(odd, sizeof odd / sizeof *odd), kept = 0, lost = 0;
	unsigned char was;
	struct cdb c;
	struct stat st;
	size_t odd_answer = 0;
	off_t body;

	fstat(fd, &st);
	for (off_t at = 0; at < st.st_size; at++) {
		if (pread(fd, &was, 1, at) != 1)
			break;
		for (size_t b = 0; b < sizeof bytes; b++) {
			int r;

			if (pwrite(fd, &bytes[b], 1, at) != 1)
				break;
			cdb_init(&c, fd);
			r = cdb_get(&c, "!joe\0", 5, &val);
			odd_answer += r < -1 || r > 1;
			odd_answer += r == 1 && val.len > (size_t)st.st_size;
			odd_answer +=
				r == -1 && errno != EBADMSG && errno != EFBIG;
			kept += r == 1;
			lost += r != 1;
		}
		if (pwrite(fd, &was, 1, at) != 1)
			break;
	}
	is_num(odd_answer, 0, "damaged bytes");
	ok(kept && lost, "some matter (%d), some do not (%d)", lost, kept);

	/* cut while it is open: an error or the truth */
	odd_answer = 0;
	cdb_init(&c, fd);
	for (body = st.st_size; body >= 0; body--) {
		int r;

		if (ftruncate(fd, body) < 0)
			break;
		r = cdb_get(&c, "!joe\0", 5, &val);
		odd_answer += r == 0;
		odd_answer += r == 1 && !str_is(&val, "exact");
		odd_answer += r == -1 && errno != EBADMSG;
		odd_answer += body == 0 && r != -1;
	}
	is_num(odd_answer, 0, "cut under us at any length");
	close(fd);
	fd = make(odd, sizeof odd / sizeof *odd);
	odd_answer = 0;
	for (body = st.st_size; body >= 0; body--) {
		int r;

		if (ftruncate(fd, body) < 0)
			break;
		r = cdb_init(&c, fd);
		odd_answer += (r == 0) != (body >= 2048);
		if (r < 0)
			continue;
		r = cdb_get(&c, "!joe\0", 5, &val);
		odd_answer += r == 0;
		odd_answer += r == 1 && !str_is(&val, "exact");
	}
	is_num(odd_answer, 0, "cut before at any length");
	close(fd);
}

/* Files that nobody's cdbmake writes. */
static void
test_hostile(void)
{
	static const struct {
		const char *name;
		uint32_t table, slots, hash, pos, klen, dlen;
		int want;
	} t[] = {
		{ "sound", 2060, 1, 1, 2048, 1, 3, 1 },
		{ "full table without the key", 2060, 1, 0, 2048, 1, 3, 0 },
		{ "table in the header", 16, 1, 1, 2048, 1, 3, -1 },
		{ "table beyond the end", 5000, 1, 1, 2048, 1, 3, -1 },
		{ "table at the very end", 2068, 1, 1, 2048, 1, 3, -1 },
		{ "table ends beyond the end", 2060, 2, 1, 2048, 1, 3, -1 },
		{ "slots overflow 32 bits", 2060, 0x20000001, 1, 2048, 1, 3,
			-1 },
		{ "slots at their most", 2060, UINT32_MAX, 1, 2048, 1, 3, -1 },
		{ "a free slot ends it", 2060, 1, 1, 0, 1, 3, 0 },
		{ "no slots", UINT32_MAX, 0, 1, 2048, 1, 3, 0 },
		{ "record beyond the end", 2060, 1, 1, UINT32_MAX, 1, 3, -1 },
		{ "record's head cut", 2060, 1, 1, 2061, 1, 3, -1 },
		{ "key length is not ours", 2060, 1, 1, 2048, UINT32_MAX, 3,
			0 },
		{ "data beyond the end", 2060, 1, 1, 2048, 1, 12, -1 },
		{ "data to the very end", 2060, 1, 1, 2048, 1, 11, 1 },
		{ "data length overflows", 2060, 1, 1, 2048, 1, UINT32_MAX,
			-1 },
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		uint32_t h = cdb_hash("k", 1), n[2];
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), r;
		unsigned char file[2068] = { 0 };
		struct cdb c;

		/* written for a little-endian machine */
		/* what a reader that takes 0 for a position would find */
		file[0] = 1;
		file[8] = 'k';
		n[0] = t[i].table;
		n[1] = t[i].slots;
		memcpy(file + (h & 255) * 8, n, 8);
		n[0] = t[i].klen;
		n[1] = t[i].dlen;
		memcpy(file + 2048, n, 8);
		memcpy(file + 2056, "kval", 4);
		n[0] = t[i].hash ? h : ~h;
		n[1] = t[i].pos;
		memcpy(file + 2060, n, 8);
		fd_writeall(fd, file, sizeof file);
		is_num(cdb_init(&c, fd), 0, "hostile: init");
		errno = 0;
		r = cdb_get(&c, "k", 1, &val);
		is_num(r, t[i].want, "hostile: %s", t[i].name);
		if (r < 0)
			is_num(errno, EBADMSG, "hostile: its errno");
		if (r > 0)
			is_mem(val.s, 3, "val", 3, "hostile: its data");
		close(fd);
	}
}

static void
test_init(void)
{
	int fd = open("/dev/zero", O_RDONLY), p[2];
	struct cdb c;

	is_errno(cdb_init(&c, fd), EBADMSG, "a device");
	close(fd);
	fd = open("/", O_RDONLY);
	is_errno(cdb_init(&c, fd), EBADMSG, "a directory");
	close(fd);
	fd_pipe(p);
	is_errno(cdb_init(&c, p[0]), EBADMSG, "a pipe");
	close(p[0]);
	close(p[1]);
	is_errno(cdb_init(&c, p[0]), EBADF, "closed");
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	is_errno(cdb_init(&c, fd), EBADMSG, "an empty file");
	if (ftruncate(fd, 2047) == 0)
		is_errno(cdb_init(&c, fd), EBADMSG, "one byte short");
	if (ftruncate(fd, (off_t)1 << 32) == 0)
		is_errno(cdb_init(&c, fd), EBADMSG, "4 GiB");
	if (ftruncate(fd, ((off_t)1 << 32) - 1) == 0)
		is_num(cdb_init(&c, fd), 0, "4 GiB - 1");
	is_num(cdb_get(&c, "k", 1, &val), 0, "all zeros: nothing there");
	close(fd);
}

int
main(void)
{
	int fd = mkstemp(path);

	close(fd);
	test_odd();
	test_sizes();
	test_ceiling();
	test_collisions();
	test_long_twins();
	test_damage();
	test_hostile();
	test_init();
	unlink(path);
	str_free(&val);
	return done_testing();
}
