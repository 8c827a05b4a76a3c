/* SPDX-License-Identifier: 0BSD */
/* mimeenc - write quoted-printable and base64 (RFC 2045 6.7, 6.8), byte by
 * byte, through a small buffer */
#ifndef MAIL_MIMEENC_H
#define MAIL_MIMEENC_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum { MIMEENC_B64 = 57 }; /* bytes in a line of base64 */

struct mimeenc {
	bool (*put)(void *arg, const char *p, size_t n); /* NULL: nowhere */
	void *arg;
	bool stopped; /* put said no */
	char held;    /* quoted-printable: a blank, 0 none */
	size_t col;
	char b64[MIMEENC_B64];
	size_t nb64;
	char out[4096];
	size_t nout;
};

void mimeenc_init(struct mimeenc *s,
	bool (*put)(void *arg, const char *p, size_t n), void *arg);
/* Give what is left to put; false: it said no, now or before. */
bool mimeenc_end(struct mimeenc *s);
/* Bytes as they are. */
void mimeenc_put(struct mimeenc *s, const char *p, size_t n);
void mimeenc_puts(struct mimeenc *s, const char *text);
/* One byte of a line in quoted-printable; the end of the line, before its
 * LF. */
void mimeenc_qp(struct mimeenc *s, char c);
void mimeenc_qpend(struct mimeenc *s);
/* One byte in base64; the end, with an LF. */
void mimeenc_base64(struct mimeenc *s, char c);
void mimeenc_base64end(struct mimeenc *s);
/* A byte of what is encoded already, qp or base64: one over 127 is escaped, or
 * left out, because in base64 it stands for nothing. */
void mimeenc_mend(struct mimeenc *s, char c, bool qp);

#endif
