# SPDX-License-Identifier: 0BSD
"""The contenders: safe defaults, limits on a client on loopback lifted."""
import os
import subprocess

from contender import (B, DOMAIN, FS, SINK, SINK_PORT, TOP, UID, W, Contender,
                       quiet, run, wait_for, write)

RCPT = "bench@" + DOMAIN


class Quill(Contender):
    name, addr = "quill", "127.0.0.11"
    syslog = False
    link = W + "/link"
    top = TOP
    sendmail = ("/bench/quill/home/bin/quill-inject", "-f", "a@far.example",
                RCPT)
    queue_dirs = ("home/queue/msg/?",)
    # quill-verifyd looks recipients up for quill-smtpd
    extras = ("*/service/verify", "*/service/verify/*")

    def is_message(self, name):
        return name.endswith(".env")

    def configure(self):
        h = self.dir + "/home"
        out = self.do("env", "BIN=%s/bin" % self.link, "sh",
                      self.top + "/src/tools/install.sh", "install", h,
                      mine=False, stdout=subprocess.PIPE,
                      stderr=subprocess.STDOUT)
        write(W + "/tmp/install.log", out.decode())
        self.do(h + "/bin/quill-config", DOMAIN, mine=False,
                stdout=subprocess.DEVNULL)
        real = self.real + "/home"
        write(real + "/control/smtproutes",
              ":[%s]:%d\n" % (SINK, SINK_PORT))
        write(real + "/control/maxrcpt", "0\n")
        self.do(h + "/bin/quill-service", self.dir + "/service", "--smtp",
                self.addr + ":25", mine=False, stdout=subprocess.DEVNULL)
        write(self.real + "/service/smtp/env/CONCURRENCY", "1000\n")
        self.version = open(self.top + "/src/wire/site.h").read().split(
            'QUILL_VERSION "')[1].split('"')[0]

    def launch(self):
        self.procs.append(self.popen(
            "svscan", self.dir + "/service", stdout=self.log,
            stderr=self.log))

    def halt(self):
        # svscan first, or it would start new supervises
        for p in self.procs:
            p.terminate()
            p.wait()
        s = self.dir + "/service/"
        services = [d for d in os.listdir(self.real + "/service")
                    if not d.startswith(".")]
        for d in services:
            self.do("svc", "-dx", s + d, mine=False, check=False,
                    stderr=subprocess.DEVNULL)
        wait_for(lambda: not self.named("quill-send", "tcpserver"), 10)
        for d in services:
            self.do("svc", "-dx", s + d + "/log", mine=False, check=False,
                    stderr=subprocess.DEVNULL)
        wait_for(lambda: not self.pids(), 5)

    def by_mx(self, cache):
        """Mail to others by MX records, as many at once as Postfix's
        default_process_limit allows; nothing known of dead hosts."""
        h = self.real + "/home"
        write(self.root + "/etc/resolv.conf", "nameserver %s\n" % cache)
        os.unlink(h + "/control/smtproutes")
        write(h + "/control/concurrencyremote", "100\n")
        self.do(self.dir + "/home/bin/quill-tcpto", "clear", mine=False)
        self.do("svc", "-h", self.dir + "/service/send", mine=False)

    def by_relay(self):
        h = self.real + "/home"
        write(h + "/control/smtproutes", ":[%s]:%d\n" % (SINK, SINK_PORT))
        os.unlink(h + "/control/concurrencyremote")
        self.do("svc", "-h", self.dir + "/service/send", mine=False)

    def named(self, *names):
        for p in self.pids():
            try:
                if os.path.basename(os.readlink("/proc/%d/exe" % p)) in names:
                    return True
            except OSError:
                pass
        return False

    manager = "quill-send"

    def hurry(self):
        self.do("svc", "-a", self.dir + "/service/send", mine=False)

    def listing(self):
        self.do(self.dir + "/home/bin/quillctl", "queue",
                stdout=subprocess.DEVNULL)

    def many(self, n):
        """n deferred messages, straight into the queue."""
        lines = [x.split() for x in open(self.real + "/home/users/ids")]
        users = [x[1] for x in lines if x[0] == "u"]
        groups = [x[1] for x in lines if x[0] == "g"]
        argv = self.chroot(W + "/link/manyq", str(n // 2), "many.example",
                           user="%s:%s" % (users[1], groups[0]))
        two = [subprocess.Popen(argv) for _ in range(2)]
        if any([p.wait(timeout=400) for p in two]):
            raise RuntimeError("manyq failed")


class Other(Quill):
    """Another checkout of it."""
    name, addr = "other", "127.0.0.15"
    link = W + "/other"
    top = os.environ.get("OTHER")
    sendmail = ("/bench/other/home/bin/quill-inject", "-f", "a@far.example",
                RCPT)


class Postfix(Contender):
    name, addr = "postfix", "127.0.0.12"
    accounts = (("postfix", 7101),)
    groups = (("postdrop", 7102),)
    sendmail = ("/usr/sbin/sendmail", "-f", "a@far.example", RCPT)
    queue_dirs = ("spool/maildrop", "spool/incoming", "spool/active",
                  "spool/deferred/?")
    manager = "qmgr"

    def configure(self):
        c = self.root + "/etc/postfix/"
        e = self.root + "/usr/share/postfix/"
        os.makedirs(c, exist_ok=True)
        for f in ("postfix-files", "dynamicmaps.cf", "makedefs.out",
                  "post-install", "postfix-script"):
            if os.path.exists(e + f) and not os.path.exists(c + f):
                run("cp", e + f, c + f)
        write(c + "dynamicmaps.cf", "")
        write(c + "main.cf", """compatibility_level = 3.6
queue_directory = {d}/spool
data_directory = {d}/data
mail_owner = postfix
setgid_group = postdrop
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
shlib_directory = /usr/lib/postfix
meta_directory = /etc/postfix
myhostname = {m}
mydestination = {m}
mynetworks = 127.0.0.0/8
inet_interfaces = {a}
inet_protocols = ipv4
alias_maps =
alias_database =
biff = no
home_mailbox = Maildir/
smtpd_peername_lookup = no
relayhost = [{s}]:{p}
message_size_limit = 104857600
mailbox_size_limit = 0
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
smtpd_recipient_limit = 100000
smtpd_recipient_overshoot_limit = 100000
smtpd_relay_restrictions = permit_mynetworks, reject
""".format(d=self.dir, m=DOMAIN, a=self.addr, s=SINK, p=SINK_PORT))
        services = """smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""
        write(c + "master.cf", services)
        os.makedirs(self.real + "/spool", exist_ok=True)
        os.makedirs(self.real + "/data", exist_ok=True)
        os.chown(self.real + "/data", 7101, 7101)
        for f in ("postdrop", "postqueue"):
            run("chgrp", "7102", self.root + "/usr/sbin/" + f)
            run("chmod", "2755", self.root + "/usr/sbin/" + f)
        self.do("postfix", "check", mine=False, check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.do("postfix", "set-permissions", mine=False, check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.version = self.do("postconf", "-h", "mail_version", mine=False,
                               stdout=subprocess.PIPE).decode().strip()

    def launch(self):
        self.do("postfix", "start", stdout=self.log, stderr=self.log)

    def halt(self):
        self.do("postfix", "stop", mine=False, check=False, stdout=self.log,
                stderr=self.log)

    def by_mx(self, cache):
        write(self.root + "/etc/resolv.conf", "nameserver %s\n" % cache)
        self.do("postconf", "relayhost=", mine=False)
        self.do("postfix", "reload", mine=False, stderr=self.log)

    def by_relay(self):
        self.do("postconf", "relayhost=[%s]:%d" % (SINK, SINK_PORT),
                mine=False)
        self.do("postfix", "reload", mine=False, stderr=self.log)

    def hurry(self):
        self.do("postqueue", "-f", mine=False)

    def listing(self):
        self.do("postqueue", "-p", stdout=subprocess.DEVNULL)


class OpenSMTPD(Contender):
    name, addr = "opensmtpd", "127.0.0.13"
    accounts = (("opensmtpd", 7103), ("opensmtpq", 7104))
    sendmail = ("/usr/sbin/sendmail", "-f", "a@far.example", RCPT)
    queue_dirs = ("spool/queue/*", "spool/incoming")
    manager = "smtpd"

    def is_message(self, name):
        return name != "message"

    def configure(self):
        r = self.root
        write(r + "/etc/smtpd.conf", """queue ttl 4d
smtp max-message-size 100M
smtp limit max-mails 1000000
smtp limit max-rcpt 100000
listen on {a} port 25 hostname {m}
action "here" maildir "{d}/user/Maildir"
action "out" relay host "smtp://{s}:{p}"
match from any for domain "{m}" action "here"
match from any for any action "out"
""".format(a=self.addr, m=DOMAIN, d=self.dir, s=SINK, p=SINK_PORT))
        os.makedirs(self.real + "/spool", exist_ok=True)
        os.makedirs(r + "/var/spool/smtpd", exist_ok=True)
        os.makedirs(r + "/var/empty", exist_ok=True)
        os.makedirs(r + "/var/lib/opensmtpd/empty", exist_ok=True)
        os.makedirs(r + "/run/opensmtpd", exist_ok=True)
        os.chmod(self.real + "/spool", 0o711)
        run("mount", "--bind", self.real + "/spool", r + "/var/spool/smtpd")
        run("chgrp", "7104", r + "/usr/sbin/smtpctl")
        run("chmod", "2755", r + "/usr/sbin/smtpctl")
        if not os.path.exists(r + "/usr/sbin/sendmail"):
            os.symlink("smtpctl", r + "/usr/sbin/sendmail")
        self.version = "6.8.0p2"

    def launch(self):
        self.procs.append(self.popen("smtpd", "-F", stdout=self.log,
                                     stderr=self.log))

    def halt(self):
        for p in self.procs[1:]:
            p.terminate()
            p.wait()

    def hurry(self):
        self.do("smtpctl", "schedule", "all", mine=False, check=False,
                stdout=subprocess.DEVNULL)

    def listing(self):
        self.do("smtpctl", "show", "queue", stdout=subprocess.DEVNULL)


class Exim(Contender):
    name, addr = "exim", "127.0.0.14"
    accounts = (("Debian-exim", 7105),)
    sendmail = ("/usr/sbin/exim4", "-i", "-f", "a@far.example", RCPT)
    queue_dirs = ("spool/input", "spool/input/?")
    manager = "exim4"

    def is_message(self, name):
        return name.endswith("-H")

    def configure(self):
        r = self.root
        write(r + "/etc/exim4/exim4.conf", """primary_hostname = {m}
domainlist local_domains = {m}
spool_directory = {d}/spool
log_file_path = {d}/log/%slog
local_interfaces = {a}
daemon_smtp_ports = 25
tls_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = accept_all
smtp_accept_max = 0
smtp_accept_max_per_connection = 0
smtp_accept_queue_per_connection = 0
smtp_connect_backlog = 1000
recipients_max = 0
message_size_limit = 100M
never_users = root
trusted_users = bench
remote_max_parallel = 20
begin acl
accept_all:
  accept
begin routers
here:
  driver = accept
  domains = +local_domains
  check_local_user
  transport = maildir
out:
  driver = manualroute
  route_list = * {s}
  self = send
  transport = smtp_out
begin transports
maildir:
  driver = appendfile
  directory = {d}/user/Maildir
  maildir_format
smtp_out:
  driver = smtp
  port = {p}
  hosts_avoid_tls = *
begin retry
* * F,2h,15m
""".format(m=DOMAIN, d=self.dir, a=self.addr, s=SINK, p=SINK_PORT))
        for d in ("spool", "log"):
            os.makedirs(self.real + "/" + d, exist_ok=True)
            os.chown(self.real + "/" + d, 7105, 7105)
        run("chmod", "4755", r + "/usr/sbin/exim4")
        self.version = "4.96"

    def launch(self):
        self.procs.append(self.popen("exim4", "-bdf", "-q30m",
                                     stdout=self.log, stderr=self.log))

    def halt(self):
        for p in self.procs[1:]:
            p.terminate()
            p.wait()

    def hurry(self):
        self.popen("exim4", "-qff").wait()

    def listing(self):
        self.do("exim4", "-bp", stdout=subprocess.DEVNULL)


ALL = {c.name: c for c in (Quill, Other, Postfix, OpenSMTPD, Exim)}
