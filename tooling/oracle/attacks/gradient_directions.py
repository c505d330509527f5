"""Directions of L1 steps."""

import torch

from balls import HIGH, LOW
from smooth_net import flat


SLACK = 1e-4


def movable(g, adv):
    """The gradient where the value can still move along it; a value within a rounding of its bound counts as there."""
    return torch.where(((g > 0) & (adv < HIGH - SLACK)) | ((g < 0) & (adv > LOW + SLACK)), g, torch.zeros_like(g))


def sparse(g, adv, share):
    """Equal steps on the largest coordinates that can still move."""
    usable = movable(g, adv)
    rows = flat(usable)
    count = max(1, round(share * rows.shape[1]))
    smallest = rows.abs().sort(1, descending=True)[0][:, count - 1 : count]
    chosen = rows.sign() * (rows.abs() >= smallest)
    return (chosen / chosen.abs().sum(1, keepdim=True).clamp(min=1)).reshape(g.shape)


def gap(g, adv, share):
    """How clearly the chosen coordinates are the largest, relative to the largest: near 0, rounding decides."""
    usable = movable(g, adv)
    sizes = flat(usable).abs().sort(1, descending=True)[0]
    count = max(1, round(share * sizes.shape[1]))
    return float(((sizes[:, count - 1] - sizes[:, count]) / sizes[:, 0]).min())
