/* SPDX-License-Identifier: 0BSD */
/* check - is a message what its envelope says? */
#ifndef CLEAN_CHECK_H
#define CLEAN_CHECK_H

#include "wire/qpath.h"

/* The answer to CLEAN_CHECK (wire/clean.h). */
char check_message(struct qid id);

#endif
