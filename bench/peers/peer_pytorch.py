"""PyTorch, eager and compiled: a student's C2 of pairs over the lambda grid, and a
network's logits."""

from functools import partial

import torch

from pytorch_network import fold, network_of
from race import Candidate, Run, main
from work import IMAGE_BATCHES, LAMBDAS, Images, Pairs

LAYOUTS = {
    "channels last": torch.channels_last,
    "channels first": torch.contiguous_format,
}


def prepare(nthreads: int) -> None:
    torch.set_num_threads(nthreads)
    torch.set_flush_denormal(True)


def compiled(function, compiling):
    """compiling: torch.compile's options, or None, as in all of this file."""
    if compiling is None:
        return function
    torch._dynamo.reset()
    torch._inductor.config.freezing = True  # weights may be packed once and for all
    torch._inductor.config.autotune_num_choices_displayed = 0
    return torch.compile(function, fullgraph=True, dynamic=False, **compiling)


def open_score(work: Pairs, batch: int, nthreads: int, *, maps, layout, compiling) -> Run:
    """maps: the first layer, which is linear, runs once for each image and its outputs
    are mixed; otherwise pixels are."""
    prepare(nthreads)
    network = network_of(work.student.layers).eval()
    network = network.requires_grad_(False).to(memory_format=layout)
    sources = torch.from_numpy(work.images).contiguous(memory_format=layout)
    if maps:
        sources, network = network[0](sources), network[1:]
    lambdas, nlambdas = torch.from_numpy(LAMBDAS)[:, None, None, None], len(LAMBDAS)

    def score(i, j):
        x = torch.lerp(sources[j][:, None], sources[i][:, None], lambdas).flatten(0, 1)
        logits = network(x.contiguous(memory_format=layout))
        log_c1 = logits.amax(1) - logits.logsumexp(1)
        lowest = log_c1.view(-1, nlambdas).min(1)
        return lowest.values.exp(), lowest.indices

    score = compiled(score, compiling)

    @torch.inference_mode()
    def run(i, j):
        batches = [score(*pair) for pair in zip(torch.from_numpy(i), torch.from_numpy(j))]
        c2, which = (torch.stack(part) for part in zip(*batches))
        return c2.numpy(), which.numpy()

    return run


def open_predict(work: Images, batch: int, nthreads: int, *, layout, compiling) -> Run:
    prepare(nthreads)
    network = fold(network_of(work.student.layers).eval())
    network = network.requires_grad_(False).to(memory_format=layout)
    network = compiled(network, compiling)

    @torch.inference_mode()
    def run(x):
        batches = (part.contiguous(memory_format=layout) for part in torch.from_numpy(x))
        return (torch.stack([network(part).flatten(1) for part in batches]).numpy(),)

    return run


def score_candidates(maps: bool, compiling) -> list[Candidate]:
    return [
        Candidate(
            name, partial(open_score, maps=maps, layout=layout, compiling=compiling)
        )
        for name, layout in LAYOUTS.items()
    ]


def predict_candidates(compiling) -> list[Candidate]:
    return [
        Candidate(
            name,
            partial(open_predict, layout=layout, compiling=compiling),
            IMAGE_BATCHES,
        )
        for name, layout in LAYOUTS.items()
    ]


if __name__ == "__main__":
    autotuned = partial(
        open_score,
        maps=True,
        layout=torch.channels_last,
        compiling={"mode": "max-autotune"},
    )
    main(
        {
            "PyTorch eager, mixing maps": score_candidates(True, None),
            "PyTorch eager, mixing pixels": score_candidates(False, None),
            "PyTorch compiled, mixing maps": score_candidates(True, {})
            + [Candidate("channels last, max-autotune", autotuned, (16, 64))],
            "PyTorch compiled, mixing pixels": score_candidates(False, {}),
        },
        {
            "PyTorch eager": predict_candidates(None),
            "PyTorch compiled": predict_candidates({}),
        },
        f"PyTorch {torch.__version__}",
    )
