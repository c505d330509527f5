"""SPSA and NES on the smooth net with the library's draws, written from the papers, one example and one direction at a time.

Points are asked for inside the bounds only. A value that its bound stops moves less between the two points of a pair than elsewhere, so its part of the
estimate is divided by what it moved.
"""

import torch

from balls import HIGH, LOW, ascent, project
from fixture_file import write
from losses import cross_entropy, of_class
from row_random import RowRandom
from smooth_net import SmoothNet, examples, well_conditioned

SEED, STEPS, PAIRS, KEPT = 7, 12, 5, (1, 2, 5, 12)
RADIUS, RATE, MOMENTUM, STEP = 0.1, 0.02, 0.9, 0.02


def lead(logits, y):
    others = logits.clone()
    others.scatter_(1, y[:, None], -float("inf"))
    return others.max(1)[0] - of_class(logits, y)


def estimate(value, at, directions):
    total = torch.zeros_like(at)
    for u in directions:
        ahead, behind = (at + RADIUS * u).clamp(LOW, HIGH), (at - RADIUS * u).clamp(LOW, HIGH)
        moved = ahead - behind
        part = (value(ahead) - value(behind)) * u.square() / moved
        total += torch.where(moved == 0, torch.zeros_like(part), part)
    return total / len(directions)


def climb(net, x, y, loss, draw, step_of):
    rng = RowRandom(SEED, None, x.shape[0])
    kept, adv = {}, x.clone()
    steppers = [step_of() for _ in range(x.shape[0])]
    for step in range(STEPS):
        rng.counter = step
        directions = draw(rng).to(x.dtype)
        moved = []
        for i, stepper in enumerate(steppers):
            value = lambda point: loss(net(point[None]), y[i : i + 1])[0]
            moved.append(stepper(x[i], adv[i], estimate(value, adv[i], directions[i])))
        adv = torch.stack(moved)
        if step + 1 in KEPT:
            kept[step + 1] = adv
    return kept


def spsa_step(norm, epsilon):
    def create():
        variable = None

        def step(x, adv, g):
            nonlocal variable, optimizer
            if variable is None:
                variable = adv.clone().requires_grad_(True)
                optimizer = torch.optim.Adam([variable], lr=RATE, eps=1e-8)
            variable.grad = -g
            optimizer.step()
            with torch.no_grad():
                variable.copy_(project(variable[None], x[None], epsilon, norm)[0])
            return variable.detach().clone()

        optimizer = None
        return step

    return create


def nes_step(norm, epsilon):
    def create():
        memory = 0

        def step(x, adv, g):
            nonlocal memory
            memory = MOMENTUM * memory + (1 - MOMENTUM) * g
            return project(adv[None] + STEP * ascent(memory[None], norm), x[None], epsilon, norm)[0]

        return step

    return create


def run(seed, dtype, method, norm, epsilon):
    x, y = examples(net, 3, seed)
    loss, step = (lead, spsa_step) if method == "spsa" else (cross_entropy, nes_step)

    def draw(rng):
        rng.scope = method
        if method == "nes":
            return rng.normal("direction", [PAIRS, *x.shape[1:]])
        return torch.where(rng.uniform("direction", [PAIRS, *x.shape[1:]], -1, 1) >= 0, 1.0, -1.0)

    points = climb(net.to(dtype), x.to(dtype), y, loss, draw, step(norm, epsilon))
    return {"method": method, "norm": norm, "epsilon": epsilon, "x": x, "y": y, "points": points}


net = SmoothNet(seed=1)
runs = [
    # Where Adam's gradient is nearly 0 its step is as long as any: single precision is worth less there.
    well_conditioned(lambda seed, dtype: run(seed, dtype, method, norm, epsilon), tolerance=4e-6)
    for method in ("spsa", "nes")
    for norm, epsilon in (("linf", 0.1), ("l2", 0.5))
]
print([(one["method"], one["norm"], one["seed"]) for one in runs])
settings = {"steps": STEPS, "pairs": PAIRS, "radius": RADIUS, "rate": RATE, "momentum": MOMENTUM, "step": STEP, "seed": SEED}
write("gradient-estimates.json", {"weights": net.weights(), **settings, "runs": runs})
