/* SPDX-License-Identifier: 0BSD */
#include "remote/convert.h"

#include "mail/sevenbit.h"

static bool
feed(void *arg, const char *p, size_t n)
{
	return sevenbit_feed(arg, p, n);
}

/* One reading of the message: as data_each, and 1 when *s gave up. */
static int
reading(struct data_source *d, struct sevenbit *s,
	bool (*put)(void *arg, const char *p, size_t n), void *arg)
{
	int r;

	sevenbit_init(s, &d->parts, put, arg);
	r = data_each(d, feed, s);
	if (!r && !sevenbit_end(s))
		r = 1;
	sevenbit_free(s);
	return r;
}

static bool
count(void *arg, const char *p, size_t n)
{
	data_scan(arg, p, n);
	return true;
}

bool
convert_prepare(struct data_source *d, const char *server, struct verdict *v)
{
	static struct sevenbit s;
	struct data_scan size = DATA_SCAN_INIT;
	int r = reading(d, &s, NULL, NULL);

	if (!r)
		r = reading(d, &s, count, &size);
	if (r < 0) {
		verdict_unread(v);
		return false;
	}
	if (r > 0) {
		verdict_set(v, MESSAGE_FAILED, "5.6.3", NULL, server,
			" takes no 8-bit messages, and this one cannot be "
			"converted: ",
			s.why == SEVENBIT_SIGNED
				? "8-bit bytes are in a signed part"
				: "its MIME structure is not understood",
			NULL);
		return false;
	}
	data_scan_end(&size);
	d->seven = true;
	d->sevenbytes = size.bytes;
	return true;
}

static bool
stuff(void *arg, const char *p, size_t n)
{
	return data_stuff(arg, p, n);
}

int
convert_feed(struct data_source *d, struct data_stuff *to)
{
	static struct sevenbit s;

	return reading(d, &s, stuff, to);
}
