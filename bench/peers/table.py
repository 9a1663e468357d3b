"""Prints the rows of all works as one table, with amkd's ratios and the bars."""

import json
import sys
import time
from pathlib import Path
from statistics import median

# Of a work, the row of amkd that is compared, and its bar over the best peer.
WORKS = {
    "lenet5-half": ("amkd-score, process", 5),
    "small-vgg": ("amkd-score, process", None),
    "training": ("amkd-train, without its start", 4),
}
TITLES = {
    "lenet5-half": "C2 of pairs, 11 lambdas, lenet5-half on 28x28 (evaluations/s)",
    "small-vgg": "C2 of pairs, 11 lambdas, six convolutions on 32x32x3 (evaluations/s)",
    "training": "training of lenet5 on soft labels of mixes, batch 128 (images/s)",
}


def read_rows(directory: Path) -> dict[str, dict]:
    """The rows by name; what was measured several times is one row."""
    rows = {}
    files = sorted(directory.glob("*.jsonl"))
    for line in "".join(file.read_text() for file in files).splitlines():
        row = json.loads(line)
        if row["name"] in rows:
            rows[row["name"]]["rates"] += row["rates"]
        else:
            rows[row["name"]] = row
    return rows


def is_amkd(row: dict) -> bool:
    return row["version"].startswith("amkd")


def remarks(row: dict) -> str:
    parts = [row["how"]] if "how" in row else []
    if "c2_error" in row:
        same = (
            f"{row['picks_same']} of {row['npicks']} picks, {row['lambdas_same']} lambdas"
        )
        parts.append(f"C2 within {row['c2_error']:.0e}, {same} the same")
    if "loss" in row:
        parts.append(f"loss {row['loss']:.4f}")
    return "; ".join(parts)


def print_ratio(ours: dict, peers: list[dict], text: str, bar: float | None) -> None:
    if not peers:
        return
    best = max(peers, key=lambda row: median(row["rates"]))
    ratio = median(ours["rates"]) / median(best["rates"])
    verdict = f"; bar {bar}: {'met' if ratio >= bar else 'MISSED'}" if bar else ""
    print(f"  {text}: {ratio:.2f}, {best['name']}{verdict}")


def print_work(work: str, rows: dict[str, dict]) -> None:
    name, bar = WORKS[work]
    ours = rows[name]
    print(TITLES[work])
    for row in rows.values():
        rates, middle = row["rates"], median(row["rates"])
        ratio = "" if is_amkd(row) else f"{median(ours['rates']) / middle:9.2f}"
        print(f"  {row['name']:53}{middle:9.0f}{min(rates):9.0f}{max(rates):9.0f}{ratio}")
        if remarks(row):
            print(f"    {remarks(row)}")
    peers = [row for row in rows.values() if not is_amkd(row)]
    print_ratio(ours, peers, f"{name}, over the best", bar)
    plain = [row for row in peers if "pixels" in row["name"]]
    print_ratio(ours, plain, "over the best that mixes pixels", None)


def main(directory: Path) -> None:
    works = {work: read_rows(directory / work) for work in WORKS}
    works = {work: rows for work, rows in works.items() if WORKS[work][0] in rows}
    every = [row for rows in works.values() for row in rows.values()]
    devices = {row["device"] for row in every if "device" in row}
    print(f"{time.strftime('%Y-%m-%d %H:%M +0000', time.gmtime())}; {', '.join(devices)}")
    print(", ".join(sorted({row["version"] for row in every})))
    print(f"\n{'':55}{'median':>9}{'min':>9}{'max':>9}{'amkd':>9}")
    for work, rows in works.items():
        print_work(work, rows)
    skipped = directory / "skipped"
    if skipped.exists():
        print("\n" + skipped.read_text(), end="")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
