/* SPDX-License-Identifier: 0BSD */
#include "authd/tell.h"

#include "lib/fd.h"
#include "lib/log.h"

/* As in quill-send's log: nothing that ends a field, or could look like one. */
static void
put_word(struct str *s, const char *word)
{
	for (; *word; word++)
		str_putc(s, (unsigned char)*word <= 32 ||
					    (unsigned char)*word > 126 ||
					    *word == '%' || *word == '='
				    ? '_'
				    : *word);
}

static const char *
status(const struct serve_client *c)
{
	switch (c->class) {
	case AUTHREQ_YES:
		return "ok";
	case AUTHREQ_NO:
		return "failed";
	default:
		return c->limited ? "limited" : "deferred";
	}
}

void
tell_log(const struct serve_client *c)
{
	struct str s = STR_INIT(1000);

	str_puts(&s, "auth status=");
	str_puts(&s, status(c));
	str_puts(&s, " ip=");
	put_word(&s, c->q.client);
	str_puts(&s, " service=");
	put_word(&s, c->q.service);
	str_puts(&s, c->q.tls ? " tls=yes user=" : " tls=no user=");
	put_word(&s, c->class == AUTHREQ_YES ? c->user : c->q.user);
	log_info(str_c(&s));
	str_free(&s);
}

void
tell_client(const struct serve_client *c)
{
	struct str out = STR_INIT(AUTHREQ_RECORD_MAX);

	authreq_answer(&out, c->class, c->user);
	/* gone, or not listening: then it is not to be helped */
	(void)fd_send(c->fd, out.s, out.len, -1);
	str_free(&out);
}
