"""Networks as amkd's model files have them: the text of the architecture as layers, each
with its tensors by their names in PyTorch."""

import re
from dataclasses import dataclass, field

import numpy as np

TENSORS = "weight", "bias", "running_mean", "running_var"


@dataclass
class Layer:
    kind: str  # conv, fc, bn, relu, relu6, maxpool, avgpool, flatten, dropout, residual
    name: str  # what its tensors are called
    size: int = 0  # outputs
    kernel: int = 0  # of a pool: 0 for the whole image
    stride: int = 1
    padding: int = 0
    groups: int = 1
    epsilon: float = 1e-5
    momentum: float = 0.1
    share: float = 0  # that a dropout drops
    branches: list[list["Layer"]] = field(default_factory=list)  # []: the input as it is
    tensors: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def weight(self) -> np.ndarray:
        return self.tensors["weight"]

    @property
    def bias(self) -> np.ndarray | None:
        return self.tensors.get("bias")

    def out_side(self, side: int) -> int:
        if self.kind not in ("conv", "maxpool", "avgpool"):
            return side
        if not self.kernel:
            return 1
        return (side + 2 * self.padding - self.kernel) // self.stride + 1


def layer_of(words: list[str], name: str) -> Layer:
    kind, *rest = words
    layer = Layer(kind, name)
    if kind in ("conv", "fc"):
        layer.size = int(rest.pop(0))
    elif kind in ("maxpool", "avgpool"):
        window = rest.pop(0)
        layer.kernel = layer.stride = 0 if window == "all" else int(window)
    elif kind == "dropout":
        layer.share = float(rest.pop(0))
    elif kind not in ("bn", "relu", "relu6", "flatten", "residual"):
        raise ValueError(f"no peer knows '{kind}'")
    fields = {"k": "kernel", "s": "stride", "p": "padding", "g": "groups"}
    if kind == "bn":
        fields = {"e": "epsilon", "m": "momentum"}
    for word in rest:
        if word == "nobias":
            continue  # the file has none, then
        if word[0] not in fields or not word[1:]:
            raise ValueError(f"no peer knows '{' '.join(words)}'")
        number = float(word[1:]) if kind == "bn" else int(word[1:])
        setattr(layer, fields[word[0]], number)
    return layer


class Reader:
    def __init__(self, text: str):
        self.tokens = re.findall(r"[|;()]|[^|;()\s][^|;()]*", text)

    def chain(self, side: int, prefix: str = "") -> tuple[list[Layer], int]:
        """The layers up to the end of a branch, or of the text, and the side of what
        they make of square images. A convolution that sees its whole input at once
        becomes an fc layer, which all peers run faster."""
        layers = []
        while self.tokens and self.tokens[0] not in (";", ")"):
            token = self.tokens.pop(0).strip()
            if token == "|":
                continue
            name, _, words = token.rpartition(":")
            layer = layer_of(words.split(), name or f"{prefix}{len(layers)}")
            out = layer.out_side(side)
            if self.tokens and self.tokens[0] == "(":
                out = self.branches(layer, side)
            if layer.kind == "conv" and layer.kernel == side and not layer.padding:
                layer.kind = "fc"
            layers.append(layer)
            side = out
        return layers, side

    def branches(self, layer: Layer, side: int) -> int:
        while self.tokens.pop(0) != ")":
            number = len(layer.branches)
            branch, out = self.chain(side, f"{layer.name}.{number}.")
            layer.branches.append(branch)
        if len(layer.branches) == 1:
            layer.branches.insert(0, [])
        return out


def walk(layers: list[Layer]):
    """Every layer, those of branches too."""
    for layer in layers:
        yield layer
        for branch in layer.branches:
            yield from walk(branch)


def read_layers(file, text: str, side: int) -> list[Layer]:
    """file: an open safetensors file."""
    layers, _ = Reader(text).chain(side)
    there = set(file.keys())
    for layer in walk(layers):
        for tensor in TENSORS:
            if f"{layer.name}.{tensor}" in there:
                layer.tensors[tensor] = file.get_tensor(f"{layer.name}.{tensor}")
        if layer.kind == "fc":
            layer.tensors["weight"] = layer.weight.reshape(layer.size, -1)
    return layers
