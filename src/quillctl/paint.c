/* SPDX-License-Identifier: 0BSD */
#include "quillctl/paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quillctl/quillctl.h"

bool
paint_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(1) && term && *term && strcmp(term, "dumb") != 0;
}

void
paint(enum paint how, const char *words)
{
	static const char *const on[] = {
		[PAINT_GOOD] = "\033[32m",
		[PAINT_BAD] = "\033[1;31m",
		[PAINT_TITLE] = "\033[7m",
	};
	static int colours = -1;
	const char *no = getenv("NO_COLOR");

	if (colours < 0)
		colours = paint_terminal() && !(no && *no);
	if (colours)
		obuf_puts(&out, on[how]);
	obuf_puts(&out, words);
	if (colours)
		obuf_puts(&out, "\033[0m");
}
