"""SmallCNN (28x28x1) and ResNet-18 (32x32x3, 3x3 stem) with the weights of ../nets/noise.mjs, so that both sides compute the same function."""

import numpy as np
import torch
from torch import nn


def noise(count, seed):
    """`count` numbers in [0, 1): the fractional part of sin(12.9898 i + seed) * 43758.5453, as in noise.mjs."""
    wave = np.sin(np.arange(count, dtype=np.float64) * 12.9898 + seed) * 43758.5453
    return wave - np.floor(wave)


def images(batch, height, width, channels):
    flat = noise(batch * height * width * channels, 7).astype(np.float32)
    return torch.from_numpy(flat.reshape(batch, height, width, channels)).permute(0, 3, 1, 2).contiguous()


def fill(net):
    """Uniform weights with He's variance 2 / fan-in, drawn in tfjs order (HWIO and IO); biases 0."""
    seed = 100
    for module in net.modules():
        if not isinstance(module, (nn.Conv2d, nn.Linear)):
            continue
        weight = module.weight
        order = (2, 3, 1, 0) if weight.dim() == 4 else (1, 0)
        back = (3, 2, 0, 1) if weight.dim() == 4 else (1, 0)
        shape = [weight.shape[axis] for axis in order]
        fan_in = weight.numel() // weight.shape[0]
        values = ((noise(weight.numel(), seed) - 0.5) * np.sqrt(24 / fan_in)).astype(np.float32).reshape(shape)
        weight.data = torch.from_numpy(values.transpose(back).copy())
        if module.bias is not None:
            module.bias.data.zero_()
        seed += 1
    return net


class Flatten(nn.Module):
    """Flattens in tfjs order (height, width, channel), so that the dense weights mean the same on both sides."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def small_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        Flatten(), nn.Linear(1024, 200), nn.ReLU(), nn.Dropout(0.5), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, 10),
    )


class Block(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = torch.relu_(self.bn1(self.conv1(x)))
        return torch.relu_(self.bn2(self.conv2(y)) + self.shortcut(x))


def resnet18():
    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    channels_in = 64
    for channels, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(channels_in, channels, stride), Block(channels, channels, 1)]
        channels_in = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def count(net, x):
    """Trainable numbers, and multiply-adds of the convolutions and dense layers for this batch."""
    macs = 0

    def hook(module, inputs, output):
        nonlocal macs
        macs += output.numel() * (module.weight.numel() // module.weight.shape[0])

    handles = [m.register_forward_hook(hook) for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        logits = net(x)
    for handle in handles:
        handle.remove()
    return sum(p.numel() for p in net.parameters()), macs, logits
