"""Makes packages/models/test/fixtures: for small versions of every architecture, weights, and logits and gradients that PyTorch computes with them.

Run with OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/models/make_fixtures.py [architecture ...] (PyTorch 1.13, NumPy).
"""
import json
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

import networks
import safetensors_file

torch.set_num_threads(1)
out = pathlib.Path(__file__).resolve().parents[3] / "packages/models/test/fixtures"

CASES = {
    "two-layer": ({"inputShape": [6], "width": 7}, lambda: networks.TwoLayer(6, 7, 2)),
    "mlp": ({"inputShape": [4, 4, 2], "hidden": [9, 8], "numClasses": 5, "mean": [0.4, 0.6], "std": [0.2, 0.3]},
            lambda: networks.Mlp([32, 9, 8, 5])),
    "lenet5": ({"inputShape": [12, 12, 1], "channels": [3, 4], "hidden": 6, "mean": 0.1307, "std": 0.3081},
               lambda: networks.LeNet5(12, 1, 3, 4, 6, 10)),
    "compact-cnn": ({"inputShape": [12, 12, 2], "channels": [3, 4], "hidden": 6},
                    lambda: networks.CompactCnn(12, 2, 3, 4, 6, 10)),
    "small-cnn": ({"inputShape": [20, 20, 1], "channels": [3, 4], "hidden": 6},
                  lambda: networks.SmallCnn(20, 1, 3, 4, 6, 10)),
    "resnet18": ({"inputShape": [16, 16, 3], "width": 2, "mean": [0.4914, 0.4822, 0.4465], "std": [0.2471, 0.2435, 0.2616]},
                 lambda: networks.ResNet18(3, 2, 10)),
    "mnist-net": ({"inputShape": [10, 10, 1], "channels": [3, 4], "hidden": 6},
                  lambda: networks.MnistNet(10, 1, 3, 4, 6, 10)),
    "preact-resnet18": ({"inputShape": [12, 12, 3], "width": 2}, lambda: networks.PreActResNet18(3, 2, 10)),
    "wide-resnet": ({"inputShape": [10, 10, 3], "depth": 10, "width": 1}, lambda: networks.WideResNet(3, 10, 1, 10)),
}


def numbers(tensor):
    """Nine digits tell every float32 apart."""
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def channels_last(tensor):
    return numbers(tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor)


def normalized(x, options):
    shape = [1, -1, 1, 1] if x.dim() == 4 else [1, -1]
    vector = lambda name, default: torch.tensor(options.get(name, default)).float().reshape(-1).view(shape)
    return (x - vector("mean", 0.0)) / vector("std", 1.0)


def forward_and_gradient(net, x, y, options):
    x = x.clone().requires_grad_(True)
    logits = net(normalized(x, options))
    loss = F.cross_entropy(logits, y, reduction="sum")
    gradient, = torch.autograd.grad(loss, x)
    return {"logits": numbers(logits), "gradient": channels_last(gradient)}


def make(name, options, build):
    torch.manual_seed(7)
    net = build()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
            nn.init.normal_(module.running_mean, 0, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    shape = options["inputShape"]
    x = torch.rand(4, *([shape[2], *shape[:2]] if len(shape) == 3 else shape))
    y = torch.tensor([0, 1, 1, 0])
    state = {key: value.numpy().copy() for key, value in net.state_dict().items()}
    safetensors_file.write(out / f"{name}.safetensors", state, {"format": "pt"})
    net.eval()
    fixture = {"options": options, "x": channels_last(x), "labels": y.tolist(), "eval": forward_and_gradient(net, x, y, options)}
    if any(isinstance(module, nn.BatchNorm2d) for module in net.modules()):
        net.train()
        fixture["train"] = forward_and_gradient(net, x, y, options)
        fixture["buffers"] = {key: numbers(value) for key, value in net.state_dict().items() if "running" in key}
    (out / f"{name}.json").write_text(json.dumps(fixture) + "\n")


if __name__ == "__main__":
    for name in sys.argv[1:] or CASES:
        make(name, *CASES[name])
