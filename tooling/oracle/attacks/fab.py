"""FAB and FAB-T on the smooth net, written from the paper and the prose description of AutoAttack's version.

The projections on a hyperplane within the box sort the breakpoints and walk through them one by one, for one example at a time, in float64.
"""

import torch

from balls import HIGH, LOW, length
from fixture_file import write
from losses import of_class
from smooth_net import SmoothNet, column, examples, flat, gradient, well_conditioned

STEPS = 60
KEPT = (1, 2, 5, 20, 60)
OVERSHOOT, BACK, LARGEST_BIAS = 1.05, 0.9, 0.1


def offset_of_one(point, value, slope, norm):
    """Shortest offset d with value + <slope, d> = 0 and point + d in the box, or the best corner."""
    downhill = -torch.sign(value) * slope
    size = downhill.abs()
    room = torch.where(downhill > 0, HIGH - point, point - LOW)
    room = torch.where(size > 0, room, torch.zeros_like(room))
    wanted = value.abs()
    if norm == "l1":
        moved = torch.zeros_like(room)
        for i in size.argsort(descending=True):
            if wanted <= 0 or size[i] == 0:
                break
            moved[i] = torch.minimum(room[i], wanted / size[i])
            wanted = wanted - size[i] * moved[i]
        return downhill.sign() * moved
    speed = torch.ones_like(size) if norm == "linf" else size
    reached_at = torch.where(size > 0, room / speed.clamp(min=1e-30), torch.zeros_like(room))
    order = reached_at.argsort()
    rate, at = (size * speed * (room > 0)).sum(), torch.zeros((), dtype=point.dtype)
    for i in order:
        if size[i] == 0 or room[i] == 0:
            continue
        gain = (reached_at[i] - at) * rate
        if gain >= wanted:
            break
        wanted, at = wanted - gain, reached_at[i]
        rate = rate - size[i] * speed[i]
    else:
        return downhill.sign() * room
    level = at + wanted / rate
    return downhill.sign() * torch.minimum(speed * level, room)


def offsets(points, values, slopes, norm):
    rows = [offset_of_one(*one, norm) for one in zip(flat(points), values, flat(slopes))]
    return torch.stack(rows).reshape(points.shape)


def plane(net, adv, y, other):
    g, logits, value = gradient(net, adv, lambda z: of_class(z, other) - of_class(z, y))
    return value, g


def nearest(net, adv, y, norm, classes):
    dual = {"linf": "l1", "l2": "l2", "l1": "linf"}[norm]
    value, slope = torch.zeros_like(adv[:, 0, 0, 0]), torch.zeros_like(adv)
    shortest = torch.full_like(value, float("inf"))
    for k in range(classes):
        v, g = plane(net, adv, y, torch.full_like(y, k))
        distance = v.abs() / (1e-12 + length(g, dual))
        closer = (distance < shortest) & (y != k)
        value, shortest = torch.where(closer, v, value), torch.where(closer, distance, shortest)
        slope = torch.where(column(closer, g), g, slope)
    return value, slope


def fab(net, x, y, norm, target=None):
    adv, kept, closest = x, {}, torch.full_like(x[:, 0, 0, 0], float("inf"))
    for step in range(1, STEPS + 1):
        value, g = plane(net, adv, y, target) if target is not None else nearest(net, adv, y, norm, net.bias.shape[0])
        at_example = value + flat(g * (x - adv)).sum(1)
        d1, d2 = offsets(adv, value, g, norm), offsets(x, at_example, g, norm)
        a1, a2 = length(d1, norm).clamp(min=1e-8), length(d2, norm).clamp(min=1e-8)
        bias = column((a1 / (a1 + a2)).clamp(max=LARGEST_BIAS), x)
        adv = ((adv + OVERSHOOT * d1) * (1 - bias) + (x + OVERSHOOT * d2) * bias).clamp(LOW, HIGH)
        if step in KEPT:
            kept[step] = adv
        fooled = net(adv).argmax(1) != y
        closest = torch.where(fooled, torch.minimum(closest, length(adv - x, norm)), closest)
        adv = torch.where(column(fooled, x), x + BACK * (adv - x), adv)
    return {"points": kept, "closest": closest}


def run(seed, dtype, norm, kind):
    x, y = examples(net, 2, seed)
    target = net(x).sort(1, descending=True)[1][:, 2]
    found = fab(net.to(dtype), x.to(dtype), y, norm, target if kind == "target" else None)
    return {"norm": norm, "kind": kind, "x": x, "y": y, "target": target, **found}


if __name__ == "__main__":
    net = SmoothNet(seed=1)
    runs = [
        well_conditioned(lambda seed, dtype: run(seed, dtype, norm, kind), tolerance=4e-6)
        for norm in ("linf", "l2", "l1")
        for kind in ("nearest", "target")
    ]
    write("fab.json", {"weights": net.weights(), "steps": STEPS, "runs": runs})
    print([(found["norm"], found["kind"], found["seed"]) for found in runs])
