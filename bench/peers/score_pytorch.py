"""PyTorch, eager and compiled: a student's C2 of pairs over the lambda grid."""

from functools import partial

import torch
from torch import nn

from race import Candidate, main
from work import LAMBDAS, Layer, Work


def module_of(layer: Layer) -> nn.Module:
    if layer.kind == "relu":
        return nn.ReLU()
    if layer.kind == "maxpool":
        return nn.MaxPool2d(layer.size)
    if layer.kind == "flatten":
        return nn.Flatten()
    if layer.kind == "fc":
        module = nn.Sequential(nn.Flatten(), nn.Linear(layer.weight.shape[1], layer.size))
        linear = module[1]
    else:
        module = linear = nn.Conv2d(
            layer.weight.shape[1], layer.size, layer.kernel, padding=layer.padding
        )
    linear.load_state_dict(
        {"weight": torch.from_numpy(layer.weight), "bias": torch.from_numpy(layer.bias)}
    )
    return module


def open_score(work: Work, batch: int, nthreads: int, *, maps, layout, compiling):
    """maps: the first layer, which is linear, runs once for each image and its outputs
    are mixed; otherwise pixels are. compiling: torch.compile's options, or None."""
    torch.set_num_threads(nthreads)
    torch.set_flush_denormal(True)
    network = nn.Sequential(*map(module_of, work.student.layers)).eval()
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

    if compiling is not None:
        torch._dynamo.reset()
        torch._inductor.config.freezing = True  # weights may be packed once and for all
        torch._inductor.config.autotune_num_choices_displayed = 0
        score = torch.compile(score, fullgraph=True, dynamic=False, **compiling)

    @torch.inference_mode()
    def run(i, j):
        batches = [score(*pair) for pair in zip(torch.from_numpy(i), torch.from_numpy(j))]
        c2, which = (torch.stack(part) for part in zip(*batches))
        return c2.numpy(), which.numpy()

    return run


def candidates(maps: bool, compiling) -> list[Candidate]:
    layouts = {
        "channels last": torch.channels_last,
        "channels first": torch.contiguous_format,
    }
    return [
        Candidate(
            name, partial(open_score, maps=maps, layout=layout, compiling=compiling)
        )
        for name, layout in layouts.items()
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
            "PyTorch eager, mixing maps": candidates(True, None),
            "PyTorch eager, mixing pixels": candidates(False, None),
            "PyTorch compiled, mixing maps": candidates(True, {})
            + [Candidate("channels last, max-autotune", autotuned, (16, 64))],
            "PyTorch compiled, mixing pixels": candidates(False, {}),
        },
        f"PyTorch {torch.__version__}",
    )
