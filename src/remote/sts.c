/* SPDX-License-Identifier: 0BSD */
#include "remote/sts.h"

#include <string.h>

#include "lib/ascii.h"
#include "wire/socketmap.h"

/* The name of the table in the question; the daemon takes any. */
static const char map[] = "postfix";

static enum sts_result
strange(struct str *out)
{
	str_clear(out);
	str_puts(out, "an answer that is not understood");
	return STS_TEMP;
}

enum sts_result
sts_parse(const char *value, struct str *out)
{
	size_t n = strcspn(value, " ");
	bool secure = n == 6 && ascii_caseeqn(value, "secure", 6);

	str_clear(out);
	for (value += n; *(value += strspn(value, " ")); value += n) {
		n = strcspn(value, " ");
		if (n > 6 && !strncmp(value, "match=", 6) && !out->len)
			str_put(out, value + 6, n - 6);
	}
	/* anything else is a stricter promise than we can keep */
	return secure && out->len && !out->over ? STS_ENFORCE : strange(out);
}

enum sts_result
sts_ask(const char *address, const char *domain, long long deadline,
	struct str *out)
{
	struct str value = STR_INIT(SOCKETMAP_MAX);
	enum sts_result r = STS_TEMP;

	switch (socketmap_ask(address, map, domain, deadline, &value)) {
	case SOCKETMAP_OK:
		r = sts_parse(str_c(&value), out);
		break;
	case SOCKETMAP_NOTFOUND:
		r = STS_NONE;
		break;
	case SOCKETMAP_TEMP:
	case SOCKETMAP_MORE:
		str_clear(out);
		str_put(out, value.s, value.len);
		break;
	}
	str_free(&value);
	return r;
}

bool
sts_match(const char *patterns, const char *host)
{
	const char *p = patterns, *dot = strchr(host, '.');
	size_t n;

	for (;; p += n + 1) {
		n = strcspn(p, ":");
		if (n && *p != '.' && strlen(host) == n &&
			ascii_caseeqn(p, host, n))
			return true;
		if (n > 1 && *p == '.' && dot && dot != host &&
			strlen(dot) == n && ascii_caseeqn(p, dot, n))
			return true;
		if (!p[n])
			return false;
	}
}
