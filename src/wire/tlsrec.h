/* SPDX-License-Identifier: 0BSD */
/* tlsrec - what quill-tlsd and the caller of wire/tls say, SEQPACKET records
 *
 * quill-tlsd listens on HOME/run/tls/server and HOME/run/tls/client; who may
 * connect is decided by their owners. Its process for the connection speaks
 * first: "R" NUL (ready), or "B" text NUL (busy: at its limit).
 * Question, with the connected socket attached: NUL-terminated fields, the
 * first byte tells which, in this order, then an empty one:
 *	d<ms for the handshake>  p<peer for the log>
 *	a client also: v<0 unverified, 1 pkix, 2 dane>  s<sni>  n<name>...
 *	t<usage> <selector> <matching> <hex>...  c<ca>  k<session>  l<alpn>
 * s, c, k and l may be missing. Answer, with the plain socket attached when
 * the outcome is 0:
 *	o<outcome, a number>  e<error>  v<version>  c<cipher>  b<bits>
 *	y<verified>  u<subject>  f<fingerprint>  s<sni>  l<alpn>  r<0 or 1>
 * all there, then an empty field.
 */
#ifndef WIRE_TLSREC_H
#define WIRE_TLSREC_H

#include "lib/str.h"
#include "wire/tls.h"

enum {
	TLSREC_ASK_MAX = 100000,
	TLSREC_STATE_MAX = 2000,
	TLSREC_HELLO_MAX = 256,
};

/* "server", "client": the file below HOME/run/tls. */
const char *tlsrec_name(enum tls_role role);
/* Append one record; check out->over. */
void tlsrec_ask(struct str *out, const struct tls_ask *a, uint32_t ms);
/* role is the caller's. false: refused. Pointers go into p, which is changed
 * (hexadecimal becomes bytes) and must stay. */
bool tlsrec_asked(
	struct tls_ask *a, uint32_t *ms, enum tls_role role, char *p, size_t n);
/* Bytes over 126 and under 32 become "?", text is cut where it is too long. */
void tlsrec_answer(struct str *out, const struct tls_state *s);
bool tlsrec_answered(struct tls_state *s, const char *p, size_t n);

#endif
