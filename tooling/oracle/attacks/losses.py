"""Losses that attacks ascend, per example, from their formulas."""

import torch


def cross_entropy(logits, y):
    return torch.nn.functional.cross_entropy(logits, y, reduction="none")


def of_class(logits, classes):
    return logits.gather(1, classes[:, None])[:, 0]


def dlr(logits, y):
    others = logits.clone()
    others.scatter_(1, y[:, None], -float("inf"))
    ranked = logits.sort(1, descending=True)[0]
    return -(of_class(logits, y) - others.max(1)[0]) / (ranked[:, 0] - ranked[:, 2] + 1e-12)


def targeted_dlr(logits, y, target):
    ranked = logits.sort(1, descending=True)[0]
    spread = ranked[:, 0] - (ranked[:, 2] + ranked[:, 3]) / 2 + 1e-12
    return -(of_class(logits, y) - of_class(logits, target)) / spread
