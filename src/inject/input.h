/* SPDX-License-Identifier: 0BSD */
/* input - the message as it comes in, byte for byte or as sendmail takes it */
#ifndef INJECT_INPUT_H
#define INJECT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { INPUT_MIN = 3 }; /* smallest buffer for input_read */

/* Set fd, lines and dots; the rest is 0. */
struct input {
	int fd;
	bool lines; /* when the first line ends in CRLF, CRLF is LF everywhere;
		     * the last line gets an end; else bytes are left alone */
	bool dots;  /* with lines: a line of a dot alone ends the message */
	/* state */
	bool decided, crlf; /* by the end of the first line */
	bool midline;	    /* behind the first byte of a line */
	bool dot, cr;	    /* held back */
	bool eof;
};

/* >0 bytes put into buf; 0 end of message; -1 errno. */
ssize_t input_read(struct input *i, char *buf, size_t cap);

#endif
