"""Checks a page of amkd-report: that it is whole, needs nothing but itself, and says what
the files of its runs say.
Usage: report.py whole PAGE | figures PAGE RUN | compared PAGE RUN..."""
import collections
import html.parser
import json
import os
import re
import statistics
import subprocess
import sys

VOID = {"meta", "img", "br", "link", "input", "hr", "base", "source", "col", "wbr"}


class Page(html.parser.HTMLParser):
    """Elements with their attributes, ids, and the rows of every table by its id."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.ids = [], [], collections.Counter()
        self.tables, self.table, self.cell = {}, None, None
        self.texts = collections.defaultdict(str)
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        if "id" in attributes:
            self.ids[attributes["id"]] += 1
        if tag in VOID:
            return
        self.open.append((tag, attributes.get("id")))
        if tag == "table":
            self.table = self.tables.setdefault(attributes.get("id"), [])
        elif tag == "tr" and self.table is not None:
            self.table.append([])
        elif tag in ("td", "th") and self.table:
            self.table[-1].append("")
            self.cell = True

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()
        if tag == "table":
            self.table = None
        elif tag in ("td", "th"):
            self.cell = None

    def handle_data(self, data):
        if self.cell and self.table:
            self.table[-1][-1] += data
        for _, name in self.open:
            if name:
                self.texts[name] += data


def number(text):
    return float(re.sub("[^0-9.-]", "", text.split("\N{PLUS-MINUS SIGN}")[0]))


def near(shown, value, digits):
    assert abs(number(shown) - value) <= 0.51 * 10**-digits, f"{shown} for {value}"


def whole(text):
    """No script, no reference to anything elsewhere, all that is promised to readers."""
    assert text.startswith("<!DOCTYPE html>")
    page = Page(text)
    for tag, attributes in page.elements:
        assert tag not in ("script", "link", "iframe", "object", "base", "form"), tag
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} {name}"
            if name in ("src", "href", "xlink:href", "srcset", "poster", "data"):
                assert value.startswith(("data:image/png;base64,", "#")), value[:80]
            assert "javascript:" not in (value or "").lower()
        if tag == "img":
            assert attributes.get("alt"), "an image without words"
        if tag == "a":
            assert page.ids[attributes["href"][1:]] == 1, attributes["href"]
        for name in attributes.get("aria-labelledby", "").split():
            assert page.ids[name] == 1, name
        if attributes.get("role") == "region":
            assert attributes.get("tabindex") == "0" and attributes.get("aria-label")
    assert all(n == 1 for n in page.ids.values()), page.ids.most_common(3)
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert "prefers-color-scheme:dark" in style and "@media print" in style
    headings = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert headings.count(1) == 1 and headings[0] == 1
    assert all(b <= a + 1 for a, b in zip(headings, headings[1:])), headings
    return page


def rows(*arguments):
    """The rows of a stream as amkd-cat prints them."""
    lines = subprocess.run(["amkd-cat", *arguments], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return [dict(zip(lines[0].split("\t"), map(float, line.split("\t"))))
            for line in lines[1:]]


def rounds_of(run):
    """[(answers up to the round, its evaluation)]"""
    found, total = [], 0
    for number_ in range(100):
        try:
            total += len(rows(f"{run}/round-{number_}/labels.amkd"))
        except subprocess.CalledProcessError:
            break
        found.append((total, json.load(open(f"{run}/round-{number_}/eval.json"))))
    return found


def check_curve(line, total, evaluation):
    assert int(line[1]) == total and int(line[2]) == 1, line
    near(line[3], 100 * evaluation["success_rate"], 2)
    near(line[4], 100 * evaluation["agreement"], 2)
    near(line[5], 100 * evaluation["student"]["accuracy"], 2)
    near(line[6], 100 * evaluation["teacher"]["accuracy"], 2)
    near(line[7], evaluation["teacher"]["mean_top_probability"], 3)


def check_confusion(table, counts, names):
    assert table[0][1:] == names, table[0]
    for line, name, row in zip(table[1:], names, counts, strict=True):
        assert line[0] == name and list(map(int, line[1:])) == row, (line, row)


def check_histogram(table, values):
    """values[r - 1]: those of round r; its column holds shares in %."""
    for r, column in enumerate(values):
        for k, line in enumerate(table[1:]):
            low, high = float(line[0]), float(line[1])
            last = k == len(table) - 2
            inside = sum(low - 6e-4 <= v < high - 6e-4 or (last and v >= low)
                         for v in column)
            if abs(float(line[2 + r]) - 100 * inside / len(column)) > 0.1:
                edge = sum(min(abs(v - low), abs(v - high)) < 1e-3 for v in column)
                assert edge, (line, r, inside, len(column))


def check_uses(page, run, picks):
    """A view counts for the real image that it shows."""
    images = len(rows("--field", "pixels", f"{run}/images.amkd"))
    sources = list(range(images))
    if os.path.exists(f"{run}/views.amkd"):
        sources = [int(row["source"]) for row in rows("--field", "source",
                                                      f"{run}/views.amkd")]
    pairs = [(int(pick["i"]), int(pick["j"])) for round_ in picks for pick in round_]
    uses = collections.Counter(sources[i] for pair in pairs for i in pair)
    for low, high, n in (map(int, line) for line in page.tables["uses-table-0"][1:]):
        assert sum(low <= uses[i] <= high for i in range(images)) == n, (low, high, n)
    said = (f"{len(pairs)} picks are of {len(set(pairs))} distinct pairs of {len(uses)} "
            "real images")
    assert said in page.texts["uses-0"].replace(",", ""), said


def check_paired(table, runs):
    """runs: {(method, seed): [(answers, evaluation)]}"""
    first = next(iter(runs))[0]
    assert len(table) > 1, table
    for name, answers, n, success, agreement in table[1:]:
        for shown, key in ((success, "success_rate"), (agreement, "agreement")):
            values = []
            for seed in {seed for _, seed in runs}:
                ours = dict(runs.get((name, seed), [])).get(int(answers))
                theirs = dict(runs.get((first, seed), [])).get(int(answers))
                if ours and theirs:
                    values.append(100 * (ours[key] - theirs[key]))
            near(shown, statistics.mean(values), 2)
            near(shown.split("\N{PLUS-MINUS SIGN}")[1],
                 statistics.stdev(values) / len(values) ** 0.5, 2)
            assert int(n) == len(values)


def figures(text, run):
    """Of a page of one run: everything that a file of the run also says."""
    page = whole(text)
    measured = rounds_of(run)
    total, last = measured[-1]
    near(page.texts["success"], 100 * last["success_rate"], 1)
    near(page.texts["accuracy"], 100 * last["student"]["accuracy"], 1)
    near(page.texts["agreement"], 100 * last["agreement"], 1)
    near(page.texts["teacher-accuracy"], 100 * last["teacher"]["accuracy"], 1)
    near(page.texts["teacher-top"], 100 * last["teacher"]["mean_top_probability"], 1)
    assert number(page.texts["answers"]) == total
    assert len(page.tables["curve-table"]) == 1 + len(measured)
    for line, (total, evaluation) in zip(page.tables["curve-table"][1:], measured):
        check_curve(line, total, evaluation)
    names = [entry["class"] for entry in last["student"]["per_class"]]
    for name, counts in (("student", last["student"]["confusion"]),
                         ("teacher", last["teacher"]["confusion"]),
                         ("both", last["teacher_student"])):
        check_confusion(page.tables[f"confusion-{name}-0-table"], counts, names)
    agreed = sum(row[c] for c, row in enumerate(last["teacher_student"]))
    assert abs(agreed / last["student"]["n"] - last["agreement"]) < 1e-5

    picks = [rows(f"{run}/round-{r}/picks.amkd") for r in range(1, len(measured))]
    for name in ("lambda", "score"):
        values = [[pick[name] for pick in round_] for round_ in picks]
        check_histogram(page.tables[f"{name}-0-table"], values)
    check_uses(page, run, picks)
    for r, line in enumerate(page.tables["time-table"][1:-1]):
        assert int(line[1]) == len(rows(f"{run}/round-{r}/labels.amkd"))
    command = rf"amkd-pool .*--seed=\d+ {re.escape(run)}/\w+\.amkd"
    assert re.search(command, page.texts["origin"]), page.texts["origin"]


def compared(text, *runs):
    """Of a page of several: each is listed, and a mean is the mean of its runs."""
    page = whole(text)
    assert len(page.tables["runs"]) == 1 + len(runs)
    rounds = {}
    for line, run in zip(page.tables["runs"][1:], runs):
        assert line[1] == run, line
        rounds[line[2], line[3]] = rounds_of(run)
    methods = {name for name, _ in rounds}
    assert {line[0] for line in page.tables["methods"][1:]} == methods
    for line in page.tables["methods"][1:]:
        values = [100 * found[-1][1]["success_rate"]
                  for (name, _), found in rounds.items() if name == line[0]]
        assert int(line[1]) == len(values), line
        near(line[4], statistics.mean(values), 2)
        if len(values) > 1:
            near(line[4].split("\N{PLUS-MINUS SIGN}")[1], statistics.stdev(values), 2)
    check_paired(page.tables["paired-table"], rounds)


if __name__ == "__main__":
    what, path, *runs = sys.argv[1:]
    checks = {"whole": whole, "figures": figures, "compared": compared}
    checks[what](open(path).read(), *runs)
