"""Loss, terms and weight gradients of TRADES + RAT on a small network, as a fixture.

The last layer's statistics come from autograd, not from their closed form; soft labels are made row by row, as the method says.
Run with: OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/training/rat.py
Made with PyTorch 1.13. Test: packages/trainers-randomized/test/parity.test.ts.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
here = pathlib.Path(__file__).parent / "fixtures"

INPUTS, HIDDEN, CLASSES, BATCH = 5, 6, 4, 10

CASES = [
    {},
    {"beta": 1.0, "alpha": 0.1, "spread": 0.7, "secondWeight": 0.4},
    {"secondOrderTargets": "symmetric"},
    {"secondTerm": False},
    {"firstTerm": False},
    {"firstTerm": False, "secondTerm": False, "beta": 2.0},
]


def floats(tensor):
    """Nine digits give every float32 back."""
    return [float(f"{float(value):.9g}") for value in tensor.detach().reshape(-1)]


generator = torch.Generator().manual_seed(2)
x = torch.rand(BATCH, INPUTS, generator=generator)
moved = (x + 0.3 * (torch.rand(BATCH, INPUTS, generator=generator) - 0.5)).clamp(0, 1)
y = torch.randint(0, CLASSES, (BATCH,), generator=generator)
start = {
    "hidden.weight": torch.randn(INPUTS, HIDDEN, generator=generator),
    "hidden.bias": 0.1 * torch.randn(HIDDEN, generator=generator),
    "last.weight": torch.randn(HIDDEN, CLASSES, generator=generator),
    "last.bias": 0.1 * torch.randn(CLASSES, generator=generator),
}


def forward(weights, inputs):
    return torch.tanh(inputs @ weights["hidden.weight"] + weights["hidden.bias"]) @ weights["last.weight"] + weights["last.bias"]


def statistics(weights, inputs):
    (gradient,) = torch.autograd.grad(F.cross_entropy(forward(weights, inputs), y), weights["last.weight"])
    return gradient.sum(0)


def regularised(values, spread):
    values = values - values.min()
    values = values / values.sum()
    table = torch.zeros(CLASSES, CLASSES)
    for i in range(CLASSES):
        row = values.clone()
        row[i] = 0
        row = row / row.sum() * spread
        row[i] = 1 - spread
        table[i] = row
    return table


def kl(target, logits):
    return F.kl_div(F.log_softmax(logits, 1), target, reduction="sum") / BATCH


def case(options):
    weights = {name: value.clone().requires_grad_() for name, value in start.items()}
    alpha, beta = options.get("alpha", 0.2), options.get("beta", 6.0)
    spread = options.get("spread", 1 - 2 / CLASSES)
    natural, adversarial = statistics(weights, x), statistics(weights, moved)
    t1n, t1a, t2n, t2a = natural.abs(), adversarial.abs(), natural**2, adversarial**2
    clean, robust = forward(weights, x), forward(weights, moved)
    q1a, q1n = regularised(t1n - t1a, spread)[y], regularised(t1a - t1n, spread)[y]
    q2n = regularised(t2a - t2n, spread)[y]
    q2a = q2n if options.get("secondOrderTargets", "code") == "code" else regularised(t2n - t2a, spread)[y]
    first = 0.5 * (kl(q1a, robust) + kl(q1n, clean))
    second = 0.5 * (kl(q2a, robust) + kl(q2n, clean))
    ce, divergence = F.cross_entropy(clean, y), kl(F.softmax(clean, 1), robust)
    has_first, has_second = options.get("firstTerm", True), options.get("secondTerm", True)
    total = (1 - alpha if has_first or has_second else 1) * ce + beta * divergence
    terms = {"ce": ce, "kl": divergence}
    if has_first:
        total, terms["first"] = total + alpha * first, first
    if has_second:
        total, terms["second"] = total + options.get("secondWeight", 0.5) * alpha * second, second
    total.backward()
    return {
        "options": options,
        "total": float(total),
        "terms": {name: float(value) for name, value in terms.items()},
        "gradients": {name: floats(value.grad) for name, value in weights.items()},
    }


fixture = {
    "shapes": {name: list(value.shape) for name, value in start.items()},
    "initial": {name: floats(value) for name, value in start.items()},
    "x": x.tolist(),
    "adversarial": moved.tolist(),
    "y": y.tolist(),
    "cases": [case(options) for options in CASES],
}
(here / "rat.json").write_text(json.dumps(fixture) + "\n")
