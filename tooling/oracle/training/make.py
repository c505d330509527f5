"""Twenty steps of PyTorch's optimizers on a small network, and its learning-rate schedules, as fixtures.

Run with: OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/training/make.py
Made with PyTorch 1.13. Test: packages/training/test/optimizers.test.ts, packages/training/src/schedules/factor-at.test.ts.
"""
import json
import pathlib

import numpy as np
import torch

from problem import BATCH, EXAMPLES, floats, loss_of, problem

here = pathlib.Path(__file__).parent / "fixtures"
here.mkdir(exist_ok=True)

STEPS, RATE = 20, 0.05

OPTIMIZERS = {
    "sgd": [
        {},
        {"momentum": 0.9},
        {"momentum": 0.9, "dampening": 0.3},
        {"momentum": 0.9, "nesterov": True, "weightDecay": 0.01},
        {"weightDecay": 0.1},
    ],
    "adam": [{}, {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4, "weightDecay": 0.05}],
    "adamw": [{}, {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4, "weightDecay": 0.3}],
}


def torch_optimizer(name, options, parameters):
    decay = {"weight_decay": options["weightDecay"]} if "weightDecay" in options else {}
    if name == "sgd":
        rest = {key: options[key] for key in ("momentum", "dampening", "nesterov") if key in options}
        return torch.optim.SGD(parameters, lr=RATE, **decay, **rest)
    rest = {}
    if "beta1" in options:
        rest = {"betas": (options["beta1"], options["beta2"]), "eps": options["epsilon"]}
    kind = torch.optim.Adam if name == "adam" else torch.optim.AdamW
    return kind(parameters, lr=RATE, **decay, **rest)


def optimizer_runs():
    for name, variants in OPTIMIZERS.items():
        for options in variants:
            x, y, weights = problem()
            weights = {key: value.clone().requires_grad_() for key, value in weights.items()}
            optimizer = torch_optimizer(name, options, list(weights.values()))
            losses, after = [], []
            for step in range(STEPS):
                start = (step * BATCH) % EXAMPLES
                optimizer.zero_grad()
                loss = loss_of(weights, x[start : start + BATCH], y[start : start + BATCH])
                loss.backward()
                optimizer.step()
                losses.append(float(loss))
                after.append({key: floats(value) for key, value in weights.items()})
            yield {"optimizer": name, "options": options, "losses": losses, "weights": after}


def schedule_runs():
    """Rates of 60 steps with 10 steps a pass; the base rate is 1, so rates are factors."""

    def rates(make):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        scheduler = make(optimizer)
        found = []
        for _ in range(60):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return found

    lr = torch.optim.lr_scheduler
    yield {"schedule": {"name": "step", "at": [2, 4.5]}, "factors": rates(lambda o: lr.MultiStepLR(o, [20, 45]))}
    yield {
        "schedule": {"name": "step", "at": [15, 30], "factor": 0.5, "unit": "steps"},
        "factors": rates(lambda o: lr.MultiStepLR(o, [15, 30], gamma=0.5)),
    }
    yield {"schedule": {"name": "cosine"}, "factors": rates(lambda o: lr.CosineAnnealingLR(o, 60))}
    yield {
        "schedule": {"name": "cosine", "floor": 0.05, "length": 60, "unit": "steps"},
        "factors": rates(lambda o: lr.CosineAnnealingLR(o, 60, eta_min=0.05)),
    }
    yield {
        "schedule": {"name": "cyclic", "up": 7, "down": 13, "floor": 0.1, "unit": "steps"},
        "factors": rates(lambda o: lr.CyclicLR(o, 0.1, 1.0, step_size_up=7, step_size_down=13, cycle_momentum=False)),
    }
    yield {
        "schedule": {"name": "cyclic", "up": 0.4, "down": 0.6, "unit": "run"},
        "factors": [float(np.interp(step / 60, [0, 0.4, 1], [0, 1, 0])) for step in range(60)],
    }
    yield {
        "schedule": {"name": "warm-up", "length": 2.5, "from": 0.2},
        "factors": rates(lambda o: lr.LinearLR(o, start_factor=0.2, total_iters=25)),
    }
    yield {
        "schedule": {"name": "warm-up", "length": 10, "from": 0.1, "unit": "steps", "then": {"name": "step", "at": [3]}},
        "factors": rates(
            lambda o: lr.ChainedScheduler([lr.LinearLR(o, start_factor=0.1, total_iters=10), lr.MultiStepLR(o, [30])])
        ),
    }


x, y, weights = problem()
optimizers = {
    "shapes": {key: list(value.shape) for key, value in weights.items()},
    "rate": RATE,
    "batch": BATCH,
    "x": floats(x),
    "y": [int(label) for label in y],
    "initial": {key: floats(value) for key, value in weights.items()},
    "runs": list(optimizer_runs()),
}
(here / "optimizers.json").write_text(json.dumps(optimizers) + "\n")
(here / "schedules.json").write_text(json.dumps(list(schedule_runs())) + "\n")
