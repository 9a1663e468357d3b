"""The work that all peers share: images, pairs and a student from amkd's own files.

A work directory holds what bench/peers/run made with amkd's tools: pixels.npy, pairs.npy,
student.safetensors, and amkd's own answer for every pair, picks.npy.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open

BATCH = 128  # of trainings
LAMBDAS = np.linspace(0.3, 0.7, 11, dtype=np.float32)


@dataclass
class Layer:
    kind: str  # conv (stride 1), fc, relu, maxpool or flatten
    size: int = 0  # outputs; of maxpool: its window and stride
    kernel: int = 0
    padding: int = 0
    weight: np.ndarray | None = None
    bias: np.ndarray | None = None


@dataclass
class Student:
    layers: list[Layer]
    shape: tuple[int, int, int]  # channels, height, width
    mean: np.ndarray  # of each channel
    std: np.ndarray

    def normalize(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 [n, height, width, channels] as the float32 [n, c, h, w] it sees."""
        x = (pixels.astype(np.float32) / 255 - self.mean) / self.std
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2), np.float32)


def read_layers(text: str, shape: tuple[int, int, int]) -> list[Layer]:
    """The layers of an architecture's text, as far as the peers need them. A convolution
    that sees its whole input at once becomes an fc layer, which all peers run faster."""
    layers, side = [], shape[1]
    for kind, *rest in (layer.split() for layer in text.split("|")):
        size = int(rest[0]) if rest else 0
        options = {word[0]: int(word[1:]) for word in rest[1:]}
        kernel, padding = options.pop("k", 0), options.pop("p", 0)
        if kind not in ("conv", "fc", "relu", "maxpool", "flatten") or options:
            raise ValueError(f"no peer knows '{kind} {' '.join(rest)}'")
        if kind == "maxpool":
            side //= size
        elif kind == "conv":
            kind = "fc" if kernel == side and not padding else "conv"
            side += 2 * padding - kernel + 1
        layers.append(Layer(kind, size, kernel, padding))
    return layers


def read_student(path: Path) -> Student:
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
        shape = tuple(int(size) for size in metadata["amkd.input"].split("x"))
        layers = read_layers(metadata["amkd.arch"], shape)
        for number, layer in enumerate(layers):
            if layer.kind in ("conv", "fc"):
                layer.weight = file.get_tensor(f"{number}.weight")
                layer.bias = file.get_tensor(f"{number}.bias")
            if layer.kind == "fc":
                layer.weight = layer.weight.reshape(layer.size, -1)
    mean, std = (
        np.array([float(number) for number in metadata[key].split(",")], np.float32)
        for key in ("amkd.mean", "amkd.std")
    )
    return Student(layers, shape, mean, std)


class Work:
    def __init__(self, directory: Path):
        self.student = read_student(directory / "student.safetensors")
        channels, height, width = self.student.shape
        self.pixels = np.load(directory / "pixels.npy").reshape(
            -1, height, width, channels
        )
        self.images = self.student.normalize(self.pixels)
        self.pairs = np.load(directory / "pairs.npy")

    def batches(self, share: slice, batch: int) -> tuple[np.ndarray, np.ndarray]:
        """i and j of a share of the pairs, int64 [n, batch]; the last batch is filled up
        with pairs from the front."""
        pairs = self.pairs[share]
        which = np.arange(-(-len(pairs) // batch) * batch) % len(pairs)
        return tuple(
            pairs[key][which].astype(np.int64).reshape(-1, batch) for key in "ij"
        )


def check(directory: Path, c2: np.ndarray, which: np.ndarray, npicks: int) -> dict:
    """A peer's C2 and lambda numbers of all pairs beside amkd's: the greatest difference,
    and how many of the lowest npicks (a quarter of all at most) are the same. Fails where
    the scores are not, or picks differ by more than ties."""
    ours = np.load(directory / "picks.npy")
    npicks = min(npicks, len(ours) // 4)
    error = float(np.abs(c2 - ours["score"]).max())
    if not error <= 1e-4:
        raise ValueError(f"C2 differs from amkd-score's by {error:.1e}")
    lowest = np.lexsort((ours["j"], ours["i"], ours["score"]))[:npicks]
    theirs = np.lexsort((ours["j"], ours["i"], c2))[:npicks]
    limit = ours["score"][lowest[-1]]
    other = np.setxor1d(lowest, theirs)
    if not np.all(np.abs(ours["score"][other] - limit) <= 2 * error):
        raise ValueError("the picks differ from amkd-score's by more than ties")
    same_lambda = np.abs(LAMBDAS[which] - ours["lambda"]) < 1e-6
    return {
        "c2_error": error,
        "npicks": npicks,
        "picks_same": npicks - len(other) // 2,
        "lambdas_same": int(same_lambda[lowest].sum()),
    }
