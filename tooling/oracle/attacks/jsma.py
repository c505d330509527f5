"""JSMA on the smooth net, written from the paper: every pair of values is tried, one example at a time."""

import itertools

import torch

from balls import HIGH, LOW
from fixture_file import write
from smooth_net import SmoothNet, examples, well_conditioned

STEPS = 6


def best_pair(jacobian, target, usable, sign):
    """The pair with the largest -alpha beta where moving both by `sign` raises the target and lowers the others together."""
    alpha = sign * jacobian[target].reshape(-1)
    beta = sign * (jacobian.sum(0) - jacobian[target]).reshape(-1)
    best, found = 0.0, None
    for p, q in itertools.combinations(range(len(alpha)), 2):
        if not (usable[p] and usable[q]):
            continue
        a, b = alpha[p] + alpha[q], beta[p] + beta[q]
        if a > 0 and b < 0 and -a * b > best:
            best, found = float(-a * b), (p, q)
    return found


def attack(net, x, target, theta):
    usable = [True] * x.numel()
    adv, visited = x.clone(), [x.clone()]
    for _ in range(STEPS):
        if int(net(adv[None]).argmax(1)) != target:
            jacobian = torch.autograd.functional.jacobian(lambda v: net(v[None])[0], adv)
            values = adv.reshape(-1)
            room = [v < HIGH if theta > 0 else v > LOW for v in values]
            pair = best_pair(jacobian, target, [u and bool(r) for u, r in zip(usable, room)], 1 if theta > 0 else -1)
            if pair is not None:
                values = values.clone()
                for p in pair:
                    values[p] = (values[p] + theta).clamp(LOW, HIGH)
                    usable[p] = False
                adv = values.reshape(x.shape)
        visited.append(adv)
    return visited


def run(seed, dtype, theta):
    x, y = examples(net, 3, seed)
    targets = (y + 1) % net.bias.shape[0]
    own = net.to(dtype)
    paths = [attack(own, x[i].to(dtype), int(targets[i]), theta) for i in range(x.shape[0])]
    return {"theta": theta, "x": x, "y": y, "targets": targets, "points": {k: torch.stack([path[k] for path in paths]) for k in range(STEPS + 1)}}


net = SmoothNet(seed=1)
runs = [well_conditioned(lambda seed, dtype: run(seed, dtype, theta)) for theta in (1.0, -1.0, 0.3)]
print([(one["theta"], one["seed"]) for one in runs])
write("jsma.json", {"weights": net.weights(), "steps": STEPS, "runs": runs})
