"""DALE and its relatives in PyTorch, in float64, as fixtures: losses, terms and weight gradients, and ten steps of training with sampler, SGD and dual variable.

The draws are the library's counter-based ones, computed independently. The seed of each run is the first at which no sign hangs on rounding.
Run with: OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/training/dale.py
Made with PyTorch 1.13. Test: packages/trainers-dual-langevin/test/parity.test.ts.
"""
import json
import math
import pathlib
import statistics
import sys

import torch
import torch.nn.functional as F

from problem import BATCH, CLASSES, EXAMPLES, INPUTS, double_problem, floats, logits_of

here = pathlib.Path(__file__).parent
sys.path.append(str(here.parent / "attacks"))
from row_random import name_key, threefry  # noqa: E402

SAMPLES, STEPS, RATE, EPSILON, MOMENTUM = 3, 10, 0.3, 0.15, 0.9
CALL = 2654435761  # apart by this are the seeds of two attacks on one batch
x_all, y_all, start = double_problem()

generator = torch.Generator().manual_seed(3)
x, y = x_all[:BATCH], y_all[:BATCH]
points = (x.repeat(SAMPLES, 1) + 0.2 * torch.randn(SAMPLES * BATCH, INPUTS, generator=generator)).clamp(0, 1).float().double()
moved = points[:BATCH]


def ce(w, inputs, labels):
    return F.cross_entropy(logits_of(w, inputs), labels)


def kl(w, inputs, adversarial):
    """Mean over the adversarial rows, which are the inputs' rows over and over."""
    clean = logits_of(w, inputs).repeat(len(adversarial) // len(inputs), 1)
    return F.kl_div(F.log_softmax(logits_of(w, adversarial), 1), F.softmax(clean, 1), reduction="batchmean")


def cvar(w, beta):
    each = F.cross_entropy(logits_of(w, points), y.repeat(SAMPLES), reduction="none").reshape(SAMPLES, BATCH)
    return each.sort(dim=0, descending=True).values[: round(beta * SAMPLES)].mean(), each.mean()


# Loss cases: objective, options, (minimised, constrained, terms) of weights.
def losses_of(name, w):
    clean, robust = ce(w, x, y), ce(w, moved, y)
    if name == "kl-dale-pd":
        return kl(w, x, moved), clean, {"clean": clean, "kl": kl(w, x, moved)}
    if name == "kl-dale-multi-pd":
        return kl(w, x, points), clean, {"clean": clean, "kl": kl(w, x, points)}
    if name == "cvar-pd":
        worst, mean = cvar(w, 2 / 3)
        return worst, mean, {"cvar": worst, "ce": mean}
    terms = {"clean": clean, "robust": robust}
    return (clean, robust, terms) if name == "dale-pd-reverse" else (robust, clean, terms)


CASES = [
    ("dale", {}),
    ("dale", {"nu": 0.7}),
    ("dale-pd", {}),
    ("dale-pd", {"nu": 0, "rho": 0.6}),
    ("dale-pd-reverse", {"nu": 2.5, "rho": 1.1}),
    ("kl-dale-pd", {"nu": 0.4}),
    ("kl-dale-multi-pd", {"samples": SAMPLES, "nu": 0.4}),
    ("cvar-pd", {"samples": SAMPLES, "beta": 2 / 3, "nu": 0.3, "rho": 0.5}),
]


def loss_case(name, options):
    w = {key: value.clone().requires_grad_() for key, value in start.items()}
    minimised, constrained, terms = losses_of(name, w)
    nu = options.get("nu", 0.1 if name == "dale" else 1)
    total = minimised + nu * constrained
    gradients = torch.autograd.grad(total, list(w.values()))
    if name != "dale":
        terms = {**terms, "nu": nu, "slack": options.get("rho", 0.1) - constrained}
    return {
        "objective": name,
        "options": options,
        "terms": {"total": float(total), **{key: float(value) for key, value in terms.items()}},
        "gradients": {key: floats(gradient) for key, gradient in zip(w, gradients)},
    }


class Draws:
    """One attack call's draws: keyed by seed, name of the attack, step of training; the counter is the step inside the attack."""

    def __init__(self, seed, scope, step, ids):
        self.seed, self.scope, self.step, self.ids = seed, scope, step, ids

    def fractions(self, purpose, counter):
        stream = threefry(name_key(self.seed, "rows", self.scope, purpose), (self.step, 0))
        stream = threefry(stream, (counter, 0))
        rows = []
        for row in self.ids:
            key = threefry(stream, (row, 0))
            words = [word for block in range((INPUTS + 1) // 2) for word in threefry(key, (block, 0))]
            rows.append([(word + 0.5) * 2**-32 for word in words[:INPUTS]])
        return rows

    def mapped(self, purpose, counter, quantile):
        return torch.tensor([[quantile(p) for p in row] for row in self.fractions(purpose, counter)]).double()

    def normal(self, purpose, counter):
        return self.mapped(purpose, counter, statistics.NormalDist().inv_cdf)

    def laplace(self, purpose, counter):
        return self.mapped(purpose, counter, lambda p: math.log(2 * p) if p < 0.5 else -math.log(2 - 2 * p))

    def uniform(self, purpose, counter, reach):
        return self.mapped(purpose, counter, lambda p: -reach + 2 * reach * (p - 0.5 * 2**-32))


def gradient_at(w, adv, xs, ys, run):
    """Per example, unless the run wants that of the batch mean as advbench has it."""
    point = adv.clone().requires_grad_()
    if run["objective"].startswith("kl"):
        p = F.softmax(logits_of(w, xs), 1)
        each = (p * (p.log() - F.log_softmax(logits_of(w, point), 1))).sum(1)
    else:
        each = torch.log(1 - F.softmax(logits_of(w, point), 1).gather(1, ys[:, None])[:, 0])
    value = each.mean() if run["options"].get("advbenchCompat") else each.sum()
    return torch.autograd.grad(value, point)[0]


def project(adv, xs):
    return torch.minimum(torch.maximum(adv, xs - EPSILON), xs + EPSILON).clamp(0, 1)


def climb(w, adv, xs, ys, run, draws, counter, margins):
    options = run["options"]
    size, noise, sampler = options["stepSize"], options.get("noise", 0.001), run["noisy"]
    g = gradient_at(w, adv, xs, ys, run)
    if sampler == "laplace":
        g = g + noise * draws.laplace("langevin", counter)
    margins.append(float((g.abs() / g.abs().amax(1, keepdim=True)).min()))
    step = size * g.sign()
    if sampler == "gaussian":
        step = step + noise * draws.normal("langevin", counter)
    return project(adv + step, xs)


def sample(w, xs, ys, ids, step, run, margins):
    """The last points of the chain, as many as the objective wants, one below the other."""
    options, seed = run["options"], run["seed"]
    wanted = options.get("samples", 1)
    length = options["steps"] - wanted + 1
    draws = Draws(seed, "pgd" if run["objective"] == "kl-dale-pd" else "langevin", step, ids)
    if options.get("start", "tinygauss") == "uniform":
        adv = (xs + draws.uniform("start", 0, EPSILON)).clamp(0, 1)
    else:
        adv = xs + 0.001 * draws.normal("start", 0)
    for counter in range(length):
        adv = climb(w, adv, xs, ys, run, draws, counter, margins)
    kept = [adv]
    for call in range(1, wanted):
        kept.append(climb(w, kept[-1], xs, ys, run, Draws(seed + call * CALL, "langevin-chain", step, ids), 0, margins))
    return torch.cat(kept)


def train(run):
    w = {key: value.clone().requires_grad_() for key, value in start.items()}
    options, name = run["options"], run["objective"]
    optimizer = torch.optim.SGD(w.values(), lr=RATE, momentum=MOMENTUM, weight_decay=3.5e-3)
    nu, margins, trail = options.get("nu", 1), [], []
    for step in range(STEPS):
        first = (step * BATCH) % EXAMPLES
        xs, ys = x_all[first : first + BATCH], y_all[first : first + BATCH]
        frozen = {key: value.detach() for key, value in w.items()}
        adv = sample(frozen, xs, ys, range(first, first + BATCH), step, run, margins)
        clean = ce(w, xs, ys)
        robust = kl(w, xs, adv) if name.startswith("kl") else ce(w, adv, ys)
        minimised, constrained = (clean, robust) if name.endswith("reverse") else (robust, clean)
        optimizer.zero_grad()
        (minimised + nu * constrained).backward()
        optimizer.step()
        trail.append({"nu": nu, "slack": options.get("rho", 0.1) - float(constrained)})
        if "dualStep" in options:
            nu = max(0.0, nu + options["dualStep"] * (float(constrained) - options["rho"]))
            nu = min(nu, options.get("maxNu", math.inf))
    return min(margins), {**run, "trail": trail, "weights": {key: floats(value) for key, value in w.items()}}


def well_conditioned(run):
    for seed in range(200):
        margin, result = train({**run, "seed": seed})
        if margin > (1e-3 if run["objective"].startswith("kl") else 1e-4):
            return result
    raise ValueError(f"no seed for {run}")


def run_of(trainer, objective, noisy, **options):
    return {"trainer": trainer, "objective": objective, "noisy": noisy, "options": {"steps": 3, "stepSize": 0.06, **options}}


RUNS = [
    run_of("gaussian-dale", "dale", "gaussian", nu=0.3, noise=0.02),
    run_of("laplacian-dale", "dale", "laplace", nu=0.3, noise=0.02),
    run_of("laplacian-dale", "dale", "laplace", nu=0.3, noise=0.0025, advbenchCompat=True),
    run_of("dale-pd", "dale-pd", "gaussian", noise=0.02, rho=1.6, dualStep=0.5, nu=0.2, start="uniform"),
    run_of("dale-pd", "dale-pd", "laplace", noise=0.02, rho=0.2, dualStep=2, maxNu=3, sampler="laplace"),
    run_of("dale-pd-reverse", "dale-pd-reverse", "gaussian", noise=0.02, rho=1.1, dualStep=0.5),
    run_of("kl-dale-pd", "kl-dale-pd", "none", rho=0.5, dualStep=0.5, nu=0.5),
    run_of("kl-dale-multi-pd", "kl-dale-multi-pd", "laplace", noise=0.02, rho=0.5, dualStep=0.5, samples=2),
    run_of("kl-dale-multi-pd", "kl-dale-multi-pd", "laplace", noise=0.002, rho=0.5, dualStep=0.5, samples=3, advbenchCompat=True),
]

fixture = {
    "samples": SAMPLES,
    "values": {"x": floats(x), "points": floats(points)},
    "y": [int(label) for label in y],
    "cases": [loss_case(*case) for case in CASES],
    "steps": STEPS,
    "rate": RATE,
    "epsilon": EPSILON,
    "batch": BATCH,
    "runs": [well_conditioned(run) for run in RUNS],
}
assert CLASSES == 3
(here / "fixtures" / "dale.json").write_text(json.dumps(fixture) + "\n")
for run in fixture["runs"]:
    print(run["trainer"], run["seed"], [round(each["nu"], 3) for each in run["trail"]])
