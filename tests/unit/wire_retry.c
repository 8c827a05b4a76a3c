/* SPDX-License-Identifier: 0BSD */
#include "wire/retry.h"

#include "tap.h"

int
main(void)
{
	static const struct {
		int64_t age;
		uint64_t c;
		int64_t wait; /* from birth, without jitter */
	} rows[] = {
		{ 0, 10, 100 },
		{ 0, 20, 400 },
		{ 100, 10, 400 },
		{ 400, 10, 900 },
		{ 399, 10, 841 },
		{ 1, 1, 4 },
		{ 0, 1, 1 },
		{ 604800, 20, 635209 },
		{ 3600, 20, 6400 },
		{ 100, 0, 101 },
	};
	struct qid id = { 1700000000000000u, 0 };
	struct stat st = { .st_mtim = { 1700000000, 0 } };
	int64_t birth = 1700000000, next, last = -1;
	size_t i, early = 0, out = 0;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		next = retry_next(id, birth + rows[i].age, rows[i].c) - birth;
		ok(next >= rows[i].wait &&
				next <= rows[i].wait +
						(rows[i].wait - rows[i].age) /
							16,
			"birth plus the square, at most 1/16 more");
	}
	ok(retry_next(id, birth + 100, 10) == retry_next(id, birth + 100, 10),
		"the same when computed again");
	/* mail that came together does not come back together */
	for (i = 0; i < 1000; i++) {
		id.rnd = (uint32_t)i * 2654435761u >> 7;
		next = retry_next(id, birth + 3600, 20) - birth;
		early += next < 6400 + 2800 / 16 / 2;
		out += next < 6400 || next > 6400 + 2800 / 16;
	}
	is_num(out, 0, "never more than 1/16 of the wait later");
	ok(early > 300 && early < 700, "spread evenly: %zu of 1000 early",
		early);
	id.rnd = 12345;
	next = retry_next(id, birth - 86400, 10) - (birth - 86400);
	ok(next >= 100 && next <= 106,
		"born by a clock that was ahead: from the last attempt on");
	id.rnd = 0;
	ok(!retry_last(id, &st, birth + 5, &last) && last == -1,
		"mtime is birth to the microsecond: never tried");
	st.st_mtim.tv_nsec = 1000;
	ok(retry_last(id, &st, birth + 5, &last) && last == birth,
		"a microsecond later: tried");
	st.st_mtim.tv_sec = birth + 100;
	ok(retry_last(id, &st, birth + 5, &last) && last == birth + 5,
		"an attempt in the future was now");
	return done_testing();
}
