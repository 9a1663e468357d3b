"""The graphs that ONNX Runtime and OpenVINO run: from images to logits, and from pair
numbers to C2.

a, b = Gather(sources, i), Gather(sources, j)
c2, which = min over lambda of max over classes of Softmax(layers(lambda (a - b) + b))
"""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from graph import TENSORS, Layer
from work import LAMBDAS, Student


class Graph:
    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, value: np.ndarray | np.float32) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def add(
        self,
        operator: str,
        *inputs: str | np.ndarray | np.float32,
        output="",
        **attributes,
    ) -> str:
        names = [i if isinstance(i, str) else self.constant(i) for i in inputs]
        output = output or f"value{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, names, [output], **attributes))
        return output

    def add_layer(self, layer: Layer, x: str) -> str:
        if layer.kind == "residual":
            return self.add("Sum", *(self.add_chain(b, x) for b in layer.branches))
        if layer.kind == "relu":
            return self.add("Relu", x)
        if layer.kind == "relu6":
            return self.add("Clip", x, np.float32(0), np.float32(6))
        if layer.kind == "flatten":
            return self.add("Flatten", x)
        if layer.kind == "dropout":
            return x
        if layer.kind == "bn":
            figures = [layer.tensors[name] for name in TENSORS]
            return self.add("BatchNormalization", x, *figures, epsilon=layer.epsilon)
        if layer.kind == "fc":
            flat = self.add("Flatten", x)
            return self.add("Gemm", flat, *self.weights(layer), transB=1)
        return self.add_moving(layer, x)

    def add_moving(self, layer: Layer, x: str) -> str:
        if not layer.kernel:
            pool = {"maxpool": "GlobalMaxPool", "avgpool": "GlobalAveragePool"}
            return self.add(pool[layer.kind], x)
        window = {
            "kernel_shape": [layer.kernel] * 2,
            "strides": [layer.stride] * 2,
            "pads": [layer.padding] * 4,
        }
        if layer.kind == "maxpool":
            return self.add("MaxPool", x, **window)
        if layer.kind == "avgpool":
            return self.add("AveragePool", x, count_include_pad=1, **window)
        return self.add("Conv", x, *self.weights(layer), group=layer.groups, **window)

    def add_chain(self, layers: list[Layer], x: str) -> str:
        for layer in layers:
            x = self.add_layer(layer, x)
        return x

    @staticmethod
    def weights(layer: Layer) -> list[np.ndarray]:
        return [layer.weight] + ([] if layer.bias is None else [layer.bias])

    def model(self, inputs: dict, outputs: dict) -> bytes:
        """inputs, outputs: name -> (element type, shape)."""
        infos = [
            [helper.make_tensor_value_info(name, *info) for name, info in values.items()]
            for values in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "amkd", *infos, self.constants)
        opsets = [helper.make_opsetid("", 18)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        checker.check_model(model, full_check=True)
        return model.SerializeToString()


def first_layer(student: Student) -> bytes:
    """x [n, c, h, w] -> maps."""
    graph = Graph()
    graph.add("Identity", graph.add_layer(student.layers[0], "x"), output="maps")
    given, maps = ["n", *student.shape], ["n", "maps", "map_height", "map_width"]
    return graph.model(
        {"x": (TensorProto.FLOAT, given)}, {"maps": (TensorProto.FLOAT, maps)}
    )


def predict(student: Student, batch: int) -> bytes:
    """x [batch, c, h, w] -> logits."""
    graph = Graph()
    graph.add("Flatten", graph.add_chain(student.layers, "x"), output="logits")
    given, classes = [batch, *student.shape], [batch, student.layers[-1].size]
    return graph.model(
        {"x": (TensorProto.FLOAT, given)}, {"logits": (TensorProto.FLOAT, classes)}
    )


def score(layers: list[Layer], sources: np.ndarray, batch: int, repeat: bool) -> bytes:
    """i, j [batch] -> c2, which [batch]: layers upon mixes of sources [n, c, h, w].

    repeat: each pair is repeated for every lambda before its images are gathered. That
    avoids a fifth dimension, which ONNX Runtime takes in its stride, but which costs
    OpenVINO a reordering of all that was mixed."""
    graph, n = Graph(), len(LAMBDAS)
    shape = list(sources.shape[1:])
    held = graph.constant(sources)
    pairs, lambdas = list("ij"), LAMBDAS.reshape(1, n, 1, 1, 1)
    if repeat:
        pairs = [graph.add("Reshape", pair, np.array([batch, 1])) for pair in pairs]
        pairs = [graph.add("Expand", pair, np.array([batch, n])) for pair in pairs]
        pairs = [graph.add("Reshape", pair, np.array([batch * n])) for pair in pairs]
        lambdas = np.tile(LAMBDAS, batch).reshape(batch * n, 1, 1, 1)
    a, b = (graph.add("Gather", held, pair) for pair in pairs)
    difference = graph.add("Sub", a, b)
    if not repeat:
        apart = np.array([batch, 1, *shape])
        difference, b = (graph.add("Reshape", x, apart) for x in (difference, b))
    x = graph.add("Add", graph.add("Mul", difference, lambdas), b)
    if not repeat:
        x = graph.add("Reshape", x, np.array([batch * n, *shape]))
    x = graph.add_chain(layers, x)
    c1 = graph.add(
        "ReduceMax", graph.add("Softmax", x, axis=1), np.array([1]), keepdims=0
    )
    c1 = graph.add("Reshape", c1, np.array([batch, n]))
    graph.add("ReduceMin", c1, np.array([1]), keepdims=0, output="c2")
    graph.add("ArgMin", c1, axis=1, keepdims=0, output="which")
    return graph.model(
        {name: (TensorProto.INT64, [batch]) for name in "ij"},
        {
            "c2": (TensorProto.FLOAT, [batch]),
            "which": (TensorProto.INT64, [batch]),
        },
    )
