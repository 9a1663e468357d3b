"""Prints the rows of all works as one table, with amkd's ratios and the bars."""

import json
import sys
import time
from pathlib import Path
from statistics import median

# Of a work, a folder, the row of amkd that is compared, and its bar over the best peer.
WORKS = {
    "lenet5-half": ("amkd-score, process", 5),
    "small-vgg": ("amkd-score, process", 2.0),
    "training": ("amkd-train, without its start", 4),
    "resnet20": ("amkd, prediction", 2.0),
    "resnet20/training": ("amkd, step", 1.8),
    "alexnet-cifar-half": ("amkd, prediction", 1.5),
    "alexnet-cifar-half/training": ("amkd, step", 1.5),
    "resnet18": ("amkd, prediction", 1.7),
    "resnet18/training": ("amkd, step", 1.5),
    "mobilenetv2": ("amkd, prediction", 1.0),
    "mobilenetv2/training": ("amkd, step", None),
    "tiny": ("amkd, prediction", None),
    "tiny/training": ("amkd, step", None),
}
TITLES = {
    "lenet5-half": "C2 of pairs, 11 lambdas, lenet5-half on 28x28 (evaluations/s)",
    "small-vgg": "C2 of pairs, 11 lambdas, six convolutions on 32x32x3 (evaluations/s)",
    "training": "training of lenet5 on soft labels of mixes, batch 128 (images/s)",
}


def title(work: str) -> str:
    network, _, training = work.partition("/")
    what = "steps of training" if training else "predictions"
    return TITLES.get(work, f"{what} of {network} (images/s)")


def read_file(file: Path, name: str) -> list[dict]:
    """The rows of a peer, each with amkd's ratio over it by the row of that name in the
    same file, which was measured beside it."""
    rows = merge([json.loads(line) for line in file.read_text().splitlines()])
    ours = next((median(row["rates"]) for row in rows if row["name"] == name), None)
    for row in rows:
        if ours and not is_amkd(row):
            row["ratio"] = ours / median(row["rates"])
    return rows


def merge(rows: list[dict]) -> list[dict]:
    """What was measured several times becomes one row."""
    merged = {}
    for row in rows:
        if row["name"] in merged:
            for key in ("rates", "shares"):
                merged[row["name"]].setdefault(key, []).extend(row.get(key, []))
        else:
            merged[row["name"]] = row
    return list(merged.values())


def is_amkd(row: dict) -> bool:
    return row["version"].startswith("amkd")


def remarks(row: dict) -> str:
    parts = [row["how"]] if "how" in row else []
    if "gflop" in row:
        gflops, share = row["gflop"] * median(row["rates"]), median(row["shares"])
        parts.append(f"{gflops:.0f} GFLOP/s, {100 * share:.0f} % of the peak")
    if "c2_error" in row:
        same = (
            f"{row['picks_same']} of {row['npicks']} picks, {row['lambdas_same']} lambdas"
        )
        parts.append(f"C2 within {row['c2_error']:.0e}, {same} the same")
    if "log_error" in row:
        parts.append(
            f"log-probabilities, to -{row['largest_log']:.1f}, within "
            f"{row['log_error']:.0e}"
        )
    if "loss" in row:
        parts.append(f"loss {row['loss']:.4f}")
    return "; ".join(parts)


def print_ratio(peers: list[dict], text: str, bar: float | None) -> None:
    if not peers:
        return
    best = min(peers, key=lambda row: row["ratio"])
    verdict = f"; bar {bar}: {'met' if best['ratio'] >= bar else 'MISSED'}" if bar else ""
    print(f"  {text}: {best['ratio']:.2f}, {best['name']}{verdict}")


def print_work(work: str, rows: list[dict]) -> None:
    name, bar = WORKS[work]
    print(title(work))
    for row in rows:
        form = ".1f" if median(row["rates"]) < 100 else ".0f"
        rates, ratio = row["rates"], f"{row['ratio']:9.2f}" if "ratio" in row else ""
        figures = "".join(f"{f(rates):9{form}}" for f in (median, min, max))
        print(f"  {row['name']:53}{figures}{ratio}")
        if remarks(row):
            print(f"    {remarks(row)}")
    peers = [row for row in rows if "ratio" in row]
    print_ratio(peers, f"{name}, over the best", bar)
    plain = [row for row in peers if "pixels" in row["name"]]
    print_ratio(plain, "over the best that mixes pixels", None)


def main(directory: Path) -> None:
    works = {}
    for work, (name, _) in WORKS.items():
        files = sorted((directory / work).glob("*.jsonl"))
        if files:
            works[work] = merge([row for file in files for row in read_file(file, name)])
    every = [row for rows in works.values() for row in rows]
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
