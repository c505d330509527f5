"""Trajectories of FGSM and PGD on the smooth net, without randomness."""

import torch

from balls import ascent, project
from fixture_file import write
from losses import cross_entropy
from smooth_net import SmoothNet, examples, flat, gradient, well_conditioned

KEPT = (1, 2, 5, 20, 100)


def sparse(g, adv, share):
    """Equal steps on the largest coordinates that can still move."""
    usable = torch.where(((g > 0) & (adv < 1)) | ((g < 0) & (adv > 0)), g, torch.zeros_like(g))
    rows = flat(usable)
    count = max(1, round(share * rows.shape[1]))
    smallest = rows.abs().sort(1, descending=True)[0][:, count - 1 : count]
    chosen = rows.sign() * (rows.abs() >= smallest)
    return (chosen / chosen.abs().sum(1, keepdim=True).clamp(min=1)).reshape(g.shape)


def pgd(net, x, y, norm, epsilon, steps, size, share):
    adv, kept, losses = x, {}, []
    for step in range(1, steps + 1):
        g, _, loss = gradient(net, adv, lambda z: cross_entropy(z, y))
        losses.append(loss)
        direction = sparse(g, adv, share) if norm == "l1" else ascent(g, norm)
        adv = project(adv + size * direction, x, epsilon, norm)
        if step in KEPT:
            kept[step] = adv
    return {"points": kept, "losses": losses}


net = SmoothNet(seed=1)
STEPS, SHARE = 100, 0.05
runs = {}
for norm, epsilon in (("linf", 0.1), ("l2", 0.5), ("l1", 2.0)):

    def run(seed, dtype):
        x, y = examples(net, 3, seed)
        other, at = net.to(dtype), x.to(dtype)
        one_step = at + epsilon * ascent(gradient(other, at, lambda z: cross_entropy(z, y))[0], norm)
        return {
            "epsilon": epsilon,
            "x": x,
            "y": y,
            "fgsm": project(one_step, at, epsilon, norm),
            **pgd(other, at, y, norm, epsilon, STEPS, 2.5 * epsilon / STEPS, SHARE),
        }

    runs[norm] = well_conditioned(run)
write("gradient-steps.json", {"weights": net.weights(), "steps": STEPS, "share": SHARE, "runs": runs})
