/* SPDX-License-Identifier: 0BSD */
/* idna: a domain. What comes out is ASCII, within the limits, and its own
 * ASCII form. */
#include "mail/idna.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = STR_INIT(8192), out = STR_INIT(8192),
		   two = STR_INIT(8192);
	bool ascii = true;
	size_t i;

	for (i = 0; i < size && data[i]; i++)
		ascii = ascii && data[i] < 0x80;
	str_put(&in, data, i);
	if (idna_toascii(&out, str_c(&in)) && !ascii) {
		require(out.len && out.len <= IDNA_DOMAIN);
		for (i = 0; i < out.len; i++)
			require(out.s[i] > ' ' && out.s[i] < 127);
		require(idna_toascii(&two, str_c(&out)));
		require(!strcmp(str_c(&two), str_c(&out)));
	}
	str_free(&in);
	str_free(&out);
	str_free(&two);
	return 0;
}
