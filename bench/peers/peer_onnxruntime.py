"""ONNX Runtime: a student's C2 of pairs over the lambda grid, and a network's logits."""

from functools import partial

import numpy as np
import onnxruntime

import onnx_graph
from race import Candidate, Run, main
from work import IMAGE_BATCHES, Images, Pairs

TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64}


def open_session(model: bytes, nthreads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = nthreads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])


def run_of(session: onnxruntime.InferenceSession) -> Run:
    """Batch by batch, from memory to memory."""
    binding = session.io_binding()
    names = [value.name for value in session.get_inputs()]
    outputs = [(o.name, o.shape, TYPES[o.type]) for o in session.get_outputs()]

    def run(*parts):
        n = len(parts[0])
        answers = {name: np.empty((n, *shape), kind) for name, shape, kind in outputs}
        for at in range(n):
            for name, part in zip(names, parts):
                value = part[at]
                binding.bind_input(
                    name, "cpu", 0, value.dtype, value.shape, value.ctypes.data
                )
            for name, answer in answers.items():
                value = answer[at]
                binding.bind_output(
                    name, "cpu", 0, value.dtype, value.shape, value.ctypes.data
                )
            session.run_with_iobinding(binding)
        return tuple(answers.values())

    return run


def open_score(work: Pairs, batch: int, nthreads: int, *, maps) -> Run:
    """maps: the first layer, which is linear, runs once for each image and its outputs
    are mixed; otherwise pixels are."""
    sources, layers = work.images, work.student.layers
    if maps:
        first = open_session(onnx_graph.first_layer(work.student), nthreads)
        (sources,), layers = first.run(None, {"x": sources}), layers[1:]
    model = onnx_graph.score(layers, sources, batch, repeat=False)
    return run_of(open_session(model, nthreads))


def open_predict(work: Images, batch: int, nthreads: int) -> Run:
    return run_of(open_session(onnx_graph.predict(work.student, batch), nthreads))


if __name__ == "__main__":
    main(
        {
            f"ONNX Runtime, mixing {source}": [
                Candidate("", partial(open_score, maps=source == "maps"))
            ]
            for source in ("maps", "pixels")
        },
        {"ONNX Runtime": [Candidate("", open_predict, IMAGE_BATCHES)]},
        f"ONNX Runtime {onnxruntime.__version__}",
    )
