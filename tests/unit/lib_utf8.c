/* SPDX-License-Identifier: 0BSD */
#include "lib/utf8.h"

#include "tap.h"

#define S(x) x, sizeof(x) - 1

int
main(void)
{
	static const struct {
		const char *p;
		size_t n, want;
	} t[] = {
		{ S(""), 0 },
		{ S("a"), 1 },
		{ S("\0"), 1 },
		{ S("\177\200"), 1 },
		{ S("\200"), 0 },
		{ S("\301\277"), 0 }, /* overlong */
		{ S("\302\200"), 2 },
		{ S("\337\277x"), 2 },
		{ S("\302"), 0 },
		{ S("\302a"), 0 },
		{ S("\340\237\277"), 0 }, /* overlong */
		{ S("\340\240\200"), 3 },
		{ S("\355\237\277"), 3 },
		{ S("\355\240\200"), 0 }, /* a surrogate */
		{ S("\357\277\277"), 3 },
		{ S("\357\277"), 0 },
		{ S("\360\217\277\277"), 0 }, /* overlong */
		{ S("\360\220\200\200"), 4 },
		{ S("\364\217\277\277"), 4 },
		{ S("\364\220\200\200"), 0 }, /* over 10FFFF */
		{ S("\365\200\200\200"), 0 },
		{ S("\377"), 0 },
	};

	static const struct {
		const char *p;
		size_t n;
		bool orders;
	} o[] = {
		{ S("a"), false },
		{ S("\037"), true },
		{ S(" "), false },
		{ S("\177"), true },
		{ S("\302\200"), true },
		{ S("\302\237"), true },
		{ S("\302\240"), false },
		{ S("\303\200"), false },
		{ S("\330\233"), false },
		{ S("\330\234"), true },      /* U+061C */
		{ S("\342\200\215"), false }, /* U+200D */
		{ S("\342\200\216"), true },
		{ S("\342\200\217"), true },
		{ S("\342\200\220"), false },
		{ S("\342\200\247"), false },
		{ S("\342\200\250"), true }, /* U+2028 */
		{ S("\342\200\256"), true }, /* U+202E */
		{ S("\342\200\257"), false },
		{ S("\342\201\245"), false },
		{ S("\342\201\246"), true }, /* U+2066 */
		{ S("\342\201\251"), true },
		{ S("\342\201\252"), false },
		{ S("\360\237\223\247"), false },
	};

	for (size_t i = 0; i < sizeof o / sizeof *o; i++)
		is_num(utf8_orders(o[i].p, o[i].n), o[i].orders, "orders %zu",
			i);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		is_num(utf8_len(t[i].p, t[i].n), t[i].want, "row %zu", i);
	is_num(utf8_bom(S("\357\273\277")), 1, "a byte order mark");
	is_num(utf8_bom(S("\357\273")), 0, "two bytes of it");
	is_num(utf8_bom(S("a\357\273\277")), 0, "not where it begins");
	return done_testing();
}
