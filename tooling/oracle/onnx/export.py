"""Small networks that PyTorch exports to ONNX, with logits and input gradients of PyTorch.

    python3 tooling/oracle/onnx/export.py packages/models/test/fixtures/onnx

Needs torch (Debian's python3-torch 1.13 wrote the committed files). Running statistics lie away from 0 and 1, and no
head is zero, so that every comparison can fail.
"""

import json
import math
import sys
from pathlib import Path

import torch
from torch import nn
import torch.nn.functional as F

torch.set_num_threads(1)


class LeNet(nn.Module):
    """Convolutions, max pooling, dense layers, softmax at the end."""

    size = (1, 12, 12)

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 6, 3)
        self.c, self.d = nn.Linear(24, 12), nn.Linear(12, 5)

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.a(x)), 2)
        x = F.max_pool2d(torch.relu(self.b(x)), 2)
        return torch.softmax(self.d(torch.relu(self.c(torch.flatten(x, 1)))), 1)


class Block(nn.Module):
    def __init__(self, into, out, stride):
        super().__init__()
        self.a, self.b = nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.n, self.m = nn.BatchNorm2d(out), nn.BatchNorm2d(out)
        self.short = nn.Sequential(nn.Conv2d(into, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        return torch.relu(self.m(self.b(torch.relu(self.n(self.a(x))))) + self.short(x))


class Residual(nn.Module):
    """Batch norm, strides, groups, depthwise convolutions, squeeze and excite, global pooling."""

    size = (3, 11, 9)

    def __init__(self):
        super().__init__()
        self.stem = Block(3, 8, 1)
        self.depthwise, self.grouped = nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Conv2d(8, 8, 3, stride=2, groups=2)
        self.squeeze, self.excite = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)
        self.last, self.head = Block(8, 8, 2), nn.Linear(8, 4)

    def forward(self, x):
        x = self.grouped(F.hardswish(self.depthwise(self.stem(x))))
        x = x * torch.sigmoid(self.excite(F.silu(self.squeeze(F.adaptive_avg_pool2d(x, 1)))))
        x = F.avg_pool2d(self.last(x), 3, 2, 1, ceil_mode=True, count_include_pad=False)
        return self.head(x.mean((2, 3)))


class Vit(nn.Module):
    """Patches, a class token, attention by hand, layer norm, GELU."""

    size = (3, 8, 8)

    def __init__(self, width=8, heads=2):
        super().__init__()
        self.heads, self.width = heads, width
        self.patch = nn.Conv2d(3, width, 4, 4)
        self.token, self.place = nn.Parameter(torch.randn(1, 1, width)), nn.Parameter(torch.randn(1, 5, width) * 0.3)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down, self.head = nn.Linear(width, 16), nn.Linear(16, width), nn.Linear(width, 6)

    def forward(self, x):
        n = x.shape[0]
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(n, -1, -1), x], 1) + self.place
        q, k, v = self.qkv(self.norms[0](x)).reshape(n, 5, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        attention = (q @ k.transpose(-2, -1) / math.sqrt(self.width // self.heads)).softmax(-1)
        x = x + self.out((attention @ v).transpose(1, 2).reshape(n, 5, self.width))
        x = x + self.down(F.gelu(self.up(self.norms[1](x))))
        return F.log_softmax(self.head(self.norms[2](x)[:, 0]), 1)


class Upsampled(nn.Module):
    """Resizing both ways, transposed and dilated convolutions, reflection, group norm, one score for two classes."""

    size = (1, 7, 6)

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.ConvTranspose2d(1, 4, 3, 2, 1, 1), nn.Conv2d(4, 4, 3, dilation=2)
        self.norm, self.head = nn.GroupNorm(2, 4), nn.Linear(4, 1)

    def forward(self, x):
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = self.norm(self.b(F.pad(F.leaky_relu(self.a(x)), (2, 1, 1, 2), "reflect")))
        x = F.interpolate(torch.tanh(x), size=(5, 4), mode="nearest")
        return torch.sigmoid(self.head(x.mean((2, 3))))


def logits_of(net, x):
    """What stands in front of the last softmax or sigmoid, as two logits where there is one score."""
    out = net(x)
    if isinstance(net, LeNet):
        return torch.log(out)
    if isinstance(net, Upsampled):
        z = torch.log(out) - torch.log1p(-out)
        return torch.cat([torch.zeros_like(z), z], 1)
    return out


def numbers(t):
    return [float(f"{v:.9g}") for v in t.detach().double().flatten().tolist()]


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in {"lenet": LeNet, "residual": Residual, "vit": Vit, "upsampled": Upsampled}.items():
        torch.manual_seed(7)
        net = kind()
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.3)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.data.uniform_(0.5, 1.5)
                module.bias.data.normal_(0, 0.3)
        net.eval()
        x = torch.rand(3, *net.size)
        y = torch.tensor([0, 1, 1])
        x.requires_grad_(True)
        logits = logits_of(net, x)
        (gradient,) = torch.autograd.grad(F.cross_entropy(logits, y, reduction="sum"), x)
        for batch in ("free", "one"):
            sample = x.detach() if batch == "free" else x.detach()[:1]
            axes = {"images": {0: "n"}, "scores": {0: "n"}} if batch == "free" else None
            torch.onnx.export(net, sample, folder / f"{name}-{batch}.onnx", opset_version=13 if name == "vit" else 11,
                              input_names=["images"], output_names=["scores"], dynamic_axes=axes)
        last = (0, 2, 3, 1)
        facts = {
            "torch": torch.__version__,
            "inputShape": [net.size[1], net.size[2], net.size[0]],
            "y": y.tolist(),
            "x": numbers(x.permute(last)),
            "logits": numbers(logits - logits.mean(1, keepdim=True)),
            "classes": logits.shape[1],
            "gradient": numbers(gradient.permute(last)),
        }
        (folder / f"{name}.json").write_text(json.dumps(facts) + "\n")


main(Path(sys.argv[1]))
