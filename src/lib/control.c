/* SPDX-License-Identifier: 0BSD */
#include "lib/control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/ibuf.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/utf8.h"

static const char *control_dir = "control";
static struct str error = STR_INIT(1000);
static bool survey, found;

void
control_survey(void)
{
	survey = true;
}

bool
control_surveyed(void)
{
	return found;
}

void
control_init(const char *dir)
{
	control_dir = dir;
}

const char *
control_error(void)
{
	return str_c(&error);
}

void
control_path(struct str *out, const char *name)
{
	str_puts(out, control_dir);
	str_putc(out, '/');
	str_puts(out, name);
}

enum control
control_bad(const char *name, size_t line, const char *reason)
{
	str_clear(&error);
	control_path(&error, name);
	str_puts(&error, ": ");
	if (line) {
		str_puts(&error, "line ");
		str_putnum(&error, line);
		str_puts(&error, ": ");
	}
	str_puts(&error, reason);
	if (!survey)
		return CONTROL_BAD;
	log_alert(str_c(&error));
	found = true;
	return CONTROL_ABSENT;
}

/* --- a glance ------------------------------------------------------------- */

/* Of a record of getdents64(2), for which libraries have no common name. */
enum { RECORD_LENGTH = 16, RECORD_NAME = 19 };

static char present[2048]; /* names: length, bytes, NUL */
static size_t npresent;
static bool glanced;

static bool
remember(const char *record, const char *end)
{
	unsigned short length;
	size_t n;

	for (; record < end; record += length) {
		memcpy(&length, record + RECORD_LENGTH, sizeof length);
		n = strlen(record + RECORD_NAME); /* NAME_MAX at most */
		if (n + 2 > sizeof present - npresent)
			return false;
		present[npresent++] = (char)n;
		memcpy(present + npresent, record + RECORD_NAME, n + 1);
		npresent += n + 1;
	}
	return true;
}

void
control_glance(void)
{
	char records[2048];
	bool room = true;
	long n = -1;
	int fd = fd_open(control_dir, O_RDONLY | O_DIRECTORY, 0);

	glanced = false;
	npresent = 0;
	if (fd < 0)
		return;
	while (room &&
		(n = syscall(SYS_getdents64, fd, records, sizeof records)) > 0)
		room = remember(records, records + n);
	glanced = room && n == 0;
	close(fd);
}

bool
control_missing(const char *name)
{
	const char *p = present;

	if (!glanced)
		return false;
	for (; p < present + npresent; p += (unsigned char)p[0] + 2)
		if (p[1] == name[0] && strcmp(p + 1, name) == 0)
			return false;
	return true;
}

/* --- one file ------------------------------------------------------------- */

/* One open control file. */
struct reader {
	const char *name;
	struct ibuf in;
	struct str line;
	size_t number; /* of the line */
	size_t total;  /* bytes of the file so far */
};

/* buf: size bytes for the reader's use. */
static enum control
reader_open(struct reader *r, const char *name, char *buf, size_t size)
{
	static struct str path = STR_INIT(4000); /* its memory stays */
	int fd;

	if (control_missing(name))
		return CONTROL_ABSENT;
	r->name = name;
	r->number = r->total = 0;
	str_init(&r->line, CONTROL_LINE_MAX);
	str_clear(&path);
	control_path(&path, name);
	fd = fd_open(str_c(&path), O_RDONLY, 0);
	if (fd < 0 && errno == ENOENT)
		return CONTROL_ABSENT;
	if (fd < 0)
		return control_bad(name, 0, strerror(errno));
	ibuf_init(&r->in, fd, buf, size);
	return CONTROL_OK;
}

static void
reader_close(struct reader *r)
{
	close(r->in.fd);
	str_free(&r->line);
}

/* Next line, stripped: OK, ABSENT at the end, BAD. */
static enum control
reader_next(struct reader *r)
{
	enum ibuf_line got = ibuf_getline(&r->in, &r->line, CONTROL_LINE_MAX);

	if (got == IBUF_EOF)
		return CONTROL_ABSENT;
	if (got == IBUF_ERROR)
		return control_bad(r->name, 0, strerror(errno));
	r->number++;
	r->total += r->line.len;
	if (got == IBUF_LONG)
		return control_bad(r->name, r->number, "line too long");
	if (r->total > CONTROL_FILE_MAX)
		return control_bad(r->name, r->number, "file too large");
	if (got == IBUF_LINE)
		str_cut(&r->line, r->line.len - 1);
	str_chomp(&r->line);
	/* some editors begin a file with it */
	if (r->number == 1 && utf8_bom(r->line.s, r->line.len)) {
		memmove(r->line.s, r->line.s + UTF8_BOM,
			r->line.len - UTF8_BOM);
		r->line.len -= UTF8_BOM;
	}
	if (r->line.len && memchr(r->line.s, 0, r->line.len))
		return control_bad(r->name, r->number, "NUL byte in line");
	return CONTROL_OK;
}

enum control
control_line(const char *name, struct str *s)
{
	char buf[512]; /* most are shorter, or not there */
	struct reader r;
	enum control c = reader_open(&r, name, buf, sizeof buf);

	if (c != CONTROL_OK)
		return c;
	c = reader_next(&r);
	if (c == CONTROL_OK && !r.line.len)
		c = CONTROL_ABSENT;
	if (c == CONTROL_OK && r.line.len > (s->max ? s->max : STR_MAX))
		c = control_bad(name, r.number, "value too long");
	if (c == CONTROL_OK) {
		str_clear(s);
		str_put(s, r.line.s, r.line.len);
	}
	reader_close(&r);
	return c;
}

enum control
control_line_or_me(const char *name, struct str *s)
{
	enum control c = control_line(name, s);

	return c == CONTROL_ABSENT ? control_line("me", s) : c;
}

enum control
control_num(const char *name, uint64_t min, uint64_t max, uint64_t *n)
{
	struct str s = STR_INIT(CONTROL_LINE_MAX), why = STR_INIT(100);
	enum control c = control_line(name, &s);
	uint64_t v;

	if (c == CONTROL_OK) {
		if (num_parse(s.s, s.len, max, &v) && v >= min) {
			*n = v;
		} else {
			str_puts(&why, "not a number between ");
			str_putnum(&why, min);
			str_puts(&why, " and ");
			str_putnum(&why, max);
			c = control_bad(name, 1, str_c(&why));
		}
	}
	str_free(&s);
	str_free(&why);
	return c;
}

enum control
control_list(const char *name, control_entry_fn *fn, void *arg)
{
	char buf[4096];
	struct reader r;
	enum control c = reader_open(&r, name, buf, sizeof buf);

	if (c != CONTROL_OK)
		return c;
	while ((c = reader_next(&r)) == CONTROL_OK) {
		const char *why;

		if (!r.line.len || r.line.s[0] == '#')
			continue;
		str_c(&r.line);
		why = fn(arg, r.number, r.line.s, r.line.len);
		if (why) {
			c = control_bad(name, r.number, why);
			if (c == CONTROL_BAD)
				break;
		}
	}
	reader_close(&r);
	/* the end of the file is what a list should come to */
	return c == CONTROL_ABSENT ? CONTROL_OK : c;
}
