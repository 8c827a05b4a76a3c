# SPDX-License-Identifier: 0BSD
"""From what was measured to a table: medians, ratios, targets.

A target is a function of quill's value v and the peers' values p, a dict, that
returns whether it holds, or None when it cannot be told in this run.
"""
import statistics


def get(r, path):
    for k in path.split("."):
        if not isinstance(r, dict) or r.get(k) is None:
            return None
        r = r[k]
    return r


def median(runs, path):
    v = [x for x in (get(r, path) for r in runs or []) if x is not None]
    return statistics.median(v) if v else None


def times(x, peer=None):
    """At least x times that peer, or the best."""
    def holds(v, p):
        who = [p[peer]] if peer in p else [] if peer else list(p.values())
        return v >= x * max(who) if who else None
    return holds


def under(x):
    return lambda v, p: v <= x


def faster_than(peer=None):
    def holds(v, p):
        who = [p[peer]] if peer in p else [] if peer else list(p.values())
        return v < min(who) if who else None
    return holds


def rows():
    """Measure, column, unit, target in words, target, higher is better."""
    out = []
    for s in (1, 10, 50):
        for m in ("one", "many"):
            name = "smtp to maildir, %d, %s" % (s, m)
            x = 1.5 if m == "one" else 2
            cpu = 1.8 if m == "one" else 1.3
            out.append((name, "rate", "delivered/s",
                        "%g x Postfix" % x if s > 1 else "",
                        times(x, "postfix") if s > 1 else None, True))
            out.append((name, "cpu_ms", "CPU ms", "<= %g" % cpu if s > 1
                        else "", under(cpu) if s > 1 else None, False))
            out.append((name, "flushes", "disk flushes", "", None, False))
            out.append((name, "commits", "journal commits", "", None, False))
    for m in ("one", "many"):
        name = "relay, 10, " + m
        t = m == "many"
        out += [
            (name, "rate", "sent/s", "1.5 x Postfix" if t else "",
             times(1.5, "postfix") if t else None, True),
            (name, "cpu_ms", "CPU ms", "<= 1.2" if t else "",
             under(1.2) if t else None, False),
            (name, "connections", "connections", "<= 24" if t else "",
             under(24) if t else None, False),
            (name, "flushes", "disk flushes", "", None, False)]
    for k in (1, 8):
        name = "inject, %d" % k
        out += [(name, "rate", "delivered/s", "3 x best peer", times(3), True),
                (name, "cpu_ms", "CPU ms", "", None, False)]
    name = "10,000 recipients"
    out += [(name, "seconds", "s", "faster than Exim", faster_than("exim"),
             False),
            (name, "connections", "connections", "<= 100", under(100), False),
            (name, "cpu_ms", "CPU ms/recipient", "", None, False)]
    name = "relay 10,000"
    out += [(name, "rate", "sent/s", "1.5 x Postfix", times(1.5, "postfix"),
             True),
            (name, "cpu_ms", "CPU ms", "", None, False),
            (name, "connections", "connections", "", None, False)]
    for how in "refuse", "drop":
        for n in 200, 1000:
            name = "%d domains, %s" % (n, how)
            out += [(name, "seconds", "s", "faster than Postfix",
                     faster_than("postfix"), False),
                    (name, "half", "s half of them", "", None, False),
                    (name, "cpu_ms", "CPU ms", "", None, False),
                    (name, "connections", "connections", "", None, False)]
    name = "dead destination"
    out += [
        (name, "accept_rate", "accepted/s", "", None, True),
        (name, "accept.cpu_ms", "CPU ms", "", None, False),
        (name, "restart.seconds", "s restart to new mail", "< 1", under(1),
         False),
        (name, "bytes_per_message", "bytes of manager/message", "< 100",
         under(100), False),
        (name, "listing", "s listing", "", None, False),
        (name, "drain_rate", "drained/s", "relay speed", None, True),
        (name, "drain.cpu_ms", "CPU ms drain", "", None, False),
        (name, "connections", "connections", "", None, False)]
    name = "1,000,000 queued"
    out += [
        (name, "restart.seconds", "s restart to new mail", "< 10", under(10),
         False),
        (name, "new_message", "s new message later", "< 10", under(10),
         False),
        (name, "read_in", "s until all is read", "", None, False),
        (name, "rss_kb", "kB RSS of quill-send", "< 150 MB", under(153600),
         False),
        (name, "idle_percent", "% CPU idle", "0", under(0.5), False)]
    out += [
        ("20 MB messages", "mb_s", "MB/s", "faster than all",
         times(1.0), True),
        ("20 MB messages", "largest_kb", "kB largest process", "< 2 MB",
         under(2048), False),
        ("100 idle sessions", "kb", "kB PSS each", "< 66", under(66), False),
        ("idle suite", "kb", "kB PSS", "< 1.5 MB", under(1536), False),
        ("idle suite", "everything", "kB with extras", "", None, False)]
    return out


def prepare(results):
    """Columns that are computed from others."""
    for runs in results.get("20 MB messages", {}).values():
        for r in runs:
            r["largest_kb"] = max(r["rss"].values(), default=None)
    drain = results.get("dead destination", {}).get("quill")
    relay = median(results.get("relay, 10, many", {}).get("quill"), "rate")
    return median(drain, "drain_rate"), relay


def table(results, names):
    drain, relay = prepare(results)
    out = []
    for name, col, unit, words, target, higher in rows():
        runs = results.get(name, {})
        v = {c: median(runs.get(c), col) for c in names}
        v = {c: x for c, x in v.items() if x is not None}
        if "quill" not in v:
            continue
        peers = {c: x for c, x in v.items() if c not in ("quill", "other")}
        holds = target(v["quill"], peers) if target else None
        if col == "drain_rate" and drain and relay:
            holds = drain >= relay
        out.append({
            "measure": name, "what": unit, "values": v,
            "ratios": {c: v["quill"] / x for c, x in v.items()
                       if x and c != "quill"},
            "higher_is_better": higher, "target": words, "holds": holds,
            "incomplete": [c for c in v if any("incomplete" in r
                                               for r in runs[c])]})
    return out


def number(x):
    if x is None:
        return "-"
    if abs(x) >= 100:
        return "{:,.0f}".format(x)
    return "%.2f" % x if abs(x) < 10 else "%.1f" % x


def show(about, rows_):
    names = []
    for r in rows_:
        names += [c for c in r["values"] if c not in names]
    peers = [c for c in names if c != "quill"]
    print("quill %s; %s" % (about["versions"].get("quill", ""), "; ".join(
        "%s %s" % (c, about["versions"].get(c, "")) for c in peers)))
    print("%d x %s, Linux %s, on %s; load %.1f before, %.1f after; %d s" % (
        about["cpus"], about["cpu"], about["kernel"], about["fs"],
        about["load"][0], about["load_after"][0], about["seconds"]))
    print("Medians of %d runs in turn; CPU of all processes of a contender (%s)"
          ".\nRatios are quill's value by the peer's. notqmail is left out: it"
          " is not packaged.\nSMTP: sessions, and one or many messages a"
          " connection; 4 KiB each.\n" % (about["runs"], about["cpu_from"]))
    head = "%-24s %-25s %9s" % ("measure", "", "quill")
    for c in peers:
        head += " %10s %6s" % (c[:10], "ratio")
    print(head + "  target")
    last, missed = None, 0
    for r in rows_:
        m = r["measure"] if r["measure"] != last else ""
        last = r["measure"]
        line = "%-24s %-25s %9s" % (m, r["what"], number(r["values"]["quill"]))
        for c in peers:
            mark = "*" if c in r["incomplete"] else ""
            line += " %10s %6s" % (number(r["values"].get(c)) + mark,
                                   number(r["ratios"].get(c)))
        if r["target"]:
            line += "  %s: %s" % (r["target"], {
                True: "holds", False: "MISSED", None: "-"}[r["holds"]])
            missed += r["holds"] is False
        print(line)
    print("\n* stopped at the time limit. %d targets missed." % missed)


def brief(per):
    """One line of progress."""
    if not per:
        return "nothing"
    out = []
    for c, runs in per.items():
        for col in ("rate", "seconds", "kb", "drain_rate", "idle_percent"):
            m = median(runs, col)
            if m is not None:
                cpu = median(runs, "cpu_ms")
                acc = [r["accepted"] / r["seconds"] for r in runs
                       if r.get("accepted") and col == "rate"]
                out.append("%s %s%s%s" % (
                    c, number(m), "" if cpu is None else " (%.2f ms)" % cpu,
                    " accepted at %.0f %%" % (100 * statistics.median(acc))
                    if acc else ""))
                break
    return ", ".join(out)
