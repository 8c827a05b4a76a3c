#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""report_page.py FILE CODE [ARG]: run CODE with the parsed page as p, ARG as
arg. Python's own parser, so that nothing need be installed."""
import html.parser
import sys

VOID = {"meta", "br"}


class Page(html.parser.HTMLParser):
    def __init__(self, raw):
        super().__init__(convert_charrefs=True)
        self.raw, self.text, self.style, self.title = raw, "", "", ""
        self.all, self.tags, self.ids = [], set(), set()
        self.headings, self.plots, self.tables = [], [], {}
        self.meta, self.root, self.open = {}, {}, []
        self.section = self.row = self.cell = None
        self.drawing = False
        self.list = []
        self.feed(raw)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        assert len(a) == len(attrs), "an attribute twice: %s" % tag
        self.all.append((tag, a))
        self.tags.add(tag)
        if "id" in a:
            assert a["id"] not in self.ids, "id twice: " + a["id"]
            self.ids.add(a["id"])
        if tag not in VOID:
            self.open.append(tag)
        if tag == "html":
            self.root = a
        elif tag == "meta":
            self.meta[a.get("name", a.get("http-equiv"))] = a.get("content")
        elif tag == "section":
            self.section = a["id"]
        elif tag == "svg" and a.get("role") == "img":
            self.plots.append({"title": "", "desc": "", "rects": 0,
                               "bars": [], "table": False})
            self.drawing = True
        elif tag == "rect" and self.plots:
            self.plots[-1]["rects"] += 1
            if self.drawing:
                self.plots[-1]["bars"].append(
                    {k: float(a[k].rstrip("%")) for k in
                     ("x", "y", "width", "height")})
        elif tag == "table":
            self.tables.setdefault(self.section, [])
            if "details" in self.open:
                self.plots[-1]["table"] = True
        elif tag == "tr" and "tbody" in self.open:
            self.row = []
            self.tables[self.section].append(self.row)
        elif tag in ("td", "th") and self.row is not None:
            self.row.append("")
        elif tag in ("h1", "h2", "h3"):
            self.headings.append((int(tag[1]), a.get("id")))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()
        if tag == "svg":
            self.drawing = False
        if tag == "tr":
            self.row = None

    def handle_data(self, data):
        if not self.open:
            assert not data.strip(), data
        elif self.open[-1] == "style":
            self.style += data
        elif self.open[-1] == "title" and "svg" not in self.open:
            self.title += data
        elif self.open[-1] in ("title", "desc") and "g" not in self.open:
            self.plots[-1][self.open[-1]] += data
        else:
            self.text += data
            if self.row and "small" not in self.open:
                self.row[-1] += data
            if self.open[-1] == "strong":
                self.list.append(data)

    def facts(self):
        return [int(x.replace(",", "")) for x in self.list]

    def rows(self, section):
        return self.tables.get(section, [])


with open(sys.argv[1], encoding="utf-8", newline="") as f:
    p = Page(f.read())
arg = sys.argv[3] if len(sys.argv) > 3 else None
exec(sys.argv[2])  # the test's own words
