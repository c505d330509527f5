"""Trains a ResNet-18 with PyTorch on a part of CIFAR-10, saves its state dict as safetensors, and measures it with a plain PyTorch PGD.

Called by parity.mjs with one argument: a JSON object with data (folder of the binary version), out (folder), width, train, test, epochs, epsilon, steps,
stepSize. Prints one JSON line. Training is FGSM with random start (Wong et al. 2020), so that the robust accuracy is neither 0 nor that of the clean images.
"""
import json
import pathlib
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import networks
import safetensors_file
from pgd import correct, withstands

torch.set_num_threads(int(__import__("os").environ.get("ADVROB_TORCH_THREADS", "1")))
MEAN, STD = [0.4914, 0.4822, 0.4465], [0.2471, 0.2435, 0.2616]


def read(path, count):
    records = np.fromfile(path, np.uint8, count * 3073).reshape(-1, 3073)
    images = records[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255
    return torch.from_numpy(images), torch.from_numpy(records[:, 0].astype(np.int64))


def normalized(net):
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return lambda x: net((x - mean) / std)


def train(net, x, y, epochs, epsilon, size=128):
    logits_of = normalized(net)
    total = epochs * (len(x) // size)
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=total, pct_start=0.3)
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for start in range(0, len(x) - size + 1, size):
            rows = order[start:start + size]
            clean, labels = x[rows], y[rows]
            flipped = torch.rand(len(rows)) < 0.5
            clean = torch.where(flipped.view(-1, 1, 1, 1), clean.flip(3), clean)
            point = (clean + (2 * torch.rand_like(clean) - 1) * epsilon).clamp(0, 1).requires_grad_(True)
            gradient, = torch.autograd.grad(F.cross_entropy(logits_of(point), labels), point)
            point = point.detach() + 1.25 * epsilon * gradient.sign()
            point = torch.maximum(torch.minimum(point, clean + epsilon), clean - epsilon).clamp(0, 1)
            optimizer.zero_grad()
            F.cross_entropy(logits_of(point), labels).backward()
            optimizer.step()
            schedule.step()


def main(options):
    torch.manual_seed(0)
    net = networks.ResNet18(3, options["width"], 10)
    data, out = pathlib.Path(options["data"]), pathlib.Path(options["out"])
    started = time.time()
    train(net, *read(data / "data_batch_1.bin", options["train"]), options["epochs"], options["epsilon"])
    seconds = time.time() - started
    net.eval()
    state = {name: value.numpy() for name, value in net.state_dict().items()}
    safetensors_file.write(out / "resnet18.safetensors", state, {"format": "pt"})
    x, y = read(data / "test_batch.bin", options["test"])
    attack = {"epsilon": options["epsilon"], "steps": options["steps"], "step_size": options["stepSize"]}
    clean = correct(normalized(net), x, y)
    print(json.dumps({
        "clean": int(clean.sum()),
        "robust": int((clean & withstands(normalized(net), x, y, **attack, seed=0)).sum()),
        "otherSeed": int((clean & withstands(normalized(net), x, y, **attack, seed=1)).sum()),
        "of": len(x), "mean": MEAN, "std": STD, "trainingSeconds": round(seconds),
    }))


main(json.loads(sys.argv[1]))
