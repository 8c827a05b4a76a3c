#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Failures come back as reports; double bounces go to postmaster, triple ones
# are dropped; bounces survive a full disk and a kill.
. "$(dirname "$0")/../lib.sh"
need_root
need svscan tcpserver python3

quill_config quill.example
mktestuser
start_suite --smtp none
M=$testhome/Maildir
P=$H/alias/Maildir

inject()
{
	printf 'Subject: =?utf-8?q?caf=C3=A9?=\n\nbody %s\n' "$(cat "$T/extra")" \
		>"$T/mess"
	queue_mail "$@" <"$T/mess"
}
: >"$T/extra"

# --- two of three fail -------------------------------------------------------
inject "$testuser@quill.example" nobody@quill.example \
	"$testuser@quill.example" Nix@quill.example
ok "the good recipient and the report" wait_until 10 maildir_has "$M" 2
sleep 1
is "one report, not two" "$(maildir_count "$M")" 2
grep -l 'report-type=delivery-status' "$M"/new/* | head -n 1 >"$T/which"
cp "$(cat "$T/which")" "$T/report"
python3 - "$T/report" >"$T/parsed" 2>&1 <<'END'
import email, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"))
print("defects", m.defects)
print("type", m.get_content_type(), m.get_param("report-type"))
print("return-path", m["Return-Path"])
print("auto", m["Auto-Submitted"])
print("to", m["To"])
parts = m.get_payload()
print("parts", [p.get_content_type() for p in parts])
text = parts[0].get_payload()
print("text", text.split("\n")[0])
print("named", "<nobody@quill.example>:\nSorry, no mailbox" in text)
st = parts[1].get_payload()
print("mta", st[0]["Reporting-MTA"], "arrival" if st[0]["Arrival-Date"] else "")
for r in st[1:]:
    print("rcpt", r["Final-Recipient"], r["Action"], r["Status"])
print("orig", parts[2].get_payload()[0].get_payload().strip())
END
like "no MIME defect" "$(cat "$T/parsed")" '^defects \[\]$'
like "multipart/report" "$(cat "$T/parsed")" \
	'^type multipart/report delivery-status$'
like "null sender" "$(cat "$T/parsed")" '^return-path <>$'
like "auto-replied" "$(cat "$T/parsed")" '^auto auto-replied$'
like "three parts" "$(cat "$T/parsed")" \
	"text/plain', 'message/delivery-status', 'message/rfc822'"
like "first line as qmail's parsers know it" "$(cat "$T/parsed")" \
	'^text Hi. This is the quill-send program at quill.example.$'
like "address and reason" "$(cat "$T/parsed")" '^named True$'
like "who reports, and when it came" "$(cat "$T/parsed")" \
	'^mta dns; ?quill.example arrival$'
is "fields for each failed recipient, none for the others" \
	"$(grep '^rcpt' "$T/parsed")" \
	"rcpt rfc822;nobody@quill.example failed 5.1.1
rcpt rfc822;Nix@quill.example failed 5.1.1"
like "the message is in it" "$(cat "$T/parsed")" '^orig body'
ok "the queue is empty" wait_until 5 queue_empty
is "no reason is left behind" "$(find "$H/queue/bounce" -type f)" ""
rm -f "$M"/new/*

# --- a large message: its header only ---------------------------------------
head -c 100000 /dev/zero | tr '\0' x >"$T/extra"
inject "$testuser@quill.example" nobody@quill.example
ok "bounce of a large message" wait_until 10 maildir_has "$M" 1
like "only the header" "$(cat "$M"/new/*)" 'Content-Type: text/rfc822-headers'
like "its subject" "$(cat "$M"/new/*)" '^Subject: =\?utf-8\?q\?caf=C3=A9\?='
is "not its body" "$(grep -c xxxxxxxx "$M"/new/*)" 0
: >"$T/extra"
rm -f "$M"/new/*

# --- double and triple -------------------------------------------------------
inject gone@quill.example nobody@quill.example
ok "double bounce to postmaster" wait_until 10 maildir_has "$P" 1
like "marked by its sender" "$(cat "$P"/new/*)" '^Return-Path: <#@\[\]>$'
rm -f "$P"/new/*
inject '' nobody@quill.example
ok "a failed bounce from outside, too" wait_until 10 maildir_has "$P" 1
rm -f "$P"/new/*
inject '#@[]' nobody@quill.example
ok "a triple one is dropped and logged" wait_until 10 \
	log_has 'bounce msg [0-9a-v]+ dropped: triple bounce'
ok "the queue is empty after" wait_until 5 queue_empty
is "nobody got it" "$(maildir_count "$P")" 0
: >"$H/control/doublebounceto"
inject '' nobody@quill.example
ok "doublebounceto empty: dropped and logged" wait_until 10 \
	log_has 'bounce msg [0-9a-v]+ dropped: control/doublebounceto is empty'
echo "$testuser" >"$H/control/doublebounceto"
inject '' nobody@quill.example
ok "doublebounceto names somebody" wait_until 10 maildir_has "$M" 1
rm -f "$M"/new/*

# --- VERP --------------------------------------------------------------------
# the placeholder is expanded for each recipient, bounces go to the plain form
echo './Maildir/' >"$testhome/.qmail-list-default"
inject "$testuser-list-@quill.example-@[]" "$testuser@quill.example"
ok "delivered" wait_until 10 maildir_has "$M" 1
like "VERP sender" "$(cat "$M"/new/*)" \
	"^Return-Path: <$testuser-list-$testuser=quill.example@quill.example>\$"
rm -f "$M"/new/*
inject "$testuser-list-@quill.example-@[]" nobody@quill.example
ok "the bounce" wait_until 10 maildir_has "$M" 1
like "goes to the address without VERP" "$(cat "$M"/new/*)" \
	"^Delivered-To: $testuser-list-@quill.example\$"
rm -f "$M"/new/*

# --- hostile senders ---------------------------------------------------------
evil="$testuser@quill.example
X-Evil: yes"
inject "$evil" nobody@quill.example
wait_until 5 queue_empty
inject "$testuser@quill.example" "no
X-Evil: yes@quill.example"
ok "a report about a hostile recipient" wait_until 10 maildir_has "$M" 1
wait_until 5 queue_empty
is "no address makes a header line" \
	"$(cat "$M"/new/* "$P"/new/* 2>/dev/null | grep -c '^X-Evil')" 0
rm -f "$M"/new/* "$P"/new/*

# --- a quill-bounce that cannot run ------------------------------------------
mv "$H/bin/quill-queue" "$H/bin/.quill-queue"
cp "$H/bin/.quill-queue" "$T/quill-queue" # setuid bit lost on purpose
chown quillq:quill "$T/quill-queue"
chmod 4711 "$T/quill-queue"
inject_with()
{
	printf 'F%s\0T%s\0\0' "$1" "$2" >"$T/env"
	"$T/quill-queue" <"$T/mess" 1<"$T/env"
}
inject_with "$testuser@quill.example" nobody@quill.example
ok "no quill-queue: the bounce waits" wait_until 10 log_has \
	'quill-send: warning: bounce of [0-9a-v]+ will be tried again'
is "with its reason on disk" "$(find "$H/queue/bounce" -type f | wc -l)" 1
runs=$(grep -c 'info: running' "$H/log/send/current")
svc -k "$S/send"
mv "$H/bin/.quill-queue" "$H/bin/quill-queue"
ok "killed and started again" wait_until 10 sh -c \
	"[ \$(grep -c 'info: running' '$H/log/send/current') -gt $runs ]"
svc -a "$S/send"
ok "the bounce is made" wait_until 15 maildir_has "$M" 1
ok "and the queue is empty" wait_until 5 queue_empty
is "one bounce" "$(maildir_count "$M")" 1
done_testing
