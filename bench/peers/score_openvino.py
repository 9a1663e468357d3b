"""OpenVINO: a student's C2 of pairs over the lambda grid."""

from functools import partial

import numpy as np
import openvino

import onnx_graph
from race import Candidate, main
from work import Work


def compile_model(model: bytes, nthreads: int, hint: str) -> openvino.CompiledModel:
    settings = {
        "PERFORMANCE_HINT": hint,
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": nthreads,
        "CPU_DENORMALS_OPTIMIZATION": True,
        "ENABLE_CPU_PINNING": False,  # or two processes share one core
    }
    core = openvino.Core()
    return core.compile_model(core.read_model(model), "CPU", settings)


def open_score(work: Work, batch: int, nthreads: int, *, maps, hint):
    """maps: the first layer, which is linear, runs once for each image and its outputs
    are mixed; otherwise pixels are. Under THROUGHPUT OpenVINO runs a stream a core."""
    sources, layers = work.images, work.student.layers
    if maps:
        first = compile_model(onnx_graph.first_layer(work.student), nthreads, hint)
        sources, layers = first({"x": sources})["maps"], layers[1:]
    model = onnx_graph.score(layers, sources, batch, repeat=True)
    queue = openvino.AsyncInferQueue(compile_model(model, nthreads, hint))

    def run(i, j):
        c2, which = np.empty(i.shape, np.float32), np.empty(i.shape, np.int64)

        def finish(request, n):
            c2[n] = request.get_tensor("c2").data
            which[n] = request.get_tensor("which").data

        queue.set_callback(finish)
        for n, pairs in enumerate(zip(i, j)):
            queue.start_async(dict(zip("ij", pairs)), n, share_inputs=True)
        queue.wait_all()
        return c2, which

    return run


if __name__ == "__main__":
    main(
        {
            f"OpenVINO, mixing {source}": [
                Candidate(
                    f"hint {hint}",
                    partial(open_score, maps=source == "maps", hint=hint),
                    each_core=hint == "LATENCY",
                )
                for hint in ("THROUGHPUT", "LATENCY")
            ]
            for source in ("maps", "pixels")
        },
        f"OpenVINO {openvino.__version__.partition('-')[0]}",
    )
