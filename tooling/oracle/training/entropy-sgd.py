"""Outer steps of EntropySGD on a small network, as a fixture, from the update in its papers with torch.optim.SGD for both momenta.

Run with: OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/training/entropy-sgd.py
Made with PyTorch 1.13. Test: packages/trainers-entropysgd/test/parity.test.ts.
"""
import json
import math
import pathlib

import torch

torch.set_num_threads(1)
here = pathlib.Path(__file__).parent / "fixtures"

INPUTS, HIDDEN, CLASSES, EXAMPLES, BATCH, OUTER = 4, 3, 3, 24, 8, 4

RUNS = [
    {"innerSteps": 3, "rate": 1.0, "gamma": 0.03, "scoping": 0.001, "noise": 1e-4},
    {
        "innerSteps": 5,
        "rate": 0.4,
        "gamma": 0.7,
        "scoping": 0.5,
        "innerRate": 0.2,
        "noise": 0.05,
        "avgKeep": 0.6,
        "momentum": 0.8,
        "weightDecay": 0.02,
    },
    {"innerSteps": 2, "rate": 0.8, "noise": 0.1, "noiseScale": "paper", "nesterov": False},
    {"innerSteps": 2, "rate": 0.9, "noise": 0.0, "momentum": 0.0, "gamma": 1.5, "avgKeep": 0.0},
]


def floats(tensor):
    """Nine digits give every float32 back."""
    return [float(f"{float(value):.9g}") for value in tensor.detach().reshape(-1)]


def problem():
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(EXAMPLES, INPUTS, generator=generator)
    y = x[:, :CLASSES].argmax(1)
    weights = {
        "w1": torch.randn(INPUTS, HIDDEN, generator=generator),
        "b1": 0.1 * torch.randn(HIDDEN, generator=generator),
        "w2": torch.randn(HIDDEN, CLASSES, generator=generator),
        "b2": 0.1 * torch.randn(CLASSES, generator=generator),
    }
    return x, y, weights, generator


def loss_of(w, x, y):
    logits = torch.tanh(x @ w["w1"] + w["b1"]) @ w["w2"] + w["b2"]
    return torch.nn.functional.cross_entropy(logits, y)


def run(options):
    x, y, start, generator = problem()
    rate, inner_rate = options["rate"], options.get("innerRate", 0.1)
    momentum, decay = options.get("momentum", 0.9), options.get("weightDecay", 0.0)
    nesterov = options.get("nesterov", True) and momentum > 0
    keep, noise = options.get("avgKeep", 0.75), options.get("noise", 1e-4)
    gamma0, scoping = options.get("gamma", 0.03), options.get("scoping", 0.001)
    scale = noise * math.sqrt(inner_rate * (2 if options.get("noiseScale", "code") == "code" else 1))
    weights = {name: value.clone().requires_grad_() for name, value in start.items()}
    names = list(weights)

    def sgd(lr):
        return torch.optim.SGD(list(weights.values()), lr=lr, momentum=momentum, weight_decay=decay, nesterov=nesterov)

    outer = sgd(rate)
    draws, after, drawn = [], [], 0
    for t in range(OUTER):
        gamma = gamma0 * (1 + scoping) ** t
        anchor = {name: value.detach().clone() for name, value in weights.items()}
        average = {name: value.clone() for name, value in anchor.items()}
        inner = sgd(inner_rate)  # a fresh one: its velocity starts at 0
        for _ in range(options["innerSteps"]):
            first = (drawn * BATCH) % EXAMPLES
            drawn += 1
            inner.zero_grad()
            loss_of(weights, x[first : first + BATCH], y[first : first + BATCH]).backward()
            pulls = {name: inner_rate * gamma * (anchor[name] - weights[name].detach()) for name in names}
            inner.step()
            noises = {name: torch.randn(weights[name].shape, generator=generator) for name in names}
            draws.append({name: floats(value) for name, value in noises.items()})
            with torch.no_grad():
                for name in names:
                    weights[name] += pulls[name] + scale * noises[name]
                    average[name] = keep * average[name] + (1 - keep) * weights[name]
        with torch.no_grad():
            for name in names:
                weights[name].copy_(anchor[name])
                weights[name].grad = anchor[name] - average[name]
        outer.step()
        after.append({name: floats(value) for name, value in weights.items()})
    given = {key: value for key, value in options.items() if key != "rate"}
    return {"options": given, "rate": rate, "noise": draws, "weights": after}


x, y, start, _ = problem()
fixture = {
    "shapes": {name: list(value.shape) for name, value in start.items()},
    "batch": BATCH,
    "x": floats(x),
    "y": [int(label) for label in y],
    "initial": {name: floats(value) for name, value in start.items()},
    "runs": [run(options) for options in RUNS],
}
(here / "entropy-sgd.json").write_text(json.dumps(fixture) + "\n")
