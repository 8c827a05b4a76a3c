# SPDX-License-Identifier: 0BSD
"""crowd.py WAY HOME PORT IDLE SLOW MAILS RECIPIENT: see crowd"""
import os
import smtplib
import socket
import ssl
import statistics
import sys
import threading
import time

way, home, port, idle, slow, mails, rcpt = sys.argv[1:]
port, idle, slow, mails = int(port), int(idle), int(slow), int(mails)
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def pids(*names):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            exe = os.readlink("/proc/%s/exe" % pid)
        except OSError:
            continue
        if exe in [home + "/bin/" + n for n in names]:
            yield pid


def memory():
    """Processes, and KiB that would be free without them: what is theirs
    alone, and page tables and stacks in the kernel."""
    n = {}
    for name in "quill-smtpd", "quill-tlsd":
        private = pss = count = 0
        for pid in pids(name):
            try:
                with open("/proc/%s/smaps_rollup" % pid) as f:
                    for line in f:
                        if line.startswith("Private_"):
                            private += int(line.split()[1])
                        if line.startswith("Pss:"):
                            pss += int(line.split()[1])
            except OSError:
                continue
            count += 1
        n[name] = count, private, pss
    return n


def available():
    with open("/proc/meminfo") as f:
        for line in f:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1])


def reply(s):
    got = b""
    while not got.endswith(b"\n") or got.splitlines()[-1][3:4] == b"-":
        more = s.recv(4096)
        if not more:
            raise OSError("closed after %r" % got)
        got += more
    return got


def connect(secure):
    s = socket.create_connection(("127.0.0.1", port), 120)
    reply(s)
    s.sendall(b"EHLO idle.example\r\n")
    reply(s)
    if secure:
        s.sendall(b"STARTTLS\r\n")
        reply(s)
        s = context.wrap_socket(s, server_hostname="mail.example")
        s.sendall(b"EHLO idle.example\r\n")
        reply(s)
    return s


def mail():
    """Seconds one message takes, in a connection of its own."""
    start = time.monotonic()
    s = smtplib.SMTP("127.0.0.1", port, "c.example", 120)
    if way == "tls":
        s.starttls(context=context)
    s.sendmail("a@elsewhere.example", [rcpt],
               "Subject: x\r\n\r\n" + ("x" * 70 + "\r\n") * 50)
    s.quit()
    return time.monotonic() - start


def delays():
    mail()
    times = sorted(mail() for _ in range(mails))
    return "median %.1f ms, 95%% %.1f ms, longest %.1f ms" % (
        1000 * statistics.median(times), 1000 * times[int(mails * .95)],
        1000 * times[-1])


stop = threading.Event()


def trickle(socks):
    """A byte a second on each: a message that never ends."""
    while not stop.wait(1):
        for s in socks:
            try:
                s.sendall(b"x")
            except OSError:
                pass


print("%s: alone: %s" % (way, delays()), flush=True)
before, free = memory(), available()
start = time.monotonic()
many = [connect(way == "tls") for _ in range(idle + slow)]
took = time.monotonic() - start
for s in many[:slow]:
    for line in ("MAIL FROM:<a@elsewhere.example>", "RCPT TO:<%s>" % rcpt,
                 "DATA"):
        s.sendall(line.encode() + b"\r\n")
        reply(s)
time.sleep(1)
after, less = memory(), free - available()
n = idle + slow
print("%s: %d connections, %.2f ms each to begin" % (way, n, 1000 * took / n))
for name in after:
    count = after[name][0] - before[name][0]
    if count > 0:
        print("%s: %s: %.2f processes a connection, %.0f KiB private, "
              "%.0f KiB with its share of what is shared"
              % (way, name, count / n, (after[name][1] - before[name][1]) / n,
                 (after[name][2] - before[name][2]) / n))
print("%s: %.0f KiB of the host's memory a connection (slow ones: with a "
      "quill-queue)" % (way, less / n), flush=True)
t = threading.Thread(target=trickle, args=(many[:slow],))
t.start()
print("%s: with %d idle and %d slow: %s" % (way, idle, slow, delays()),
      flush=True)
stop.set()
t.join()
for s in many:
    s.close()
while len(list(pids("quill-smtpd"))) > before["quill-smtpd"][0]:
    time.sleep(0.1)
