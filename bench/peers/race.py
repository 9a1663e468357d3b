"""Finds a peer's fastest way to do the work, and times it.

Every candidate runs with every batch size it names, once in one process with all cores
and once in a process a core with one thread each. The fastest then does all items.
Workers are processes, there and warm before the clock starts.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from work import Pairs, Work, open_work

NCORES = len(os.sched_getaffinity(0))

# What Work.batches gives -> answers [n, batch, ...], as Work.check takes them
Run = Callable[..., tuple[np.ndarray, ...]]


@dataclass
class Candidate:
    name: str  # "" when it is the only one
    open: Callable[[Work, int, int], Run]  # work, batch, threads; must pickle
    batches: Iterable[int] = (4, 16, 64, 256)
    each_core: bool = True  # also in a process for each core


def serve(pipe, directory: Path, share: slice, nthreads: int) -> None:
    """A worker: opens a candidate, says how long a batch takes, and does as many batches
    as it is told, until it is told 0; and again, until it is told None."""
    work = open_work(directory)
    while job := pipe.recv():
        candidate, batch = job
        run = candidate.open(work, batch, nthreads)
        batches = work.batches(share, batch)
        for _ in range(2):
            start = time.perf_counter()
            run(*(part[:1] for part in batches))
        pipe.send(time.perf_counter() - start)
        while n := pipe.recv():
            pipe.send(run(*(part[:n] for part in batches)))


class Workers:
    """Processes that share the items and the cores evenly."""

    def __init__(self, directory: Path, work: Work, nprocesses: int):
        self.nprocesses, self.nthreads = nprocesses, NCORES // nprocesses
        self.evaluations = work.evaluations
        bounds = np.linspace(0, work.nitems, nprocesses + 1).astype(int)
        self.sizes = np.diff(bounds)
        context = multiprocessing.get_context("spawn")
        self.pipes, self.processes = [], []
        for first, last in zip(bounds, bounds[1:]):
            pipe, end = context.Pipe()
            arguments = (end, directory, slice(first, last), self.nthreads)
            self.processes.append(context.Process(target=serve, args=arguments))
            self.processes[-1].start()
            end.close()
            self.pipes.append(pipe)

    def ask(self, question) -> list:
        for pipe in self.pipes:
            pipe.send(question)
        try:
            return [pipe.recv() for pipe in self.pipes]
        except EOFError:
            sys.exit("a worker failed")

    def open(self, candidate: Candidate, batch: int) -> float:
        """Seconds that a batch takes."""
        return max(self.ask((candidate, batch)))

    def run(self, nbatches: int) -> tuple[float, list]:
        start = time.perf_counter()
        answers = self.ask(nbatches)
        return time.perf_counter() - start, answers

    def close(self) -> None:
        for pipe in self.pipes:
            pipe.send(0)

    def end(self) -> None:
        for pipe, process in zip(self.pipes, self.processes):
            pipe.send(None)
            process.join()

    def rate(self, candidate: Candidate, batch: int, seconds: float):
        """Evaluations a second, of a short run, and the seconds of a batch."""
        wanted = seconds / self.open(candidate, batch)
        nbatches = max(1, int(min(wanted, self.sizes.min() // batch)))
        elapsed, _ = self.run(nbatches)
        self.close()
        rate = self.nprocesses * nbatches * batch * self.evaluations / elapsed
        return rate, elapsed / nbatches

    def run_all(self, candidate: Candidate, batch: int, repetitions: int):
        """Evaluations a second of each repetition; the answers for all items."""
        self.open(candidate, batch)
        nbatches = -(-int(self.sizes.max()) // batch)
        rates = []
        for _ in range(repetitions):
            elapsed, answers = self.run(nbatches)
            rates.append(self.sizes.sum() * self.evaluations / elapsed)
        self.close()
        return rates, [self.join(parts) for parts in zip(*answers)]

    def join(self, parts: tuple[np.ndarray, ...]) -> np.ndarray:
        """Of each process [n, batch, ...], without the items that fill batches up."""
        rows = (part.reshape(-1, *part.shape[2:]) for part in parts)
        return np.concatenate([part[:n] for part, n in zip(rows, self.sizes)])


def race(
    directory: Path,
    work: Work,
    candidates: list[Candidate],
    seconds: float,
    repetitions: int,
):
    """The fastest way of all: its name and what run_all says of it."""
    tried = []
    for nprocesses in sorted({1, NCORES}):
        workers = Workers(directory, work, nprocesses)
        for candidate in candidates:
            if nprocesses > 1 and not candidate.each_core:
                continue
            for batch in candidate.batches:
                if tried and batch > workers.sizes.min():
                    break
                rate, batch_seconds = workers.rate(candidate, batch, seconds)
                tried.append((rate, nprocesses, candidate, batch))
                say(f"{rate:12.0f} {work.unit}: {describe(work, *tried[-1][1:])}")
                if batch_seconds > work.most_batch_seconds:
                    break
        workers.end()
    _, nprocesses, candidate, batch = max(tried, key=lambda t: t[0])
    workers = Workers(directory, work, nprocesses)
    results = workers.run_all(candidate, batch, repetitions)
    workers.end()
    return describe(work, nprocesses, candidate, batch), *results


def describe(work: Work, nprocesses: int, candidate: Candidate, batch: int) -> str:
    threads = f"{nprocesses} x {NCORES // nprocesses} threads"
    share = f"{threads}, batches of {batch} {work.items}"
    return f"{share}, {candidate.name}" if candidate.name else share


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def append_row(rows: Path, row: dict) -> None:
    with open(rows, "a") as file:
        print(json.dumps(row), file=file)


def main(
    pairs: dict[str, list[Candidate]], images: dict[str, list[Candidate]], version: str
) -> None:
    """The program of a peer: races each of its ways, to do pairs or images, for the work
    directory named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path, help="the work")
    parser.add_argument("rows", type=Path, help="file to add a line to for each way")
    parser.add_argument("--seconds", type=float, default=0.4, help="of a try")
    parser.add_argument("--repetitions", type=int, default=3, help="over all items")
    args = parser.parse_args()
    work = open_work(args.directory)
    for peer, candidates in (pairs if isinstance(work, Pairs) else images).items():
        say(f"{peer}, {args.directory.name}")
        how, rates, answers = race(
            args.directory, work, candidates, args.seconds, args.repetitions
        )
        row = {"name": peer, "version": version, "how": how, "rates": rates}
        append_row(args.rows, row | work.check(*answers))
