"""Loss, terms and weight gradients of the training objectives in PyTorch, in float64, as fixtures.

Run with: OPENBLAS_NUM_THREADS=1 python3 tooling/oracle/training/objectives.py
Made with PyTorch 1.13. Test: packages/training/test/objectives.test.ts.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

from problem import BATCH, CLASSES, INPUTS, double_problem, floats, logits_of

here = pathlib.Path(__file__).parent / "fixtures"
SAMPLES = 5

generator = torch.Generator().manual_seed(1)
x, y, weights = double_problem()
x, y = x[:BATCH], y[:BATCH]
# Rounded to float32 first, so that both sides start from the same numbers.
moved = (x + 0.2 * torch.randn(BATCH, INPUTS, generator=generator)).clamp(0, 1).float().double()
moved[0] = x[0]
noise = (0.3 * torch.randn(BATCH * SAMPLES, INPUTS, generator=generator)).double()
points = torch.rand(SAMPLES * BATCH, INPUTS, generator=generator).double()
threshold = torch.rand(BATCH, generator=generator).double()
standard = (3 * torch.randn(BATCH, CLASSES, generator=generator)).double()
robust = torch.randn(BATCH, CLASSES, generator=generator).double()


def trades(w, beta, of=None):
    ce = F.cross_entropy(logits_of(w, x if of is None else of), y)
    kl = F.kl_div(F.log_softmax(logits_of(w, moved), 1), F.softmax(logits_of(w, x), 1), reduction="batchmean")
    return ce + beta * kl, {"ce": ce, "kl": kl}


def mart(w, weight):
    adversarial = F.softmax(logits_of(w, moved), 1)
    natural = F.softmax(logits_of(w, x), 1)
    order = adversarial.argsort(dim=1)
    rival = torch.where(order[:, -1] == y, order[:, -2], order[:, -1])
    bce = F.cross_entropy(logits_of(w, moved), y) + F.nll_loss(torch.log(1.0001 - adversarial + 1e-12), rival)
    each = F.kl_div(torch.log(adversarial + 1e-12), natural, reduction="none").sum(1)
    kl = (each * (1.0000001 - natural.gather(1, y[:, None]).squeeze(1))).mean()
    return bce + weight * kl, {"bce": bce, "kl": kl}


def pairing(w, squared=False):
    difference = logits_of(w, moved) - logits_of(w, x)
    return (difference**2).sum(1).mean() if squared else difference.norm(p=2, dim=1).mean()


def alp(w, weight, squared, clean):
    ce = (1 - clean) * F.cross_entropy(logits_of(w, moved), y) + clean * F.cross_entropy(logits_of(w, x), y)
    return ce + weight * pairing(w, squared), {"ce": ce, "pairing": pairing(w, squared)}


def clp(w, weight):
    ce = F.cross_entropy(logits_of(w, x), y)
    return ce + weight * pairing(w), {"ce": ce, "pairing": pairing(w)}


def term(w, tilt):
    each = F.cross_entropy(logits_of(w, x), y, reduction="none")
    return torch.log(torch.exp(tilt * each).mean()) / tilt, {"ce": each.mean()}


def sampled_losses(w):
    each = F.cross_entropy(logits_of(w, points), y.repeat(SAMPLES), reduction="none")
    return each.reshape(SAMPLES, BATCH).T


def cvar(w, beta):
    """The definition at its minimiser, an order statistic; autograd goes through it too."""
    each = sampled_losses(w)
    share = beta * SAMPLES
    count = -int(-(share - 1e-9) // 1)
    t = each.sort(dim=1, descending=True).values[:, count - 1]
    total = (t + (each - t[:, None]).relu().sum(1) / share).mean()
    return total, {"ce": each.mean()}


def cvar_at(w, beta):
    each = sampled_losses(w)
    return (threshold + (each - threshold[:, None]).relu().sum(1) / (beta * SAMPLES)).mean(), {"ce": each.mean()}


def smoothadv(w, first):
    repeated = moved.repeat_interleave(SAMPLES, 0) + noise
    labels = y.repeat_interleave(SAMPLES)
    if first:
        repeated, labels = repeated[::SAMPLES], labels[::SAMPLES]
    return F.cross_entropy(logits_of(w, repeated), labels), {}


def macer(w, sigma, lam, beta, gamma):
    """Zhai et al. 2020 as their code has it, with quantiles of torch.distributions."""
    votes = logits_of(w, x.repeat_interleave(SAMPLES, 0) + noise).reshape(BATCH, SAMPLES, CLASSES)
    p = F.softmax(votes, 2).mean(1)
    q = F.softmax(beta * votes, 2).mean(1).clamp(1e-6, 1 - 1e-6)
    top, place = q.topk(2)
    normal = torch.distributions.Normal(0.0, 1.0)
    xi = normal.icdf(top[:, 0]) - normal.icdf(top[:, 1])
    meant = (place[:, 0] == y) & (xi <= gamma)
    classification = F.nll_loss(torch.log(p + 1e-10), y)
    return classification + lam * sigma / 2 * (gamma - xi)[meant].sum() / BATCH, {}


def divergence(teacher, student, tau):
    return F.kl_div(F.log_softmax(student / tau, 1), F.softmax(teacher / tau, 1), reduction="batchmean") * tau**2


def kd(w, tau):
    return divergence(robust, logits_of(w, x), tau), {}


def kd_at(w):
    student = logits_of(w, moved)
    parts = {
        "ce": F.cross_entropy(student, y),
        "kdStandard": divergence(standard, student, 2),
        "kdRobust": divergence(robust, student, 2),
    }
    return 0.3 * parts["ce"] + 0.1 * parts["kdStandard"] + 0.6 * parts["kdRobust"], parts


CASES = [
    ("erm", {}, lambda w: (F.cross_entropy(logits_of(w, x), y), {})),
    ("pgd-at", {}, lambda w: (F.cross_entropy(logits_of(w, moved), y), {})),
    ("trades", {}, lambda w: trades(w, 6)),
    ("trades", {"beta": 1}, lambda w: trades(w, 1)),
    ("trades", {"beta": 2, "advbenchCompat": True}, lambda w: trades(w, 2, moved)),
    ("mart", {}, lambda w: mart(w, 5)),
    ("mart", {"lambda": 6}, lambda w: mart(w, 6)),
    ("alp", {}, lambda w: alp(w, 1, False, 0)),
    ("alp", {"weight": 0.5, "squared": True, "cleanShare": 0.5}, lambda w: alp(w, 0.5, True, 0.5)),
    ("clp", {}, lambda w: clp(w, 1)),
    ("term", {}, lambda w: term(w, 2)),
    ("term", {"tilt": -1.5}, lambda w: term(w, -1.5)),
    ("cvar", {"samples": SAMPLES, "beta": 0.4}, lambda w: cvar(w, 0.4)),
    ("cvar", {"samples": SAMPLES, "beta": 0.5}, lambda w: cvar(w, 0.5)),
    ("cvar", {"samples": SAMPLES, "beta": 0.05}, lambda w: (sampled_losses(w).max(1).values.mean(), {"ce": sampled_losses(w).mean()})),
    ("cvar", {"samples": SAMPLES, "beta": 1}, lambda w: (sampled_losses(w).mean(), {"ce": sampled_losses(w).mean()})),
    ("cvar", {"samples": SAMPLES, "beta": 0.5, "threshold": "descent"}, lambda w: cvar_at(w, 0.5)),
    ("smoothadv", {"samples": SAMPLES}, lambda w: smoothadv(w, False)),
    ("smoothadv", {"samples": SAMPLES, "trainOn": "first"}, lambda w: smoothadv(w, True)),
    ("macer", {"samples": SAMPLES, "sigma": 0.5}, lambda w: macer(w, 0.5, 12, 16, 8)),
    ("macer", {"samples": SAMPLES, "weight": 4, "beta": 2, "gamma": 1}, lambda w: macer(w, 0.25, 4, 2, 1)),
    ("kd", {}, lambda w: kd(w, 1)),
    ("kd", {"temperature": 4}, lambda w: kd(w, 4)),
    ("kd", {"loss": "mse"}, lambda w: (F.mse_loss(logits_of(w, x), robust), {})),
    ("kd-at", {}, kd_at),
]

cases = []
for name, options, loss in CASES:
    w = {key: value.clone().requires_grad_() for key, value in weights.items()}
    total, terms = loss(w)
    gradients = torch.autograd.grad(total, list(w.values()))
    cases.append(
        {
            "objective": name,
            "options": options,
            "terms": {"total": float(total), **{key: float(value) for key, value in terms.items()}},
            "gradients": {key: floats(gradient) for key, gradient in zip(w, gradients)},
        }
    )

fixture = {
    "samples": SAMPLES,
    "values": {
        "x": floats(x),
        "moved": floats(moved),
        "noise": floats(noise),
        "points": floats(points),
        "threshold": floats(threshold),
        "standard": floats(standard),
        "robust": floats(robust),
    },
    "y": [int(label) for label in y],
    "cases": cases,
}
(here / "objectives.json").write_text(json.dumps(fixture) + "\n")
