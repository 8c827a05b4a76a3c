/* SPDX-License-Identifier: 0BSD */
#include "remote/dane.h"

#include <string.h>

#include "lib/num.h"

bool
dane_usable(const uint8_t *rdata, size_t n, struct tls_tlsa *t)
{
	if (n < 4)
		return false;
	t->usage = rdata[0];
	t->selector = rdata[1];
	t->matching = rdata[2];
	t->data = rdata + 3;
	t->n = n - 3;
	return tls_usable(t);
}

/* "_25._tcp.host"; false when that is too long to be a name. */
static bool
owner(char out[DNSNAME_TEXT], const char *host, uint16_t port)
{
	size_t n;

	out[0] = '_';
	n = 1 + num_fmt(out + 1, port);
	if (n + 6 + strlen(host) >= DNSNAME_TEXT)
		return false;
	strcpy(out + n, "._tcp.");
	strcpy(out + n + 6, host);
	return true;
}

static void
take(struct dane *d)
{
	struct dnspkt_rr rr;

	d->result = DANE_UNUSABLE;
	while (dnsq_next(&d->q, &rr))
		if (d->n < TLS_TLSA_MAX &&
			dane_usable(rr.data, rr.len, &d->tlsa[d->n]))
			d->n++;
	if (d->n)
		d->result = DANE_USABLE;
}

static void
ask(struct dane *d, const char *base, uint16_t port, int64_t deadline)
{
	char name[DNSNAME_TEXT];

	d->result = DANE_NONE;
	strcpy(d->base, base);
	if (!owner(name, base, port))
		return;
	dnsq_init(&d->q, name, DNS_TLSA);
	dnsq_ask(&d->q, 1, deadline);
	d->asked = true;
	switch (d->q.result) {
	case DNSQ_OK:
		if (d->q.ad)
			take(d);
		break;
	case DNSQ_TEMP:
		/* an attacker may have seen to that */
		d->result = DANE_TEMP;
		d->why = d->q.why;
		break;
	case DNSQ_NODATA:
	case DNSQ_NXDOMAIN:
		break;
	}
}

void
dane_ask(struct dane *d, const char *host, const char *alias, uint16_t port,
	int64_t deadline)
{
	dane_free(d);
	d->n = 0;
	d->why = "";
	/* RFC 7672 2.2.3: where the alias ends comes first */
	if (*alias) {
		ask(d, alias, port, deadline);
		if (d->result != DANE_NONE)
			return;
		dane_free(d);
	}
	ask(d, host, port, deadline);
}

void
dane_free(struct dane *d)
{
	if (d->asked)
		dnsq_free(&d->q, 1);
	d->asked = false;
}
