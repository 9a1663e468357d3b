"""OpenVINO: a student's C2 of pairs over the lambda grid, and a network's logits."""

from functools import partial

import numpy as np
import openvino

import onnx_graph
from race import Candidate, Run, main
from work import IMAGE_BATCHES, Images, Pairs

HINTS = "THROUGHPUT", "LATENCY"  # under THROUGHPUT OpenVINO runs a stream a core


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


def run_of(model: openvino.CompiledModel) -> Run:
    """All batches in flight that the hint has room for."""
    queue = openvino.AsyncInferQueue(model)
    names = [value.any_name for value in model.inputs]
    outputs = [
        (value.any_name, tuple(value.shape), value.element_type.to_dtype())
        for value in model.outputs
    ]

    def run(*parts):
        n = len(parts[0])
        answers = {name: np.empty((n, *shape), kind) for name, shape, kind in outputs}

        def finish(request, at):
            for name, answer in answers.items():
                answer[at] = request.get_tensor(name).data

        queue.set_callback(finish)
        for at, batch in enumerate(zip(*parts)):
            queue.start_async(dict(zip(names, batch)), at, share_inputs=True)
        queue.wait_all()
        return tuple(answers.values())

    return run


def open_score(work: Pairs, batch: int, nthreads: int, *, maps, hint) -> Run:
    """maps: the first layer, which is linear, runs once for each image and its outputs
    are mixed; otherwise pixels are."""
    sources, layers = work.images, work.student.layers
    if maps:
        first = compile_model(onnx_graph.first_layer(work.student), nthreads, hint)
        sources, layers = first({"x": sources})["maps"], layers[1:]
    model = onnx_graph.score(layers, sources, batch, repeat=True)
    return run_of(compile_model(model, nthreads, hint))


def open_predict(work: Images, batch: int, nthreads: int, *, hint) -> Run:
    model = onnx_graph.predict(work.student, batch)
    return run_of(compile_model(model, nthreads, hint))


if __name__ == "__main__":
    main(
        {
            f"OpenVINO, mixing {source}": [
                Candidate(
                    f"hint {hint}",
                    partial(open_score, maps=source == "maps", hint=hint),
                    each_core=hint == "LATENCY",
                )
                for hint in HINTS
            ]
            for source in ("maps", "pixels")
        },
        {
            "OpenVINO": [
                Candidate(
                    f"hint {hint}",
                    partial(open_predict, hint=hint),
                    IMAGE_BATCHES,
                    each_core=hint == "LATENCY",
                )
                for hint in HINTS
            ]
        },
        f"OpenVINO {openvino.__version__.partition('-')[0]}",
    )
