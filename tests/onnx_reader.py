"""Reads models of amkd-export by python3-onnx: its checker, an evaluation in numpy, and, where
they are installed, ONNX's own reference and ONNX Runtime.
Usage: onnx_reader.py FOLDER             examples of test_export, with images and answers
       onnx_reader.py MODEL PIXELS TEXT  NPY of images, N x height x width x channels; a line
                                         of numbers for each"""
import json
import math
import os
import sys

import numpy as np
import onnx
from onnx import numpy_helper

missing = []
try:
    import onnxruntime
except ImportError:
    onnxruntime = None
    missing.append("ONNX Runtime")
try:
    from onnx.reference import ReferenceEvaluator
except ImportError:
    ReferenceEvaluator = None
    missing.append("ONNX's reference")


def windows(x, node, fill):
    """[n][c][y][x][ky][kx] of what a window sees."""
    kernel, stride = node["kernel_shape"], node.get("strides", [1, 1])
    top, left, bottom, right = node.get("pads", [0] * 4)
    dilation = node.get("dilations", [1, 1])
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    seen = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(2, 3))
    return seen[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def conv(node, x, weight, bias=None):
    groups = node.get("group", 1)
    seen = np.split(windows(x, node, 0), groups, axis=1)
    parts = [np.einsum("ncyxkl,ockl->noyx", a, b)
             for a, b in zip(seen, np.split(weight, groups))]
    out = np.concatenate(parts, axis=1)
    return out if bias is None else out + bias[:, None, None]


def norm(node, x, scale, shift, mean, variance):
    shape = [1, -1] + [1] * (x.ndim - 2)
    scale, shift, mean, variance = (a.reshape(shape) for a in (scale, shift, mean, variance))
    return scale * (x - mean) / np.sqrt(variance + node["epsilon"]) + shift


def average(node, x):
    assert node["count_include_pad"] == 1
    return windows(x, node, 0).mean(axis=(4, 5))


def cut(node, x, starts, ends, axes, steps):
    slices = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        slices[axis] = slice(start, end, step)
    return x[tuple(slices)]


def pad(node, x, pads):
    return np.pad(x, list(zip(pads[: x.ndim], pads[x.ndim:])))


def softmax(node, x):
    e = np.exp(x - x.max(axis=node["axis"], keepdims=True))
    return e / e.sum(axis=node["axis"], keepdims=True)


def gemm(node, x, weight, bias=0):
    assert node["transB"] == 1
    return x @ weight.T + bias


def hard(x, alpha, beta):
    return np.clip(alpha * x + beta, 0, 1)


operators = {
    "Add": lambda node, a, b: a + b,
    "AveragePool": average,
    "BatchNormalization": norm,
    "Cast": lambda node, x: x.astype("f8"),
    "Clip": lambda node, x, low, high: np.clip(x, low, high),
    "Concat": lambda node, *x: np.concatenate(x, axis=node["axis"]),
    "Conv": conv,
    "Div": lambda node, a, b: a / b,
    "Erf": lambda node, x: np.vectorize(math.erf)(x),
    "Flatten": lambda node, x: x.reshape(len(x), -1),
    "Gemm": gemm,
    "GlobalAveragePool": lambda node, x: x.mean(axis=(2, 3), keepdims=True),
    "GlobalMaxPool": lambda node, x: x.max(axis=(2, 3), keepdims=True),
    "HardSigmoid": lambda node, x: hard(x, node["alpha"], node["beta"]),
    "HardSwish": lambda node, x: x * hard(x, 1 / 6, 0.5),
    "LeakyRelu": lambda node, x: np.where(x > 0, x, node["alpha"] * x),
    "MaxPool": lambda node, x: windows(x, node, -np.inf).max(axis=(4, 5)),
    "Mul": lambda node, a, b: a * b,
    "Pad": pad,
    "Relu": lambda node, x: np.maximum(x, 0),
    "Sigmoid": lambda node, x: 1 / (1 + np.exp(-x)),
    "Slice": cut,
    "Softmax": softmax,
    "Sub": lambda node, a, b: a - b,
    "Sum": lambda node, *x: sum(x),
    "Tanh": lambda node, x: np.tanh(x),
}


def evaluate(model, images):
    """The model's output in float64."""
    values = {model.graph.input[0].name: images}
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        values[tensor.name] = array.astype("f8") if array.dtype == "f4" else array
    for node in model.graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        inputs = [values[name] for name in node.input]
        values[node.output[0]] = operators[node.op_type](attributes, *inputs)
    return values[model.graph.output[0].name]


def check(path, images, expected, tolerance):
    """images: as the model takes them. Returns the greatest error of all readers."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.ir_version == 8 and model.opset_import[0].version == 17
    assert (model.producer_name, model.graph.input[0].name) == ("amkd", "images")
    for value in (model.graph.input[0], model.graph.output[0]):
        assert value.type.tensor_type.shape.dim[0].dim_param == "batch"
    names = [node.name for node in model.graph.node]
    assert len(names) == len(set(names)), names
    exact = images if images.dtype == np.uint8 else images.astype("f8")
    single = images if images.dtype == np.uint8 else images.astype("f4")
    got = {"numpy": evaluate(model, exact)}
    if ReferenceEvaluator:
        got["reference"] = ReferenceEvaluator(model).run(None, {"images": single})[0]
    if onnxruntime:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        got["ONNX Runtime"] = session.run(None, {"images": single})[0]
    worst = 0
    for reader, values in got.items():
        assert values.shape == expected.shape, (path, reader, values.shape, expected.shape)
        error = (abs(values - expected) / (1 + abs(expected))).max()
        assert error <= tolerance, (path, reader, error)
        worst = max(worst, error)
    return worst


def as_taken(path, pixels):
    """Pixels [n][height][width][channels] as the model takes images."""
    images = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
    kind = onnx.load(path).graph.input[0].type.tensor_type.elem_type
    return images / 255 if kind == onnx.TensorProto.FLOAT else images


def check_examples(folder):
    with open(os.path.join(folder, "images")) as file:
        images = [np.array(line.split(), np.uint8) for line in file]
    with open(os.path.join(folder, "answers")) as file:
        answers = [np.array([line.split()], "f8") for line in file]
    worst = 0
    for number, pixels in enumerate(images):
        for name, answer in zip(("", "-norms"), answers[2 * number:]):
            path = os.path.join(folder, f"{number}{name}.onnx")
            dims = onnx.load(path).graph.input[0].type.tensor_type.shape.dim
            channels, height, width = (dim.dim_value for dim in dims[1:])
            x = as_taken(path, pixels.reshape(1, height, width, channels))
            worst = max(worst, check(path, x, answer, 1e-5))
    assert len(answers) == 2 * len(images) and len(images) > 40, len(images)
    print(f"{len(answers)} files of {len(images)} examples, greatest error {worst:.1e}")


def check_model(path, pixels, text):
    model = onnx.load(path)
    images = as_taken(path, np.load(pixels))
    worst = check(path, images, np.loadtxt(text, ndmin=2), 1e-4)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    provenance = json.loads(properties["provenance"])
    assert [run["tool"] for run in provenance] == ["amkd-train", "amkd-export"], provenance
    assert json.loads(properties["class_names"]) == ["a", '"b??/', "*/c", "dé"], properties
    assert properties["arch"].startswith("0: ") or " | " in properties["arch"]
    print(f"{path}: {len(model.graph.node)} nodes, output "
          f"{model.graph.output[0].name}, greatest error {worst:.1e}")


if len(sys.argv) == 2:
    check_examples(sys.argv[1])
else:
    check_model(*sys.argv[1:])
for reader in missing:
    print(f"not tested: {reader} (not installed)")
