/* SPDX-License-Identifier: 0BSD */
/* table - a control file of keys and values, as text or compiled
 *
 * control/NAME is read into memory, or, when quill-cdb made control/NAME.cdb
 * of it and the text was not changed since, looked up on disk: a list of a
 * million entries then costs what one entry costs. Both answer alike.
 */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/cdb.h"
#include "lib/control.h"
#include "lib/map.h"
#include "lib/str.h"

struct table {
	struct map map;
	struct cdb cdb;
	bool compiled; /* it is cdb that counts */
};

/* What the lines of a list are. With sep the key ends before the first sep and
 * the value is what follows; a line without one is bad. The colons of an
 * address literal, [IPv6:...], are part of the key. Without (0) all of it is
 * the key. check: NULL, or says why a key is bad; key[n] is sep, the value and
 * a NUL follow it. */
struct table_kind {
	char sep;
	const char *(*check)(const char *key, size_t n);
};

/* A check: of domains, and of addresses, whose domain must be in the form that
 * the DNS has, "xn--...": it is compared with that. */
const char *table_ascii(const char *key, size_t n);
/* The same, of host names alone. */
const char *table_host(const char *key, size_t n);
/* Find key, which is lowered in place, and value of a line: NULL, or why it is
 * bad. For those who compile a list. */
const char *table_split(const struct table_kind *k, char *line, size_t n,
	size_t *klen, const char **val);
/* Lists made by table_open or table_init are given back by table_close. */
void table_init(struct table *t);
void table_close(struct table *t);
/* Absent, good or bad, as with control_list. A NAME.cdb that is older than its
 * text is not used, nor one without its text; each of these is a warning in
 * the log. A bad list is empty. */
enum control table_open(
	struct table *t, const char *name, const struct table_kind *k);
/* The same of the text, whatever is compiled. */
enum control table_text(
	struct table *t, const char *name, const struct table_kind *k);
/* Add an entry to one that is not compiled. */
void table_put(struct table *t, const char *key, size_t n, const char *val,
	size_t vlen);
/* 1 there, val replaced by the value (val may be NULL); 0 not there; -1 errno.
 * The key counts as it is: keys are in lower case. The last of several equal
 * keys is the one that counts. */
int table_get(
	const struct table *t, const char *key, size_t n, struct str *val);
/* The line of the text that a key which is there has its value from; 0: none,
 * as of a compiled list. */
size_t table_line(const struct table *t, const char *key, size_t n);
/* For other maps of control files: put a value together with its line, and
 * the line of a value that map_get has returned. It is vlen bytes without NUL
 * and a NUL. */
void table_keep(struct map *m, const char *key, size_t n, const char *val,
	size_t vlen, size_t line);
size_t table_kept(const char *val);

/* After -1: control_error() says what is wrong with control/NAME.cdb. Returns
 * CONTROL_BAD. */
enum control table_bad(const char *name);

#endif
