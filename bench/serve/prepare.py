"""What the servers' race needs: the student as an ONNX model for the Python servers, and
request bodies of random images.

    prepare.py STUDENT.safetensors DIR
"""

import json
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
from onnx_graph import Graph
from work import read_student


def onnx_model(student) -> bytes:
    """pixels, uint8 [n, height, width, channels] -> probabilities."""
    graph = Graph()
    channels, height, width = student.shape
    x = graph.add("Cast", "image", to=TensorProto.FLOAT)
    x = graph.add("Transpose", x, perm=[0, 3, 1, 2])
    scale = (1 / (255 * np.asarray(student.std))).astype(np.float32)
    shift = (-np.asarray(student.mean) / student.std).astype(np.float32)
    x = graph.add("Mul", x, scale.reshape(1, -1, 1, 1))
    x = graph.add("Add", x, shift.reshape(1, -1, 1, 1))
    for layer in student.layers:
        x = graph.add_layer(layer, x)
    graph.add("Softmax", x, output="probabilities", axis=1)
    nclasses = student.layers[-1].size
    return graph.model(
        {"image": (TensorProto.UINT8, ["n", height, width, channels])},
        {"probabilities": (TensorProto.FLOAT, ["n", nclasses])},
    )


def write_bodies(directory: Path, shape, n: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (n, *shape), np.uint8)
    tensor = {"name": "image", "datatype": "UINT8", "shape": list(pixels.shape)}
    text = json.dumps({"inputs": [tensor | {"data": pixels.ravel().tolist()}]})
    (directory / f"json-{n}").write_text(text)
    head = json.dumps(
        {
            "parameters": {"binary_data_output": True},
            "inputs": [tensor | {"parameters": {"binary_data_size": pixels.size}}],
        }
    )
    (directory / f"binary-{n}").write_bytes(head.encode() + pixels.tobytes())
    (directory / f"binary-{n}.head").write_text(str(len(head)))


def main() -> None:
    student, directory = read_student(Path(sys.argv[1])), Path(sys.argv[2])
    (directory / "student.onnx").write_bytes(onnx_model(student))
    channels, height, width = student.shape
    for n in 1, 32:
        write_bodies(directory, (height, width, channels), n)


if __name__ == "__main__":
    main()
