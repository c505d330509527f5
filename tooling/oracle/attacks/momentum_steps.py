"""Trajectories of BIM and MIM on the smooth net."""

from balls import ascent, project
from fixture_file import write
from gradient_directions import gap, sparse
from losses import cross_entropy
from smooth_net import SmoothNet, column, examples, flat, gradient, well_conditioned

STEPS, SHARE, KEPT = 40, 0.05, (1, 2, 5, 20, 40)


def climb(net, x, y, norm, epsilon, size, decay):
    adv, momentum, kept = x, 0 * x, {}
    for step in range(1, STEPS + 1):
        g = gradient(net, adv, lambda z: cross_entropy(z, y))[0]
        if decay is None:
            along = g
        else:
            momentum = decay * momentum + g / column(flat(g).abs().sum(1), g)
            along = momentum
        if norm == "l1" and gap(along, adv, SHARE) < 1e-4:
            return {0: adv * float("nan")}  # not a fair comparison: choose another seed
        direction = sparse(along, adv, SHARE) if norm == "l1" else ascent(along, norm)
        adv = project(adv + size * direction, x, epsilon, norm)
        if step in KEPT:
            kept[step] = adv
    return kept


def run(seed, dtype, method, norm, epsilon):
    x, y = examples(net, 3, seed)
    size = epsilon * (2.5 if method == "bim" else 1) / STEPS
    decay = None if method == "bim" else 0.9
    points = climb(net.to(dtype), x.to(dtype), y, norm, epsilon, size, decay)
    return {"method": method, "norm": norm, "epsilon": epsilon, "x": x, "y": y, "points": points}


net = SmoothNet(seed=1)
runs = [
    well_conditioned(lambda seed, dtype: run(seed, dtype, method, norm, epsilon))
    for method in ("bim", "mim")
    for norm, epsilon in (("linf", 0.1), ("l2", 0.5), ("l1", 2.0))
]
write("momentum-steps.json", {"weights": net.weights(), "steps": STEPS, "share": SHARE, "decay": 0.9, "runs": runs})
