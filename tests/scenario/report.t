#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl report of a suite that has delivered, deferred, bounced and refused.
. "$(dirname "$0")/../lib.sh"
own_net "$@"
need_root
need svscan tcpserver swaks python3

quill_config quill.example
mktestuser
u=$testuser home=$testhome
echo 'elsewhere.example:127.0.0.9:9' >"$H/control/smtproutes"
printf 'spam@quill.example\ntrap@quill.example\n' >"$H/control/badrcptto"
start_suite
ctl=$H/bin/quillctl

for i in 1 2 3 4; do
	swaks -s "127.0.0.1:$SMTP_PORT" -f a@b.example -t "$u@quill.example" \
		>"$T/swaks" 2>&1
done
swaks -s "127.0.0.1:$SMTP_PORT" -f a@b.example -t spam@quill.example \
	>"$T/swaks" 2>&1
swaks -s "127.0.0.1:$SMTP_PORT" -f a@b.example -t trap@quill.example \
	>"$T/swaks" 2>&1
printf 'Subject: later\n\nx\n' |
	"$H/bin/quill-inject" -f joe@quill.example x@elsewhere.example
printf 'Subject: nobody\n\nx\n' |
	"$H/bin/quill-inject" -f "$u@quill.example" nobody@quill.example
# 4, and the bounce
ok "delivered" wait_until 60 maildir_has "$home/Maildir" 5
ok "deferred" wait_until 60 log_has ': deferral: '
ok "bounced" wait_until 60 log_has ': failure: '
ok "refused" wait_until 60 log_has ': refused .*trap@quill.example' smtp
ok "the bounce is done" wait_until 60 sh -c \
	"[ \$('$ctl' queue --count) = 1 ]"

exits "a report" 0 "$ctl" report -o "$T/page.html"
is "nothing is said" "$(cat "$T/err")" ''
# nothing is tried again while this runs, but a deferral may come twice
ok "is what was done" python3 "$TOP/tests/golden/report_page.py" \
	"$T/page.html" '
n = p.facts()
assert n[0] == 7 and n[1] == 5 and n[2] >= 1 and n[3:] == [1, 2, 4], n
assert p.title == "Mail report: quill.example", p.title
assert ["a@b.example", "4"] == p.rows("senders")[0][:2], p.rows("senders")
assert ["<>", "1"] in [r[:2] for r in p.rows("senders")]
d = {r[0]: r[1:] for r in p.rows("destinations")}
assert d["quill.example"] == ["6", "5", "0", "1"], d
assert d["elsewhere.example"][1:] == ["0", d["elsewhere.example"][0], "0"], d
assert p.rows("refusals")[0][1] == "2", p.rows("refusals")
assert "553 5.7.1 this recipient" in p.rows("refusals")[0][0]
assert len(p.rows("deferrals")) == 1, p.rows("deferrals")
assert "connect" in p.rows("deferrals")[0][0], p.rows("deferrals")
assert "5.1.1 Sorry, no mailbox" in p.rows("failures")[0][0]
assert p.rows("queue")[-1][1] in "1234", p.rows("queue")
assert sum(int(r[1]) for r in p.rows("delay")) == 5
assert sum(int(r[2]) for r in p.rows("delay")) == 0'
exits "as nobody: no log can be read" 111 setuidgid nobody "$ctl" report
like "... says so" "$(cat "$T/err")" 'no log can be read below .*root may'
stop_suite
exits "of a suite that is down" 0 "$ctl" report --days 1 -o "$T/page2.html"
ok "the same" python3 "$TOP/tests/golden/report_page.py" "$T/page2.html" '
assert p.facts()[0] == 7 and p.facts()[1] == 5, p.facts()'
done_testing
