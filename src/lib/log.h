/* SPDX-License-Identifier: 0BSD */
/* log - one line, one write(2), to descriptor 2
 *
 * "quill-send: alert: unable to open env/7: No space left on device".
 * No time stamps: multilog adds them. Bytes under 32 and over 126 come out as
 * "?", a line is cut at LOG_MAX bytes.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

enum { LOG_MAX = 2000 };

/* name is kept, not copied: "quill-send". */
void log_init(const char *name);
/* Strings up to a NULL are joined; use the macros. errno is kept. */
void log_write(const char *level, const char *first, ...)
	__attribute__((sentinel));
#define log_alert(...)	 log_write("alert", __VA_ARGS__, (char *)0)
#define log_warning(...) log_write("warning", __VA_ARGS__, (char *)0)
#define log_info(...)	 log_write("info", __VA_ARGS__, (char *)0)
void log_exit(int code, const char *first, ...)
	__attribute__((sentinel, noreturn));
/* log_alert, then _exit(code). */
#define log_die(code, ...) log_exit(code, __VA_ARGS__, (char *)0)
/* ": " and the text of errno are added by these. */
#define log_alert_sys(...)                                                     \
	log_write("alert", __VA_ARGS__, ": ", log_strerror(), (char *)0)
#define log_warning_sys(...)                                                   \
	log_write("warning", __VA_ARGS__, ": ", log_strerror(), (char *)0)
#define log_die_sys(code, ...)                                                 \
	log_exit(code, __VA_ARGS__, ": ", log_strerror(), (char *)0)
/* The text of errno. EBADMSG is a file whose bytes make no sense: by our own
 * readers (lib/cdb.h), or by the checksums of the file system. */
const char *log_strerror(void);

#endif
