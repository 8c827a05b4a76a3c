/* SPDX-License-Identifier: 0BSD */
#include "smtpd/data.h"

#include "tap.h"

struct result {
	char out[512];
	size_t outn, used;
	struct data d;
};

static enum data_barelf barelf;	 /* what runs begin with */
static enum data_barelf verdict; /* the answer when they ask */

/* Decode in pieces of at most step bytes, the first of them first bytes. */
static void
run(struct result *r, const char *in, size_t n, size_t first, size_t step,
	uint64_t limit)
{
	char buf[512];

	memset(r, 0, sizeof *r);
	data_init(&r->d, limit, 3);
	r->d.barelf = barelf;
	while (r->used < n && r->d.state != DATA_END) {
		size_t piece = r->used ? step : first, used, got;

		if (piece > n - r->used)
			piece = n - r->used;
		memcpy(buf, in + r->used, piece);
		got = data_feed(&r->d, buf, piece, &used);
		memcpy(r->out + r->outn, buf, got);
		r->outn += got;
		r->used += used;
		if (r->d.asks)
			r->d.barelf = verdict;
	}
}

static bool
same(const struct result *a, const struct result *b)
{
	return a->used == b->used && a->d.state == b->d.state &&
	       a->d.bad == b->d.bad && a->d.octets == b->d.octets &&
	       a->d.hops == b->d.hops &&
	       (a->d.bad || (a->outn == b->outn &&
				    !memcmp(a->out, b->out, a->outn)));
}

/* Every split in two, and byte by byte, must give what one piece gives. */
static void
splits(const char *in, size_t n, uint64_t limit, const char *name)
{
	struct result whole, r;
	bool good = true;

	run(&whole, in, n, n, n, limit);
	for (size_t first = 1; first <= n; first++) {
		run(&r, in, n, first, n, limit);
		good = good && same(&whole, &r);
	}
	run(&r, in, n, 1, 1, limit);
	ok(good && same(&whole, &r), "%s: any split is the same", name);
}

#define S(s) s, sizeof s - 1

static const struct good {
	const char *in;
	size_t inn;
	const char *out;
	size_t outn;
	uint64_t octets;
} goods[] = {
	{ S(".\r\n"), S(""), 0 },
	{ S("\r\n.\r\n"), S("\n"), 2 },
	{ S("a\r\n.\r\n"), S("a\n"), 3 },
	{ S("..\r\n.\r\n"), S(".\n"), 3 },
	{ S("...\r\n.\r\n"), S("..\n"), 4 },
	{ S(".a\r\n.\r\n"), S("a\n"), 3 },
	{ S("S: x\r\n\r\n..a\r\nb.\r\n.\r\n"), S("S: x\n\n.a\nb.\n"), 16 },
	{ S("\377\200\001\r\n.\r\n"), S("\377\200\001\n"), 5 },
	{ S("From x\r\n.\r\nQUIT\r\n"), S("From x\n"), 8 },
};

static void
test_good(void)
{
	for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
		const struct good *g = &goods[i];
		struct result r;

		run(&r, g->in, g->inn, g->inn, g->inn, 0);
		is_mem(r.out, r.outn, g->out, g->outn, "good %zu: text", i);
		is_num(r.d.state, DATA_END, "good %zu: ends", i);
		is_num(r.d.bad, 0, "good %zu: not bad", i);
		is_num(r.d.octets, g->octets, "good %zu: octets", i);
		splits(g->in, g->inn, 0, "good");
	}
	struct result r;
	run(&r, S("From x\r\n.\r\nQUIT\r\n"), 17, 17, 0);
	is_num(r.used, 11, "what follows the end of data is not consumed");
}

/* What a smuggler puts where another server may see the end of data. */
static const struct smuggle {
	const char *name, *in;
	size_t inn;
	unsigned bad;
} smuggles[] = {
	{ "LF.LF", S("\n.\n"), DATA_BARELF },
	{ "LF.CRLF", S("\n.\r\n"), DATA_BARELF },
	{ "LF.CR", S("\n.\r"), DATA_BARELF | DATA_BARECR },
	{ "CRLF.LF", S("\r\n.\n"), DATA_BARELF },
	{ "CRLF.CR", S("\r\n.\r"), DATA_BARECR },
	{ "CR.CR", S("\r.\r"), DATA_BARECR },
	{ "CR.LF", S("\r.\n"), DATA_BARECR | DATA_BARELF },
	{ "CR.CRLF", S("\r.\r\n"), DATA_BARECR },
	{ "CRLF.CRCRLF", S("\r\n.\r\r\n"), DATA_BARECR },
	{ "CRCRLF.CR", S("\r\r\n.\r"), DATA_BARECR },
	{ "LFCR.LFCR", S("\n\r.\n\r"), DATA_BARELF | DATA_BARECR },
	{ "CRLF.NUL.CRLF", S("\r\n.\0.\r\n"), DATA_NUL },
	{ "CRLF.NULCRLF", S("\r\n.\0\r\n"), DATA_NUL },
	{ "CRLFNUL.CRLF", S("\r\n\0.\r\n"), DATA_NUL },
	{ "CR NUL LF.CRLF", S("\r\0\n.\r\n"),
		DATA_NUL | DATA_BARECR | DATA_BARELF },
	{ "CRLF.CR NUL LF", S("\r\n.\r\0\n"),
		DATA_NUL | DATA_BARECR | DATA_BARELF },
	{ "LFLF.LF", S("\n\n.\n"), DATA_BARELF },
	{ "LF.CRLF twice", S("\n.\r\n\n.\r\n"), DATA_BARELF },
};

/* Lines that end in a LF alone, from a client that may. */
static const struct good bares[] = {
	{ S("a\nb\r\n.\r\n"), S("a\nb\n"), 6 },
	{ S("\n\n\r\n.\r\n"), S("\n\n\n"), 6 },
	{ S("a\n.\nb\r\n.\r\n"), S("a\n\nb\n"), 8 },
	{ S("a\n.\r\nb\r\n.\r\n"), S("a\n\nb\n"), 8 },
	{ S("a\r\n.\nb\r\n.\r\n"), S("a\n\nb\n"), 8 },
	{ S("a\n..\n...\r\n.\r\n"), S("a\n.\n..\n"), 10 },
	{ S("a\n.\r\n.\r\n"), S("a\n\n"), 5 },
	{ S("\n.\n\n.\r\n\r\n.\r\n"), S("\n\n\n\n\n"), 10 },
	{ S("Received: x\nReceived: x\nReceived: x\n\nReceived: x\r\n.\r\n"),
		S("Received: x\nReceived: x\nReceived: x\n\nReceived: x\n"),
		54 },
};

static void
test_bare(void)
{
	for (verdict = BARELF_LINE;; verdict = BARELF_BAD) {
		for (size_t i = 0; i < sizeof bares / sizeof *bares; i++) {
			const struct good *g = &bares[i];
			bool bad = verdict == BARELF_BAD;
			struct result r, asked;

			barelf = verdict;
			run(&r, g->in, g->inn, g->inn, g->inn, 0);
			is_num(r.d.state, DATA_END, "bare %zu: ends", i);
			is_num(r.d.bad, bad ? DATA_BARELF : 0, "bare %zu: bad",
				i);
			is_num(r.used, g->inn, "bare %zu: at its end", i);
			if (!bad) {
				is_mem(r.out, r.outn, g->out, g->outn,
					"bare %zu: text", i);
				is_num(r.d.octets, g->octets,
					"bare %zu: octets", i);
			}
			barelf = BARELF_ASK;
			run(&asked, g->in, g->inn, g->inn, g->inn, 0);
			ok(same(&r, &asked), "bare %zu: asked", i);
			splits(g->in, g->inn, 0, "bare");
		}
		if (verdict == BARELF_BAD)
			break;
	}
	barelf = BARELF_BAD;
}

static void
test_smuggle(void)
{
	static const char hidden[] =
		"MAIL FROM:<e@x>\r\nRCPT TO:<v@y>\r\nDATA\r\nhi\r\n.\r\n";

	for (size_t i = 0; i < sizeof smuggles / sizeof *smuggles; i++) {
		const struct smuggle *s = &smuggles[i];
		char in[256];
		size_t n = 0;
		struct result r;

		memcpy(in + n, "S: a\r\n\r\ntext", 12), n += 12;
		memcpy(in + n, s->in, s->inn), n += s->inn;
		memcpy(in + n, hidden, sizeof hidden - 1);
		n += sizeof hidden - 1;
		run(&r, in, n, n, n, 0);
		is_num(r.d.state, DATA_END, "%s: ends", s->name);
		is_num(r.used, n, "%s: at the real end only", s->name);
		is_num(r.d.bad, s->bad, "%s: bad", s->name);
		splits(in, n, 0, s->name);
		barelf = BARELF_LINE;
		run(&r, in, n, n, n, 0);
		ok(r.d.state == DATA_END && r.used == n,
			"%s: nor for who may send bare LFs", s->name);
		is_num(r.d.bad & ~(unsigned)DATA_BARELF,
			s->bad & ~(unsigned)DATA_BARELF, "%s: then", s->name);
		splits(in, n, 0, s->name);
		barelf = BARELF_BAD;
	}
	/* These contain a true CRLF.CRLF: the message ends there. */
	struct result r;
	run(&r, S("a\r\r\n.\r\nQUIT\r\n"), 13, 13, 0);
	is_num(r.used, 7, "CRCRLF.CRLF is an end of data");
	is_num(r.d.bad, DATA_BARECR, "and the message is bad");
}

static void
test_limits(void)
{
	static const char hops[] = "Received: a\r\nX: b\r\nreceived: c\r\n"
				   " received: no\r\nDELIVERED-TO: d\r\n";
	char in[256];
	struct result r;

	run(&r, S("12345678\r\n.\r\n"), 99, 99, 10);
	is_num(r.d.bad, 0, "limit: exactly reached");
	run(&r, S("123456789\r\n.\r\n"), 99, 99, 10);
	is_num(r.d.bad, DATA_TOOBIG, "limit: one over");
	is_num(r.d.state, DATA_END, "limit: reads on to the end");
	splits(S("123456789\r\n.\r\n"), 10, "limit");
	run(&r, S("12345678\r\n..\r\n.\r\n"), 99, 99, 13);
	is_num(r.d.bad, 0, "limit: stuffed dots do not count");

	memcpy(in, hops, sizeof hops);
	strcat(in, "\r\nReceived: body\r\n.\r\n");
	run(&r, in, strlen(in), 256, 256, 0);
	is_num(r.d.hops, 3, "hops: fields of the header only");
	is_num(r.d.bad, 0, "hops: at the limit");
	memcpy(in, hops, sizeof hops);
	strcat(in, "Received:\r\n\r\n.\r\n");
	run(&r, in, strlen(in), 256, 256, 0);
	is_num(r.d.bad, DATA_LOOP, "hops: over the limit");
	splits(in, strlen(in), 0, "hops");
	run(&r, S("Received\r\nReceived :\r\n\r\n.\r\n"), 99, 99, 0);
	is_num(r.d.hops, 0, "hops: the colon belongs to the name");
}

int
main(void)
{
	test_good();
	test_bare();
	test_smuggle();
	test_limits();
	return done_testing();
}
