/* SPDX-License-Identifier: 0BSD */
#include "wire/verify.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "lib/usock.h"

/* In the order of enum verify_class. */
static const char classes[] = "=DZR";

/* The NUL-terminated text at *p, at most max bytes; moves *p beyond it. */
static const char *
get_text(const char **p, const char *end, size_t max, size_t *len)
{
	const char *s = *p, *nul;

	nul = s < end ? memchr(s, 0, (size_t)(end - s)) : NULL;
	if (!nul || (size_t)(nul - s) > max)
		return NULL;
	*len = (size_t)(nul - s);
	*p = nul + 1;
	return s;
}

static bool
get_number(const char **p, const char *end, uint32_t *number)
{
	size_t len;
	const char *s = get_text(p, end, 11, &len);
	uint64_t n;

	if (!s || len == 0 || s[0] != 'N' ||
		!num_parse(s + 1, len - 1, UINT32_MAX, &n))
		return false;
	*number = (uint32_t)n;
	return true;
}

static void
put_number(struct str *out, uint32_t number)
{
	str_putc(out, 'N');
	str_putnum(out, number);
	str_putc(out, 0);
}

static void
put_text(struct str *out, const char *s, size_t max)
{
	size_t n = strlen(s);

	str_put(out, s, n > max ? max : n);
	str_putc(out, 0);
}

bool
verify_question(const char *p, size_t n, uint32_t *number, const char **addr)
{
	const char *end = p + n;
	size_t len;

	if (n > VERIFY_RECORD_MAX || !get_number(&p, end, number))
		return false;
	*addr = get_text(&p, end, ADDR_MAX, &len);
	return *addr && p == end;
}

void
verify_put(struct str *out, uint32_t number, enum verify_class class, uid_t uid,
	const char *user, const char *local, const char *how, const char *text)
{
	put_number(out, number);
	str_putc(out, classes[class]);
	str_putc(out, 0);
	if (class == VERIFY_YES)
		str_putnum(out, uid);
	str_putc(out, 0);
	put_text(out, user, VERIFY_TEXT_MAX);
	put_text(out, local, ADDR_MAX * 2);
	put_text(out, how, VERIFY_TEXT_MAX);
	put_text(out, text, VERIFY_TEXT_MAX);
}

static bool
get_copy(char *to, const char **p, const char *end, size_t max)
{
	size_t len;
	const char *s = get_text(p, end, max, &len);

	if (s)
		memcpy(to, s, len + 1);
	return s != NULL;
}

bool
verify_decode(
	struct verify_answer *a, uint32_t *number, const char *p, size_t n)
{
	const char *end = p + n, *s, *class;
	uint64_t uid = 0;
	size_t len;

	if (n > VERIFY_RECORD_MAX || !get_number(&p, end, number))
		return false;
	s = get_text(&p, end, 1, &len);
	class = s && len ? strchr(classes, *s) : NULL;
	if (!class)
		return false;
	a->class = (enum verify_class)(class - classes);
	s = get_text(&p, end, 10, &len);
	if (!s || (a->class == VERIFY_YES) != (len > 0) ||
		(len > 0 && !num_parse(s, len, UINT32_MAX - 1, &uid)))
		return false;
	a->uid = (uid_t)uid;
	return get_copy(a->user, &p, end, VERIFY_TEXT_MAX) &&
	       get_copy(a->local, &p, end, sizeof a->local - 1) &&
	       get_copy(a->how, &p, end, VERIFY_TEXT_MAX) &&
	       get_copy(a->text, &p, end, VERIFY_TEXT_MAX) && p == end;
}

/* --- the client --- */

void
verify_close(struct verify *v)
{
	if (v->fd != -1)
		close(v->fd);
	v->fd = -1;
}

static enum verify_class
answer(struct verify_answer *a, enum verify_class class, const char *text)
{
	memset(a, 0, sizeof *a);
	a->class = class;
	strcpy(a->text, text);
	return class;
}

/* 1 the answer is in *a, 0 the connection is no good, -1 it is too late. */
static int
ask(struct verify *v, const struct str *question, int64_t deadline,
	struct verify_answer *a)
{
	char buf[VERIFY_RECORD_MAX];
	uint32_t number;
	ssize_t n;
	int passed;

	if (fd_send(v->fd, question->s, question->len, -1) < 0)
		return 0;
	for (;;) {
		if (fd_wait(v->fd, POLLIN, deadline) < 0)
			return -1;
		n = fd_recv(v->fd, buf, sizeof buf, &passed);
		if (passed != -1)
			close(passed);
		if (n <= 0 || !verify_decode(a, &number, buf, (size_t)n))
			return 0;
		/* another one answers a question given up before */
		if (number == v->number)
			return 1;
	}
}

enum verify_class
verify_ask(struct verify *v, const char *addr, int64_t deadline,
	struct verify_answer *a)
{
	struct str q = STR_INIT(VERIFY_RECORD_MAX);
	bool fresh = false;
	int r = 0;

	if (strlen(addr) > ADDR_MAX)
		return answer(a, VERIFY_NO, "address too long (#5.1.3)");
	v->number++;
	put_number(&q, v->number);
	put_text(&q, addr, ADDR_MAX);
	while (r == 0 && !fresh) {
		if (v->fd == -1) {
			fresh = true;
			v->fd = usock_connect(
				site_run, "verify/socket", deadline);
			if (v->fd == -1)
				break;
		}
		r = ask(v, &q, deadline, a);
		if (r != 1)
			verify_close(v);
	}
	str_free(&q);
	if (r == 1)
		return a->class;
	return answer(a, VERIFY_DOWN,
		r == -1 ? "quill-verifyd does not answer (#4.3.0)"
			: "quill-verifyd is not there (#4.3.0)");
}

static bool
has_end(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

bool
verify_owns(
	const struct verify_answer *login, const struct verify_answer *sender)
{
	if (login->class != VERIFY_YES || sender->class != VERIFY_YES ||
		login->uid != sender->uid)
		return false;
	if (ascii_caseis(login->local, login->user) ||
		ascii_caseis(login->local, sender->local))
		return true;
	/* A file of this name only; a -default one gets other people's mail. */
	return login->how[0] == '.' && strcmp(login->how, sender->how) == 0 &&
	       !has_end(login->how, "default");
}
