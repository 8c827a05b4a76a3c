/* SPDX-License-Identifier: 0BSD */
/* pagetables - the sections of a report that tell the most frequent: senders,
 * destinations, reasons */
#ifndef QUILLCTL_PAGETABLES_H
#define QUILLCTL_PAGETABLES_H

#include "lib/obuf.h"
#include "quillctl/counts.h"

/* Items of a list of links to them. */
void pagetables_links(struct obuf *o);
void pagetables_write(struct obuf *o, const struct counts *c);

#endif
