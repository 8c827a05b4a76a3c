/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "lib/json.h"
#include "lib/num.h"
#include "quillctl/explain.h"
#include "quillctl/program.h"
#include "quillctl/quillctl.h"
#include "quillctl/say.h"

static void
plain_place(const struct explain_place *at)
{
	obuf_puts(&out, " (");
	json_plain(&out, at->file);
	if (at->line) {
		obuf_puts(&out, " line ");
		obuf_putnum(&out, at->line);
	} else if (at->key) {
		obuf_puts(&out, *at->key ? " key " : " its default");
		json_plain(&out, at->key);
	}
	obuf_putc(&out, ')');
}

void
explain_fact_at(
	const char *name, const char *text, const struct explain_place *at)
{
	const char *sep = "";

	if (!explain.json) {
		json_plain(&out, name);
		obuf_puts(&out, ": ");
		json_plain(&out, text);
		if (at)
			plain_place(at);
		obuf_putc(&out, '\n');
		return;
	}
	obuf_putc(&out, '{');
	say_string(&sep, "fact", name);
	say_string(&sep, "text", text);
	if (at)
		say_string(&sep, "file", at->file);
	if (at && at->line)
		say_int(&sep, "line", at->line);
	else if (at && at->key)
		say_string(&sep, "key", at->key);
	obuf_puts(&out, "}\n");
}

void
explain_fact(const char *name, const char *text)
{
	explain_fact_at(name, text, NULL);
}

void
explain_facts(const char *name, struct str *text)
{
	const char *p = str_c(text);
	char one[PROGRAM_OUT_MAX / 64];

	for (size_t n; *p; p += n + (p[n] != 0)) {
		size_t len;

		n = strcspn(p, "\n");
		len = n < sizeof(one) ? n : sizeof(one) - 1;
		memcpy(one, p, len);
		one[len] = 0;
		if (n)
			explain_fact(name, one);
	}
}

/* Cut "FILE LINE" or "FILE.cdb KEY" in two. */
static void
take_place(char *s, struct explain_place *at)
{
	static struct str file = STR_INIT(300);
	size_t n = strcspn(s, " ");
	const char *rest = s + n + (s[n] != 0);

	s[n] = 0;
	str_clear(&file);
	str_puts(&file, "control/");
	str_puts(&file, s);
	*at = (struct explain_place){ .file = str_c(&file) };
	if (!num_parses(rest, UINT32_MAX, &at->line) ||
		(n > 4 && strcmp(s + n - 4, ".cdb") == 0)) {
		at->line = 0;
		at->key = rest;
	}
}

void
explain_told(struct str *text, explain_line_fn *fn)
{
	struct explain_place at;
	char *p, *end, *blank, *next;

	str_c(text);
	for (p = text->s; p && (end = strchr(p, '\n')); p = end + 1) {
		*end = 0;
		blank = strchr(p, ' ');
		if (!blank)
			continue;
		*blank++ = 0;
		if (fn)
			fn(p, blank);
		next = strncmp(end + 1, "at ", 3) == 0 ? strchr(end + 1, '\n')
						       : NULL;
		if (!next) {
			explain_fact(p, blank);
			continue;
		}
		*next = 0;
		take_place(end + 4, &at);
		explain_fact_at(p, blank, &at);
		end = next;
	}
}
