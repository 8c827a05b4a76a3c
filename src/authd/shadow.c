/* SPDX-License-Identifier: 0BSD */
/* shadow - passwords of the system's accounts */
#include <errno.h>
#include <pwd.h>
#include <shadow.h>
#include <string.h>

#include "authd/backend.h"
#include "lib/crypted.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "wire/pwfile.h"

enum { DAY = 86400 };

/* What login(1) would not let in: an account that has expired, a password that
 * must be changed first. */
static bool
expired(const struct spwd *sp)
{
	long today = (long)(stamp_now() / DAY);

	if (sp->sp_expire > 0 && today >= sp->sp_expire)
		return true;
	if (sp->sp_lstchg == 0)
		return true;
	return sp->sp_lstchg > 0 && sp->sp_max >= 0 && sp->sp_inact >= 0 &&
	       today > sp->sp_lstchg + sp->sp_max + sp->sp_inact;
}

/* Nobody of that name, or trouble? */
static bool
is_trouble(void)
{
	return errno != 0 && errno != ENOENT && errno != ESRCH;
}

enum authreq_class
shadow_check(const struct backend *b, const struct authreq *q, struct str *user)
{
	char name[PWFILE_USER_MAX + 1];
	struct passwd *pw = NULL;
	struct spwd *sp = NULL;
	bool good;

	(void)b;
	errno = 0;
	if (pwfile_user(name, q->user))
		pw = getpwnam(name);
	/* root does not send mail from outside */
	if (pw && pw->pw_uid != 0) {
		errno = 0;
		sp = getspnam(name);
	}
	if (!sp && is_trouble()) {
		log_warning_sys("unable to read the system's passwords");
		return AUTHREQ_TEMP;
	}
	if (!sp) {
		crypted_waste(q->password, NULL);
		return AUTHREQ_NO;
	}
	good = crypted_matches(q->password, sp->sp_pwdp);
	if (strlen(sp->sp_pwdp) < 13 || strchr("!*", *sp->sp_pwdp))
		crypted_waste(q->password, NULL);
	str_puts(user, name);
	return good && !expired(sp) ? AUTHREQ_YES : AUTHREQ_NO;
}
