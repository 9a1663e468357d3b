"""PyTorch training as amkd-train does it, with the same optimizer and schedule: a student
on soft labels of mixes, with the same labels, pixels mixed on the fly and rounded to 8
bits, and batch; or, where a work has no labels, a network on one batch that is there."""

import argparse
import itertools
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from race import NCORES, append_row, say
from peer_pytorch import LAYOUTS
from pytorch_network import network_of
from work import BATCH, Student, read_student

RATE = 3e-3
WARM_STEPS = 20


class Labels:
    """Images, and the mixes of them that a teacher answered, all in memory."""

    batch_size = BATCH

    def __init__(self, directory: Path, student: Student, layout: torch.memory_format):
        channels, height, width = student.shape
        pixels = np.load(directory / "pixels.npy").reshape(-1, height, width, channels)
        labels = np.load(directory / "labels.npy")
        self.nrows = len(labels)
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


class OneBatch:
    """Images as the network sees them, and random labels, soft ones as amkd's are."""

    def __init__(
        self, directory: Path, student: Student, layout: torch.memory_format, size: int
    ):
        images = student.normalize(np.load(directory / "pixels.npy")[:size])
        self.nrows = self.batch_size = len(images)
        self.x = torch.from_numpy(images).contiguous(memory_format=layout)
        nclasses = student.layers[-1].size
        self.targets = torch.rand(self.nrows, nclasses).softmax(1)

    def batch(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.x, self.targets


class Training:
    """Eager, with PyTorch's fused optimizer."""

    def __init__(
        self,
        student: Student,
        labels: Labels | OneBatch,
        layout: torch.memory_format,
        nsteps: int,
    ):
        torch._dynamo.reset()
        torch.manual_seed(0)
        self.network = network_of(student.layers).to(memory_format=layout)
        for module in self.network.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
        self.labels = labels
        self.optimizer = self.new_optimizer()
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, RATE, nsteps, cycle_momentum=False
        )

    def new_optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.network.parameters(), lr=RATE, fused=True)

    def loss(self, rows: torch.Tensor) -> torch.Tensor:
        x, targets = self.labels.batch(rows)
        return cross_entropy(self.network(x).flatten(1), targets)

    def step(self, rows: torch.Tensor) -> None:
        self.loss(rows).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()

    def run(self, nsteps: int) -> float:
        """Images a second of this many more steps."""
        nrows, size = self.labels.nrows, self.labels.batch_size
        start = time.perf_counter()
        orders = (torch.randperm(nrows).split(size) for _ in itertools.count())
        batches = (rows for order in orders for rows in order if len(rows) == size)
        for rows in itertools.islice(batches, nsteps):
            self.step(rows)
            self.schedule.step()
        return nsteps * size / (time.perf_counter() - start)

    @torch.no_grad()
    def mean_loss(self) -> float:
        parts = torch.arange(self.labels.nrows).split(self.labels.batch_size)
        return float(np.mean([float(Training.loss(self, rows)) for rows in parts]))


class LossCompiled(Training):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.loss = torch.compile(self.loss, fullgraph=True, dynamic=False)


class AllCompiled(LossCompiled):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.optimizer.step = torch.compile(self.optimizer.step)

    def new_optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.network.parameters(), lr=torch.tensor(RATE))


class OneGraph(Training):
    """Loss, gradient and AdamW as one compiled function, with the defaults of AdamW."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.weights = {k: p.detach() for k, p in self.network.named_parameters()}
        self.means, self.squares = (
            {k: torch.zeros_like(w) for k, w in self.weights.items()} for _ in range(2)
        )
        self.gradient = torch.func.grad(self.loss_of)
        self.update = torch.compile(self.update, fullgraph=True, dynamic=False)
        self.nsteps = 0

    def loss_of(self, weights: dict[str, torch.Tensor], rows: torch.Tensor):
        x, targets = self.labels.batch(rows)
        return cross_entropy(
            torch.func.functional_call(self.network, weights, x), targets
        )

    def update(self, weights, means, squares, rows, rate, correction1, correction2):
        for name, gradient in self.gradient(weights, rows).items():
            weight, mean, square = weights[name], means[name], squares[name]
            mean.lerp_(gradient, 1 - 0.9)
            square.mul_(0.999).addcmul_(gradient, gradient, value=1 - 0.999)
            change = mean / correction1 / ((square / correction2).sqrt() + 1e-8)
            weight.sub_(rate * (change + 0.01 * weight))

    @torch.no_grad()
    def step(self, rows: torch.Tensor) -> None:
        self.nsteps += 1
        numbers = (
            self.schedule.get_last_lr()[0],
            1 - 0.9**self.nsteps,
            1 - 0.999**self.nsteps,
        )
        states = self.weights, self.means, self.squares
        self.update(*states, rows, *map(torch.tensor, numbers))


WAYS = {
    "eager": Training,
    "loss compiled": LossCompiled,
    "loss and optimizer compiled": AllCompiled,
    "one graph": OneGraph,
}
# Of whole networks, in whose steps the optimizer's share is small.
NETWORK_WAYS = "eager", "loss compiled"


def open_work(
    directory: Path, layout: torch.memory_format, batch: int | None
) -> tuple[Student, Labels | OneBatch]:
    if batch:
        student = read_student(directory / "student.safetensors")
        return student, OneBatch(directory, student, layout, batch)
    student = read_student(directory / "trained.safetensors")
    return student, Labels(directory, student, layout)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path, help="the work")
    parser.add_argument("rows", type=Path, help="file to add lines to")
    parser.add_argument("--steps", type=int, default=200, help="of a repetition")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--warm-steps", type=int, default=WARM_STEPS)
    parser.add_argument("--batch", type=int, help="one of so many images, without labels")
    args = parser.parse_args()
    torch.set_num_threads(NCORES)
    torch.set_flush_denormal(True)
    ways = NETWORK_WAYS if args.batch else WAYS
    for way, layout in itertools.product(ways, LAYOUTS):
        nsteps = args.warm_steps + args.steps * args.repetitions
        student, labels = open_work(args.directory, LAYOUTS[layout], args.batch)
        training = WAYS[way](student, labels, LAYOUTS[layout], nsteps)
        training.run(args.warm_steps)
        rates = [training.run(args.steps) for _ in range(args.repetitions)]
        loss = training.mean_loss()
        say(f"{np.median(rates):12.0f} images/s: {way}, {layout}, loss {loss:.4f}")
        append_row(
            args.rows,
            {
                "name": f"PyTorch, {way}, {layout}",
                "unit": "images/s",
                "version": f"PyTorch {torch.__version__}",
                "rates": rates,
                "loss": loss,
            },
        )


if __name__ == "__main__":
    main()
