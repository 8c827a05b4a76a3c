#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl metrics: what a monitoring system reads, from a running quill.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need_root
need svscan tcpserver swaks python3

quill_config quill.example
mktestuser
u=$testuser home=$testhome
start_suite

# prometheus.py FILE [NAME]: does it keep to the text format? Then NAME's value.
cat >"$T/prometheus.py" <<'END'
import re, sys
kind, helped, seen = {}, set(), {}
for line in open(sys.argv[1]).read().splitlines():
    m = re.fullmatch(r"# HELP ([a-z][a-z0-9_]*) (\S.*)", line)
    if m:
        assert m[1] not in helped, line
        helped.add(m[1])
        continue
    m = re.fullmatch(r"# TYPE ([a-z][a-z0-9_]*) (counter|gauge)", line)
    if m:
        assert m[1] in helped and m[1] not in kind, line
        kind[m[1]] = m[2]
        continue
    m = re.fullmatch(r"([a-z][a-z0-9_]*) (\d+)", line)
    assert m and m[1] in kind and m[1] not in seen, line
    assert (kind[m[1]] == "counter") == m[1].endswith("_total"), line
    seen[m[1]] = m[2]
assert len(seen) > 30, len(seen)
if len(sys.argv) > 2:
    print(seen[sys.argv[2]])
END
ctl=$H/bin/quillctl
# value NAME: out of a fresh reading
value()
{
	"$ctl" metrics >"$T/metrics" 2>&1
	python3 "$T/prometheus.py" "$T/metrics" "quill_$1" 2>&1
}
has_value()
{
	[ "$(value "$1")" = "$2" ]
}

for i in 1 2 3; do
	swaks -s "127.0.0.1:$SMTP_PORT" -f a@b.example -t "$u@quill.example" \
		>/dev/null 2>&1
done
swaks -s "127.0.0.1:$SMTP_PORT" -f a@b.example -t x@elsewhere.example \
	--helo x >"$T/refused" 2>&1
echo 'elsewhere.example:127.0.0.9:9' >"$H/control/smtproutes"
printf 'Subject: later\n\nx\n' | "$H/bin/quill-inject" x@elsewhere.example
echo spam@b.example >"$H/control/badmailfrom"
swaks -s "127.0.0.1:$SMTP_PORT" -f spam@b.example -t "$u@quill.example" \
	>/dev/null 2>&1
ok "messages that came by SMTP" wait_until 60 has_value smtpd_accepted_total 4
ok "recipients delivered" wait_until 60 has_value send_local_delivered_total 3
ok "attempts put off" wait_until 60 sh -c "
	'$ctl' metrics | grep -q '^quill_send_remote_deferred_total [1-9]'"
is "quill-send runs" "$(value up)" 1
is "sessions" "$(value smtpd_connections_total)" 5
is "refusals" "$(value smtpd_refused_5xx_total)" 1
is "... not for now" "$(value smtpd_refused_4xx_total)" 0
is "the queue" "$(value queue_messages)" 2
ok "... waits" wait_until 60 has_value queue_waiting 2
is "... nothing is new" "$(value queue_new)" 0
ok "the oldest has an age" wait_until 60 sh -c "
	'$ctl' metrics | grep -q '^quill_queue_oldest_seconds [1-9]'"
ok "free inodes are no more than all inodes" \
	test "$(value queue_free_inodes)" -le "$(stat -f -c %c "$H/queue")"
"$H/bin/quillctl" hold --to x@elsewhere.example >/dev/null 2>&1
ok "held" wait_until 60 sh -c "
	'$ctl' metrics | grep -q '^quill_queue_held [12]\$'"

if command -v promtool >/dev/null; then
	ok "promtool" sh -c "promtool check metrics <'$T/metrics'"
else
	skip "promtool" "not installed"
fi

echo old >"$T/quill.prom"
exec 9<"$T/quill.prom"
ok "to a file" "$ctl" metrics --file "$T/quill.prom"
is "... who reads the old one meanwhile, reads all of it" "$(cat <&9)" old
exec 9<&-
ok "... which is good" python3 "$T/prometheus.py" "$T/quill.prom"
is "... readable by node_exporter" "$(stat -c %a "$T/quill.prom")" 644
exits "a file that cannot be" 111 "$ctl" metrics --file "$T/no/quill.prom"
is "... nothing is left" "$(find "$T" -name '*.prom.tmp')" ''

# HTTP, under tcpserver
bg tcpserver -RHl0 127.0.0.1 9154 "$ctl" metrics --http
wait_until 30 listening 9154
cat >"$T/get.py" <<'END'
import socket, sys
s = socket.create_connection(("127.0.0.1", 9154), 20)
s.settimeout(60)
s.sendall(sys.argv[1].encode().decode("unicode_escape").encode())
if len(sys.argv) > 2:
    s.shutdown(socket.SHUT_WR)
b = b""
try:
    while True:
        d = s.recv(65536)
        if not d:
            break
        b += d
except ConnectionError:
    pass
head, _, body = b.partition(b"\r\n\r\n")
open("body", "wb").write(body)
print(head.split(b"\r\n")[0].decode())
for l in head.split(b"\r\n"):
    if l.lower().startswith(b"content-length:"):
        print(int(l.split(b":")[1]) == len(body))
END
cd "$T" || exit 99
get()
{
	python3 "$T/get.py" "$@" 2>&1
}
is "GET /metrics" "$(get 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')" \
	'HTTP/1.1 200 OK
True'
ok "... is what it prints" python3 "$T/prometheus.py" "$T/body"
like "another path" "$(get 'GET /../etc/passwd HTTP/1.1\r\n\r\n')" '^HTTP/1.1 404 '
like "another method" "$(get 'POST /metrics HTTP/1.1\r\n\r\n')" '^HTTP/1.1 405 '
like "no request" "$(get 'GET /metrics HTTP/1.1\r\n' half)" '^HTTP/1.1 400 '
like "a long one" "$(get "GET /metrics HTTP/1.1\\r\\nX: $(printf %09000d 1)\\r\\n\\r\\n")" \
	'^HTTP/1.1 400 |^$'
i=0 many=
while [ $i -lt 200 ]; do
	i=$((i + 1))
	many="${many}X-$i: $(printf %060d $i)\\r\\n"
done
like "one of many lines" "$(get "GET /metrics HTTP/1.1\\r\\n$many\\r\\n")" \
	'^HTTP/1.1 400 |^$'
is "a real client" "$(python3 -c '
import urllib.request
r = urllib.request.urlopen("http://127.0.0.1:9154/metrics", timeout=30)
print(r.status, r.headers["content-type"])')" '200 text/plain; version=0.0.4'

exits "as nobody" 111 setuidgid nobody "$ctl" metrics
svc -d "$S/send"
ok "without quill-send" wait_until 60 sh -c \
	"'$ctl' metrics | grep -q '^quill_up 0\$'"
is "... the counters stay" "$(value send_local_delivered_total)" 3
svc -u "$S/send"
ok "again with it" wait_until 60 sh -c \
	"'$ctl' metrics | grep -q '^quill_up 1\$'"
is "... they go on" "$(value send_local_delivered_total)" 3
exits "usage" 64 "$ctl" metrics --http --file x
done_testing
