"""PGD adversarial training of compact-cnn in PyTorch, from weights and batches that a folder holds; prints one JSON line with the loss of every step.

Run by studies/pytorch/run.mjs: OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/training/pgd_at_epoch.py FOLDER [VARIANT]
FOLDER: weights.safetensors (ours: filters [h, w, in, out], kernels [in, out]), images.u8 [steps, batch, 28, 28], labels.u8 [steps, batch], settings.json.
VARIANT: `base`; `kernels`, convolutions without oneDNN; `ulp-N`, initial weights changed by up to 1e-7 of their size, seed N. What the variants differ
in is rounding alone: how far they part from `base` is the noise of the comparison.
"""
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)


def read_safetensors(path):
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    body = raw[8 + size :]
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], np.float32).reshape(entry["shape"])
        for name, entry in header.items()
    }


class CompactCnn(nn.Module):
    def __init__(self, weights):
        super().__init__()
        for name, values in weights.items():
            order = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[values.ndim]
            parameter = nn.Parameter(torch.from_numpy(values.transpose(order).copy()))
            self.register_parameter(name.replace(".", "_"), parameter)

    def forward(self, x):
        x = F.relu(F.conv2d(x, self.conv1_weight, self.conv1_bias, stride=2, padding=2))
        x = F.relu(F.conv2d(x, self.conv2_weight, self.conv2_bias, padding=1))
        x = F.max_pool2d(x, 2).permute(0, 2, 3, 1).flatten(1)
        x = F.relu(F.linear(x, self.fc1_weight, self.fc1_bias))
        return F.linear(x, self.fc2_weight, self.fc2_bias)


def attack(net, clean, labels, epsilon, steps, step_size):
    """Linf PGD from the clean example, so that no random number is needed."""
    lower, upper = (clean - epsilon).clamp(0, 1), (clean + epsilon).clamp(0, 1)
    x = clean
    for _ in range(steps):
        x = x.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(F.cross_entropy(net(x), labels), x)
        x = torch.min(torch.max(x + step_size * gradient.sign(), lower), upper)
    return x.detach()


def main(folder, variant):
    settings = json.loads((folder / "settings.json").read_text())
    weights = read_safetensors(folder / "weights.safetensors")
    if variant.startswith("ulp-"):
        rng = np.random.default_rng(int(variant[4:]))
        weights = {k: v * (1 + rng.uniform(-1e-7, 1e-7, v.shape)).astype(np.float32) for k, v in weights.items()}
    count, batch = settings["steps"], settings["batchSize"]
    images = np.fromfile(folder / "images.u8", np.uint8).reshape(count, batch, 1, 28, 28)
    labels = np.fromfile(folder / "labels.u8", np.uint8).reshape(count, batch)
    net = CompactCnn(weights)
    optimizer = torch.optim.SGD(net.parameters(), lr=settings["learningRate"], momentum=settings["momentum"])
    losses = []
    for step, (x, y) in enumerate(zip(images, labels)):
        epsilon = settings["epsilon"] * min(1, step / settings["warmUp"])
        x = torch.from_numpy(x.astype(np.float32) / np.float32(255))
        y = torch.from_numpy(y.astype(np.int64))
        adversarial = attack(net, x, y, epsilon, settings["attackSteps"], settings["stepSize"])
        optimizer.zero_grad()
        loss = F.cross_entropy(net(adversarial), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(json.dumps(losses))


chosen = sys.argv[2] if len(sys.argv) > 2 else "base"
with torch.backends.mkldnn.flags(enabled=chosen != "kernels"):
    main(pathlib.Path(sys.argv[1]), chosen)
