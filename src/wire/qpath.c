/* SPDX-License-Identifier: 0BSD */
#include "wire/qpath.h"

#include <string.h>

#include "lib/rand.h"
#include "lib/stamp.h"

enum { US_CHARS = 11, RND_CHARS = QID_LEN - US_CHARS };

static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'v')
		return c - 'a' + 10;
	return -1;
}

struct qid
qid_new(void)
{
	struct qid id;

	id.us = (uint64_t)stamp_us() & ((UINT64_C(1) << (US_CHARS * 5)) - 1);
	id.rnd = rand_u32() & ((UINT32_C(1) << (RND_CHARS * 5)) - 1);
	return id;
}

void
qid_fmt(char out[QID_LEN + 1], struct qid id)
{
	size_t i;

	for (i = US_CHARS; i-- > 0; id.us >>= 5)
		out[i] = digits[id.us & 31];
	for (i = QID_LEN; i-- > US_CHARS; id.rnd >>= 5)
		out[i] = digits[id.rnd & 31];
	out[QID_LEN] = 0;
}

bool
qid_parse(const char *p, struct qid *id)
{
	struct qid r = { 0, 0 };
	size_t i;
	int v;

	for (i = 0; i < QID_LEN; i++) {
		v = digit_value(p[i]);
		if (v < 0)
			return false;
		if (i < US_CHARS)
			r.us = r.us << 5 | (uint64_t)v;
		else
			r.rnd = r.rnd << 5 | (uint32_t)v;
	}
	*id = r;
	return true;
}

int64_t
qid_birth(struct qid id)
{
	return (int64_t)(id.us / 1000000);
}

bool
qid_equal(struct qid a, struct qid b)
{
	return a.us == b.us && a.rnd == b.rnd;
}

unsigned
qid_split(struct qid id)
{
	return id.rnd & (QSPLITS - 1);
}

void
qpath_split(char out[QPATH_MAX], unsigned n)
{
	memcpy(out, "msg/", 4);
	out[4] = digits[n & (QSPLITS - 1)];
	out[5] = 0;
}

void
qpath_fmt(char out[QPATH_MAX], struct qid id, enum qfile f)
{
	const char *ext = "";
	char *p;

	switch (f) {
	case QFILE_MESS:
	case QFILE_ENV:
		qpath_split(out, qid_split(id));
		out[5] = '/';
		p = out + 6;
		ext = f == QFILE_MESS ? ".mess" : ".env";
		break;
	case QFILE_BOUNCE:
		memcpy(out, "bounce/", 7);
		p = out + 7;
		break;
	case QFILE_LOST_MESS:
	case QFILE_LOST_ENV:
	default:
		memcpy(out, "lost/", 5);
		p = out + 5;
		ext = f == QFILE_LOST_MESS ? ".mess" : ".env";
		break;
	}
	qid_fmt(p, id);
	memcpy(p + QID_LEN, ext, strlen(ext) + 1);
}

bool
qpath_parse(const char *name, unsigned split, struct qid *id, enum qfile *f)
{
	struct qid r;

	/* stops at the NUL of a short name */
	if (!qid_parse(name, &r) || qid_split(r) != split)
		return false;
	name += QID_LEN;
	if (strcmp(name, ".mess") == 0)
		*f = QFILE_MESS;
	else if (strcmp(name, ".env") == 0)
		*f = QFILE_ENV;
	else
		return false;
	*id = r;
	return true;
}
