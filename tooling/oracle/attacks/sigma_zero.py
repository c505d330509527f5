"""Sigma-zero on the smooth net, from the paper's formulas with PyTorch's own Adam, cosine schedule and derivatives."""

import torch

from balls import HIGH, LOW
from fixture_file import write
from losses import of_class
from smooth_net import SmoothNet, column, examples, flat, well_conditioned

STEPS, KEPT = 60, (1, 2, 5, 20, 59, 60)
RATE, SMOOTHING, THRESHOLD, CHANGE = 0.05, 1e-3, 0.03, 0.05


def run(seed, dtype, wants_target):
    x, y = examples(net, 3, seed)
    target = (y + 1) % net.bias.shape[0]
    own, clean = net.to(dtype), x.to(dtype)
    delta = torch.zeros_like(clean, requires_grad=True)
    optimizer = torch.optim.Adam([delta], lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS, eta_min=RATE / 10)
    threshold = torch.full((x.shape[0],), THRESHOLD, dtype=dtype)
    size = flat(x).shape[1]
    closest = torch.full((x.shape[0],), float("inf"))
    kept = {}

    def missing(logits):
        aim = target if wants_target else y
        others = logits.clone()
        others.scatter_(1, aim[:, None], -float("inf"))
        lead = of_class(logits, aim) - others.max(1)[0]
        return (-lead if wants_target else lead).clamp(min=0)

    def judge(logits):
        found = logits.argmax(1)
        fooled = found == target if wants_target else found != y
        changed = (flat(delta.detach()) != 0).sum(1).float()
        return fooled, torch.where(fooled, torch.minimum(closest, changed), closest)

    for step in range(1, STEPS + 1):
        logits = own(clean + delta)
        fooled, closest = judge(logits.detach())
        smooth = (flat(delta).square() / (flat(delta).square() + SMOOTHING)).sum(1)
        optimizer.zero_grad()
        (missing(logits) + smooth / size).sum().backward()
        largest = flat(delta.grad).abs().max(1)[0].clamp(min=1e-30)
        delta.grad /= column(largest, delta)
        optimizer.step()
        schedule.step()
        rate = schedule.get_last_lr()[0]
        threshold = (threshold + torch.where(fooled, CHANGE * rate, -CHANGE * rate)).clamp(0, 1)
        with torch.no_grad():
            delta.copy_((clean + delta).clamp(LOW, HIGH) - clean)
            delta[delta.abs() < column(threshold, delta)] = 0
        if step in KEPT:
            kept[step] = (clean + delta).detach()
    _, closest = judge(own(clean + delta).detach())
    return {"x": x, "y": y, **({"targets": target} if wants_target else {}), "points": kept, "closest": closest}


net = SmoothNet(seed=1)
runs = [well_conditioned(lambda seed, dtype: run(seed, dtype, wants_target), tolerance=4e-6) for wants_target in (False, True)]
print([(one["seed"], one["closest"].tolist()) for one in runs])
assert all(one["closest"].isfinite().all() for one in runs)
settings = {"steps": STEPS, "rate": RATE, "smoothing": SMOOTHING, "threshold": THRESHOLD, "change": CHANGE}
write("sigma-zero.json", {"weights": net.weights(), **settings, "runs": runs})
