/* SPDX-License-Identifier: 0BSD */
/* tls - have quill-tlsd speak TLS on a socket
 *
 * A program that wants TLS first reserves a process of quill-tlsd (so that it
 * knows before it says "220 ready" or "STARTTLS" that there is one), then hands
 * the connected socket over and gets a stream socket for the plain text back,
 * with what is known of the other side. From then on quill-tlsd alone reads
 * and writes the connection; it ends when the plain socket is closed, and the
 * plain socket is at its end when the connection is, with a close_notify or
 * without. Records between the two: wire/tlsrec.h.
 *
 *	link = tls_reserve(TLS_AS_SERVER, deadline, &state);
 *	plain = tls_start(link, sock, &ask, deadline, &state);
 *	then close sock, or move plain over it, and forget what was read before
 */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TLS_NAMES_MAX = 16,   /* names one of which the peer must have */
	TLS_TLSA_MAX = 20,    /* TLSA records */
	TLS_TLSA_DATA = 2048, /* bytes in one of them */
	TLS_TEXT_MAX = 255,   /* bytes in any other field */
	TLS_HANDSHAKE_S =
		120, /* no handshake takes longer, whatever is asked */
};

enum tls_role {
	TLS_AS_SERVER, /* may be asked for by quilld and root */
	TLS_AS_CLIENT, /* by quillr and root */
};

/* What a client wants to know of the server. */
enum tls_policy {
	TLS_UNVERIFIED, /* anything goes, no certificate too */
	TLS_PKIX,	/* a CA that we trust says it is one of the names */
	TLS_DANE, /* it fits one of the TLSA records (RFC 7672: for usage 2 it
	           * has one of the names, too) */
};

struct tls_tlsa {
	uint8_t usage, selector, matching;
	const uint8_t *data;
	size_t n;
};

/* Can TLS_DANE use it? Usage 2 or 3 (RFC 7672 3.1.3 has no use for 0 and 1),
 * selector and matching known, and a digest of the right length. When no record
 * of a secure set is usable, mail goes encrypted but unverified (2.2.1). */
bool tls_usable(const struct tls_tlsa *t);

/* Zero it, set what applies. Text is printable ASCII, at most TLS_TEXT_MAX. */
struct tls_ask {
	enum tls_role role;
	const char
		*peer; /* for the log: "192.0.2.1", "mx.example[192.0.2.1]" */
	/* Client only: */
	enum tls_policy policy;
	const char *sni;		 /* NULL: none */
	const char *name[TLS_NAMES_MAX]; /* lower case */
	size_t nname;
	struct tls_tlsa tlsa[TLS_TLSA_MAX]; /* DNSPKT's TLSA rdata, in parts */
	size_t ntlsa;
	const char *ca; /* TLS_PKIX: the CAs are those of control/tls/CA/ca.pem;
	                 * NULL: of control/tls/default, or of the system */
	const char *session; /* TLS_UNVERIFIED: connections with equal ones
	                      * resume each other's sessions; NULL: none */
	const char *alpn;    /* one protocol to offer; NULL: none */
};

enum tls_outcome {
	TLS_DONE,
	/* The connection was not touched: */
	TLS_DOWN, /* quill-tlsd is not there, or will not serve us */
	TLS_BUSY, /* it is at its limit */
	/* The connection cannot be used any more: */
	TLS_FAILED,    /* no handshake: hung up, no common version, not TLS */
	TLS_LATE,      /* no handshake before the deadline */
	TLS_UNTRUSTED, /* client: it is not who it should be */
	TLS_BROKEN,    /* quill-tlsd went away */
};

struct tls_state {
	enum tls_outcome outcome;
	char error[TLS_TEXT_MAX + 1]; /* why not, one line; "" when done */
	/* What is known after TLS_DONE; "" is nothing. version, cipher and
	 * error may be known after TLS_UNTRUSTED, too. */
	char version[16];		/* "TLSv1.3" */
	char cipher[64];		/* "TLS_AES_256_GCM_SHA384" */
	char bits[8];			/* "256" */
	char verified[8];		/* "none", "pkix", "dane" */
	char subject[TLS_TEXT_MAX + 1]; /* of the peer's certificate, one line,
	                                 * escaped; whoever is not verified can
	                                 * put anything there */
	char fingerprint[65];		/* SHA-256 of that certificate, hex */
	char sni[TLS_TEXT_MAX + 1]; /* server: asked for by the client; a valid
	                             * host name in lower case */
	char alpn[32];		    /* agreed on */
	bool resumed;		    /* a session was resumed */
};

/* Could tls_reserve work? One look at the file system, for EHLO: true where
 * quill-tlsd is set up for this role and this user, running or not. */
bool tls_present(enum tls_role role);
/* A link to a process that waits for the socket, or -1 with the state filled
 * in: TLS_DOWN, TLS_BUSY. The process ends when the link is closed. */
int tls_reserve(enum tls_role role, int64_t deadline, struct tls_state *s);
/* Hand sock over and wait for the handshake, at most until the stamp_mono()
 * deadline. The plain socket (blocking, close-on-exec), or -1. The link is
 * closed in any case; sock stays the caller's to close, and must not be read
 * or written any more. */
int tls_start(int link, int sock, const struct tls_ask *a, int64_t deadline,
	struct tls_state *s);
/* "TLSv1.3/TLS_AES_256_GCM_SHA384/none", for the log; out has TLS_TAG_MAX
 * bytes. "" when not TLS_DONE. */
enum { TLS_TAG_MAX = 96 };
void tls_tag(const struct tls_state *s, char out[TLS_TAG_MAX]);

#endif
