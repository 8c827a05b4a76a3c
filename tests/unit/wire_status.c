/* SPDX-License-Identifier: 0BSD */
#include "wire/status.h"

#include "tap.h"

/* Every named code of the interface has its own row. */
static const int named[] = { 0, 11, 31, 51, 52, 53, 54, 55, 56, 61, 62, 63, 64,
	65, 66, 71, 72, 73, 74, 81, 82, 88, 91, 120 };

static enum status_class
class_of(int code)
{
	if (code == 0)
		return STATUS_ACCEPTED;
	return code >= 11 && code <= 40 ? STATUS_PERMANENT : STATUS_TEMPORARY;
}

int
main(void)
{
	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
		is_num(status_of(named[i])->code, named[i], "row of %d",
			named[i]);
	for (int code = -1; code < 256; code++) {
		const struct status *s = status_of(code);
		enum status_class want = class_of(code);
		int d = want == STATUS_ACCEPTED	   ? 2
			: want == STATUS_PERMANENT ? 5
						   : 4;

		ok(s->class == want && s->smtp / 100 == d &&
				s->enhanced[0] == '0' + d && s->text[0] &&
				!strpbrk(s->text, "\r\n"),
			"code %d", code);
	}
	ok(strcmp(status_of(-1)->text, status_of(200)->text) != 0,
		"a crash is told from a number");
	return done_testing();
}
