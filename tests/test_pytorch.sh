#!/usr/bin/env bash
# A model opens in PyTorch as it is: the Sequential of its text takes the file's tensors by
# load_state_dict under PyTorch's own names, and computes what amkd computes.
set -euo pipefail
# Debian's package is seen by Debian's Python, which need not be the first on PATH.
for python in python3 /usr/bin/python3; do
    "$python" -c 'import torch, numpy' 2>/dev/null && break
    python=
done
[ -n "$python" ] || { echo "python3-torch is not installed: skipped"; exit 77; }

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/open.py" <<'PYTHON'
import json, struct, sys
import numpy, torch
from torch import nn

def load(path):
    """The tensors and the metadata of a safetensors file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__")
    try:
        from safetensors.torch import load_file
        return load_file(path), metadata
    except ImportError:
        return {name: torch.from_numpy(numpy.frombuffer(
                    data[slice(*entry["data_offsets"])], "<f4")
                    .reshape(entry["shape"]).copy())
                for name, entry in header.items()}, metadata

def build(text, channels, height, width):
    layers, shape = [], torch.zeros(1, channels, height, width)
    for word in (layer.split() for layer in text.split("|")):
        options = {w[0]: int(w[1:]) for w in word[2:]}
        kind, size = word[0], int(word[1]) if len(word) > 1 else None
        if kind == "conv":
            layer = nn.Conv2d(shape.shape[1], size, options["k"], options.get("s", 1),
                              options.get("p", 0))
        elif kind == "fc":
            layer = nn.Linear(shape.shape[1], size)
        elif kind in ("maxpool", "avgpool"):
            pool = {"maxpool": nn.MaxPool2d, "avgpool": nn.AvgPool2d}[kind]
            layer = pool(size, options.get("s", size))
        else:
            layer = {"relu": nn.ReLU, "tanh": nn.Tanh, "flatten": nn.Flatten}[kind]()
        layers.append(layer)
        shape = layer(shape)
    return nn.Sequential(*layers)

model, pixels, answers = sys.argv[1:]
tensors, metadata = load(model)
shape = [int(size) for size in metadata["amkd.input"].split("x")]
network = build(metadata["amkd.arch"], *shape)
network.load_state_dict(tensors)
mean, std = (torch.tensor([float(x) for x in metadata[key].split(",")])[:, None, None]
             for key in ("amkd.mean", "amkd.std"))
x = torch.from_numpy(numpy.load(pixels)).permute(0, 3, 1, 2).float() / 255
with torch.no_grad():
    logits = network((x - mean) / std).flatten(1)
# Of the answers, softmax of the logits, the log: the logits but for a constant a sample.
expected = torch.from_numpy(numpy.load(answers)).double().log()
got = logits.double()
error = (got - got.logsumexp(1, keepdim=True) - expected).abs().max().item()
print(f"{metadata['amkd.arch']}: {len(x)} images, greatest error {error:.1e}")
assert error < 1e-4, error
PYTHON

# data NAME HEIGHT WIDTH CHANNELS: 300 labeled images of 4 classes.
data() {
    "$python" - "$dir/$1" "$2" "$3" "$4" <<'PYTHON'
import sys
import numpy
name, *shape = sys.argv[1], *map(int, sys.argv[2:])
random = numpy.random.default_rng(5)
numpy.save(name + ".npy", random.integers(0, 256, (300, *shape), numpy.uint8))
numpy.save(name + ".labels.npy", random.integers(0, 4, 300).astype(numpy.uint8))
PYTHON
    amkd-import -q --labels "$dir/$1.labels.npy" -o "$dir/$1.amkd" "$dir/$1.npy"
}

check() {
    amkd-train -q --steps 20 -a "$2" -o "$dir/m.safetensors" "$dir/$1.amkd"
    amkd-query -q -t "model:$dir/m.safetensors" -o "$dir/answers.amkd" "$dir/$1.amkd"
    amkd-cat -q --format npy --field p -o "$dir/answers.npy" "$dir/answers.amkd"
    "$python" "$dir/open.py" "$dir/m.safetensors" "$dir/$1.npy" "$dir/answers.npy"
}

data gray 28 28 1
data color 13 17 3
check gray lenet5
check gray lenet5-half
check color mlp
check color "conv 7 k3 s2 p1 | tanh | avgpool 2 | conv 5 k1 | relu | maxpool 2 s1 | fc 9 |
             tanh | fc classes"
check color "maxpool 3 | conv 6 k3 p2 | relu | conv 4 k4 s9"
