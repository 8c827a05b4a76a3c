/* SPDX-License-Identifier: 0BSD */
#include "spawn/outcome.h"

#include <sys/wait.h>

#include "lib/log.h"
#include "lib/proc.h"
#include "wire/byhand.h"
#include "wire/report.h"
#include "wire/status.h"

static void
temporary(struct str *out, uint32_t number, size_t nrcpt, struct str *text)
{
	str_puts(text, " (#4.3.0)");
	str_clear(out);
	report_all(out, number, nrcpt, 'Z', NULL, str_c(text));
}

void
outcome_died(struct str *out, uint32_t number, size_t nrcpt, const char *name,
	int status, bool late, uint64_t limit_ms)
{
	struct str text = STR_INIT(400);
	int code = proc_code(status);

	if (late) {
		str_puts(&text, name);
		str_puts(&text, " was not done after ");
		str_putnum(&text, limit_ms / 1000);
		str_puts(&text, " seconds and was killed");
	} else if (code == PROC_EXECFAILED) {
		str_puts(&text, "unable to run ");
		str_puts(&text, name);
	} else if (code == -1) {
		str_puts(&text, name);
		str_puts(&text, " was killed by signal ");
		str_putnum(&text, (uint64_t)WTERMSIG(status));
	} else {
		str_puts(&text, name);
		str_puts(&text, " exited with ");
		str_putnum(&text, (uint64_t)code);
		str_puts(&text, " and without a report");
	}
	temporary(out, number, nrcpt, &text);
	str_free(&text);
}

void
outcome_unable(struct str *out, uint32_t number, size_t nrcpt, const char *name)
{
	struct str text = STR_INIT(400);

	str_puts(&text, "unable to start ");
	str_puts(&text, name);
	str_puts(&text, ": ");
	str_puts(&text, log_strerror());
	temporary(out, number, nrcpt, &text);
	str_free(&text);
}

void
outcome_remote(struct str *out, uint32_t number, size_t nrcpt, const char *name,
	int status, struct str *output)
{
	/* A complete report counts whatever the exit code is: denying a
	 * delivery that took place would repeat it. */
	if (proc_code(status) == -1 || output->len == 0) {
		outcome_died(out, number, nrcpt, name, status, false, 0);
		return;
	}
	str_clear(out);
	byhand_to_report(out, number, nrcpt, output->s, output->len);
}

void
outcome_local(struct str *out, uint32_t number, size_t nrcpt, const char *name,
	int status, struct str *output)
{
	int code = proc_code(status);
	size_t i;

	for (i = 0; i < output->len; i++)
		if (output->s[i] == '\0')
			output->s[i] = ' ';
	while (output->len > 0 && output->s[output->len - 1] == '\n')
		str_cut(output, output->len - 1);
	if (code == -1 || code == PROC_EXECFAILED ||
		(output->len == 0 && status_delivery(code) == 'Z')) {
		outcome_died(out, number, nrcpt, name, status, false, 0);
		return;
	}
	str_clear(out);
	report_all(
		out, number, nrcpt, status_delivery(code), NULL, str_c(output));
}
