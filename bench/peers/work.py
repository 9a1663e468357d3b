"""The work that all peers share: images, pairs and a network from amkd's own files.

A work directory holds what bench/peers/run made with amkd's tools: pixels.npy,
student.safetensors, and amkd's own answers: to pairs.npy picks.npy, which has each pair's
C2, or to the images answers.npy, which has their probabilities.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open

from graph import Layer, read_layers

BATCH = 128  # of trainings
NPICKS = 1000
IMAGE_BATCHES = 16, 32, 64, 128  # that are tried for predictions
MOST_ERROR = 1e-4
LAMBDAS = np.linspace(0.3, 0.7, 11, dtype=np.float32)


@dataclass
class Student:
    layers: list[Layer]
    shape: tuple[int, int, int]  # channels, height, width
    mean: np.ndarray  # of each channel
    std: np.ndarray

    def normalize(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 [n, height, width, channels], or [n, height, width] of gray images, as
        the float32 [n, c, h, w] it sees."""
        channels, height, width = self.shape
        pixels = pixels.reshape(-1, height, width, channels)
        x = (pixels.astype(np.float32) / 255 - self.mean) / self.std
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2), np.float32)


def read_student(path: Path) -> Student:
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
        shape = tuple(int(size) for size in metadata["amkd.input"].split("x"))
        layers = read_layers(file, metadata["amkd.arch"], shape[1])
    mean, std = (
        np.array([float(number) for number in metadata[key].split(",")], np.float32)
        for key in ("amkd.mean", "amkd.std")
    )
    return Student(layers, shape, mean, std)


class Work:
    """A directory of work: what a candidate is raced for, and amkd's answers to it."""

    nitems: int
    evaluations: int  # that are counted for an item
    unit: str
    items: str
    most_batch_seconds: float  # larger batches than such a one are not tried

    def batches(self, share: slice, batch: int) -> tuple[np.ndarray, ...]:
        """A share of the items, a batch a row; the last batch is filled up with items
        from the front."""
        raise NotImplementedError

    def check(self, *answers: np.ndarray) -> dict:
        """What is to be said of a peer's answers for all items beside amkd's own. Fails
        where they are not the same but for rounding."""
        raise NotImplementedError

    @staticmethod
    def rows(share: slice, nitems: int, batch: int) -> np.ndarray:
        numbers = np.arange(nitems)[share]
        return np.resize(numbers, (-(-len(numbers) // batch), batch))


class Pairs(Work):
    """i, j -> C2 and the number of its lambda."""

    evaluations, unit, items = len(LAMBDAS), "evaluations/s", "pairs"
    most_batch_seconds = 0.25  # no cache has larger ones

    def __init__(self, directory: Path):
        self.directory = directory
        self.student = read_student(directory / "student.safetensors")
        self.images = self.student.normalize(np.load(directory / "pixels.npy"))
        self.pairs = np.load(directory / "pairs.npy")
        self.nitems = len(self.pairs)

    def batches(self, share: slice, batch: int) -> tuple[np.ndarray, ...]:
        rows = self.rows(share, self.nitems, batch)
        return tuple(self.pairs[key][rows].astype(np.int64) for key in "ij")

    def check(self, c2: np.ndarray, which: np.ndarray) -> dict:
        """The greatest difference of C2, and how many of the lowest are the same (a
        quarter of all at most). Fails where picks differ by more than ties, too."""
        ours = np.load(self.directory / "picks.npy")
        npicks = min(NPICKS, len(ours) // 4)
        error = float(np.abs(c2 - ours["score"]).max())
        if not error <= MOST_ERROR:
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


class Images(Work):
    """x [batch, channels, height, width] -> logits."""

    evaluations, unit, items = 1, "images/s", "images"
    most_batch_seconds = 1

    def __init__(self, directory: Path):
        self.student = read_student(directory / "student.safetensors")
        self.images = self.student.normalize(np.load(directory / "pixels.npy"))
        self.answers = np.load(directory / "answers.npy")
        self.nitems = len(self.images)

    def batches(self, share: slice, batch: int) -> tuple[np.ndarray, ...]:
        return (self.images[self.rows(share, self.nitems, batch)],)

    def check(self, logits: np.ndarray) -> dict:
        """The greatest difference of the logarithms of probabilities."""
        log = logits.astype(np.float64)
        log -= np.logaddexp.reduce(log, axis=1, keepdims=True)
        error = float(np.abs(log - np.log(self.answers)).max())
        if not error <= MOST_ERROR:
            raise ValueError(f"log-probabilities differ from amkd's by {error:.1e}")
        return {"log_error": error, "largest_log": float(np.abs(log).max())}


def open_work(directory: Path) -> Work:
    kind = Pairs if (directory / "pairs.npy").exists() else Images
    return kind(directory)
