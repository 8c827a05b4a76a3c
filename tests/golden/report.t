#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quillctl report on logs that were made for it: what it counts, what bad logs
# and hostile text do to it, and that the page is good HTML, fits a phone and
# needs nothing from elsewhere.
. "$(dirname "$0")/../lib.sh"
need python3

ctl=$B/bin/quillctl
end=1700000000
tai()
{
	printf '@%016x%08x' $((0x4000000000000000 + 10 + $1)) 0
}
# html FILE EXPRESSION: of the parsed page, as p; see report_page.py
html()
{
	python3 "$TOP/tests/golden/report_page.py" "$@"
}

# --- what it counts ----------------------------------------------------------
python3 "$TOP/tests/golden/report_logs.py" "$T/logs" 3000 7 $end \
	>"$T/want" || give_up 'report_logs.py'
exits 'a week of logs' 0 "$ctl" report "$T/logs/send" "$T/logs/smtp"
cp "$T/out" "$T/week.html"
is 'nothing is said' "$(cat "$T/err")" ''
ok 'the numbers are those of the logs' html "$T/week.html" '
import json
w = json.load(open(arg)); t = w["tally"]
want = [t[k] for k in ("messages", "sent", "deferred", "bounced", "refused",
	"accepted")]
assert p.facts() == want, (p.facts(), want)
for name, k in (("senders", "Messages"), ("destinations", "Attempts")):
	rows = [(r[0], int(r[1].replace(",", ""))) for r in p.rows(name)]
	assert dict(rows).items() >= {a: n for a, n in w[name]}.items(), rows
	assert [n for _, n in rows] == sorted((n for _, n in rows),
		reverse=True)
def total(name, k):
	return sum(int(r[k].replace(",", "")) for r in p.rows(name))
assert total("messages", 1) == t["messages"]
assert [total("attempts", k) for k in (1, 2, 3)] == want[1:4]
assert total("refused", 1) == t["refused"]
assert total("delay", 1) + total("delay", 2) == t["sent"]
assert total("deferrals", 1) <= t["deferred"]
' "$T/want"
ok 'the same by rotated and current files' sh -c "
	mkdir '$T/one' && cat '$T'/logs/send/@* '$T/logs/send/current' \
		>'$T/one/current' 2>/dev/null ||
		cat '$T/logs/send/current' >'$T/one/current'
	'$ctl' report '$T/one' '$T/logs/smtp' | sed 's/<p>20.*//; s/logs.*//' >'$T/a'
	sed 's/<p>20.*//; s/logs.*//' '$T/week.html' | cmp - '$T/a'"
exits 'the last two days' 0 "$ctl" report --days 2 "$T/logs/send" "$T/logs/smtp"
ok 'are 48 hours' html "$T/out" '
n = [int(r[1].replace(",", "")) for r in p.rows("messages")]
assert 40 <= len(n) <= 48, n
assert "2023-11-12 23:00 to 2023-11-14 23:00" in p.text, p.text[:300]'
exits 'a file' 0 "$ctl" report -o "$T/page.html" "$T/logs/send" "$T/logs/smtp"
is 'nothing on the standard output' "$(cat "$T/out")" ''
ok 'the same page' sh -c "sed 's/made 20.*//' '$T/week.html' >'$T/a'
	sed 's/made 20.*//' '$T/page.html' | cmp - '$T/a'"
is 'nothing is left aside' "$(find "$T" -name "*.tmp")" ''
ln -s "$T/victim" "$T/page.html.tmp"
echo precious >"$T/victim"
exits 'a link in its way' 0 "$ctl" report -o "$T/page.html" "$T/logs/send"
is 'is not followed' "$(cat "$T/victim")" precious
exits 'a file that cannot be' 111 "$ctl" report -o "$T/no/x" "$T/logs/send"
like 'is said' "$(cat "$T/err")" "unable to write $T/no/x: No such file"
exits 'a disk that is full' 111 sh -c "'$ctl' report '$T/logs/send' >/dev/full"

# --- the page ----------------------------------------------------------------
ok 'headings, language, plots that can be heard' html "$T/week.html" '
assert p.root["lang"] == "en" and p.title
assert p.headings[0][0] == 1 and all(h == 2 for h, _ in p.headings[1:])
assert len(p.plots) == 5, len(p.plots)
for s in p.plots:
	assert s["title"] and len(s["desc"]) > 40, s
	assert s["rects"] > 5, s
	assert s["table"], "no table after it"
assert "width=device-width" in p.meta["viewport"]'
ok 'bars are as high, or as long, as their numbers say' html "$T/week.html" '
def values(name):
	return [[int(x.replace(",", "")) for x in r[1:]] for r in p.rows(name)]
def close(a, b):
	return abs(a - b) < 0.02
v, bars = [r[0] for r in values("messages")], p.plots[0]["bars"]
assert len(v) == len(bars), (len(v), len(bars))
unit = bars[0]["height"] / v[0]
assert 50 < unit * max(v) <= 100.01, unit * max(v)
for n, b in zip(v, bars):
	assert close(b["height"], n * unit) and close(b["y"] + b["height"], 100), b
# those of several series stand on each other, or side by side
v, bars = values("attempts"), p.plots[1]["bars"]
unit = bars[0]["height"] / next(n for n in v[0] if n)
for r in v:
	y = 100
	for n in filter(None, r):
		b = bars.pop(0)
		assert close(b["height"], n * unit) and close(y - b["height"], b["y"])
		y = b["y"]
v, bars = values("delay"), p.plots[4]["bars"]
unit = 100 / max(map(sum, v))
for r in v:
	x = 0
	for n in filter(None, r):
		b = bars.pop(0)
		assert close(b["width"], n * unit) and close(b["x"], x), (b, r)
		x += b["width"]
assert not bars'
ok 'nothing from elsewhere, nothing that runs' html "$T/week.html" '
assert not p.tags & {"script", "link", "img", "iframe", "object", "embed",
	"form", "base", "audio", "video", "use", "image", "foreignobject"}
for tag, a in p.all:
	for k, v in a.items():
		assert not k.startswith("on"), (tag, k)
		assert k not in ("src", "srcset", "background", "action"), k
		if k in ("href", "xlink:href"):
			assert v.startswith("#") and v[1:] in p.ids, v
assert "url(" not in p.style and "@import" not in p.style'
if command -v tidy >/dev/null; then
	is 'valid HTML' "$(tidy -q -e "$T/week.html" 2>&1 |
		grep -v '<title> proprietary attribute "id"')" ''
else
	skip 'valid HTML' 'tidy is not installed'
fi

# fits FILE WIDTH: no wider than the window, by a page that frames it
fits()
{
	fits_say='parent.postMessage(d.scrollWidth + " " + d.clientWidth, "*")'
	sed "s|</body>|<script>d = document.documentElement; $fits_say\
</script></body>|; /Content-Security-Policy/d" "$1" >"$T/framed.html"
	cat >"$T/frame.html" <<END
<!DOCTYPE html><title>.</title><iframe src="framed.html" width="$2"
height="700"></iframe><script>onmessage = function (e) {
document.documentElement.dataset.got = e.data }</script>
END
	is "$3 ${2}px wide: no scrolling sideways" "$(
		HOME=$T timeout 300 chromium --headless=new --no-sandbox \
			--disable-gpu --virtual-time-budget=10000 \
			--user-data-dir="$T/chromium" --window-size=1400,900 \
			--dump-dom "file://$T/frame.html" 2>"$T/chromium.log" |
			sed -n 's/.*data-got="\([0-9]*\) \([0-9]*\)".*/\1 \2/p' |
			awk '{ print ($1 == $2 && $1 > 300 ? "fits" : $0) }'
	)" fits
}
if command -v chromium >/dev/null; then
	fits "$T/week.html" 360 'a page'
	fits "$T/week.html" 1200 'a page'
	# pages FILE: how many it has on paper
	pages()
	{
		rm -f "$T/page.pdf"
		HOME=$T timeout 300 chromium --headless=new --no-sandbox \
			--disable-gpu --user-data-dir="$T/chromium" \
			--print-to-pdf="$T/page.pdf" "file://$1" \
			>>"$T/chromium.log" 2>&1
		grep -a -c '/Type /Page$' "$T/page.pdf"
	}
	sed 's/<details>/<details open>/' "$T/week.html" >"$T/open.html"
	paper=$(pages "$T/week.html")
	ok 'on paper' test "$paper" -gt 2
	is '... without the numbers that were unfolded on the screen' \
		"$(pages "$T/open.html")" "$paper"
else
	skip 'a page fits a phone' 'chromium is not installed'
	skip 'on paper' 'chromium is not installed'
fi

# --- hostile text --------------------------------------------------------------
mkdir -p "$T/evil/<b>send" "$T/evil/smtp"
id=0123456789abcdef
esc=$(printf '\033')
{
	echo "$(tai $end) info msg $id: bytes 5 from <\"><script>alert(1)</script>@x.test> qp 7 uid 0 nrcpt=1"
	echo "$(tai $end) delivery 1: deferral: <img_src=x_onerror=alert(x)>\"'&amp;${esc}[J/ to=a@</table><h1>x from=<> relay=- delay=1.000 dsn=4.0.0 status=deferred"
	printf '%s delivery 1: failure: \302\233\377\342\200\256gnp.exe\342\200\250/ to=x@%s relay=- dsn=5.0.0\n' \
		"$(tai $end)" "$(printf '%01500d' 7 | tr 0 w)"
	printf '%s info msg %s: bytes 99999999999999999999 from <nul\000\001> qp 7\n' \
		"$(tai $end)" "$id"
} >"$T/evil/<b>send/current"
{
	echo "$(tai $end) quill-smtpd: refused pid=1 ip=1 from=<> to=<> code=550 text=\"%3Cscript%3Ealert(x)%3C/script%3E %22%00%1B[J%E2%80%AE%FF%\" what=X"
	echo "$(tai $end) quill-smtpd: refused pid=1 code=<u> text=\"\""
} >"$T/evil/smtp/current"
exits 'hostile text' 0 "$ctl" report "$T/evil/<b>send" "$T/evil/smtp"
cp "$T/out" "$T/evil.html"
ok 'stays text' html "$T/evil.html" '
assert not p.tags & {"script", "img", "b", "u"}, p.tags
assert sum(h == 1 for h, _ in p.headings) == 1, p.headings
assert any("<script>alert(x)</script> \"" in r[0]
	for r in p.rows("refusals")), p.rows("refusals")
assert any("onerror=alert(x)" in r[0] for r in p.rows("deferrals"))
bad = [c for c in p.raw if (ord(c) < 32 and c != "\n") or
	127 <= ord(c) < 160 or 0x202a <= ord(c) <= 0x202e or
	0x2066 <= ord(c) <= 0x2069 or ord(c) in (0x2028, 0x2029)]
assert not bad, bad'
if command -v tidy >/dev/null; then
	is 'is valid HTML still' "$(tidy -q -e "$T/evil.html" 2>&1 |
		grep -v '<title> proprietary attribute "id"')" ''
else
	skip 'is valid HTML still' 'tidy is not installed'
fi
if command -v chromium >/dev/null; then
	fits "$T/evil.html" 360 'a hostile page'
else
	skip 'a hostile page fits a phone' 'chromium is not installed'
fi

# --- logs as they may be ---------------------------------------------------------
exits 'no days' 64 "$ctl" report --days 0 "$T/logs/send"
exits 'too many days' 64 "$ctl" report --days 401 "$T/logs/send"
like 'how many there may be' "$(cat "$T/err")" '1 to 400: 401'
exits 'an unknown option' 64 "$ctl" report --daze 7
exits 'a directory that is not there' 111 "$ctl" report "$T/none"
like 'is named' "$(cat "$T/err")" "unable to read the log $T/none: No such"
exits 'one of two' 111 "$ctl" report -o "$T/half.html" "$T/none" "$T/logs/smtp"
ok 'the page of the other is there, and says so' html "$T/half.html" '
assert "1 log directories could not be read" in p.text
assert p.facts()[4] > 0'
mkdir "$T/empty" "$T/new"
: >"$T/new/current"
exits 'an empty directory' 1 "$ctl" report -o "$T/e.html" "$T/empty"
like 'why there is no page' "$(cat "$T/err")" 'no line of these logs has a time'
exits 'an empty log' 1 "$ctl" report -o "$T/e.html" "$T/new"
ok 'and none' test ! -e "$T/e.html"
echo "new msg $id" >"$T/new/current"
exits 'lines without times' 1 "$ctl" report "$T/new"
echo "$(tai $end) new msg $id" >"$T/new/current"
exits 'one line' 0 "$ctl" report "$T/new"
ok 'is an hour' html "$T/out" '
assert "2023-11-14 22:00 to 2023-11-14 23:00" in p.text
assert p.facts() == [0] * 6
assert p.rows("queue") == [["2023-11-14 22:00", "1"]]'
info="info msg $id: bytes 9 from <a@b.test> qp 7 uid 0 nrcpt=1"
{
	echo "$(tai $((end - 86400 * 365))) $info"
	echo "$(tai 100) $info"
	echo "$(tai $((end + 86400 * 36500))) $info"
	echo "$(tai $end) $info"
	printf '%s info msg %s: bytes 9 from <a@b' "$(tai $end)" "$id"
} >"$T/new/current"
exits 'a clock that jumps, a torn line, a year' 0 "$ctl" report "$T/new"
ok 'a year, and what is left out' html "$T/out" '
assert "2022-11-14 22:00 to 2023-11-14 23:00" in p.text, p.text[:300]
assert p.facts()[0] == 2, p.facts()
assert "1 lines are later" in p.text
assert "1 lines at the end of files are not complete" in p.text
assert len(p.rows("messages")) == 2
assert "Messages per 2 days" in p.text'
mkdir "$T/turned"
echo "$(tai $((end - 7200))) $info" >"$T/turned/$(tai $((end - 7000))).s"
echo "$(tai $((end - 3600))) $info" >"$T/turned/$(tai $((end - 3500))).u"
echo "$(tai $((end - 9999999))) $info" >"$T/turned/$(tai $((end - 9999000))).s"
: >"$T/turned/current"
echo "$(tai $end) $info" >"$T/turned/state"
exits 'rotated files, the last one empty' 0 "$ctl" report --days 3 "$T/turned"
ok 'what is in them; older files are not read' html "$T/out" '
assert p.facts()[0] == 2, p.facts()
assert "2 lines of the logs turned" in p.text'
mkdir "$T/turned/$(tai $((end - 6000))).s"
exits 'a file that cannot be read' 111 "$ctl" report -o "$T/half.html" "$T/turned"
like 'is named' "$(cat "$T/err")" 'unable to read the log .*/turned/@[0-9a-f]*\.s: Is a'
ok 'the page of the others says so, too' html "$T/half.html" '
assert "1 log directories could not be read, or not all" in p.text
assert p.facts()[0] == 3, p.facts()'
rmdir "$T/turned/$(tai $((end - 6000))).s"
python3 - "$end" >"$T/new/current" <<'END'
import sys
t = (1 << 62) + 10 + int(sys.argv[1])
for i in range(30000):
    a = "often@x.test" if i % 10 == 0 else "u%d@x.test" % (i * 7919)
    print("@%016x%08x info msg %016d: bytes 5 from <%s> qp 1 uid 0 nrcpt=1"
          % (t - 3000 + i // 10, 0, i, a))
END
exits 'more senders than places' 0 "$ctl" report "$T/new"
ok 'the frequent one, and not who is there by chance' html "$T/out" '
assert p.rows("senders") == [["often@x.test", "3,000", "14.6 KiB"]], \
	p.rows("senders")
assert "The first 1 of 2,000 or more." in p.text'
if [ "$(id -u)" = 0 ] && id nobody >/dev/null 2>&1; then
	chmod 755 "$T/turned"
	chmod 600 "$T/turned/current"
	exits 'a log that may not be read' 111 setpriv --reuid nobody \
		--clear-groups "$ctl" report "$T/turned"
	like 'why' "$(cat "$T/err")" "log $T/turned: Permission denied"
else
	skip 'a log that may not be read' 'needs root'
fi
done_testing
