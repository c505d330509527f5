"""DeepFool, DDN and FMN on the smooth net, written from the papers."""

import math

import torch

from balls import HIGH, LOW, length
from fixture_file import write
from losses import cross_entropy, of_class
from smooth_net import SmoothNet, column, examples, flat, gradient, well_conditioned

DUAL = {"linf": "l1", "l2": "l2", "l1": "linf", "l0": "linf"}
CANDIDATES, OVERSHOOT = 3, 0.02
STEPS, KEPT = 60, (0, 1, 2, 5, 20, 59, 60)


def size(d, norm):
    return (flat(d) != 0).sum(1).to(d.dtype) if norm == "l0" else length(d, norm)


def cosine(first, last, step):
    return last + (first - last) * (1 + math.cos(math.pi * step / STEPS)) / 2


def missing(value, logits):
    """The lead to lose, and a millionth of the largest logit."""
    return value.abs() + 1e-6 * logits.abs().max(1)[0]


def deepfool(net, x, y, norm):
    """Returns the points before each step and the last; an example stops at its first success."""
    ranked = net(x).sort(1, descending=True)[1]
    adv, total, visited = x, torch.zeros_like(x), [x]
    running = torch.ones(x.shape[0], dtype=torch.bool)
    for _ in range(12):
        nearest, step = torch.full_like(x[:, 0, 0, 0], float("inf")), torch.zeros_like(x)
        for rank in range(1, CANDIDATES + 1):
            g, logits, value = gradient(net, adv, lambda z: of_class(z, ranked[:, rank]) - of_class(z, y))
            distance = missing(value, logits) / length(g, DUAL[norm])
            direction = g.sign() if norm == "linf" else g / column(length(g, "l2"), g)
            closer = distance < nearest
            step = torch.where(column(closer, g), direction * column(distance, g), step)
            nearest = torch.where(closer, distance, nearest)
        running = running & (net(adv).argmax(1) == y)
        total = torch.where(column(running, x), total + step, total)
        adv = torch.where(column(running, x), (x + (1 + OVERSHOOT) * total).clamp(LOW, HIGH), adv)
        visited.append(adv)
    assert not running.any()
    return {"points": dict(enumerate(visited[:6])), "closest": length(adv - x, norm)}


def ddn(net, x, y, radius, gamma):
    n = x.shape[0]
    adv, r, visited = x, torch.full((n,), radius, dtype=x.dtype), [x]
    closest = torch.full_like(r, float("inf"))
    for step in range(STEPS):
        g, logits, _ = gradient(net, adv, lambda z: cross_entropy(z, y))
        fooled = logits.argmax(1) != y
        closest = torch.where(fooled, torch.minimum(closest, length(adv - x, "l2")), closest)
        delta = adv - x + cosine(1.0, 0.01, step) * g / column(length(g, "l2"), g)
        r = r * torch.where(fooled, torch.full_like(r, 1 - gamma), torch.full_like(r, 1 + gamma))
        r = torch.minimum(r, length(torch.maximum(x - LOW, HIGH - x), "l2"))
        adv = (x + delta * column(r / length(delta, "l2"), delta)).clamp(LOW, HIGH)
        visited.append(adv)
    fooled = net(adv).argmax(1) != y
    closest = torch.where(fooled, torch.minimum(closest, length(adv - x, "l2")), closest)
    return {"points": {k: visited[k] for k in KEPT}, "closest": closest}


def on_ball(delta, radius, norm):
    """Projection of one change on the ball, by sorting."""
    if norm == "linf":
        return delta.clamp(-radius, radius)
    if norm == "l2":
        return delta * min(1.0, float(radius) / float(delta.norm()))
    rows = delta.reshape(-1)
    order = rows.abs().argsort(descending=True, stable=True)
    if norm == "l0":
        kept = torch.zeros_like(rows)
        kept[order[: int(radius)]] = 1
        return (rows * kept).reshape(delta.shape)
    if rows.abs().sum() <= radius:
        return delta
    sorted_sizes = rows.abs()[order]
    excess = (sorted_sizes.cumsum(0) - radius) / torch.arange(1, len(rows) + 1, dtype=rows.dtype)
    level = excess[(sorted_sizes > excess).nonzero().max()]
    return (rows.sign() * (rows.abs() - level).clamp(min=0)).reshape(delta.shape)


def fmn(net, x, y, norm, first_step):
    n = x.shape[0]
    adv, visited = x, [x]
    radius = torch.full((n,), 1.0 if norm == "l0" else 0.0, dtype=x.dtype)
    best = torch.full((n,), float("inf"), dtype=x.dtype)

    def lead(z):
        others = z.clone()
        others.scatter_(1, y[:, None], -float("inf"))
        return others.max(1)[0] - of_class(z, y)

    for step in range(STEPS):
        g, logits, value = gradient(net, adv, lead)
        fooled = logits.argmax(1) != y
        now = size(adv - x, norm)
        best = torch.where(fooled, torch.minimum(best, now), best)
        gamma = cosine(0.05, 0.001, step)
        if norm == "l0":
            fewer = torch.minimum(torch.minimum(radius - 1, (radius * (1 - gamma)).floor()), best)
            more = torch.maximum(radius + 1, (radius * (1 + gamma)).floor())
            radius = torch.where(fooled, fewer, more).clamp(min=0)
        else:
            guess = now + missing(value, logits) / length(g, DUAL[norm])
            larger = radius * (1 + gamma)
            # The library's addition: at least the larger radius, since clipping to the box can hold the paper's guess short of the boundary.
            grown = torch.where(best < float("inf"), larger, torch.maximum(guess, larger))
            radius = torch.where(fooled, torch.minimum(radius * (1 - gamma), best), grown)
        radius = torch.minimum(radius, size(torch.maximum(x - LOW, HIGH - x), norm))
        moved = adv - x + cosine(first_step, 0.01, step) * g / column(length(g, "l2"), g)
        adv = torch.stack([(x[i] + on_ball(moved[i], radius[i], norm)) for i in range(n)]).clamp(LOW, HIGH)
        visited.append(adv)
    fooled = net(adv).argmax(1) != y
    best = torch.where(fooled, torch.minimum(best, size(adv - x, norm)), best)
    return {"points": {k: visited[k] for k in KEPT}, "closest": best}


net = SmoothNet(seed=1)


def run(seed, dtype, method, **facts):
    x, y = examples(net, 3, seed)
    return {**facts, "x": x, "y": y, **method(net.to(dtype), x.to(dtype), y, **facts)}


def conditioned(method, **facts):
    return well_conditioned(lambda seed, dtype: run(seed, dtype, method, **facts), tolerance=4e-6)


content = {
    "weights": net.weights(),
    "steps": STEPS,
    "candidates": CANDIDATES,
    "overshoot": OVERSHOOT,
    "deepfool": [conditioned(deepfool, norm=norm) for norm in ("l2", "linf")],
    "ddn": [conditioned(ddn, radius=radius, gamma=0.05) for radius in (1.0, 0.2)],
    "fmn": [conditioned(fmn, norm=norm, first_step=step) for norm, step in (("l0", 2.0), ("l1", 0.3), ("l2", 0.3), ("linf", 0.3))],
}
for name in ("deepfool", "ddn", "fmn"):
    print(name, [one["seed"] for one in content[name]])
assert all(one["closest"].isfinite().all() for name in ("deepfool", "ddn", "fmn") for one in content[name])
write("minimal-norms.json", content)
