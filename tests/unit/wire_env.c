/* SPDX-License-Identifier: 0BSD */
#include "lib/crc32c.h"
#include "wire/env.h"

#include <fcntl.h>
#include <unistd.h>

#include "tap.h"
#include "unit/wire_hostile.h"
#include "wire/envelope.h"
#include "wire/field.h"
#include "wire/site.h"

static struct str file = STR_INIT(1 << 24);
static const struct env_head head = { .birth = 1795160000123456,
	.bytes = 4711,
	.sum = 0x0badf00d,
	.pid = 99,
	.uid = 65534 };
static const struct env_head other = { .birth = 1, .pid = 1 };

static void
make(void)
{
	struct str in = STR_INIT(1 << 20);

	field_put(&in, 'F', "sender@example.org");
	field_put(&in, 'P', "ENVID=abc");
	field_put(&in, 'P', "RET=HDRS");
	field_put(&in, 'T', "one@example.net");
	field_put(&in, 'T', "two@example.net");
	field_put(&in, 'P', "NOTIFY=NEVER");
	field_put(&in, 'P', "ORCPT=rfc822;two@x");
	field_put(&in, 'T', "");
	envelope_end(&in);
	str_clear(&file);
	env_encode(&file, &head, in.s, in.len);
	str_free(&in);
}

static enum env_result
result_of(const char *p, size_t n)
{
	struct env e;
	enum env_result r = env_decode(&e, p, n);

	env_free(&e);
	return r;
}

static bool
is_ok(char *p, size_t n)
{
	return result_of(p, n) == ENV_OK;
}

static bool
is_unfinished(char *p, size_t n)
{
	return result_of(p, n) == ENV_UNFINISHED;
}

static void
test_crc(void)
{
	char zero[32] = { 0 }, big[20000], hex[CRC32C_HEX];
	uint32_t part, whole, wrong = 0;

	is_num(crc32c(0, "123456789", 9), 0xe3069283, "check value");
	is_num(crc32c(0, zero, 32), 0x8a9136aa, "32 zeros (RFC 3720 B.4)");
	memset(zero, 0xff, 32);
	is_num(crc32c(0, zero, 32), 0x62a8ab43, "32 ones (RFC 3720 B.4)");
	for (int i = 0; i < 32; i++)
		zero[i] = (char)i;
	is_num(crc32c(0, zero, 32), 0x46dd794e, "0 to 31 (RFC 3720 B.4)");
	is_num(crc32c(0, "", 0), 0, "nothing");
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * i >> 3 ^ i);
	part = 0;
	for (size_t i = 0; i < sizeof big; i++)
		part = crc32c(part, big + i, 1);
	whole = crc32c(0, big, sizeof big);
	is_num(whole, part, "by eight bytes and by one");
	for (size_t cut = 0; cut < 40; cut++) {
		part = crc32c(0, big, cut);
		part = crc32c(part, big + cut, sizeof big - cut);
		if (part != whole)
			break;
		if (cut == 39)
			ok(true, "pieces at any offset");
	}
	ok(part == whole, "the sum does not depend on pieces");
	crc32c_fmt(hex, 0x00c0ffee);
	ok(memcmp(hex, "00c0ffee", sizeof hex) == 0, "as text");
	ok(crc32c_parse(hex, &part) && part == 0x00c0ffee, "from text");
	for (size_t i = 0; i < sizeof hex; i++) {
		static const char bad[] = "gG/:A` \0";

		for (size_t k = 0; k < sizeof bad; k++) {
			memcpy(hex, "00c0ffee", sizeof hex);
			hex[i] = bad[k];
			wrong += crc32c_parse(hex, &part);
		}
	}
	is_num(wrong, 0, "no other digits");
}

static void
test_fields(void)
{
	struct env e;

	is_num(env_decode(&e, file.s, file.len), ENV_OK, "decodes");
	is_num(e.head.birth, 1795160000123456, "birth");
	is_num(e.head.bytes, 4711, "bytes");
	is_num(e.head.sum, 0x0badf00d, "checksum of the message");
	is_num(e.head.pid, 99, "pid");
	is_num(e.head.uid, 65534, "uid");
	is_str(e.sender, "sender@example.org", "sender");
	is_num(e.nrcpt, 3, "recipients");
	is_str(env_rcpt(&e, 0), "one@example.net", "first");
	is_str(env_rcpt(&e, 1), "two@example.net", "second");
	is_str(env_rcpt(&e, 2), "", "third, empty");
	is_str(env_param(&e, ENV_SENDER, 1), "RET=HDRS", "sender's second");
	ok(!env_param(&e, ENV_SENDER, 2), "sender has two");
	ok(!env_param(&e, 0, 0), "first recipient has none");
	is_str(env_param(&e, 1, 0), "NOTIFY=NEVER", "second's first");
	is_str(env_value(&e, 1, "orcpt"), "rfc822;two@x", "by key, any case");
	ok(!env_value(&e, 1, "ORCP"), "not by half a key");
	ok(!env_value(&e, 2, "NOTIFY"), "not from the one before");
	is_str(env_value(&e, ENV_SENDER, "ENVID"), "abc", "sender's by key");
	is_num(env_mark(&e, 0), ENV_TODO, "to do");
	env_free(&e);
}

static void
test_message(void)
{
	static const struct {
		const char *p;
		size_t n;
		const char *what;
	} bad[] = {
#define S(x) x, sizeof x - 1
		{ S(""), "nothing" },
		{ S("1"), "no NUL" },
		{ S("2\0B1\0S5 00c0ffee\0"), "another version" },
		{ S("1\0S5 00c0ffee\0"), "no birth" },
		{ S("1\0B1\0S5\0"), "no sum" },
		{ S("1\0B1\0S5 00c0ffe\0"), "a short sum" },
		{ S("1\0B1\0S5 00c0ffee0\0"), "a long sum" },
		{ S("1\0B1\0S5 00C0ffee\0"), "capitals" },
		{ S("1\0B1\0S 00c0ffee\0"), "no size" },
		{ S("1\0B1\0S00c0ffee\0"), "only a sum" },
		{ S("1\0B1\0S-5 00c0ffee\0"), "a sign" },
		{ S("1\0B1\0S9223372036854775808 00c0ffee\0"), "too large" },
		{ S("1\0B1\0S5 00c0ffee"), "no NUL at the end" },
		{ S("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "zeros" },
#undef S
	};
	uint64_t bytes = 0;
	uint32_t sum = 0;
	size_t n;

	ok(env_message(file.s, ENV_HEAD_MAX, &bytes, &sum), "from the start");
	ok(bytes == 4711 && sum == 0x0badf00d, "size and sum");
	for (n = 0; !env_message(file.s, n, &bytes, &sum); n++)
		;
	ok(memcmp(file.s + n, "O99 65534", 9) == 0, "needs all of S");
	for (n = 0; n < sizeof bad / sizeof *bad; n++)
		ok(!env_message(bad[n].p, bad[n].n, &bytes, &sum),
			"refused: %s", bad[n].what);
	ok(env_message("1\0B9223372036854775807\0S9223372036854775807 "
		       "ffffffff\0",
		   ENV_HEAD_MAX < 54 ? 0 : 54, &bytes, &sum) &&
			bytes == INT64_MAX,
		"the longest fit into ENV_HEAD_MAX");
}

static void
test_marks(void)
{
	char path[] = "/tmp/quill-env.XXXXXX";
	char *back = malloc(file.len);
	struct env e;
	size_t e0;
	int fd = mkstemp(path);

	unlink(path);
	ok(write(fd, file.s, file.len) == (ssize_t)file.len, "written");
	env_decode(&e, file.s, file.len);
	e0 = e.rcpt[0].off;
	is_num(env_setmark(&e, fd, 1, ENV_FAILED), 0, "mark second failed");
	is_num(env_setmark(&e, fd, 2, ENV_DONE), 0, "mark third done");
	is_num(env_mark(&e, 1), ENV_FAILED, "seen in memory");
	env_free(&e);
	ok(pread(fd, back, file.len, 0) == (ssize_t)file.len, "read back");
	is_num(env_decode(&e, back, file.len), ENV_OK, "marks keep the sum");
	is_num(env_mark(&e, 0), ENV_TODO, "first to do");
	is_num(env_mark(&e, 1), ENV_FAILED, "second failed");
	is_num(env_mark(&e, 2), ENV_DONE, "third done");
	is_str(env_value(&e, 1, "NOTIFY"), "NEVER", "parameters stay");
	close(fd);
	is_errno(env_setmark(&e, fd, 0, ENV_DONE), EBADF, "mark, bad fd");
	is_num(env_mark(&e, 0), ENV_TODO, "then memory is unchanged");
	env_free(&e);
	for (const char *m = "HMmRDXT"; *m; m++) {
		back[e0] = *m;
		is_num(env_decode(&e, back, file.len), ENV_OK, "mark %c", *m);
		is_num(env_istodo(env_mark(&e, 0)), strchr("TM", *m) != NULL,
			"%c: to do?", *m);
		is_num(env_isheld(env_mark(&e, 0)), strchr("Hm", *m) != NULL,
			"%c: held?", *m);
		is_num(env_isvia(env_mark(&e, 0)), strchr("Mm", *m) != NULL,
			"%c: by a relay?", *m);
		env_free(&e);
	}
	back[e0] = 'Y';
	is_num(env_decode(&e, back, file.len), ENV_DAMAGED, "no mark");
	free(back);
	make();
}

static void
test_unfinished(void)
{
	struct str s = STR_INIT(1 << 20);
	char zeros[300] = { 0 };

	is_num(hostile_cut(is_ok, file.s, file.len), 0,
		"no truncation is a message");
	is_num(hostile_cut(is_unfinished, file.s, file.len), file.len,
		"every truncation is unfinished");
	is_num(hostile_flip(is_ok, file.s, file.len), 3,
		"a wrong bit shows, but for T that becomes D");
	is_num(hostile_flip(is_unfinished, file.s, file.len), 0,
		"wrong bits never make it unfinished");
	is_num(result_of(zeros, sizeof zeros), ENV_UNFINISHED, "all zeros");
	for (size_t cut = 0; cut < file.len; cut++) {
		str_clear(&s);
		str_put(&s, file.s, cut);
		str_put(&s, zeros, file.len - cut + 1);
		if (result_of(s.s, s.len) == ENV_OK)
			ok(false, "zeros from %zu make a message", cut);
	}
	str_clear(&s);
	str_put(&s, file.s, 40);
	str_put(&s, zeros, 100);
	is_num(result_of(s.s, s.len), ENV_UNFINISHED, "zeros at the end");
	str_clear(&s);
	str_put(&s, file.s, file.len);
	str_put(&s, "garbage", 8);
	is_num(result_of(s.s, s.len), ENV_DAMAGED, "something after END");
	str_clear(&s);
	str_put(&s, file.s, file.len);
	str_put(&s, zeros, 10);
	is_num(result_of(s.s, s.len), ENV_DAMAGED, "zeros after END");
	str_clear(&s);
	str_put(&s, file.s + 2, file.len - 2);
	is_num(result_of(s.s, s.len), ENV_DAMAGED, "no version");
	str_free(&s);
}

static uint32_t
next_random(uint32_t *x)
{
	return *x = *x * 1664525 + 1013904223;
}

/* Any two or three wrong bytes. */
static void
test_random(void)
{
	uint32_t x = 1;
	int taken = 0, lost = 0;

	for (int i = 0; i < 20000; i++) {
		char *copy = malloc(file.len);
		struct env e;

		memcpy(copy, file.s, file.len);
		for (int k = 0; k < 3; k++)
			copy[next_random(&x) % file.len] =
				(char)(next_random(&x) >> 11);
		switch (env_decode(&e, copy, file.len)) {
		case ENV_OK:
			for (size_t r = 0; r < e.nrcpt; r++)
				copy[e.rcpt[r].off] = 'T';
			taken += memcmp(copy, file.s, file.len) != 0;
			break;
		case ENV_UNFINISHED:
			lost++;
			break;
		case ENV_DAMAGED:
			break;
		}
		env_free(&e);
		free(copy);
	}
	is_num(taken, 0, "random damage is seen");
	diag("random damage taken for unfinished: %d of 20000", lost);
}

static void
test_sizes(void)
{
	struct str in = STR_INIT(1 << 24), out = STR_INIT(1 << 24);
	char addr[ADDR_MAX + 2], name[40];
	struct env e;

	field_put(&in, 'F', "");
	envelope_end(&in);
	env_encode(&out, &other, in.s, in.len);
	is_num(env_decode(&e, out.s, out.len), ENV_OK, "no recipients");
	is_num(e.nrcpt, 0, "none");
	is_str(e.sender, "", "null sender");
	ok(!env_param(&e, ENV_SENDER, 0), "no parameters");
	env_free(&e);

	str_clear(&in);
	str_clear(&out);
	field_put(&in, 'F', "list@x");
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "subscriber%d@example.com", i);
		field_put(&in, 'T', name);
	}
	envelope_end(&in);
	env_encode(&out, &other, in.s, in.len);
	is_num(env_decode(&e, out.s, out.len), ENV_OK, "100000 recipients");
	is_num(e.nrcpt, 100000, "all");
	is_str(env_rcpt(&e, 99999), "subscriber99999@example.com", "the last");
	env_free(&e);

	for (size_t n = ADDR_MAX; n <= ADDR_MAX + 1; n++) {
		memset(addr, 'a', n);
		addr[n] = 0;
		str_clear(&in);
		str_clear(&out);
		field_put(&in, 'F', "");
		field_put(&in, 'T', addr);
		envelope_end(&in);
		env_encode(&out, &other, in.s, in.len);
		is_num(result_of(out.s, out.len),
			n == ADDR_MAX ? ENV_OK : ENV_DAMAGED, "address of %zu",
			n);
	}
	/* a ceiling that is too low shows */
	str_free(&out);
	str_init(&out, 100);
	env_encode(&out, &other, in.s, in.len);
	ok(out.over, "over the ceiling is marked");
	str_free(&in);
	str_free(&out);
}

int
main(void)
{
	test_crc();
	make();
	test_fields();
	test_message();
	test_marks();
	test_unfinished();
	test_random();
	test_sizes();
	return done_testing();
}
