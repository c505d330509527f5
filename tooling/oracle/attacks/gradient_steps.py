"""Trajectories of FGSM and PGD on the smooth net, without randomness."""

from balls import ascent, project
from fixture_file import write
from gradient_directions import sparse
from losses import cross_entropy
from smooth_net import SmoothNet, examples, gradient, jittered, well_conditioned

KEPT = (1, 2, 5, 20, 100)


def pgd(net, x, y, norm, epsilon, steps, size, share):
    adv, kept, losses = x, {}, []
    for step in range(1, steps + 1):
        g, _, loss = gradient(net, adv, lambda z: cross_entropy(z, y))
        losses.append(loss)
        direction = sparse(g, adv, share) if norm == "l1" else ascent(g, norm)
        adv = jittered(project(adv + size * direction, x, epsilon, norm))
        if step in KEPT:
            kept[step] = adv
    return {"points": kept, "losses": losses}


if __name__ == "__main__":
    net = SmoothNet(seed=1)
    STEPS, SHARE = 100, 0.05
    runs = {}
    for norm, epsilon in (("linf", 0.1), ("l2", 0.5), ("l1", 2.0)):

        def run(seed, dtype):
            x, y = examples(net, 2, seed)
            other, at = net.to(dtype), x.to(dtype)
            one_step = at + epsilon * ascent(gradient(other, at, lambda z: cross_entropy(z, y))[0], norm)
            return {
                "epsilon": epsilon,
                "x": x,
                "y": y,
                "fgsm": project(one_step, at, epsilon, norm),
                **pgd(other, at, y, norm, epsilon, STEPS, 2.5 * epsilon / STEPS, SHARE),
            }

        runs[norm] = well_conditioned(run, tolerance=1e-3)
    write("gradient-steps.json", {"weights": net.weights(), "steps": STEPS, "share": SHARE, "runs": runs})
