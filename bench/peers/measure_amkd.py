"""amkd's own rows: whole processes of its tools, and its kernels alone by amkd-bench."""

import argparse
import json
import subprocess
import time
from pathlib import Path

from race import append_row, say
from work import BATCH, LAMBDAS, NPICKS


def run(*command) -> str:
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def seconds(*command) -> float:
    start = time.perf_counter()
    run(*command)
    return time.perf_counter() - start


def measure_tool(rows: Path, name: str, unit: str, work: int, *command) -> None:
    version = "amkd " + run(command[0], "--version").split()[-1]
    rate = work / seconds(*command)
    say(f"{rate:12.0f} {unit}: {name}")
    append_row(rows, {"name": name, "unit": unit, "version": version, "rates": [rate]})


def measure_kernels(rows: Path, bench: list[str], name: str, part: str) -> None:
    """The row of amkd-bench that is no peak; its smallest, median and largest rate."""
    result = json.loads(run(*bench, "-q", "--json", "-n", 3, "--only", part))
    row = next(row for row in result["rows"] if row["section"] != "device")
    rates = [row["min"], row["median"], row["max"]]
    say(f"{row['median']:12.0f} {row['unit']}: {name}")
    keys = {"name": name, "unit": row["unit"], "version": f"amkd {result['version']}"}
    append_row(rows, keys | {"rates": rates, "device": result["device"]["name"]})


def measure_training(directory: Path, rows: Path, bench: list[str], nsteps: int) -> None:
    measure_tool(
        rows,
        "amkd-train, process",
        "images/s",
        BATCH * nsteps,
        *("amkd-train", "-q", "-a", "lenet5", "-b", BATCH, "--steps", nsteps),
        *("-o", directory / "output", directory / "labels.amkd"),
    )
    measure_kernels(rows, bench, "amkd-train, without its start", "train")


def measure_score(directory: Path, rows: Path, bench: list[str]) -> None:
    """Over all pairs, of which the peers get the first."""
    header = json.loads(run("amkd-cat", "--header", directory / "pool.amkd"))
    measure_tool(
        rows,
        "amkd-score, process",
        "evaluations/s",
        header["rows"] * len(LAMBDAS),
        *("amkd-score", "-q", "-k", NPICKS, "-s", directory / "student.safetensors"),
        *("-o", directory / "output", directory / "pool.amkd"),
    )
    if directory.name == "lenet5-half":  # whose kernels amkd-bench measures
        measure_kernels(rows, bench, "amkd's kernels alone", "sweep")


def measure_network(
    rows: Path, bench: list[str], network: str | None, what: str
) -> None:
    """A network's predictions or steps by amkd-bench; network None: the only one."""
    chosen = ["--network", network] if network else []
    result = json.loads(
        run(*bench, "-q", "--json", "-n", 3, "--only", "networks", *chosen)
    )
    row = next(row for row in result["rows"] if row["name"].endswith(f": {what}"))
    say(f"{row['median']:12.1f} {row['unit']}: amkd, {row['name']}")
    gflop = row["flops"] * 1e-9 / row["seconds"] / row["median"]
    append_row(
        rows,
        {
            "name": f"amkd, {what}",
            "unit": row["unit"],
            "version": f"amkd {result['version']}",
            "rates": [row["min"], row["median"], row["max"]],
            "device": result["device"]["name"],
            "how": row["section"].partition(", ")[2],
            "gflop": gflop,  # of an image
            "shares": [row["share_of_peak"]],
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("score", "train", "prediction", "step"))
    parser.add_argument("directory", type=Path, help="the work")
    parser.add_argument("rows", type=Path, help="file to add lines to")
    parser.add_argument("--bench", help="amkd-bench", required=True)
    parser.add_argument("--network", help="of prediction and step")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    bench = [args.bench, *(["--quick"] if args.quick else [])]
    if args.what == "train":
        measure_training(args.directory, args.rows, bench, 2 if args.quick else 1500)
    elif args.what in ("prediction", "step"):
        measure_network(args.rows, bench, args.network, args.what)
    else:
        measure_score(args.directory, args.rows, bench)


if __name__ == "__main__":
    main()
