"""PGD by PyTorch's own Adam, and PGD through a quantiser whose backward pass PyTorch's autograd replaces (BPDA), on the smooth net."""

import torch

from balls import ascent, project
from fixture_file import write
from losses import cross_entropy
from smooth_net import SmoothNet, examples, gradient, well_conditioned

STEPS, KEPT, LEVELS, SHARPNESS = 40, (1, 2, 5, 20, 40), 4, 8.0


def adam(net, x, y, norm, epsilon, size):
    adv, kept = x.clone().requires_grad_(True), {}
    optimizer = torch.optim.Adam([adv], lr=size, maximize=True)
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        cross_entropy(net(adv), y).sum().backward()
        optimizer.step()
        with torch.no_grad():
            adv.copy_(project(adv, x, epsilon, norm))
        if step in KEPT:
            kept[step] = adv.detach().clone()
    return kept


def quantised(x):
    return (x * LEVELS).round() / LEVELS


def softened(x):
    """A staircase with slopes."""
    return sum(torch.sigmoid(SHARPNESS * (x * LEVELS - k - 0.5)) for k in range(LEVELS)) / LEVELS


class AsIdentity(torch.autograd.Function):
    @staticmethod
    def forward(_, x):
        return quantised(x)

    @staticmethod
    def backward(_, upstream):
        return upstream


class AsStaircase(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return quantised(x)

    @staticmethod
    def backward(context, upstream):
        (x,) = context.saved_tensors
        with torch.enable_grad():
            at = x.detach().requires_grad_(True)
            return torch.autograd.grad((softened(at) * upstream).sum(), at)[0]


def through(net, x, y, backward):
    layer = (AsIdentity if backward == "identity" else AsStaircase).apply
    g, logits, loss = gradient(lambda at: net(layer(at)), x, lambda z: cross_entropy(z, y))
    return {"gradient": g, "logits": logits, "loss": loss}


net = SmoothNet(seed=1)


def run_adam(seed, dtype, norm, epsilon, size):
    x, y = examples(net, 3, seed)
    return {"norm": norm, "epsilon": epsilon, "size": size, "x": x, "y": y, "points": adam(net.to(dtype), x.to(dtype), y, norm, epsilon, size)}


def is_clear(x):
    """Whether nothing is near a step of the quantiser."""
    return ((x * LEVELS).frac() - 0.5).abs().min() > 1e-3


def run_bpda(backward):
    x, y = next((x, y) for x, y in (examples(net, 3, seed) for seed in range(20)) if is_clear(x))
    return {"backward": backward, "x": x, "y": y, **through(net, x, y, backward)}


content = {
    "weights": net.weights(),
    "steps": STEPS,
    "levels": LEVELS,
    "sharpness": SHARPNESS,
    "adam": [
        well_conditioned(lambda seed, dtype: run_adam(seed, dtype, norm, epsilon, size), tolerance=4e-6)
        for norm, epsilon, size in (("linf", 0.1, 0.01), ("l2", 0.5, 0.005), ("l1", 2.0, 0.002))
    ],
    "bpda": [run_bpda(backward) for backward in ("identity", "staircase")],
}
print([one["seed"] for one in content["adam"]])
write("adam-and-bpda.json", content)
