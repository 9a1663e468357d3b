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

cat >"$dir/opened.py" <<'PYTHON'
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
        dtypes = {"F32": "<f4", "I64": "<i8"}
        return {name: torch.from_numpy(numpy.frombuffer(
                    data[slice(*entry["data_offsets"])], dtypes[entry["dtype"]])
                    .reshape(entry["shape"]).copy())
                for name, entry in header.items()}, metadata

class Block(nn.Module):
    """A block of a ResNet as torchvision and the programs for CIFAR have it."""
    def __init__(self, nin, nout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(nin, nout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(nout)
        self.conv2 = nn.Conv2d(nout, nout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(nout)
        self.downsample = None
        if nin != nout:
            self.downsample = nn.Sequential(nn.Conv2d(nin, nout, 1, stride, bias=False),
                                            nn.BatchNorm2d(nout))
    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (self.downsample(x) if self.downsample else x))

class ResNet(nn.Module):
    """ResNet of depth 6 nblocks + 2 for CIFAR."""
    def __init__(self, nblocks, nclasses):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        for l in range(3):
            nin, nout = (16 << max(l - 1, 0)), 16 << l
            setattr(self, f"layer{l + 1}", nn.Sequential(
                *(Block(nout if b else nin, nout, 2 if l and not b else 1)
                  for b in range(nblocks))))
        self.fc = nn.Linear(64, nclasses)
    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))

def build(text, channels, height, width):
    if text.startswith("conv1: "):
        return ResNet(text.count("residual") // 3, 4)
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

def main(model, pixels, answers):
    """Compares amkd's answers about the pixels with what PyTorch makes of the model."""
    tensors, metadata = load(model)
    shape = [int(size) for size in metadata["amkd.input"].split("x")]
    network = build(metadata["amkd.arch"], *shape)
    network.load_state_dict(tensors, strict=True)
    network.eval()
    mean, std = (torch.tensor([float(x) for x in metadata[key].split(",")])[:, None, None]
                 for key in ("amkd.mean", "amkd.std"))
    x = torch.from_numpy(numpy.load(pixels)).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        logits = network((x - mean) / std).flatten(1)
    # Of the answers, softmax of the logits, the log: the logits but for a constant a sample.
    expected = torch.from_numpy(numpy.load(answers)).double().log()
    got = logits.double()
    error = (got - got.logsumexp(1, keepdim=True) - expected).abs().max().item()
    print(f"{metadata['amkd.arch'][:60]}: {len(x)} images, greatest error {error:.1e}")
    assert error < 1e-4, error

if __name__ == "__main__":
    main(*sys.argv[1:])
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

# check DATA ARCH [OPTION]...
check() {
    amkd-train -q --steps 20 "${@:3}" -a "$2" -o "$dir/m.safetensors" "$dir/$1.amkd"
    amkd-query -q -t "model:$dir/m.safetensors" -o "$dir/answers.amkd" "$dir/$1.amkd"
    amkd-cat -q --format npy --field p -o "$dir/answers.npy" "$dir/answers.amkd"
    "$python" "$dir/opened.py" "$dir/m.safetensors" "$dir/$1.npy" "$dir/answers.npy"
}

data gray 28 28 1
data color 13 17 3
check gray lenet5
check gray lenet5-half
check color mlp
check color "conv 7 k3 s2 p1 | tanh | avgpool 2 | conv 5 k1 | relu | maxpool 2 s1 | fc 9 |
             tanh | fc classes"
check color "maxpool 3 | conv 6 k3 p2 | relu | conv 4 k4 s9"

# A network of modules with names, batch norms and shortcuts; and the way back, weights that
# PyTorch made.
data small 32 32 3
check small resnet8 --lr 0.01
"$python" - "$dir" <<'PYTHON'
import json, os, struct, sys
directory = sys.argv[1]
sys.path.insert(0, directory)
from opened import ResNet, numpy, torch
torch.manual_seed(3)
network = ResNet(1, 4)
with torch.no_grad():
    network.train()
    network(torch.randn(64, 3, 32, 32)) # moves the running figures
arrays = {"module." + name: tensor.detach().numpy()
          for name, tensor in network.state_dict().items()}
header, data = {}, b""
for name, array in arrays.items():
    dtype = {"float32": "F32", "int64": "I64"}[str(array.dtype)]
    header[name] = {"dtype": dtype, "shape": array.shape,
                    "data_offsets": [len(data), len(data) + array.nbytes]}
    data += array.tobytes()
text = json.dumps(header).encode()
with open(os.path.join(directory, "torch.safetensors"), "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
x = torch.from_numpy(numpy.load(os.path.join(directory, "small.npy")))
x = x.permute(0, 3, 1, 2).float() / 255
network.eval()
with torch.no_grad():
    numpy.save(os.path.join(directory, "expected.npy"),
               network((x - 0.5) / 0.25).log_softmax(1).numpy())
PYTHON
amkd-query -q -o "$dir/answers.amkd" "$dir/small.amkd" -t \
    "model:$dir/torch.safetensors,arch=resnet8,mean=0.5:0.5:0.5,std=0.25:0.25:0.25"
amkd-cat -q --format npy --field p -o "$dir/answers.npy" "$dir/answers.amkd"
"$python" - "$dir" <<'PYTHON'
import sys, numpy
expected, got = (numpy.load(f"{sys.argv[1]}/{name}.npy") for name in ("expected", "answers"))
error = numpy.abs(numpy.log(got.astype("f8")) - expected).max()
print(f"weights of PyTorch: greatest error {error:.1e}")
assert error < 1e-4, error
PYTHON
