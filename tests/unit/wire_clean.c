/* SPDX-License-Identifier: 0BSD */
#include "wire/clean.h"

#include "tap.h"
#include "unit/wire_hostile.h"

static bool
decodes(char *p, size_t n)
{
	enum clean_op op;
	struct qid id;

	char in[CLEAN_REQUEST];

	if (n != sizeof in)
		return false;
	memcpy(in, p, sizeof in);
	return clean_decode(in, &op, &id);
}

int
main(void)
{
	static const enum clean_op ops[] = { CLEAN_REMOVE, CLEAN_ORPHAN,
		CLEAN_LOST, CLEAN_SYNC, CLEAN_CHECK };
	struct qid id = { 1795160000123456, 77 }, back;
	char buf[CLEAN_REQUEST];
	enum clean_op op;

	for (int i = 0; i < 5; i++) {
		clean_encode(buf, ops[i], id);
		ok(clean_decode(buf, &op, &back) && op == ops[i] &&
				qid_equal(id, back),
			"round trip %c", ops[i]);
	}
	clean_encode(buf, CLEAN_REMOVE, id);
	is_num(buf[0], 'r', "letter");
	is_num(buf[CLEAN_REQUEST - 1], '\n', "line feed");
	is_num(hostile_cut(decodes, buf, sizeof buf), 0, "truncated");
	hostile_flip(decodes, buf, sizeof buf);
	buf[0] = 'x';
	ok(!decodes(buf, sizeof buf), "unknown letter");
	buf[0] = 'r';
	buf[CLEAN_REQUEST - 1] = 0;
	ok(!decodes(buf, sizeof buf), "no line feed");
	buf[CLEAN_REQUEST - 1] = '\n';
	buf[3] = '/';
	ok(!decodes(buf, sizeof buf), "no id");
	return done_testing();
}
