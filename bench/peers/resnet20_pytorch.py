"""PyTorch's half of bench/peers/resnet20: the same images, network and recipe. Prints the
share of the test images that the trained network tells right."""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad, relu

BATCH, BORDER = 128, 4
RATE, MOMENTUM, WEIGHT_DECAY = 0.1, 0.9, 1e-4
MILESTONES = 0.5, 0.75


class Block(nn.Module):
    """Two convolutions beside a shortcut, which is 1x1 where the shape changes."""

    def __init__(self, nin: int, nout: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(nin, nout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(nout)
        self.conv2 = nn.Conv2d(nout, nout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(nout)
        self.shortcut = nn.Sequential()
        if stride > 1 or nin != nout:
            self.shortcut = nn.Sequential(
                nn.Conv2d(nin, nout, 1, stride, bias=False), nn.BatchNorm2d(nout)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(relu(self.bn1(self.conv1(x)))))
        return relu(y + self.shortcut(x))


def resnet20(nclasses: int) -> nn.Module:
    sizes = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2
    sizes += [(32, 64, 2)] + [(64, 64, 1)] * 2
    stem = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, nclasses)
    network = nn.Sequential(*stem, *(Block(*size) for size in sizes), *head)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):  # as He et al. begin, and torchvision
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network


class Images:
    """uint8 pixels and labels of a set, in memory."""

    def __init__(self, directory: Path, name: str):
        pixels = np.load(directory / f"{name}.npy")
        self.pixels = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
        labels = np.load(directory / f"{name}-labels.npy")
        self.labels = torch.from_numpy(labels.astype(np.int64))

    def statistics(self) -> tuple[Tensor, Tensor]:
        values = self.pixels.double().div_(255)
        mean, std = (f(values, (0, 2, 3)).float() for f in (torch.mean, torch.std))
        return mean[:, None, None], std[:, None, None]


def views(pixels: Tensor) -> Tensor:
    """Each image out of itself with black pixels around, and mirrored half of the time."""
    n, _, height, width = pixels.shape
    wide = pad(pixels, (BORDER,) * 4)
    rows = torch.randint(2 * BORDER + 1, (n, 1)) + torch.arange(height)
    columns = torch.randint(2 * BORDER + 1, (n, 1)) + torch.arange(width)
    columns = torch.where(torch.rand(n, 1) < 0.5, columns.flip(1), columns)
    at = torch.arange(n)[:, None, None]
    return wide[at, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def train(network: nn.Module, images: Images, mean: Tensor, std: Tensor, nepochs: int):
    optimizer = torch.optim.SGD(
        network.parameters(), RATE, MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=True
    )
    nsteps = nepochs * len(images.labels) // BATCH
    milestones = [int(share * nsteps + 0.5) for share in MILESTONES]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones)
    order, begin = torch.empty(0, dtype=torch.long), time.monotonic()
    for step in range(nsteps):
        if len(order) < BATCH:
            order = torch.cat((order, torch.randperm(len(images.labels))))
        rows, order = order[:BATCH], order[BATCH:]
        x = (views(images.pixels[rows]).float() / 255 - mean) / std
        loss = cross_entropy(network(x), images.labels[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 50 == 49:
            rate = (step + 1) * BATCH / (time.monotonic() - begin)
            print(
                f"step {step + 1} of {nsteps}, loss {loss.item():.4f}, {rate:.0f} images/s",
                file=sys.stderr,
            )


@torch.no_grad()
def accuracy(network: nn.Module, images: Images, mean: Tensor, std: Tensor) -> float:
    nright = 0
    for rows in torch.arange(len(images.labels)).split(500):
        x = (images.pixels[rows].float() / 255 - mean) / std
        nright += (network(x).argmax(1) == images.labels[rows]).sum().item()
    return nright / len(images.labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    torch.set_flush_denormal(True)
    images = Images(given.directory, "train")
    mean, std = images.statistics()
    network = resnet20(int(images.labels.max()) + 1)
    train(network.train(), images, mean, std, given.epochs)
    test = Images(given.directory, "test")
    print(f"{accuracy(network.eval(), test, mean, std):.4f}")


if __name__ == "__main__":
    main()
