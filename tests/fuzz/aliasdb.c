/* SPDX-License-Identifier: 0BSD */
/* aliasdb: the bytes are the data of an alias in the database */
#include "wire/aliasdb.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = STR_INIT(ALIASDB_DATA_MAX);
	struct str out = STR_INIT(ALIASDB_DATA_MAX);
	enum aliasdb_kind kind;
	const char *text;
	size_t pos = 0;

	str_put(&in, data, size);
	while ((kind = aliasdb_next(&in, &pos, &text)) > ALIASDB_END) {
		require(pos <= in.len);
		aliasdb_put(&out, kind, text, touch(text));
		require(out.len == pos && memcmp(out.s, in.s, pos) == 0);
	}
	require(kind == ALIASDB_DAMAGED || pos == in.len);
	str_free(&in);
	str_free(&out);
	return 0;
}
