/* SPDX-License-Identifier: 0BSD */
/* tap - assertions of unit tests, Test Anything Protocol on standard output
 *
 * One test program is one C file. main calls the checks and ends with
 * "return done_testing();". A check that fails prints where it stands and both
 * values, and the program goes on. All checks return whether they held.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count, tap_failed;
static long long tap_result;

/* The name is printf's format and what belongs to it. */
#define ok(cond, ...) tap_ok(!!(cond), __FILE__, __LINE__, #cond, __VA_ARGS__)
/* Signed and unsigned numbers up to 64 bits. */
#define is_num(got, want, ...)                                                 \
	tap_is_num((long long)(got), (long long)(want), __FILE__, __LINE__,    \
		__VA_ARGS__)
/* C strings; NULL equals NULL only. */
#define is_str(got, want, ...)                                                 \
	tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)
/* Bytes with a length each. */
#define is_mem(got, gotn, want, wantn, ...)                                    \
	tap_is_mem((got), (size_t)(gotn), (want), (size_t)(wantn), __FILE__,   \
		__LINE__, __VA_ARGS__)
/* Operations that return -1 and errno. */
#define is_errno(call, want, ...)                                              \
	(errno = 0, tap_result = (long long)(call),                            \
		tap_is_errno((want), errno, __FILE__, __LINE__, __VA_ARGS__))
/* A comment line in the output. */
#define diag(...) tap_diag(__VA_ARGS__)
/* A check that cannot be made here (not root, no such file system). */
#define skip(why, ...) tap_skip((why), __VA_ARGS__)

static inline void __attribute__((format(printf, 1, 2)))
tap_diag(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static inline void __attribute__((format(printf, 4, 0)))
tap_line(bool good, const char *file, int line, const char *fmt, va_list ap)
{
	if (!good)
		tap_failed++;
	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	vprintf(fmt, ap);
	printf("\n");
	if (!good)
		printf("# failed at %s:%d\n", file, line);
	/* A crash, or a child that exits, must not lose or repeat lines. */
	fflush(stdout);
}

static inline void
tap_bytes(const char *label, const char *p, size_t n)
{
	printf("# %s (%zu) \"", label, n);
	for (size_t i = 0; i < n && i < 300; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < 32 || c > 126 || c == '\\' || c == '"')
			printf("\\%03o", c);
		else
			putchar(c);
	}
	printf("\"\n");
}

static inline bool __attribute__((format(printf, 5, 6))) tap_ok(bool good,
	const char *file, int line, const char *expr, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(good, file, line, fmt, ap);
	va_end(ap);
	if (!good)
		tap_diag("not true: %s", expr);
	return good;
}

static inline bool __attribute__((format(printf, 5, 6)))
tap_is_num(long long got, long long want, const char *file, int line,
	const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(got == want, file, line, fmt, ap);
	va_end(ap);
	if (got != want)
		tap_diag("got %lld, want %lld", got, want);
	return got == want;
}

static inline bool __attribute__((format(printf, 7, 8)))
tap_is_mem(const void *got, size_t gotn, const void *want, size_t wantn,
	const char *file, int line, const char *fmt, ...)
{
	bool good = gotn == wantn &&
		    (!gotn || (got && want && memcmp(got, want, gotn) == 0));
	va_list ap;

	va_start(ap, fmt);
	tap_line(good, file, line, fmt, ap);
	va_end(ap);
	if (!good) {
		tap_bytes("got ", got, got ? gotn : 0);
		tap_bytes("want", want, want ? wantn : 0);
	}
	return good;
}

static inline bool __attribute__((format(printf, 5, 6)))
tap_is_str(const char *got, const char *want, const char *file, int line,
	const char *fmt, ...)
{
	bool good = got && want ? strcmp(got, want) == 0 : got == want;
	va_list ap;

	va_start(ap, fmt);
	tap_line(good, file, line, fmt, ap);
	va_end(ap);
	if (!good) {
		if (got)
			tap_bytes("got ", got, strlen(got));
		else
			tap_diag("got  NULL");
		if (want)
			tap_bytes("want", want, strlen(want));
		else
			tap_diag("want NULL");
	}
	return good;
}

static inline bool __attribute__((format(printf, 5, 6))) tap_is_errno(
	int want, int err, const char *file, int line, const char *fmt, ...)
{
	long long r = tap_result;
	bool good = r == -1 && err == want;
	va_list ap;

	va_start(ap, fmt);
	tap_line(good, file, line, fmt, ap);
	va_end(ap);
	if (!good)
		tap_diag("got %lld with errno %d (%s), want -1 with %d (%s)", r,
			err, strerror(err), want, strerror(want));
	return good;
}

static inline void __attribute__((format(printf, 2, 3)))
tap_skip(const char *why, const char *fmt, ...)
{
	va_list ap;

	printf("ok %d - ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(" # SKIP %s\n", why);
	fflush(stdout);
}

/* The plan; returns main's exit code. */
static inline int
done_testing(void)
{
	printf("1..%d\n", tap_count);
	if (tap_failed)
		tap_diag("%d of %d failed", tap_failed, tap_count);
	fflush(stdout);
	return tap_failed || !tap_count ? 1 : 0;
}

#endif
