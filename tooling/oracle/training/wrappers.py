"""Steps of AWP, SWA, EMA and free adversarial training in PyTorch, in float64, as fixtures.

AWP follows the order of its official code: a proxy network takes one plain ascent step, the difference is scaled layer by layer, the optimizer steps at the
perturbed weights, the same difference is subtracted.

Run with: OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/training/wrappers.py
Made with PyTorch 1.13. Test: packages/training/test/wrappers.test.ts.
"""
import json
import pathlib

import torch

from problem import BATCH, EXAMPLES, double_problem, floats, loss_of

here = pathlib.Path(__file__).parent / "fixtures"
STEPS, RATE = 12, 0.1


class Network(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.w = torch.nn.ParameterDict({name: torch.nn.Parameter(value.clone()) for name, value in weights.items()})

    def named(self):
        return {name: value for name, value in self.w.items()}


def values(network):
    return {name: floats(value) for name, value in network.named().items()}


def batch_at(x, y, step):
    start = (step * BATCH) % EXAMPLES
    return x[start : start + BATCH], y[start : start + BATCH]


def awp_run(gamma, warm_up, make_optimizer):
    x, y, weights = double_problem()
    network = Network(weights)
    optimizer = make_optimizer(network.parameters())
    after = []
    for step in range(STEPS):
        xs, ys = batch_at(x, y, step)
        difference = {}
        if step * BATCH // EXAMPLES >= warm_up:
            proxy = Network({name: value.detach() for name, value in network.named().items()})
            ascent = torch.optim.SGD(proxy.parameters(), lr=0.01)
            ascent.zero_grad()
            (-loss_of(proxy.named(), xs, ys)).backward()
            ascent.step()
            with torch.no_grad():
                for name, old in network.named().items():
                    if old.dim() > 1:
                        change = proxy.named()[name] - old
                        difference[name] = gamma * old.norm() / (change.norm() + 1e-20) * change
                        old.add_(difference[name])
        optimizer.zero_grad()
        loss_of(network.named(), xs, ys).backward()
        optimizer.step()
        with torch.no_grad():
            for name, change in difference.items():
                network.named()[name].sub_(change)
        after.append(values(network))
    return after


def averaged_run(kind, option):
    """`swa`: at the end of each pass from number `option` on; `ema`: after each step, `option` is the decay."""
    x, y, weights = double_problem()
    network = Network(weights)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=0.9)
    decay = None if kind == "swa" else lambda kept, new, _: option * kept + (1 - option) * new
    average = torch.optim.swa_utils.AveragedModel(network, avg_fn=decay)
    for step in range(STEPS):
        optimizer.zero_grad()
        loss_of(network.named(), *batch_at(x, y, step)).backward()
        optimizer.step()
        epoch, is_end = step * BATCH // EXAMPLES, (step + 1) * BATCH % EXAMPLES == 0
        if kind == "ema" or (is_end and epoch >= option):
            average.update_parameters(network)
    return values(average.module)


def free_run(norm, epsilon, replays):
    x, y, weights = double_problem()
    network = Network(weights)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=0.9)
    delta = torch.zeros(BATCH, x.shape[1], dtype=torch.float64)
    after = []
    for step in range(STEPS):
        xs, ys = batch_at(x, y, step // replays)
        noise = delta.clone().requires_grad_()
        optimizer.zero_grad()
        loss_of(network.named(), (xs + noise).clamp(0, 1), ys).backward()
        if norm == "linf":
            delta = (delta + epsilon * noise.grad.sign()).clamp(-epsilon, epsilon)
        else:
            delta = delta + epsilon * noise.grad / noise.grad.norm(dim=1, keepdim=True)
            delta = delta * (epsilon / delta.norm(dim=1, keepdim=True)).clamp(max=1)
        optimizer.step()
        after.append({"weights": values(network), "delta": floats(delta)})
    return after


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=RATE, momentum=0.9, weight_decay=0.05)


def adamw(parameters):
    return torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.1)


fixture = {
    "rate": RATE,
    "steps": STEPS,
    "awp": [
        {"options": {"gamma": 0.1}, "optimizer": "sgd", "weights": awp_run(0.1, 0, sgd)},
        {"options": {"gamma": 0.1, "warmUp": 2}, "optimizer": "sgd", "weights": awp_run(0.1, 2, sgd)},
        {"options": {"gamma": 0.1}, "optimizer": "adamw", "weights": awp_run(0.1, 0, adamw)},
    ],
    "averages": [
        {"averager": "swa", "options": {"start": 0}, "weights": averaged_run("swa", 0)},
        {"averager": "swa", "options": {"start": 2}, "weights": averaged_run("swa", 2)},
        {"averager": "ema", "options": {"decay": 0.8}, "weights": averaged_run("ema", 0.8)},
    ],
    "free": [
        {"norm": norm, "epsilon": epsilon, "replays": replays, "after": free_run(norm, epsilon, replays)}
        for norm, epsilon, replays in [("linf", 0.15, 3), ("l2", 0.3, 4), ("linf", 0.15, 1)]
    ],
}
(here / "wrappers.json").write_text(json.dumps(fixture) + "\n")
