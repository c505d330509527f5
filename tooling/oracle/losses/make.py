"""Losses and their gradients with respect to the logits, by PyTorch, for packages/core/src/losses/parity.test.ts.

In float64, at logits that float32 holds exactly: PyTorch's own float32 gradients of log(1 - p) and of confident cross-entropies cancel.

Run: python3 tooling/oracle/losses/make.py (PyTorch 1.13). Writes fixtures/losses.json beside this file.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(0)


def dlr(z, y):
    """AutoAttack's formula, written with sorted logits."""
    ordered, order = z.sort(dim=1)
    leads = (order[:, -1] == y).double()
    own = z.gather(1, y[:, None])[:, 0]
    return -(own - ordered[:, -2] * leads - ordered[:, -1] * (1 - leads)) / (ordered[:, -1] - ordered[:, -3] + 1e-12)


def targeted_dlr(z, y, t):
    ordered, _ = z.sort(dim=1)
    own, goal = z.gather(1, y[:, None])[:, 0], z.gather(1, t[:, None])[:, 0]
    return -(own - goal) / (ordered[:, -1] - 0.5 * (ordered[:, -3] + ordered[:, -4]) + 1e-12)


def margin(z, y):
    others = z.masked_fill(F.one_hot(y, z.shape[1]).bool(), -float("inf"))
    return others.max(dim=1)[0] - z.gather(1, y[:, None])[:, 0]


def log_one_minus(z, y):
    others = z.masked_fill(F.one_hot(y, z.shape[1]).bool(), -float("inf"))
    # Not logsumexp(others) - logsumexp(z), whose gradient cancels even in float64.
    return F.logsigmoid(torch.logsumexp(others, dim=1) - z.gather(1, y[:, None])[:, 0])


def kl(z, clean):
    return F.kl_div(F.log_softmax(z, 1), F.softmax(clean, 1), reduction="none").sum(1)


losses = {
    "ce": lambda z, y, t, c: F.cross_entropy(z, y, reduction="none"),
    "ce targeted": lambda z, y, t, c: -F.cross_entropy(z, t, reduction="none"),
    "margin": lambda z, y, t, c: margin(z, y),
    "margin targeted": lambda z, y, t, c: -margin(z, t),
    "dlr": lambda z, y, t, c: dlr(z, y),
    "dlr targeted": lambda z, y, t, c: targeted_dlr(z, y, t),
    "kl": lambda z, y, t, c: kl(z, c),
    "log1mp": lambda z, y, t, c: log_one_minus(z, y),
    "log1mp targeted": lambda z, y, t, c: -log_one_minus(z, t),
}

cases = []
for scale, classes in [(1, 10), (5, 10), (0.01, 4), (3, 5), (20, 10)]:
    z = (torch.randn(6, classes) * scale).double().requires_grad_()
    y, t = torch.randint(classes, (6,)), torch.randint(classes - 1, (6,))
    t = torch.where(t >= y, t + 1, t)
    clean = (torch.randn(6, classes) * scale).double()
    case = {"logits": z.tolist(), "clean": clean.tolist(), "y": y.tolist(), "target": t.tolist(), "losses": {}}
    for name, loss in losses.items():
        value = loss(z, y, t, clean)
        (gradient,) = torch.autograd.grad(value.sum(), z)
        case["losses"][name] = {"value": value.tolist(), "gradient": gradient.tolist()}
    # TRADES differentiates both sides.
    leaf = clean.clone().requires_grad_()
    (case["klCleanGradient"],) = [g.tolist() for g in torch.autograd.grad(kl(z.detach(), leaf).sum(), leaf)]
    cases.append(case)


def shorten(value):
    """Nine significant digits hold every float32 exactly."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [shorten(entry) for entry in value]
    if isinstance(value, dict):
        return {key: shorten(entry) for key, entry in value.items()}
    return value


folder = pathlib.Path(__file__).parent / "fixtures"
folder.mkdir(exist_ok=True)
(folder / "losses.json").write_text(json.dumps(shorten(cases)) + "\n")
