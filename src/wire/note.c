/* SPDX-License-Identifier: 0BSD */
#include "wire/note.h"

#include <string.h>

#include "lib/num.h"

static void
put_field(struct str *out, char kind, const char *text)
{
	str_putc(out, kind);
	str_put(out, text, strlen(text) + 1);
}

void
note_encode(struct str *out, const struct note *n)
{
	str_putc(out, 0);
	str_putc(out, 'N');
	str_putnum(out, n->rcpt);
	str_putc(out, ' ');
	str_putnum(out, n->when > 0 ? (uint64_t)n->when : 0);
	str_putc(out, 0);
	put_field(out, 'S', n->status);
	put_field(out, 'R', n->text);
	if (n->reply && n->reply[0])
		put_field(out, 'G', n->reply);
	if (n->host && n->host[0])
		put_field(out, 'H', n->host);
	if (n->action && n->action != NOTE_FAILED) {
		str_putc(out, 'A');
		str_putc(out, (char)n->action);
		str_putc(out, 0);
	}
	str_putc(out, 0);
}

static bool
note_start(const char *p, size_t n, struct note *out)
{
	const char *sp = memchr(p, ' ', n);
	uint64_t when;
	size_t k;

	if (!sp)
		return false;
	k = (size_t)(sp - p);
	if (!num_parse(p, k, UINT64_MAX, &out->rcpt) ||
		!num_parse(sp + 1, n - k - 1, INT64_MAX, &when))
		return false;
	out->when = (int64_t)when;
	out->status = out->text = NULL;
	out->reply = out->host = "";
	out->action = NOTE_FAILED;
	return true;
}

static bool
is_action(const char *p)
{
	return (p[0] == NOTE_DELAYED || p[0] == NOTE_DELIVERED ||
		       p[0] == NOTE_RELAYED || p[0] == NOTE_EXPANDED ||
		       p[0] == NOTE_VIA) &&
	       !p[1];
}

/* One field after N into the record; false when it has no place there. */
static bool
note_field(const char *p, struct note *out)
{
	if (p[0] == 'S' && !out->status)
		out->status = p + 1;
	else if (p[0] == 'R' && out->status && !out->text)
		out->text = p + 1;
	else if (p[0] == 'G' && out->text && !out->reply[0])
		out->reply = p + 1;
	else if (p[0] == 'H' && out->text && !out->host[0])
		out->host = p + 1;
	else if (p[0] == 'A' && out->text && out->action == NOTE_FAILED &&
		 is_action(p + 1))
		out->action = (enum note_action)p[1];
	else
		return false;
	return true;
}

bool
note_next(const char *p, size_t n, size_t *pos, struct note *out)
{
	const char *f, *nul;
	bool in = false; /* in a record that is good so far */
	size_t len;

	while (*pos < n) {
		f = p + *pos;
		nul = memchr(f, 0, n - *pos);
		if (!nul)
			break;
		len = (size_t)(nul - f);
		*pos += len + 1;
		if (len == 0) {
			if (in && out->text)
				return true;
			in = false;
		} else if (f[0] == 'N') {
			in = note_start(f + 1, len - 1, out);
		} else if (in) {
			in = note_field(f, out);
		}
	}
	*pos = n;
	return false;
}
