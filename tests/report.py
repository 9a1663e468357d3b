"""Checks a page of amkd-report: that it is whole, needs nothing but itself, and says what
the files of its runs say.
Usage: report.py whole PAGE | figures PAGE RUN | compared PAGE RUN... | heat PAGE RUN..."""
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


def figures_in(path):
    return json.load(open(path)) if os.path.exists(path) else None


def settled(run, name):
    for line in open(f"{run}/parameters.txt"):
        if line.startswith(f"{name}="):
            return line.strip().partition("=")[2]


def nheld_out(run):
    held_out = settled(run, "HOLDOUT") != "0"
    return len(rows(f"{run}/held-out/labels.amkd")) if held_out else 0


def rounds_of(run):
    """[the answers up to the round, and the figures in its files, None without such]"""
    found, total = [], nheld_out(run)
    for number_ in range(100):
        place = f"{run}/round-{number_}"
        try:
            total += len(rows(f"{place}/labels.amkd"))
        except subprocess.CalledProcessError:
            break
        found.append({"total": total, "student": figures_in(f"{place}/eval.json"),
                      "assistant": None, "held out": None})
        if settled(run, "ASSISTANT"):
            found[-1]["assistant"] = figures_in(f"{place}/assistant.json")
        if settled(run, "HOLDOUT") != "0":
            found[-1]["held out"] = figures_in(f"{place}/held-out.json")
    return found


def check_curve(columns, line, round_):
    cells = dict(zip(columns, line, strict=True))
    assert int(line[1]) == round_["total"] and int(line[2]) == 1, line
    student, assistant = round_["student"], round_["assistant"]
    if student:
        near(line[3], 100 * student["success_rate"], 2)
        near(line[4], 100 * student["agreement"], 2)
        near(line[5], 100 * student["student"]["accuracy"], 2)
    else:
        assert line[3:6] == ["", "", ""], line
    teacher = (student or assistant)["teacher"]
    near(line[6], 100 * teacher["accuracy"], 2)
    near(line[7], teacher["mean_top_probability"], 3)
    if assistant:
        near(cells["assistant's success rate"], 100 * assistant["success_rate"], 2)
    shown = cells.get("agreement held out, 95\u2009% interval", "")
    if round_["held out"]:
        agreement, interval = shown.split("% ")
        near(agreement, 100 * round_["held out"]["agreement"], 2)
        for bound, value in zip(interval.split("\N{EN DASH}"),
                                round_["held out"]["agreement_interval"], strict=True):
            near(bound, 100 * value, 1)
    else:
        assert not shown, line


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


def header(path):
    return json.loads(subprocess.run(["amkd-cat", "--header", path], check=True,
                                     capture_output=True, text=True).stdout)


def check_uses(page, run, nrounds):
    """A view counts for the real image that it shows; an image asked about once is none
    that was used often."""
    images = len(rows("--field", "pixels", f"{run}/images.amkd"))
    views = []
    if os.path.exists(f"{run}/views.amkd"):
        views = [int(row["source"]) for row in rows("--field", "source",
                                                    f"{run}/views.amkd")]
    uses, questions, n = collections.Counter(), set(), 0
    for r in range(1, nrounds):
        path = f"{run}/round-{r}/picks.amkd"
        of_views = header(path)["images"][0]["path"].endswith("views.amkd")
        for pick in rows(path):
            pair = int(pick["i"]), int(pick["j"])
            uses.update({views[i] if of_views else i for i in pair})
            questions.add((of_views, pair))
            n += 1
    said = page.texts["uses-0"].replace(",", "")
    if "uses-table-0" not in page.tables:
        first = len(rows(f"{run}/round-0/labels.amkd"))
        assert max(uses.values()) == 1 and all(i == j for _, (i, j) in questions)
        assert f"Of {images} real images {first + n} were asked about" in said, said
        return
    for low, high, count in (map(int, line) for line in page.tables["uses-table-0"][1:]):
        assert sum(low <= uses[i] <= high for i in range(images)) == count, (low, high)
    assert re.search(f"{n} picks are of {len(questions)} distinct [a-z]+ of {len(uses)} "
                     "real images", said), said


def check_paired(table, runs):
    """runs: {(method, seed): [round]}"""
    first = next(iter(runs))[0]
    assert len(table) > 1, table
    for name, answers, n, success, agreement in table[1:]:
        for shown, key in ((success, "success_rate"), (agreement, "agreement")):
            values = []
            for seed in {seed for _, seed in runs}:
                ours, theirs = ({round_["total"]: round_["student"]
                                 for round_ in runs.get((method, seed), [])}.get(int(answers))
                                for method in (name, first))
                if ours and theirs:
                    values.append(100 * (ours[key] - theirs[key]))
            near(shown, statistics.mean(values), 2)
            near(shown.split("\N{PLUS-MINUS SIGN}")[1],
                 statistics.stdev(values) / len(values) ** 0.5, 2)
            assert int(n) == len(values)


def check_picked(page, run, nrounds):
    """Weights are those of mixes; scores of one kind stand together."""
    lambdas, scores = [], collections.defaultdict(list)
    for r in range(1, nrounds):
        picks = rows(f"{run}/round-{r}/picks.amkd")
        mixed = [pick["lambda"] for pick in picks if pick["i"] != pick["j"]]
        if mixed:
            lambdas.append(mixed)
        by = header(f"{run}/round-{r}/picks.amkd")["by"]
        scores[by].append([pick["score"] for pick in picks])
    assert bool(lambdas) == ("lambda-0-table" in page.tables)
    if lambdas:
        check_histogram(page.tables["lambda-0-table"], lambdas)
    for k, (by, values) in enumerate(scores.items()):
        check_histogram(page.tables[f"score-{by}-0-table" if k else "score-0-table"], values)


def figures(text, run):
    """Of a page of one run: everything that a file of the run also says."""
    page = whole(text)
    measured = rounds_of(run)
    last = measured[-1]["student"]
    near(page.texts["success"], 100 * last["success_rate"], 1)
    near(page.texts["accuracy"], 100 * last["student"]["accuracy"], 1)
    near(page.texts["agreement"], 100 * last["agreement"], 1)
    near(page.texts["teacher-accuracy"], 100 * last["teacher"]["accuracy"], 1)
    near(page.texts["teacher-top"], 100 * last["teacher"]["mean_top_probability"], 1)
    for name, key in (("held out", "agreement"), ("assistant", "success_rate")):
        shown = page.texts.get({"held out": "held-out"}.get(name, "assistant-success"))
        assert bool(shown) == bool(measured[-1][name]), (name, shown)
        if shown:
            near(shown, 100 * measured[-1][name][key], 1)
    assert number(page.texts["answers"]) == measured[-1]["total"]
    columns, *lines = page.tables["curve-table"]
    for line, round_ in zip(lines, measured, strict=True):
        check_curve(columns, line, round_)
    names = [entry["class"] for entry in last["student"]["per_class"]]
    for name, counts in (("student", last["student"]["confusion"]),
                         ("teacher", last["teacher"]["confusion"]),
                         ("both", last["teacher_student"])):
        check_confusion(page.tables[f"confusion-{name}-0-table"], counts, names)
    agreed = sum(row[c] for c, row in enumerate(last["teacher_student"]))
    assert abs(agreed / last["student"]["n"] - last["agreement"]) < 1e-5

    check_picked(page, run, len(measured))
    check_uses(page, run, len(measured))
    times = {line[0]: line[1] for line in page.tables["time-table"][1:]}
    for r in range(len(measured)):
        assert int(times[str(r)]) == len(rows(f"{run}/round-{r}/labels.amkd"))
    assert int(times.get("held out", 0)) == nheld_out(run), times
    command = rf"amkd-pool .*{re.escape(run)}/\w+\.amkd"
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
        values = [100 * found[-1]["student"]["success_rate"]
                  for (name, _), found in rounds.items() if name == line[0]]
        assert int(line[1]) == len(values), line
        near(line[4], statistics.mean(values), 2)
        if len(values) > 1:
            near(line[4].split("\N{PLUS-MINUS SIGN}")[1], statistics.stdev(values), 2)
    check_paired(page.tables["paired-table"], rounds)


def heat(text, *runs):
    """Runs of one family: a cell is the mean of the runs with so many images and answers."""
    columns, *lines = whole(text).tables["heat-0"]
    values = collections.defaultdict(list)
    for run in runs:
        images = len(rows("--field", "pixels", f"{run}/images.amkd"))
        for round_ in rounds_of(run):
            if round_["student"]:
                values[images, round_["total"]].append(
                    100 * round_["student"]["success_rate"])
    assert [int(line[0]) for line in lines] == sorted({images for images, _ in values})
    assert list(map(int, columns[1:])) == sorted({answers for _, answers in values})
    for line in lines:
        for answers, cell in zip(columns[1:], line[1:], strict=True):
            found = values[int(line[0]), int(answers)]
            assert bool(found) == bool(cell), (line, answers)
            if found:
                near(cell, statistics.mean(found), 1)


if __name__ == "__main__":
    what, path, *runs = sys.argv[1:]
    checks = {"whole": whole, "figures": figures, "compared": compared,
              "heat": heat}
    checks[what](open(path).read(), *runs)
