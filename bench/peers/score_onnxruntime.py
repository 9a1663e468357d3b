"""ONNX Runtime: a student's C2 of pairs over the lambda grid."""

from functools import partial

import numpy as np
import onnxruntime

import onnx_graph
from race import Candidate, main
from work import Work


def open_session(model: bytes, nthreads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = nthreads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])


def open_score(work: Work, batch: int, nthreads: int, *, maps):
    """maps: the first layer, which is linear, runs once for each image and its outputs
    are mixed; otherwise pixels are."""
    sources, layers = work.images, work.student.layers
    if maps:
        first = open_session(onnx_graph.first_layer(work.student), nthreads)
        (sources,), layers = first.run(None, {"x": sources}), layers[1:]
    session = open_session(
        onnx_graph.score(layers, sources, batch, repeat=False), nthreads
    )
    binding = session.io_binding()

    def run(i, j):
        c2, which = np.empty(i.shape, np.float32), np.empty(i.shape, np.int64)
        for pairs, results in zip(zip(i, j), zip(c2, which)):
            for name, value in zip("ij", pairs):
                binding.bind_input(
                    name, "cpu", 0, np.int64, value.shape, value.ctypes.data
                )
            for name, value in zip(("c2", "which"), results):
                binding.bind_output(
                    name, "cpu", 0, value.dtype, value.shape, value.ctypes.data
                )
            session.run_with_iobinding(binding)
        return c2, which

    return run


if __name__ == "__main__":
    main(
        {
            f"ONNX Runtime, mixing {source}": [
                Candidate("", partial(open_score, maps=source == "maps"))
            ]
            for source in ("maps", "pixels")
        },
        f"ONNX Runtime {onnxruntime.__version__}",
    )
