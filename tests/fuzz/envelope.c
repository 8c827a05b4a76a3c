/* SPDX-License-Identifier: 0BSD */
/* envelope: the verdict must not depend on how the bytes are cut, and what is
 * taken must be read back record by record. */
#include "wire/envelope.h"

#include "fuzz/fuzz.h"
#include "wire/field.h"
#include "wire/site.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct envelope whole = { 0 }, bytes = { 0 };
	struct envelope_rec r;
	struct str out = STR_INIT(1 << 20);
	size_t i, pos, n = 0;

	envelope_feed(&whole, p, size);
	for (i = 0; i < size; i++)
		envelope_feed(&bytes, p + i, 1);
	require(whole.state == bytes.state && whole.nrcpt == bytes.nrcpt);
	for (pos = 0; envelope_next(p, size, &pos, &r);) {
		require(pos <= size && touch(r.text) == r.len);
		field_put(&out, r.kind, r.text);
		n += r.kind == 'T';
	}
	if (whole.state == ENVELOPE_DONE) {
		envelope_end(&out);
		require(n == whole.nrcpt);
		require(out.len == size && !memcmp(out.s, p, size));
	}
	str_free(&out);
	return 0;
}
