/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "lib/ascii.h"
#include "lib/stamp.h"
#include "mail/addrlist.h"
#include "mail/compose.h"
#include "mail/fullname.h"
#include "mail/header.h"

enum {
	LIST = 1,    /* an address list: complete it */
	RCPT = 2,    /* recipients of a new message */
	RERCPT = 4,  /* recipients of a message sent again */
	RESENT = 8,  /* makes it a message sent again */
	REMOVE = 16, /* not for others to see */
	TOCC = 32,   /* counts for Mail-Followup-To */
};

enum field {
	DATE,
	MESSAGE_ID,
	FROM,
	TO,
	CC,
	RESENT_DATE,
	RESENT_MESSAGE_ID,
	RESENT_FROM,
	RESENT_TO,
	RESENT_CC,
	RETURN_PATH,
	FOLLOWUP_TO,
	BCC,
	RESENT_BCC,
	CONTENT_LENGTH,
	APPARENTLY_TO,
	SENDER,
	REPLY_TO,
	RESENT_SENDER,
	RESENT_REPLY_TO,
	ERRORS_TO,
	RECEIPT_TO,
	NOTIFICATION_TO,
	OTHER,
};

static const struct {
	const char *name;
	unsigned flags;
} fields[OTHER] = {
	[DATE] = { "Date", 0 },
	[MESSAGE_ID] = { "Message-ID", 0 },
	[FROM] = { "From", LIST },
	[TO] = { "To", LIST | RCPT | TOCC },
	[CC] = { "Cc", LIST | RCPT | TOCC },
	[RESENT_DATE] = { "Resent-Date", RESENT },
	[RESENT_MESSAGE_ID] = { "Resent-Message-ID", RESENT },
	[RESENT_FROM] = { "Resent-From", LIST | RESENT },
	[RESENT_TO] = { "Resent-To", LIST | RERCPT | RESENT },
	[RESENT_CC] = { "Resent-Cc", LIST | RERCPT | RESENT },
	[RETURN_PATH] = { "Return-Path", LIST | REMOVE },
	[FOLLOWUP_TO] = { "Mail-Followup-To", LIST },
	[BCC] = { "Bcc", LIST | RCPT | REMOVE },
	[RESENT_BCC] = { "Resent-Bcc", LIST | RERCPT | RESENT | REMOVE },
	[CONTENT_LENGTH] = { "Content-Length", REMOVE },
	[APPARENTLY_TO] = { "Apparently-To", LIST | RCPT },
	[SENDER] = { "Sender", LIST },
	[REPLY_TO] = { "Reply-To", LIST },
	[RESENT_SENDER] = { "Resent-Sender", LIST | RESENT },
	[RESENT_REPLY_TO] = { "Resent-Reply-To", LIST | RESENT },
	[ERRORS_TO] = { "Errors-To", LIST },
	[RECEIPT_TO] = { "Return-Receipt-To", LIST },
	[NOTIFICATION_TO] = { "Disposition-Notification-To", LIST },
};

/* One run of compose_header. */
struct run {
	struct compose *c;
	bool seen[OTHER + 1];
	bool resent;
	enum field field;   /* being walked over */
	struct str kept;    /* fields of the message */
	struct str tocc;    /* addresses for Mail-Followup-To, as written */
	struct map toccset; /* the same in lower case */
	bool tolist;	    /* one of them is in c->lists */
	bool wants_rcpt;    /* recipients of this field count */
};

static enum field
field_of(const struct header_field *f)
{
	for (int i = 0; i < OTHER; i++)
		if (header_is(f, fields[i].name))
			return (enum field)i;
	return OTHER;
}

static unsigned
flags_of(enum field f)
{
	return f == OTHER ? 0 : fields[f].flags;
}

/* Append bytes of a header; CRs before a line end go, the last line end is made
 * up. */
static void
put_lines(struct str *out, const char *p, size_t n)
{
	const char *end = p + n, *cr, *next;

	for (; p < end; p = next) {
		cr = memchr(p, '\r', (size_t)(end - p));
		if (cr == NULL)
			cr = end;
		str_put(out, p, (size_t)(cr - p));
		for (next = cr; next < end && *next == '\r'; next++)
			;
		if (next < end && *next != '\n')
			str_put(out, cr, (size_t)(next - cr));
	}
	if (out->len > 0 && out->s[out->len - 1] != '\n')
		str_putc(out, '\n');
}

/* Remember an address of To or Cc, once. */
static void
note_tocc(struct run *r, const struct addrlist_addr *a)
{
	struct str key = STR_INIT(ADDRLIST_ADDR_MAX + 1);

	addrlist_join(&key, a);
	ascii_tolower(key.s, key.len);
	if (map_get(r->c->lists, key.s, key.len, NULL) != NULL)
		r->tolist = true;
	if (map_get(&r->toccset, key.s, key.len, NULL) == NULL) {
		map_put(&r->toccset, key.s, key.len, "", 0);
		if (r->tocc.len > 0)
			str_puts(&r->tocc, ",\n\t");
		addrlist_put(&r->tocc, a);
	}
	str_free(&key);
}

/* addrlist_fn: an address of a field. */
static void
take_address(void *arg, struct addrlist_addr *a)
{
	struct run *r = arg;
	struct compose *c = r->c;

	qualify_addr(&c->hosts, a);
	if (r->field == RETURN_PATH) {
		if (!c->has_sender)
			addrlist_join(&c->sender, a);
		c->has_sender = true;
	}
	if (a->local.len == 0)
		return;
	if (r->wants_rcpt) {
		addrlist_join(&c->rcpts, a);
		str_putc(&c->rcpts, '\0');
		c->nrcpts++;
	}
	if (c->lists != NULL && (flags_of(r->field) & TOCC) != 0)
		note_tocc(r, a);
}

/* Walk over a field with addresses; false: it cannot be parsed, and must. */
static bool
take_list(struct run *r, const struct header_field *f)
{
	struct compose *c = r->c;
	struct str value = STR_INIT(COMPOSE_MAX);
	unsigned flags = flags_of(r->field);
	size_t before = r->kept.len, rcpts = c->rcpts.len, n = c->nrcpts;
	bool sender = c->has_sender;
	enum addrlist e;

	r->wants_rcpt = (flags & (r->resent ? RERCPT : RCPT)) != 0;
	e = addrlist_walk(f->value, f->valuelen, &value, take_address, r);
	if (e != ADDRLIST_OK &&
		(r->wants_rcpt ? c->use_rcpt
			       : r->field == RETURN_PATH && c->use_sender)) {
		str_put(&c->errfield, f->name, f->namelen);
		c->error = addrlist_error(e);
		str_free(&value);
		return false;
	}
	if (e != ADDRLIST_OK) {
		/* what was seen of it does not count */
		if (c->rcpts.len > rcpts)
			str_cut(&c->rcpts, rcpts);
		c->nrcpts = n;
		c->has_sender = sender;
		put_lines(&r->kept, f->raw, f->rawlen);
	} else {
		str_put(&r->kept, f->name, f->namelen);
		str_putc(&r->kept, ':');
		put_lines(&r->kept, str_c(&value), value.len);
	}
	if ((flags & REMOVE) != 0 && !c->only_complete)
		str_cut(&r->kept, before);
	if (value.over)
		r->kept.over = true;
	str_free(&value);
	return true;
}

static bool
take_field(struct run *r, const struct header_field *f)
{
	struct compose *c = r->c;
	unsigned flags = flags_of(r->field);

	if ((c->drop_from && r->field == (r->resent ? RESENT_FROM : FROM)) ||
		(c->drop_id && r->field == (r->resent ? RESENT_MESSAGE_ID
						      : MESSAGE_ID))) {
		r->seen[r->field] = false;
		return true;
	}
	if ((flags & LIST) != 0)
		return take_list(r, f);
	if ((flags & REMOVE) == 0 || c->only_complete)
		put_lines(&r->kept, f->raw, f->rawlen);
	return true;
}

/* "20261120072200.unique.quill@idhost" */
static void
put_id(struct compose *c)
{
	char buf[STAMP_FMT];

	str_puts(&c->head, "Message-ID: <");
	stamp_rfc3339(buf, c->now);
	for (const char *p = buf; *p != '\0'; p++)
		if (ascii_isdigit(*p))
			str_putc(&c->head, *p);
	str_putc(&c->head, '.');
	str_puts(&c->head, c->unique);
	str_puts(&c->head, ".quill@");
	str_puts(&c->head, c->hosts.host(c->hosts.arg, QUALIFY_IDHOST));
	str_puts(&c->head, ">\n");
}

static void
put_from(struct compose *c)
{
	struct addrlist_addr a;
	bool named = c->name != NULL && c->name[0] != '\0';

	qualify_user(&c->hosts, &a, c->user, c->host);
	if (a.local.over || a.domain.over)
		c->error = addrlist_error(ADDRLIST_LONG);
	str_puts(&c->head, "From: ");
	if (named && !c->comment_from) {
		fullname_phrase(&c->head, c->name);
		str_puts(&c->head, " <");
	}
	addrlist_put(&c->head, &a);
	if (named && !c->comment_from)
		str_putc(&c->head, '>');
	if (named && c->comment_from) {
		str_putc(&c->head, ' ');
		fullname_comment(&c->head, c->name);
	}
	str_putc(&c->head, '\n');
	str_free(&a.local);
	str_free(&a.domain);
}

/* Put the fields that are missing into c->head. */
static void
put_missing(struct run *r)
{
	struct compose *c = r->c;
	const char *resent = r->resent ? "Resent-" : "";
	char date[STAMP_FMT];

	if (!r->seen[r->resent ? RESENT_DATE : DATE]) {
		stamp_rfc5322(date, c->now);
		str_puts(&c->head, resent);
		str_puts(&c->head, "Date: ");
		str_puts(&c->head, date);
		str_putc(&c->head, '\n');
	}
	if (!r->seen[r->resent ? RESENT_MESSAGE_ID : MESSAGE_ID]) {
		str_puts(&c->head, resent);
		put_id(c);
	}
	if (!r->seen[r->resent ? RESENT_FROM : FROM]) {
		str_puts(&c->head, resent);
		put_from(c);
	}
	if (!c->only_complete && !r->seen[r->resent ? RESENT_TO : TO] &&
		!r->seen[r->resent ? RESENT_CC : CC]) {
		str_puts(&c->head, resent);
		str_puts(&c->head, "Cc: recipient list not shown: ;\n");
	}
	if (!r->resent && r->tolist && !r->seen[FOLLOWUP_TO]) {
		str_puts(&c->head, "Mail-Followup-To: ");
		str_put(&c->head, r->tocc.s, r->tocc.len);
		str_putc(&c->head, '\n');
	}
}

bool
compose_header(struct compose *c, const char *p, size_t n)
{
	struct run r = { .c = c };
	struct header_field f;
	size_t pos;
	bool good = true;

	str_init(&r.kept, COMPOSE_MAX);
	str_init(&r.tocc, COMPOSE_MAX);
	map_init(&r.toccset);
	str_init(&c->head, COMPOSE_MAX);
	str_init(&c->rcpts, COMPOSE_MAX);
	str_init(&c->sender, ADDRLIST_ADDR_MAX);
	str_init(&c->errfield, HEADER_NAME_MAX);
	for (pos = 0; header_next(p, n, &pos, &f);) {
		r.field = field_of(&f);
		r.seen[r.field] = true;
		if ((flags_of(r.field) & RESENT) != 0)
			r.resent = true;
	}
	for (pos = 0; good && header_next(p, n, &pos, &f);) {
		r.field = field_of(&f);
		good = take_field(&r, &f);
	}
	if (good) {
		put_missing(&r);
		str_put(&c->head, r.kept.s, r.kept.len);
		if (r.kept.over || c->head.over || c->rcpts.over)
			c->error = "header too large";
		good = c->error == NULL;
	}
	str_free(&r.kept);
	str_free(&r.tocc);
	map_free(&r.toccset);
	return good;
}

void
compose_free(struct compose *c)
{
	str_free(&c->head);
	str_free(&c->rcpts);
	str_free(&c->sender);
	str_free(&c->errfield);
}
