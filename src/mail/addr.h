/* SPDX-License-Identifier: 0BSD */
/* addr - mail addresses as SMTP writes them (RFC 5321 4.1.2)
 *
 * Inside quill an address is "local@domain" with the quoting of the local part
 * taken away: "a b"@example.org is kept as the 13 bytes a b@example.org, and
 * the last @ separates. It holds no control characters. Local part and domain
 * may be UTF-8 (RFC 6531 3.3).
 */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/ipaddr.h"
#include "lib/str.h"

enum addr_result {
	ADDR_OK,
	ADDR_SYNTAX,
	ADDR_LONG,     /* over the ceiling of the string it was to go into */
	ADDR_UTF8,     /* as ADDR_OK, with characters that need SMTPUTF8 */
	ADDR_NONASCII, /* a byte over 127 that is no UTF-8 */
};

/* The path in angle brackets at p: out becomes the address, empty for <>,
 * source routes dropped; *used counts the bytes up to and with ">". A local
 * part alone, without @, is accepted here; what it means is the caller's. */
enum addr_result addr_path(
	struct str *out, const char *p, size_t n, size_t *used);
/* A mailbox without brackets, n bytes, all of them. */
enum addr_result addr_mailbox(struct str *out, const char *p, size_t n);
/* Offset of the @ before the domain; n when there is none. */
size_t addr_at(const char *p, size_t n);
/* A domain of letters, digits, hyphens and (found in the wild) underscores,
 * labels of 1 to 63 bytes, 255 in all, or an address literal. */
bool addr_isdomain(const char *p, size_t n);
/* Append an address in SMTP's form, quoted where it must be, without
 * brackets. addr is n bytes in quill's form. */
void addr_quote(struct str *out, const char *addr, size_t n);
/* May the byte stand in an unquoted local part (atext or a dot)? */
bool addr_isatext(char c);

#endif
