/* SPDX-License-Identifier: 0BSD */
#include "quillctl/schedule.h"

#include "lib/control.h"
#include "lib/log.h"
#include "wire/site.h"

void
schedule_read(struct schedule *s)
{
	*s = (struct schedule){ .lifetime = 604800, .local = 10, .remote = 20 };
	control_init(site_control);
	if (control_num("queuelifetime", 0, UINT32_MAX, &s->lifetime) ==
			CONTROL_BAD ||
		control_num("retrylocal", 1, 86400, &s->local) == CONTROL_BAD ||
		control_num("retryremote", 1, 86400, &s->remote) == CONTROL_BAD)
		log_warning(control_error());
}
