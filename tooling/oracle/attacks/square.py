"""Square on the smooth net with the library's draws, written from the papers and the prose description of AutoAttack's version.

Works on one example at a time with slices, where the library uses masks and matrix products.
"""

import math

import torch

from balls import HIGH, LOW, length, project
from fixture_file import write
from losses import of_class
from row_random import RowRandom
from smooth_net import SmoothNet, examples, well_conditioned

QUERIES, SEED = 60, 7
KEPT = (0, 1, 2, 12, 30, 60)


def share_at(iteration, initial=0.8):
    for limit, parts in ((10, 1), (50, 2), (200, 4), (500, 8), (1000, 16), (2000, 32), (4000, 64), (6000, 128), (8000, 256)):
        if iteration <= limit:
            return initial / parts
    return initial / 512


def pyramid(height, width, exponent):
    values = torch.zeros(height, width, dtype=torch.float64)
    top, left = height // 2, width // 2
    for m in range(max(height // 2, width // 2) + 1):
        values[max(top - m, 0) : top + m + 1, max(left - m, 0) : left + m + 1] += 1 / (m + 1) ** exponent
    return values


def bump(side, norm):
    exponent, measure = (2, lambda v: v.square().sum().sqrt()) if norm == "l2" else (4, lambda v: v.abs().sum())
    values = torch.zeros(side, side, dtype=torch.float64)
    upper, lower = pyramid(side // 2, side, exponent), pyramid(side - side // 2, side, exponent)
    if side > 1:
        values[: side // 2] = upper / measure(upper)
    values[side // 2 :] = -lower / measure(lower)
    return values / measure(values)


def size_of(d, norm):
    return d.square().sum().sqrt() if norm == "l2" else d.abs().sum()


def sign(draw):
    return torch.where(draw >= 0, 1.0, -1.0).double()


def point(x, change, epsilon, norm):
    """One example."""
    if norm == "l2":
        return (x + change / (size_of(change, norm) + 1e-12) * epsilon).clamp(LOW, HIGH)
    return project((x + change)[None], x[None], epsilon * (1 - 1e-6), "l1")[0]


def start(x, epsilon, norm, rng):
    n, h, w, c = x.shape
    if norm == "linf":
        return (x + epsilon * sign(rng.uniform("stripes", [1, w, c], -1, 1))).clamp(LOW, HIGH)
    side = h // 5
    offset = (h - 5 * side) // 2
    count = (h - offset) // side
    signs = sign(rng.uniform("tile sign", [count, count, c], -1, 1))
    sideways = rng.uniform("tile side", [count, count, 1], -1, 1) >= 0
    points = []
    for i in range(n):
        change = torch.zeros(h, w, c, dtype=torch.float64)
        for a in range(count):
            for b in range(count):
                tile = bump(side, norm)
                tile = tile.T if sideways[i, a, b, 0] else tile
                top, left = offset + a * side, offset + b * side
                change[top : top + side, left : left + side] += tile[:, :, None] * signs[i, a, b]
        points.append(point(x[i], change, epsilon, norm))
    return torch.stack(points)


def corners(rng, purpose, length, side):
    top = rng.uniform(f"{purpose} top", [], 0, length - side + 1)
    left = rng.uniform(f"{purpose} left", [], 0, length - side + 1)
    return top.floor().long(), left.floor().long()


def proposal(best, x, epsilon, norm, share, rng):
    n, h, w, c = x.shape
    side = round(math.sqrt(share * h * w))
    if norm == "linf":
        side = max(side, 1)
        top, left = corners(rng, "window", h, side)
        signs = sign(rng.uniform("sign", [1, 1, c], -1, 1))
        new = best.clone()
        for i in range(n):
            new[i, top[i] : top[i] + side, left[i] : left[i] + side] += 2 * epsilon * signs[i, 0, 0]
        return torch.minimum(torch.maximum(new, x - epsilon), x + epsilon).clamp(LOW, HIGH)
    side = max(side, 3)
    side += side % 2 == 0
    gains, gives = corners(rng, "gains", h, side), corners(rng, "gives", h, side)
    signs = sign(rng.uniform("sign", [1, 1, c], -1, 1))
    sideways = rng.uniform("side", [], -1, 1) >= 0
    points = []
    for i in range(n):
        change = (best - x)[i].clone()
        one = (slice(gains[0][i], gains[0][i] + side), slice(gains[1][i], gains[1][i] + side))
        two = (slice(gives[0][i], gives[0][i] + side), slice(gives[1][i], gives[1][i] + side))
        both = torch.zeros_like(change)
        both[one], both[two] = 1, 1
        windows, total = change * both, size_of(change, norm)
        pattern = bump(side, norm)
        pattern = pattern.T if sideways[i] else pattern
        held = change[one].clone()
        change[two] = 0
        for channel in range(c):
            new = pattern * signs[i, 0, 0, channel] + held[..., channel] / (1e-12 + size_of(held[..., channel], norm))
            spent = size_of(windows[..., channel], norm)
            if norm == "l2":
                target = (max(epsilon**2 - float(total) ** 2, 0) / c + spent**2).sqrt()
            else:
                target = (max(epsilon - float(total), 0) / c + spent) * c
            change[one][..., channel] = new / (1e-12 + size_of(new, norm)) * target
        points.append(point(x[i], change, epsilon, norm))
    return torch.stack(points)


def margin(logits, y):
    others = logits.clone()
    others.scatter_(1, y[:, None], -float("inf"))
    return of_class(logits, y) - others.max(1)[0]


def run(seed, dtype, norm, epsilon):
    x, y = examples(net, 2, seed)
    rng = RowRandom(SEED, "square", 2)
    best = start(x, epsilon, norm, rng)
    kept, lowest = {0: best}, margin(net.to(dtype)(best.to(dtype)), y)
    for query in range(1, QUERIES + 1):
        rng.counter = query
        share = share_at(int((query - 1) / QUERIES * 10000))
        new = proposal(best, x, epsilon, norm, share, rng)
        if query in KEPT:
            kept[query] = new
        value = margin(net.to(dtype)(new.to(dtype)), y)
        better = value < lowest
        lowest = torch.where(better, value, lowest)
        best = torch.where(better[:, None, None, None], new, best)
    return {"norm": norm, "epsilon": epsilon, "x": x, "y": y, "points": kept, "best": best}


net = SmoothNet(seed=1, side=12)
runs = [
    well_conditioned(lambda seed, dtype: run(seed, dtype, norm, epsilon), seeds=range(20))
    for norm, epsilon in (("linf", 0.1), ("l2", 1.0), ("l1", 5.0))
]
write("square.json", {"weights": net.weights(), "queries": QUERIES, "seed": SEED, "runs": runs})
