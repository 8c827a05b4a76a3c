/* SPDX-License-Identifier: 0BSD */
/* sig - signals */
#ifndef LIB_SIG_H
#define LIB_SIG_H

#include <signal.h>
#include <stdint.h>

/* Set a disposition, no SA_RESTART, all else unmasked. */
void sig_catch(int sig, void (*fn)(int));
void sig_ignore(int sig);
void sig_default(int sig);
void sig_block(int sig);
void sig_unblock(int sig);
/* All signals to default, none blocked: for a program that starts a suite and
 * may itself have been started with ignored signals (30 system calls). */
void sig_reset(void);
/* Which signals have a handler, or are ignored, by the functions above: bit
 * n - 1 is signal n. For proc_start. */
uint64_t sig_caught(void);
uint64_t sig_ignored(void);
/* Block the signals of a 0-terminated list and return a signalfd for them
 * (non-blocking, close-on-exec); -1 errno. */
int sig_fd(const int *sigs);
/* Next pending signal of a sig_fd, 0 when there is none. */
int sig_next(int fd);

#endif
