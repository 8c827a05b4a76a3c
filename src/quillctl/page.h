/* SPDX-License-Identifier: 0BSD */
/* page - the page of quillctl report: one file of HTML, with nothing that has
 * to be loaded and nothing that runs */
#ifndef QUILLCTL_PAGE_H
#define QUILLCTL_PAGE_H

#include "lib/obuf.h"
#include "quillctl/counts.h"
#include "quillctl/logs.h"

struct page {
	const char *host;
	int64_t made; /* s */
	const struct counts *counts;
	const struct logs *logs;
};

void page_write(struct obuf *o, const struct page *p);

/* Its style sheet (pagestyle.c). */
extern const char page_style[];

#endif
