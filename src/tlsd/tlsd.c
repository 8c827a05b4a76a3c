/* SPDX-License-Identifier: 0BSD */
/* tlsd.c - speak TLS for the programs that do not
 *
 * runs as     root, which reads the files; quillt, in an empty root directory,
 *             does all else
 * started by  supervise (tls/run)
 * fd 2        log
 * sockets     run/tls/server for quilld, run/tls/client for quillr
 *             wire/tlsrec.h
 * cwd         /
 * reads       control/tls, tlsconnections, timeouttls; the system's CAs
 * writes      run/tls/server, run/tls/client (the sockets), run/tls/loaded
 * trusts      root; not callers, not peers, not its own processes that talk to
 *             them
 * exits       STATUS_OK on TERM: connections go on; STATUS_TEMP when it cannot
 *             start, or a part of it died
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <poll.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "lib/usock.h"
#include "tlsd/cache.h"
#include "tlsd/loaded.h"
#include "tlsd/serve.h"
#include "tlsd/signer.h"
#include "wire/site.h"
#include "wire/status.h"
#include "wire/tlsrec.h"

enum {
	CONNECTIONS_DEFAULT = 500,
	HANDSHAKE_DEFAULT = 60,
	READY_S = 120, /* to understand a bundle */
};

/* One set of certificates, and who works with it. */
struct generation {
	pid_t signer, server;
	int leash; /* -1: there is none */
};

static struct site_ids ids;
static struct serve plan;
static struct generation now = { -1, -1, -1 };
static int signals;
static bool offered; /* the server's socket has its name */
static struct str loaded = STR_INIT(1 << 20); /* of begin's certificates */

/* HOME/run/tls/NAME and a suffix. */
static const char *
path(const char *name, const char *suffix)
{
	static struct str s = STR_INIT(4096);

	str_clear(&s);
	str_puts(&s, site_run);
	str_puts(&s, "/tls/");
	str_puts(&s, name);
	str_puts(&s, suffix);
	return str_c(&s);
}

/* --- sockets */
static int
bind_socket(enum tls_role role)
{
	const char *name = path(tlsrec_name(role), ".new");
	struct sockaddr_storage sa;
	socklen_t len = usock_address(&sa, NULL, name);
	uid_t owner = role == TLS_AS_SERVER ? ids.quilld : ids.quillr;
	mode_t mask;
	int fd, r;

	if (!len)
		log_die(STATUS_TEMP, name, ": too long a name for a socket");
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)unlink(name);
	mask = umask(0177);
	r = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&sa, len);
	umask(mask);
	if (r < 0 || lchown(name, owner, (gid_t)-1) < 0 || listen(fd, 128) < 0)
		log_die_sys(STATUS_TEMP, "unable to listen at ", name);
	return fd;
}

/* Callers look whether the file is there: it is when they will be served. */
static void
offer(enum tls_role role)
{
	char *from = xstrdup(path(tlsrec_name(role), ".new"));

	if (rename(from, path(tlsrec_name(role), "")) < 0)
		log_die_sys(STATUS_TEMP, "unable to rename ", from);
	free(from);
}

/* --- the others */
/* In a new process: give up what root has. */
static void
become(void)
{
	static const int changed[] = { SIGHUP, SIGTERM, SIGCHLD };

	close(signals);
	loaded_leave();
	for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
		sig_unblock(changed[i]);
	if (now.leash >= 0)
		close(now.leash);
	if (chroot(path("../empty", "")) < 0 || chdir("/") < 0)
		log_die_sys(STATUS_TEMP, "unable to chroot to ",
			path("../empty", ""));
	if (proc_drop(ids.quillt, ids.nofiles) < 0)
		log_die_sys(STATUS_TEMP, "unable to become quillt");
	/* Nobody traces it, not even another process of this user. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_die_sys(STATUS_TEMP, "unable to protect a process");
}

static bool
start_signer(
	struct generation *g, int sign[2], int leash[2], const struct bundle *b)
{
	g->signer = fork();
	if (g->signer == 0) {
		close(leash[0]);
		close(leash[1]);
		close(sign[0]);
		close(plan.listener[0]);
		close(plan.listener[1]);
		become();
		signer_run(sign[1], b);
	}
	close(sign[1]);
	return g->signer > 0;
}

static bool
start_server(
	struct generation *g, int sign, int leash[2], const struct bundle *b)
{
	g->server = fork();
	if (g->server == 0) {
		close(leash[0]);
		become();
		plan.signer = sign;
		plan.leash = leash[1];
		plan.bundle = b;
		serve_run(&plan);
	}
	close(leash[1]);
	return g->server > 0;
}

/* What the server says of its certificates. */
static bool
hear(const struct generation *g, struct str *why)
{
	char p[SERVE_WHY_MAX];
	int none = -1;
	ssize_t n;

	if (fd_wait(g->leash, POLLIN, stamp_mono() + READY_S * 1000) < 0)
		n = 0;
	else
		n = fd_recv(g->leash, p, sizeof p, &none);
	if (n == 1 && p[0] == '=')
		return true;
	str_clear(why);
	if (n > 1)
		str_put(why, p + 1, (size_t)n - 1);
	else
		str_puts(why, "the new processes do not answer");
	return false;
}

/* The signer is forked with the keys in memory, then they are forgotten, then
 * the server, which was never near them. */
static bool
start_both(struct generation *g, struct bundle *b, struct str *why)
{
	int sign[2], leash[2];
	bool good;

	if (fd_seqpair(sign) < 0 || fd_seqpair(leash) < 0) {
		str_puts(why, log_strerror());
		return false;
	}
	good = start_signer(g, sign, leash, b);
	bundle_wipe(b);
	g->leash = leash[0];
	if (good)
		good = start_server(g, sign[0], leash, b);
	else
		close(leash[1]);
	close(sign[0]);
	if (!good) {
		str_puts(why, "unable to fork");
		return false;
	}
	return hear(g, why);
}

/* New processes for what is in control/tls now; serving: there is a
 * certificate. false: why has one line, and nothing is left of them. */
static bool
begin(struct generation *g, bool *serving, struct str *why)
{
	struct str dir = STR_INIT(4096);
	struct bundle b;
	bool good;

	*g = (struct generation){ -1, -1, -1 };
	control_path(&dir, "tls");
	good = bundle_read(&b, str_c(&dir), why);
	str_free(&dir);
	if (!good)
		return false;
	*serving = b.server;
	loaded_list(&loaded, &b);
	good = start_both(g, &b, why);
	bundle_free(&b);
	if (!good && g->leash >= 0)
		close(g->leash);
	if (!good && g->server > 0)
		(void)kill(g->server, SIGKILL);
	return good;
}

/* The new ones take over, if they can; else what was goes on. */
static bool
renew(struct str *why)
{
	struct generation g;
	bool serving;

	if (!begin(&g, &serving, why))
		return false;
	/* The end of its leash tells the old one to take no more. */
	if (now.leash >= 0)
		close(now.leash);
	now = g;
	if (serving && !offered) {
		offer(TLS_AS_SERVER);
		offered = true;
	}
	(void)loaded_keep(&loaded);
	return true;
}

/* -n: could all of it be used? */
static _Noreturn void
try_out(void)
{
	struct str why = STR_INIT(SERVE_WHY_MAX), host = STR_INIT(255);
	struct str out = STR_INIT(1 << 20);
	struct generation g;
	bool serving;

	plan.listener[TLS_AS_SERVER] = plan.listener[TLS_AS_CLIENT] = -1;
	(void)control_line("me", &host);
	plan.tell = str_c(&host);
	if (!begin(&g, &serving, &why))
		log_die(STATUS_TEMP, str_c(&why));
	loaded_compare(&loaded, &out);
	(void)!fd_writeall(1, out.s, out.len);
	if (control_surveyed())
		_exit(STATUS_TEMP);
	log_info(serving ? "certificates and keys are good"
			 : "there is no certificate");
	_exit(STATUS_OK);
}

/* --- start, and signals */
static void
read_control(void)
{
	plan.limit = CONNECTIONS_DEFAULT;
	plan.handshake = HANDSHAKE_DEFAULT;
	control_init(site_control);
	if (control_num("tlsconnections", 1, 100000, &plan.limit) ==
			CONTROL_BAD ||
		control_num("timeouttls", 1, TLS_HANDSHAKE_S,
			&plan.handshake) == CONTROL_BAD)
		log_die(STATUS_TEMP, control_error());
}

static void
share(void)
{
	size_t size = 2 * sizeof *plan.running;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || cache_init() < 0)
		log_die_sys(STATUS_TEMP, "unable to share memory");
	plan.running = p;
}

static void
on_hup(void)
{
	struct str why = STR_INIT(SERVE_WHY_MAX);

	if (renew(&why))
		log_info("certificates reread");
	else
		log_alert(str_c(&why), "; the certificates of before stay");
	str_free(&why);
}

static void
on_chld(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		if (pid == now.signer || pid == now.server)
			log_die(STATUS_TEMP, "the process that ",
				pid == now.signer ? "has the keys"
						  : "takes connections",
				" died");
}

int
main(int argc, char **argv)
{
	static const int watched[] = { SIGHUP, SIGTERM, SIGCHLD, 0 };
	struct str why = STR_INIT(SERVE_WHY_MAX);

	log_init("quill-tlsd");
	if (fd_sane() < 0)
		_exit(STATUS_TEMP);
	if (getuid() != 0)
		log_die(STATUS_TEMP, "must be started by root");
	if (site_ids(&ids, NULL) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	sig_ignore(SIGPIPE);
	signals = sig_fd(watched);
	if (signals < 0)
		log_die_sys(STATUS_TEMP, "unable to watch signals");
	/* No openssl.cnf: what is spoken is decided here. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (argc == 2 && !strcmp(argv[1], "-n"))
		control_survey();
	read_control();
	share();
	if (argc == 2 && !strcmp(argv[1], "-n"))
		try_out();
	if (argc > 1)
		log_die(STATUS_PERM, "usage: quill-tlsd [-n]");
	(void)unlink(path("server", ""));
	plan.listener[TLS_AS_SERVER] = bind_socket(TLS_AS_SERVER);
	plan.listener[TLS_AS_CLIENT] = bind_socket(TLS_AS_CLIENT);
	if (!renew(&why))
		log_die(STATUS_TEMP, str_c(&why));
	offer(TLS_AS_CLIENT);
	for (;;) {
		int sig;

		if (fd_wait(signals, POLLIN, 0) < 0)
			log_die_sys(STATUS_TEMP, "unable to wait");
		while ((sig = sig_next(signals)) != 0) {
			if (sig == SIGTERM)
				_exit(STATUS_OK);
			if (sig == SIGHUP)
				on_hup();
			else
				on_chld();
		}
	}
}
