"""Balls with bounds: projections and distances, each from its definition, in float64."""

import torch

from smooth_net import BOUNDS, column, flat

LOW, HIGH = BOUNDS


def length(d, norm):
    rows = flat(d)
    if norm == "linf":
        return rows.abs().max(1)[0]
    return rows.abs().sum(1) if norm == "l1" else rows.square().sum(1).sqrt()


def project(v, x, epsilon, norm):
    d = v - x
    if norm == "linf":
        return (x + d.clamp(-epsilon, epsilon)).clamp(LOW, HIGH)
    if norm == "l2":
        factor = (epsilon / length(d, norm).clamp(min=1e-12)).clamp(max=1)
        return (x + d * column(factor, d)).clamp(LOW, HIGH)
    return project_l1(v, x, epsilon)


def project_l1(v, x, epsilon):
    """Euclidean projection on the L1 ball and the box together: the level by 200 halvings in float64."""
    d = v - x
    room = torch.where(d > 0, HIGH - x, x - LOW)
    spread = lambda level: torch.minimum((d.abs() - column(level, d)).clamp(min=0), room)
    low = torch.zeros(x.shape[0], dtype=x.dtype)
    high = flat(d.abs()).max(1)[0]
    fits = flat(spread(low)).sum(1) <= epsilon
    for _ in range(200):
        middle = (low + high) / 2
        too_far = flat(spread(middle)).sum(1) > epsilon
        low, high = torch.where(too_far, middle, low), torch.where(too_far, high, middle)
    level = torch.where(fits, torch.zeros_like(high), high)
    return x + d.sign() * spread(level)


def ascent(g, norm):
    if norm == "linf":
        return g.sign()
    if norm == "l2":
        return g / column(length(g, "l2").clamp(min=1e-30), g)
    rows = flat(g)
    one = torch.zeros_like(rows).scatter_(1, rows.abs().argmax(1, keepdim=True), 1.0)
    return (one * rows.sign()).reshape(g.shape)
