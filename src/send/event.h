/* SPDX-License-Identifier: 0BSD */
/* event - the log lines of quill-send, as qmail sites know them
 *
 * Lines are gathered and written together by event_flush, once per round of
 * the main loop; a write holds whole lines and stays below PIPE_BUF where the
 * lines allow it.
 */
#ifndef SEND_EVENT_H
#define SEND_EVENT_H

#include <stdint.h>

/* Start a line, add to it, end it. */
void event_begin(const char *s);
void event_puts(const char *s);
void event_putnum(uint64_t n);
/* Seconds with three decimals from milliseconds; negative counts as 0. */
void event_putms(int64_t ms);
/* Untrusted text: LF becomes /, bytes below 33, above 126 and % become _. */
void event_text(const char *s);
void event_end(void);
void event_flush(void);

#endif
