"""PyTorch training a student on soft labels of mixes, as amkd-train does it: the same
labels, pixels mixed on the fly and rounded to 8 bits, batch, optimizer and schedule."""

import argparse
import itertools
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from race import NCORES, append_row, say
from score_pytorch import module_of
from work import BATCH, read_student

RATE = 3e-3


class Labels:
    """Images, and the mixes of them that a teacher answered, all in memory."""

    def __init__(self, directory: Path, layout: torch.memory_format):
        student = read_student(directory / "trained.safetensors")
        channels, height, width = student.shape
        pixels = np.load(directory / "pixels.npy").reshape(-1, height, width, channels)
        labels = np.load(directory / "labels.npy")
        self.pixels = torch.from_numpy(pixels.transpose(0, 3, 1, 2).astype(np.float32))
        self.pixels = self.pixels.contiguous(memory_format=layout)
        self.i, self.j = (torch.from_numpy(labels[k].astype(np.int64)) for k in "ij")
        weights = np.floor(65536 * labels["lambda"].astype(np.float64) + 0.5)
        self.weights = torch.from_numpy(weights.astype(np.float32))[:, None, None, None]
        self.targets = torch.from_numpy(labels["p"].copy())
        self.mean, self.std = (
            torch.from_numpy(values)[:, None, None]
            for values in (student.mean, student.std)
        )

    def batch(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        a, b = self.pixels[self.i[rows]], self.pixels[self.j[rows]]
        w = self.weights[rows]  # float32 holds all of these integers
        mixed = torch.floor((w * a + (65536 - w) * b + 32768) * (1 / 65536))
        return (mixed * (1 / 255) - self.mean) / self.std, self.targets[rows]


class Training:
    def __init__(self, directory: Path, layout, compiling: str, nsteps: int):
        """compiling: nothing, the loss, or also the optimizer."""
        torch._dynamo.reset()
        torch.manual_seed(0)
        student = read_student(directory / "trained.safetensors")
        self.network = nn.Sequential(*map(module_of, student.layers))
        self.network.to(memory_format=layout)
        for module in self.network.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
        self.labels = Labels(directory, layout)
        compiled = compiling == "loss and optimizer compiled"
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=torch.tensor(RATE) if compiled else RATE,
            fused=not compiled,
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, RATE, nsteps, cycle_momentum=False
        )
        self.loss, self.update = self.forward, self.optimizer.step
        if compiling != "eager":
            self.loss = torch.compile(self.forward, fullgraph=True, dynamic=False)
        if compiled:
            self.update = torch.compile(self.optimizer.step)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        x, targets = self.labels.batch(rows)
        return cross_entropy(self.network(x), targets)

    def run(self, nsteps: int) -> float:
        """Images a second of this many more steps."""
        nrows, start = len(self.labels.i), time.perf_counter()
        orders = (torch.randperm(nrows).split(BATCH) for _ in itertools.count())
        batches = (rows for order in orders for rows in order if len(rows) == BATCH)
        for rows in itertools.islice(batches, nsteps):
            self.loss(rows).backward()
            self.update()
            self.optimizer.zero_grad()
            self.schedule.step()
        return nsteps * BATCH / (time.perf_counter() - start)

    @torch.no_grad()
    def mean_loss(self) -> float:
        parts = torch.arange(len(self.labels.i)).split(BATCH)
        return float(np.mean([float(self.forward(rows)) for rows in parts]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--steps", type=int, default=300, help="of a repetition")
    parser.add_argument("--repetitions", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(NCORES)
    torch.set_flush_denormal(True)
    layouts = {
        "channels last": torch.channels_last,
        "channels first": torch.contiguous_format,
    }
    for compiling, layout in itertools.product(
        ("eager", "loss compiled", "loss and optimizer compiled"), layouts
    ):
        warm = 20
        nsteps = warm + args.steps * args.repetitions
        training = Training(args.directory, layouts[layout], compiling, nsteps)
        training.run(warm)
        rates = [training.run(args.steps) for _ in range(args.repetitions)]
        loss = training.mean_loss()
        say(f"{np.median(rates):12.0f} images/s: {compiling}, {layout}, loss {loss:.4f}")
        append_row(
            args.directory,
            {
                "name": f"PyTorch, {compiling}, {layout}",
                "unit": "images/s",
                "version": f"PyTorch {torch.__version__}",
                "rates": rates,
                "loss": loss,
            },
        )


if __name__ == "__main__":
    main()
