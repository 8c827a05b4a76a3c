#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Enhanced status codes: each one in the source is in the registry that RFC
# 5248 set up, and its class is that of the reply or the verdict it goes with.
. "$(dirname "$0")/../lib.sh"
need python3
cd "$TOP" || exit 99

python3 - src/*/*.c >"$T/out" 2>&1 <<'END'
import re, sys

# subject: details (RFC 3463, 4954, 5248, 6531, 7372, 7505, 7293)
KNOWN = {0: [0], 1: range(0, 11), 2: range(0, 5), 3: range(0, 7),
         4: range(0, 8), 5: range(0, 7), 6: range(0, 11), 7: range(0, 31)}
codes = 0


def say(kind, name, text, at):
    print(kind, "%s:%d" % (name, text.count("\n", 0, at) + 1))


for name in sys.argv[1:]:
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  open(name).read(), flags=re.S)
    for m in re.finditer(r'(?:"|\(#)(\d)\.(\d+)\.(\d+)(?:"|\))', text):
        codes += 1
        c, s, d = map(int, m.groups())
        if c not in (2, 4, 5) or d not in KNOWN.get(s, []):
            say("unknown", name, text, m.start())
    for m in re.finditer(r'\(#(\D)', text):
        if m.group(1) not in '"':
            say("malformed", name, text, m.start())
    for m in re.finditer(r'\b([245])\d\d,\s*"(\d)\.\d+\.\d+"', text):
        if m.group(1) != m.group(2):
            say("class", name, text, m.start())
    for call, want in (("result_temp", "4"), ("result_perm", "5"),
                       ("result_set", None)):
        for m in re.finditer(call + r'\(\s*[\w&.>-]+,\s*(?:\'([DZ])\',\s*)?'
                             r'"(\d)\.', text):
            w = want or {"D": "5", "Z": "4"}.get(m.group(1))
            if m.group(2) != w:
                say("class", name, text, m.start())
    for m in re.finditer(r"'([DZ])',\s*\"(\d)\.\d", text):
        if {"D": "5", "Z": "4"}[m.group(1)] != m.group(2):
            say("class", name, text, m.start())
    for m in re.finditer(r'\b(MESSAGE|RCPT)_(FAILED|DEFERRED),\s*"(\d)\.', text):
        if {"FAILED": "5", "DEFERRED": "4"}[m.group(2)] != m.group(3):
            say("class", name, text, m.start())
    for m in re.finditer(r'\b(PERM|TEMP)\([^;]*?"(\d)\.\d+\.\d+"', text):
        if {"PERM": "5", "TEMP": "4"}[m.group(1)] != m.group(2):
            say("class", name, text, m.start())
print("codes", codes)
END
like "codes were found" "$(grep '^codes' "$T/out")" '^codes [1-9][0-9]+$'
is "each is registered" "$(grep -E '^(unknown|malformed)' "$T/out")" ''
is "each has the class of what it goes with" "$(grep '^class' "$T/out")" ''
is "nothing else was said" \
	"$(grep -vE '^(codes|unknown|malformed|class) ' "$T/out")" ''
done_testing
