"""What is measured: a training, a scoring and the summing of gradients, on images by chance."""

import json
import os
import random
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from link import Link
from model import Network
from processes import run_alone, run_apart, run_ranks, step_seconds

ROOT = Path(__file__).resolve().parent.parent.parent
BATCH = 128
NSTEPS = 6  # of ResNet-18, whose gradients take long
MBIT = 1e6 / 8  # bytes a second

# The first three fit the model, the others check it.
WIRES = [Network(100e-6, 10000 * MBIT), Network(3e-3, 10000 * MBIT), Network(100e-6, 500 * MBIT),
         Network(1e-3, 1000 * MBIT), Network(5e-3, 500 * MBIT)]


def write_npy(path: Path, shape: tuple[int, ...], values: bytes) -> None:
    """Format 1.0 of NumPy's .npy."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
                     values)


@dataclass(frozen=True)
class Work:
    """What the tools do, as amkd-NAME and as amkd-NAME_mpi."""

    name: str
    network: str
    tool: str
    options: list[str]


class Bench:
    """A folder of inputs, and what is measured with them."""

    def __init__(self, folder: Path, quick: bool, repeats: int):
        build = Path(os.environ.get("BUILD") or ROOT / "build")
        self.tools, self.mpi = build / "tools", build / "tests/mpi/openmpi"
        self.folder, self.quick, self.repeats = folder, quick, 1 if quick else repeats
        self.cores = sorted(os.sched_getaffinity(0))[:2]
        self.shared = "resnet8" if quick else "resnet20"
        self.summed = "resnet8" if quick else "resnet18"

    def at(self, name: str) -> str:
        return str(self.folder / name)

    def tool(self, name: str, *options: str) -> None:
        run_alone([str(self.tools / name), "-q", *options], self.cores)

    def prepare(self) -> None:
        for name, n, side in ("large", 512, 32), ("small", 128, 16):
            write_npy(self.folder / "pixels.npy", (n, side, side, 3),
                      random.Random(n).randbytes(n * side * side * 3))
            write_npy(self.folder / "labels.npy", (n,), bytes(i % 10 for i in range(n)))
            self.tool("amkd-import", "--labels", self.at("labels.npy"), "-o", self.at(name),
                      self.at("pixels.npy"))
        self.tool("amkd-train", "-a", self.shared, "--steps", "1", "-o", self.at("student"),
                  self.at("large"))
        self.tool("amkd-pool", "-n", "20" if self.quick else "8000", "-o", self.at("pool"),
                  self.at("large"))

    def training(self, network: str, images: str, nsteps: int) -> Work:
        return Work("training", network, "amkd-train",
                    ["-a", network, "-b", "32" if self.quick else str(BATCH), "--steps",
                     str(nsteps), "--metrics", self.at("metrics"), self.at(images)])

    def scoring(self) -> Work:
        return Work("scoring", self.shared, "amkd-score",
                    ["-k", "10", "-s", self.at("student"), self.at("pool")])

    def summing(self, nsteps: int) -> list[str]:
        """Trains the network whose gradients go over a wire."""
        return self.argv(self.training(self.summed, "small", nsteps), self.mpi, "_mpi")

    def argv(self, work: Work, folder: Path, suffix: str = "") -> list[str]:
        return [str(folder / (work.tool + suffix)), "-q", "-o", self.at("out"), *work.options]

    def seconds(self, work: Work, process_seconds: float) -> float:
        """Of a training its loop, without the start; the start of a scoring counts."""
        return process_seconds if work.name == "scoring" else step_seconds(self.folder /
                                                                          "metrics")

    def seconds_here(self, work: Work) -> dict[str, list[float]]:
        """Of each way to share the work, in turns."""
        mpi = self.argv(work, self.mpi, "_mpi")
        ways = {
            "one process, one core":
                lambda: run_alone(self.argv(work, self.tools), self.cores[:1]),
            "one process, two cores":
                lambda: run_alone(self.argv(work, self.tools), self.cores),
            "2 ranks, one core each": lambda: run_ranks(mpi, 2, self.cores),
            "4 ranks on two cores": lambda: run_ranks(mpi, 4, self.cores),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for way in ways.values():  # what is compiled is compiled
            way()
        for _ in range(self.repeats):
            for name, way in ways.items():
                taken[name].append(self.seconds(work, way()))
        return taken

    def seconds_apart(self) -> dict[Network, list[float]]:
        """A step's, by two ranks with each of the wires between them, in turns."""
        taken: dict[Network, list[float]] = {wire: [] for wire in WIRES}
        for _ in range(self.repeats):
            for wire in WIRES:
                with Link(wire.latency, wire.rate):
                    run_apart(self.summing(NSTEPS), self.cores)
                taken[wire].append(step_seconds(self.folder / "metrics"))
        return taken

    def sent_nbytes(self) -> float:
        """By one of two ranks, in a step."""
        sent = []
        for nsteps in 1, 1 + NSTEPS:
            with Link(WIRES[0].latency, WIRES[0].rate) as link:
                run_apart(self.summing(nsteps), self.cores)
                sent.append(link.sent_nbytes())
        return (sent[1] - sent[0]) / NSTEPS

    def nparameters(self) -> int:
        shown = subprocess.run([self.tools / "amkd-train", "--summary", "--json", "-a", self.summed,
                                self.at("small")], check=True, capture_output=True, text=True)
        return int(json.loads(shown.stdout)["trained"])
