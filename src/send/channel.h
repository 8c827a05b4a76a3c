/* SPDX-License-Identifier: 0BSD */
/* channel - the two spawners and the jobs that run there; whose turn it is says
 * send/turn.h
 */
#ifndef SEND_CHANNEL_H
#define SEND_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "send/message.h"

void channel_init(void);
/* Start jobs while there are slots; starts nothing once stopping. */
void channel_run(int chan);
/* Could channel_run start something that it has not looked at yet? */
bool channel_more(int chan);
/* For send/turn.h: p's order[at] to order[end - 1] wait until then, ms, for the
 * limiter; what is too old fails with its last words. */
void channel_put_off(struct pass *p, size_t at, size_t end,
	struct dest *limiter, int64_t until);
/* Is recipient i of m being delivered? */
bool channel_runs(int chan, const struct message *m, size_t i);
/* Its socket is writable again, or readable: take reports. false: the spawner
 * is gone. */
bool channel_reports(int chan);
/* A job could not be handed over since the socket was full. */
bool channel_blocked(int chan);
size_t channel_running(int chan);
/* From now on start nothing. */
void channel_stop(void);
bool channel_stopping(void);
/* Log the status line when the numbers changed since the last one. */
void channel_status(void);

#endif
