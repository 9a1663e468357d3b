#!/usr/bin/env bash
# A model opens in PyTorch as it is: the Sequential of its text takes the file's tensors by
# load_state_dict under PyTorch's own names, and computes what amkd computes, a step of a
# training too.
set -euo pipefail
# Debian's package is seen by Debian's Python, which need not be the first on PATH.
for python in python3 /usr/bin/python3; do
    "$python" -c 'import torch, numpy' 2>/dev/null && break
    python=
done
[ -n "$python" ] || { echo "python3-torch is not installed: skipped"; exit 77; }

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/network.py" <<'PYTHON'
import collections, json, re, struct
import numpy, torch
from torch import nn
from torch.nn import functional as F

def load(path):
    """The tensors and the metadata of a safetensors file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__")
    dtypes = {"F32": "<f4", "I64": "<i8"}
    return {name: torch.from_numpy(numpy.frombuffer(
                data[slice(*entry["data_offsets"])], dtypes[entry["dtype"]])
                .reshape(entry["shape"]).copy())
            for name, entry in header.items()}, metadata

class Joint(nn.Module):
    def __init__(self, kind, branches):
        super().__init__()
        self.kind = kind
        for number, branch in enumerate(branches):
            self.add_module(str(number), branch)

    def forward(self, x):
        values = [branch(x) for branch in self.children()]
        if len(values) == 1:
            values.insert(0, x)
        if self.kind == "concat":
            return torch.cat(values, 1)
        return values[0] * values[1] if self.kind == "scale" else sum(values)

class Subsample(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.channels, self.stride = channels, stride

    def forward(self, x):
        added = self.channels - x.shape[1]
        return F.pad(x[:, :, ::self.stride, ::self.stride],
                     (0, 0, 0, 0, added // 2, added - added // 2))

class Same(nn.Module):
    """As many zeros around the image as TensorFlow puts there."""
    def __init__(self, kernel, stride, dilation, layer):
        super().__init__()
        self.reach, self.stride = (kernel - 1) * dilation + 1, stride
        self.layer = [layer]  # a list, so that its tensors' names stay
        self.weight = getattr(layer, "weight", None)
        self.bias = getattr(layer, "bias", None)

    def forward(self, x):
        pads = []
        for size in (x.shape[3], x.shape[2]):
            missing = max((-(-size // self.stride) - 1) * self.stride + self.reach - size, 0)
            pads += [missing // 2, missing - missing // 2]
        return self.layer[0](F.pad(x, pads))

acts = {"relu": nn.ReLU, "relu6": nn.ReLU6, "leaky": nn.LeakyReLU, "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid, "hardsigmoid": nn.Hardsigmoid, "silu": nn.SiLU,
        "gelu": nn.GELU, "hardswish": nn.Hardswish, "flatten": nn.Flatten,
        "dropout": nn.Dropout}

def layer_of(words, shape):
    kind, size = words[0], words[1] if len(words) > 1 else None
    if kind == "bn":
        values = {w[0]: float(w[1:]) for w in words[1:]}
        norm = nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d
        return norm(shape[1], values.get("e", 1e-5), values.get("m", 0.1))
    flags = [w for w in words[2:] if w in ("nobias", "same")]
    options = {w[0]: int(w[1:]) for w in words[2:] if w not in flags}
    stride, padding = options.get("s", 1), options.get("p", 0)
    if kind == "conv":
        layer = nn.Conv2d(shape[1], int(size), options["k"], stride, padding,
                          options.get("d", 1), options.get("g", 1), "nobias" not in flags)
        return Same(options["k"], stride, options.get("d", 1), layer) \
            if "same" in flags else layer
    if kind == "fc":
        return nn.Linear(shape[1], int(size), "nobias" not in flags)
    if kind in ("maxpool", "avgpool"):
        if size == "all":
            return {"maxpool": nn.AdaptiveMaxPool2d, "avgpool": nn.AdaptiveAvgPool2d}[kind](1)
        stride = options.get("s", int(size))
        pool = {"maxpool": nn.MaxPool2d, "avgpool": nn.AvgPool2d}[kind]
        return Same(int(size), stride, 1, pool(int(size), stride)) if "same" in flags \
            else pool(int(size), stride, padding)
    if kind == "subsample":
        return Subsample(int(size), stride)
    return acts[kind](*(float(w) for w in words[1:]))

class Parser:
    def __init__(self, text):
        self.tokens = re.findall(r"[|;()]|[^|;()\s][^|;()]*", text)

    def chain(self, x):
        """The layers up to the end of a branch, or of the text, and what they make of x."""
        layers = collections.OrderedDict()
        while self.tokens and self.tokens[0] not in (";", ")"):
            text = self.tokens.pop(0).strip()
            if text == "|":
                continue
            name, _, words = text.rpartition(":")
            words, branches = words.split(), []
            if self.tokens and self.tokens[0] == "(":
                while self.tokens.pop(0) != ")":
                    branches.append(self.chain(x)[0])
            layer = Joint(words[0], branches) if branches else layer_of(words, x.shape)
            layers[name or str(len(layers))] = layer
            x = layer.eval()(x)
        return nn.Sequential(layers), x

def build(metadata):
    shape = [int(size) for size in metadata["amkd.input"].split("x")]
    return Parser(metadata["amkd.arch"]).chain(torch.zeros(1, *shape))[0]

def open_model(path):
    """The network with the file's weights, and its tensors."""
    tensors, metadata = load(path)
    network = build(metadata)
    network.load_state_dict(tensors, strict=True)
    return network, tensors, metadata

def normalized(pixels, metadata):
    mean, std = (torch.tensor([float(x) for x in metadata[key].split(",")])[:, None, None]
                 for key in ("amkd.mean", "amkd.std"))
    return (torch.from_numpy(numpy.load(pixels)).permute(0, 3, 1, 2).float() / 255 - mean) / std
PYTHON

cat >"$dir/open.py" <<'PYTHON'
import sys
import numpy, torch
from network import open_model, normalized

model, pixels, answers = sys.argv[1:]
network, _, metadata = open_model(model)
with torch.no_grad():
    logits = network.eval()(normalized(pixels, metadata)).flatten(1)
# Of the answers, softmax of the logits, the log: the logits but for a constant a sample.
expected = torch.from_numpy(numpy.load(answers)).double().log()
got = logits.double()
error = (got - got.logsumexp(1, keepdim=True) - expected).abs().max().item()
print(f"{metadata['amkd.arch']}: {len(got)} images, greatest error {error:.1e}")
assert error < 1e-4, error
PYTHON

# One step of plain gradient descent at a rate of 1 moves weights by their gradients.
cat >"$dir/step.py" <<'PYTHON'
import sys
import numpy, torch
from torch.nn import functional as F
from network import load, open_model, normalized

before, after, pixels, labels = sys.argv[1:]
network, tensors, metadata = open_model(before)
moved, _ = load(after)
logits = network.train()(normalized(pixels, metadata)).flatten(1)
F.cross_entropy(logits, torch.from_numpy(numpy.load(labels)).long()).backward()
gradients = {name: p.grad for name, p in network.named_parameters()}
state = dict(network.named_buffers())
worst = 0
for name, tensor in moved.items():
    if name.endswith("num_batches_tracked"):
        continue
    expected = tensors[name] - gradients[name] if name in gradients else state[name]
    error = ((tensor - expected).abs() / (1 + expected.abs())).max().item()
    assert error < 1e-4, (name, error) # NaN, too
    worst = max(worst, error)
print(f"  a step: {len(moved)} tensors, greatest error {worst:.1e}")
PYTHON

# As torchvision and the programs for CIFAR have it, by hand.
cat >"$dir/resnet.py" <<'PYTHON'
import torch
from torch import nn

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
    "$python" "$dir/open.py" "$dir/m.safetensors" "$dir/$1.npy" "$dir/answers.npy"
}

# A step of a training, too: its gradients, and what becomes of running means.
check_step() {
    check "$@"
    amkd-train -q -i "$dir/m.safetensors" --steps 1 -b 300 --optimizer sgd --momentum 0 \
        --lr 1 --schedule constant -o "$dir/moved.safetensors" "$dir/$1.amkd"
    "$python" "$dir/step.py" "$dir/m.safetensors" "$dir/moved.safetensors" "$dir/$1.npy" \
        "$dir/$1.labels.npy"
}

data gray 28 28 1
data color 13 17 3
check gray lenet5
check gray lenet5-half
check color mlp
check color "conv 7 k3 s2 p1 | tanh | avgpool 2 | conv 5 k1 | relu | maxpool 2 s1 | fc 9 |
             tanh | fc classes"
check color "maxpool 3 | conv 6 k3 p2 | relu | conv 4 k4 s9"
check_step color "stem: conv 6 k3 s2 same nobias | bn | relu6 | conv 6 k3 p2 d2 g6 nobias |
                  bn e0.001 m0.3 | hardswish | scale( avgpool all | conv 2 k1 | silu |
                  conv 6 k1 | hardsigmoid ) | maxpool 3 s2 p1 | fc 5 | bn | gelu | fc classes"
check_step color "conv 6 k3 p1 | leaky 0.1 | residual( conv 6 k3 p1 nobias | bn ) | sigmoid |
                  concat( conv 3 k1 s2 ; maxpool 3 s2 p1 ) | relu |
                  residual( subsample 12 s2 ; conv 12 k3 s2 p1 ) | fc classes"
check color "conv 6 k3 | dropout 0.3 | relu | fc 8 | dropout 0.5 | fc classes"

# A network of modules with names, batch norms and shortcuts; and the way back, weights that
# PyTorch made.
data small 32 32 3
amkd-train -q --steps 20 --lr 0.01 -a resnet8 -o "$dir/m.safetensors" "$dir/small.amkd"
amkd-query -q -t "model:$dir/m.safetensors" -o "$dir/answers.amkd" "$dir/small.amkd"
amkd-cat -q --format npy --field p -o "$dir/answers.npy" "$dir/answers.amkd"
"$python" - "$dir" <<'PYTHON'
import json, os, struct, sys
import numpy, torch
directory = sys.argv[1]
sys.path.insert(0, directory)
from network import load, normalized
from resnet import ResNet
network = ResNet(1, 4)
tensors, metadata = load(os.path.join(directory, "m.safetensors"))
network.load_state_dict(tensors, strict=True)
with torch.no_grad():
    x = normalized(os.path.join(directory, "small.npy"), metadata)
    expected = network.eval()(x).log_softmax(1).double().numpy()
got = numpy.log(numpy.load(os.path.join(directory, "answers.npy")).astype("f8"))
print(f"resnet8: greatest error {numpy.abs(got - expected).max():.1e}")
assert numpy.abs(got - expected).max() < 1e-4
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
