"""amkd's networks as PyTorch's modules."""

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from graph import Layer


class Sum(nn.Module):
    """Of branches; an empty one is the input as it is."""

    def __init__(self, branches: list[nn.Module]):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        first, *rest = (branch(x) for branch in self.branches)
        for value in rest:
            first = first + value
        return first


def filled(module: nn.Module, layer: Layer) -> nn.Module:
    tensors = {name: torch.from_numpy(value) for name, value in layer.tensors.items()}
    module.load_state_dict(tensors, strict=False)
    return module


def moving_of(layer: Layer) -> nn.Module:
    if layer.kind == "conv":
        nin = layer.weight.shape[1] * layer.groups
        window = layer.kernel, layer.stride, layer.padding
        return filled(
            nn.Conv2d(
                nin, layer.size, *window, groups=layer.groups, bias=layer.bias is not None
            ),
            layer,
        )
    if not layer.kernel:
        pools = {"maxpool": nn.AdaptiveMaxPool2d, "avgpool": nn.AdaptiveAvgPool2d}
        return pools[layer.kind](1)
    pools = {"maxpool": nn.MaxPool2d, "avgpool": nn.AvgPool2d}
    return pools[layer.kind](layer.kernel, layer.stride, layer.padding)


def module_of(layer: Layer, flat: bool) -> nn.Module:
    """flat: what it reads are vectors, not images."""
    if layer.kind == "residual":
        return Sum([network_of(branch) for branch in layer.branches])
    if layer.kind == "fc":
        nin, bias = layer.weight.shape[1], layer.bias is not None
        linear = filled(nn.Linear(nin, layer.size, bias), layer)
        return linear if flat else nn.Sequential(nn.Flatten(), linear)
    if layer.kind == "bn":
        norm = nn.BatchNorm1d if flat else nn.BatchNorm2d
        return filled(norm(len(layer.weight), layer.epsilon, layer.momentum), layer)
    if layer.kind == "relu":
        return nn.ReLU(inplace=True)
    if layer.kind == "relu6":
        return nn.ReLU6(inplace=True)
    if layer.kind == "flatten":
        return nn.Flatten()
    if layer.kind == "dropout":
        return nn.Dropout(layer.share)
    return moving_of(layer)


def network_of(layers: list[Layer]) -> nn.Sequential:
    modules, flat = [], False
    for layer in layers:
        modules.append(module_of(layer, flat))
        flat = flat or layer.kind in ("fc", "flatten")
    return nn.Sequential(*modules)


def fold(network: nn.Sequential) -> nn.Sequential:
    """For predictions: each batch norm right behind a convolution in its weights."""
    folded = []
    for module in network:
        if isinstance(module, Sum):
            module = Sum([fold(branch) for branch in module.branches])
        if isinstance(module, nn.BatchNorm2d) and isinstance(folded[-1], nn.Conv2d):
            folded[-1] = fuse_conv_bn_eval(folded[-1], module)
        else:
            folded.append(module)
    return nn.Sequential(*folded).eval()
