/* SPDX-License-Identifier: 0BSD */
/* channel - the two spawners, the jobs that run there, and who is next
 *
 * Passes with work left wait in two rings per channel, first attempts and
 * retries; each turn gives one job, so that a message with many recipients
 * does not keep others waiting.
 */
#ifndef SEND_CHANNEL_H
#define SEND_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "send/message.h"

void channel_init(void);
int channel_fd(int chan);
/* Queue a pass that has recipients to try. */
void channel_add(int chan, struct pass *p);
/* Start jobs while there are slots; starts nothing once stopping. */
void channel_run(int chan);
/* Its socket is writable again, or readable: take reports. false: the spawner
 * is gone. */
bool channel_reports(int chan);
/* A job could not be handed over since the socket was full. */
bool channel_blocked(int chan);
size_t channel_running(int chan);
/* From now on start nothing. */
void channel_stop(void);
/* Log the status line when the numbers changed since the last one. */
void channel_status(void);

#endif
