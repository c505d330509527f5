"""A student's weights after each of some steps on manipulated teacher logits, as a fixture, with PyTorch's losses and its SGD in float64.

Run with: OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/logits/distillation.py
Made with PyTorch 1.13. Test: packages/analysis-logits/test/distillation.test.ts.
"""
import json
import pathlib

import numpy
import torch
import torch.nn.functional as F

from tables import CLASSES, doubles, floats, order_of, tables

torch.set_num_threads(1)
here = pathlib.Path(__file__).parent / "fixtures"
INPUTS, HIDDEN, STEPS, RATE, MOMENTUM = 5, 4, 6, 0.2, 0.9

robust = tables()[0].astype(numpy.float64)
for row in robust:  # M3
    rest = order_of(row)[2:]
    row[rest] = row[rest].mean()
teacher = torch.from_numpy(robust)
generator = torch.Generator().manual_seed(1)
x = torch.rand(len(robust), INPUTS, generator=generator)
start = {
    "hidden.weight": torch.randn(INPUTS, HIDDEN, generator=generator),
    "hidden.bias": 0.1 * torch.randn(HIDDEN, generator=generator),
    "last.weight": torch.randn(HIDDEN, CLASSES, generator=generator),
    "last.bias": 0.1 * torch.randn(CLASSES, generator=generator),
}
losses = {
    "kl, temperature 1": lambda s: F.kl_div(F.log_softmax(s, 1), F.softmax(teacher, 1), reduction="batchmean"),
    "kl, temperature 3": lambda s: 9 * F.kl_div(F.log_softmax(s / 3, 1), F.softmax(teacher / 3, 1), reduction="batchmean"),
    "mse": lambda s: F.mse_loss(s, teacher),
}


def run(loss):
    weights = {name: value.double().requires_grad_() for name, value in start.items()}
    optimizer = torch.optim.SGD(weights.values(), lr=RATE, momentum=MOMENTUM)
    values = []
    for _ in range(STEPS):
        hidden = torch.tanh(x.double() @ weights["hidden.weight"] + weights["hidden.bias"])
        value = loss(hidden @ weights["last.weight"] + weights["last.bias"])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(float(value))
    return {"losses": values, "weights": {name: doubles(value.detach()) for name, value in weights.items()}}


fixture = {
    "steps": STEPS,
    "rate": RATE,
    "momentum": MOMENTUM,
    "shapes": {name: list(value.shape) for name, value in start.items()},
    "initial": {name: floats(value) for name, value in start.items()},
    "x": floats(x),
    "runs": {name: run(loss) for name, loss in losses.items()},
}
(here / "distillation.json").write_text(json.dumps(fixture) + "\n")
