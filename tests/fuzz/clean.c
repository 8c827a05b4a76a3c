/* SPDX-License-Identifier: 0BSD */
/* clean: a request that is taken encodes to the same bytes; names found in a
 * queue directory as well. */
#include "wire/clean.h"

#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char in[CLEAN_REQUEST], out[CLEAN_REQUEST], *name, path[QPATH_MAX];
	enum clean_op op;
	enum qfile f;
	struct qid id;

	if (size >= sizeof in) {
		memcpy(in, data, sizeof in);
		if (clean_decode(in, &op, &id)) {
			clean_encode(out, op, id);
			require(!memcmp(in, out, sizeof in));
		}
	}
	if (size == 0)
		return 0;
	name = malloc(size);
	memcpy(name, data + 1, size - 1);
	name[size - 1] = 0;
	if (qpath_parse(name, data[0] % QSPLITS, &id, &f)) {
		qpath_fmt(path, id, f);
		require(!strcmp(path + 6, name));
	}
	free(name);
	return 0;
}
