"""Auto-PGD on the smooth net from given starts, written from the papers and the description in prose of AutoAttack's schedule.

Loops over examples one by one and keeps whole histories, where the library keeps counters in tensors.
"""

import math

import torch

from balls import ascent, length, project
from fixture_file import write
from losses import cross_entropy, dlr, targeted_dlr
from smooth_net import SmoothNet, column, examples, flat, gradient, well_conditioned

KEPT = (1, 2, 22, 41, 70, 100)


def review_iterations(n):
    """{iteration: window}, iterations counted from 1."""
    window, at, found = max(int(0.22 * n), 1), 0, {}
    while at + window <= n:
        at += window
        found[at] = window
        window = max(window - max(int(0.03 * n), 1), max(int(0.06 * n), 1))
    return found


def climb(net, x, start, loss_of, norm, epsilon, n, rho=0.75):
    """Linf and L2."""
    reviews = review_iterations(n)
    count = x.shape[0]
    g, logits, loss = gradient(net, start, loss_of)
    adv, before = start.clone(), start.clone()
    best, best_g, best_loss = start.clone(), g.clone(), loss.clone()
    step_size = torch.full((count,), 2 * epsilon, dtype=x.dtype)
    history = [torch.zeros(count, dtype=x.dtype)]  # what the first loss after a step is compared with
    best_at_review, halved_before = best_loss.clone(), [True] * count
    kept, losses, sizes = {}, [loss], []
    for i in range(1, n + 1):
        share = 1.0 if i == 1 else 0.75
        stepped = project(adv + column(step_size, adv) * ascent(g, norm), x, epsilon, norm)
        new = project(adv + share * (stepped - adv) + (1 - share) * (adv - before), x, epsilon, norm)
        before, adv = adv, new
        g, logits, loss = gradient(net, adv, loss_of)
        losses.append(loss)
        history.append(loss)
        for row in range(count):
            if loss[row] > best_loss[row]:
                best[row], best_g[row], best_loss[row] = adv[row], g[row], loss[row]
        if i in KEPT:
            kept[i] = adv.clone()
        if i in reviews:
            window = reviews[i]
            adv, g = adv.clone(), g.clone()
            for row in range(count):
                rises = sum(bool(history[j][row] > history[j - 1][row]) for j in range(i - window + 1, i + 1))
                stuck = not halved_before[row] and best_at_review[row] >= best_loss[row]
                halve = rises <= rho * window or bool(stuck)
                if halve:
                    step_size[row] /= 2
                    adv[row], g[row] = best[row], best_g[row]
                halved_before[row] = halve
            best_at_review = best_loss.clone()
            sizes.append(step_size.clone())
    return {"points": kept, "losses": losses, "stepSizes": sizes, "best": best, "bestLoss": best_loss}


def changed(adv, x):
    return flat(adv != x).sum(1).to(x.dtype)


def climb_l1(net, x, start, loss_of, epsilon, n, warm):
    count, size = x.shape[0], flat(x).shape[1]
    g, logits, loss = gradient(net, start, loss_of)
    adv = start.clone()
    best, best_g, best_loss = start.clone(), g.clone(), loss.clone()
    step_size = torch.full((count,), float(epsilon), dtype=x.dtype)
    last_changed = changed(start, x) if warm else torch.full((count,), float(size), dtype=x.dtype)
    share = last_changed.float() / size / 1.5 if warm else torch.full((count,), 0.2)
    period = max(int(0.04 * n), 1)
    kept, losses = {}, [loss]
    for i in range(1, n + 1):
        direction = torch.zeros_like(flat(g))
        for row, values in enumerate(flat(g)):
            # In float32 as in AutoAttack: its rounding decides where two thirds of the changed values are a whole number.
            place = int(((1 - share[row]) * size).clamp(0, size - 1))
            threshold = values.abs().sort()[0][place]
            chosen = values.sign() * (values.abs() >= threshold)
            direction[row] = chosen / (chosen.abs().sum() + 1e-10)
        adv = project(adv + column(step_size, adv) * direction.reshape(adv.shape), x, epsilon, "l1")
        g, logits, loss = gradient(net, adv, loss_of)
        losses.append(loss)
        for row in range(count):
            if loss[row] > best_loss[row]:
                best[row], best_g[row], best_loss[row] = adv[row], g[row], loss[row]
        if i in KEPT:
            kept[i] = adv.clone()
        if i % period == 0:
            now = changed(best, x)
            adv, g = adv.clone(), g.clone()
            for row in range(count):
                if now[row] / last_changed[row] < 0.95:
                    step_size[row] = epsilon
                    adv[row], g[row] = best[row], best_g[row]
                else:
                    step_size[row] /= 1.5
                step_size[row] = min(max(float(step_size[row]), epsilon / 10), epsilon)
            share, last_changed = now.float() / size / 1.5, now
    return {"points": kept, "losses": losses, "best": best, "bestLoss": best_loss}


def large_balls(net, x, start, loss_of, epsilon, n):
    part = math.ceil(0.3 * n)
    losses = []
    for factor, steps in ((3, part), (2, part), (1, n - 2 * part)):
        start = project(start, x, factor * epsilon, "l1")
        found = climb_l1(net, x, start, loss_of, factor * epsilon, steps, warm=True)
        losses += found["losses"]
        start = found["best"]
    return {"points": found["points"], "losses": losses, "best": found["best"], "bestLoss": found["bestLoss"]}


def start_points(x, norm, epsilon, generator):
    if norm == "linf":
        noise = torch.rand(x.shape, generator=generator, dtype=x.dtype) * 2 - 1
        return project(x + epsilon * noise / column(length(noise, norm), noise), x, epsilon, norm).float().double()
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    if norm == "l2":
        return project(x + epsilon * noise / column(length(noise, norm), noise), x, epsilon, norm).float().double()
    return project(x + noise, x, 3 * epsilon, norm).float().double()


STEPS = 100
BALLS = {"linf": 0.05, "l2": 0.2, "l1": 1.0}
net = SmoothNet(seed=1)


def run(seed, dtype, norm, loss, kind):
    x, y = examples(net, 1, seed)
    start = start_points(x, norm, BALLS[norm], torch.Generator().manual_seed(seed))
    if kind == "cold":
        start = project(start, x, BALLS[norm], norm).float().double()
    target = net(x).sort(1, descending=True)[1][:, 1]
    loss_of = {
        "ce": lambda z: cross_entropy(z, y),
        "dlr": lambda z: dlr(z, y),
        "targeted dlr": lambda z: targeted_dlr(z, y, target),
    }[loss]
    problem = (net.to(dtype), x.to(dtype), start.to(dtype), loss_of)
    if kind == "momentum":
        found = climb(*problem, norm, BALLS[norm], STEPS)
    elif kind == "cold":
        found = climb_l1(*problem, BALLS[norm], STEPS, warm=False)
    else:
        found = large_balls(*problem, BALLS[norm], STEPS)
    about = {"norm": norm, "epsilon": BALLS[norm], "loss": loss, "kind": kind}
    return {**about, "x": x, "y": y, "target": target, "start": start, **found}


kinds = [("linf", "momentum"), ("l2", "momentum"), ("l1", "cold"), ("l1", "large balls")]
runs = [
    well_conditioned(lambda seed, dtype: run(seed, dtype, norm, loss, kind))
    for norm, kind in kinds
    for loss in ("ce", "dlr", "targeted dlr")
]
write("apgd.json", {"weights": net.weights(), "steps": STEPS, "runs": runs})
print([(run["norm"], run["loss"], run["seed"]) for run in runs])
