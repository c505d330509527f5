"""PyTorch's side of the bench `onnx`: networks that it exports to ONNX for ours, and their PGD steps.

The case is `<network>@<file>`: the network is exported to that file first. Two threads, as in `torch_backend.py`.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from bench_protocol import serve
from torch_facts import blas
from torch_nets import count, fill, images, resnet18

torch.set_num_threads(2)

EPSILON, STEP_SIZE = 0.1, 0.01


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        n, length, width = x.shape
        parts = self.qkv(x).reshape(n, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = parts[0], parts[1], parts[2]
        share = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(width // self.heads), -1)
        return self.out((share @ v).transpose(1, 2).reshape(n, length, width))


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.dense = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.first(x))
        return x + self.dense(self.second(x))


class Vit(nn.Module):
    """Four layers of width 64 on patches of 4x4 pixels."""

    def __init__(self, width=64, heads=4, layers=4):
        super().__init__()
        self.patch = nn.Conv2d(3, width, 4, 4)
        self.token, self.place = nn.Parameter(torch.randn(1, 1, width)), nn.Parameter(torch.randn(1, 65, width) * 0.02)
        self.layers = nn.Sequential(*(Layer(width, heads) for _ in range(layers)), nn.LayerNorm(width))
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(x.shape[0], -1, -1), tokens], 1) + self.place
        return self.head(self.layers(tokens)[:, 0])


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def torchvision(name, **options):
    import torchvision.models

    return getattr(torchvision.models, name)(num_classes=10, **options)


NETS = {
    "resnet18": (lambda: fill(resnet18()), (32, 32, 3)),
    "lenet": (lenet, (28, 28, 1)),
    "vit": (Vit, (32, 32, 3)),
    "mobilenet_v2": (lambda: torchvision("mobilenet_v2"), (96, 96, 3)),
    "resnext50_32x4d": (lambda: torchvision("resnext50_32x4d"), (64, 64, 3)),
}


def export(net, x, file):
    options = {"opset_version": 17, "input_names": ["x"], "output_names": ["y"], "dynamic_axes": {"x": {0: "n"}, "y": {0: "n"}}}
    # The exporter by tracing is not the default from PyTorch 2.9 on.
    newer = {"dynamo": False} if tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 5) else {}
    torch.onnx.export(net, x[:2], file, **options, **newer)


def setup(case, batch):
    name, file = case.split("@", 1)
    torch.manual_seed(0)
    make, (height, width, channels) = NETS[name]
    net = make().eval()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    clean = images(batch, height, width, channels)
    labels = torch.arange(batch) % 10
    params, macs, logits = count(net, clean)
    if file:
        export(net, clean, file)
    state = {"x": clean.clone()}
    lower, upper = (clean - EPSILON).clamp_(0, 1), (clean + EPSILON).clamp_(0, 1)

    def step():
        x = state["x"].requires_grad_(True)
        (gradient,) = torch.autograd.grad(F.cross_entropy(net(x), labels), x)
        with torch.no_grad():
            state["x"] = torch.min(torch.max(x + STEP_SIZE * gradient.sign(), lower), upper)

    loss = F.cross_entropy(logits, labels).item()
    description = {"shape": [height, width, channels], "params": params, "macs": macs, "loss": loss}
    return {**description, "logits": logits[0].tolist(), "blas": blas(), "torch": torch.__version__}, step


serve(setup)
