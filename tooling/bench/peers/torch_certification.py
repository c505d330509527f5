"""PyTorch's side of the bench `certification`: CROWN by hand, in whole images, as auto_LiRPA does with `conv_mode='matrix'`.

Bounds inside come from intervals, cut with CROWN rows of the neurons that stay unstable, 256 rows at a time. Two threads.
"""

import json

import torch
import torch.nn.functional as F
from torch import nn

from bench_protocol import serve
from torch_nets import count, fill, images, small_cnn

torch.set_num_threads(2)


def interval(layer, low, high):
    if isinstance(layer, (nn.Conv2d, nn.Linear)):
        center, radius = (low + high) / 2, (high - low) / 2
        apply = (lambda x, w: F.conv2d(x, w, stride=layer.stride)) if isinstance(layer, nn.Conv2d) else F.linear
        middle, width = layer(center), apply(radius, layer.weight.abs())
        return middle - width, middle + width
    return layer(low), layer(high)


def lines(low, high, slopes):
    stable = (low >= 0).float()
    unstable = (low < 0) & (high > 0)
    upper = torch.where(unstable, high / (high - low).clamp(min=1e-30), stable)
    lower = torch.where(unstable, (high > -low).float() if slopes == "adaptive" else torch.zeros_like(low), stable)
    return lower, upper, torch.where(unstable, -upper * low, torch.zeros_like(low))


def pooled(low, high):
    """For windows of 2 x 2: the input below, the input above where one is certain, the number above elsewhere."""
    n, c, h, w = low.shape
    windows = lambda x: x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 1, 2, 4, 3, 5).flatten(4)
    l, u = windows(low), windows(high)
    best = l.argmax(-1, keepdim=True)
    mask = torch.zeros_like(l).scatter_(-1, best, 1)
    others = u.masked_fill(mask.bool(), -torch.inf).amax(-1)
    sure = l.amax(-1) >= others
    return mask, mask * sure[..., None], torch.where(sure, torch.zeros_like(others), u.amax(-1))


def spread(windows, h, w):
    rows, c, oh, ow, _ = windows.shape
    found = windows.reshape(rows, c, oh, ow, 2, 2).permute(0, 1, 2, 4, 3, 5).reshape(rows, c, oh * 2, ow * 2)
    return F.pad(found, (0, w - ow * 2, 0, h - oh * 2))


def backward(layers, shapes, ends, at, a, box, slopes):
    """Lower bounds of rows `a` of the value behind layer `at`."""
    c = torch.zeros(a.shape[0])
    for i in range(at, -1, -1):
        layer = layers[i]
        if isinstance(layer, nn.Linear):
            c, a = c + a @ layer.bias, a @ layer.weight
        elif isinstance(layer, nn.Conv2d):
            c = c + a.sum((2, 3)) @ layer.bias
            a = F.conv_transpose2d(a, layer.weight, stride=layer.stride)
        elif isinstance(layer, nn.ReLU):
            lower, upper, shift = lines(*ends[i], slopes)
            positive, negative = a.clamp(min=0), a.clamp(max=0)
            c = c + (negative * shift).flatten(1).sum(1)
            a = positive * lower + negative * upper
        elif isinstance(layer, nn.MaxPool2d):
            below, above, most = pooled(*ends[i])
            positive, negative = a.clamp(min=0), a.clamp(max=0)
            c = c + (negative * most).flatten(1).sum(1)
            a = spread(positive[..., None] * below + negative[..., None] * above, *shapes[i][-2:])
        else:
            _, channels, height, width = shapes[i]
            a = a.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
    low, high = box
    return c + (a * (low + high) / 2 - a.abs() * (high - low) / 2).flatten(1).sum(1)


def crown(layers, x, epsilon, rows):
    low, high = box = (x - epsilon).clamp(0, 1), (x + epsilon).clamp(0, 1)
    shapes, ends = [], []
    for i, layer in enumerate(layers):
        if isinstance(layer, nn.ReLU) and i > 1:
            places = ((low < 0) & (high > 0)).flatten().nonzero().flatten()
            flat = low.flatten().clone(), high.flatten().clone()
            for some in places.split(256):
                one = torch.zeros(len(some), flat[0].numel())
                one[torch.arange(len(some)), some] = 1
                both = torch.cat([one, -one]).reshape(-1, *low.shape[1:])
                found = backward(layers, shapes, ends, i - 1, both, box, "adaptive")
                flat[0][some] = torch.maximum(flat[0][some], found[: len(some)])
                flat[1][some] = torch.minimum(flat[1][some], -found[len(some) :])
            low, high = flat[0].reshape(low.shape), flat[1].reshape(high.shape)
        shapes.append(low.shape)
        ends.append((low, high))
        low, high = interval(layer, low, high)
    last = len(layers) - 1
    return torch.maximum(*(backward(layers, shapes, ends, last, rows, box, slopes) for slopes in ("adaptive", "zero")))


def setup(case, batch):
    given = json.loads(case)
    net = fill(small_cnn()).eval()
    layers = [layer for layer in net if not isinstance(layer, nn.Dropout)]
    x = images(batch, 28, 28, 1)
    with torch.no_grad():
        logits = net(x)
        label = logits.argmax(1)

        def margin(n):
            others = [t for t in range(10) if t != label[n]]
            rows = torch.eye(10)[label[n]] - torch.eye(10)[others]
            return crown(layers, x[n : n + 1], given["epsilon"], rows).min().item()

        def step():
            with torch.no_grad():
                return [margin(n) for n in range(batch)]

        params, macs, _ = count(net, x[:1])
        described = {"params": params, "macs": macs, "logits": logits.flatten().tolist(), "loss": min(step()), "torch": torch.__version__}
    return described, step


serve(setup)
