"""Outcomes of attacks on a small trained conv net with ReLU and max pooling, where trajectories of two implementations part but results must not.

The net tells ten blurred random templates apart in noise. Results are those of float32, as in the library, on examples for which PyTorch's own float32
and float64 agree, also when its points are moved by rounding: elsewhere one rounding decides which coordinate a step takes, and an L1 loss ends up to 44% apart.
"""

import torch
import torch.nn.functional as F

import fab as fab_walk
from balls import ascent, project
from fixture_file import write
from gradient_steps import sparse
from losses import cross_entropy
from smooth_net import gradient, jittered

torch.manual_seed(0)
SIDE, CLASSES, COUNT = 12, 10, 16


class ConvNet:
    def __init__(self):
        self.filters1 = torch.randn(3, 3, 1, 8) * 0.4
        self.filters2 = torch.randn(3, 3, 8, 16) * 0.2
        self.kernel = torch.randn(3 * 3 * 16, CLASSES) * 0.1
        self.bias = torch.zeros(CLASSES)

    def double(self):
        other = object.__new__(ConvNet)
        for name, weight in self.weights().items():
            setattr(other, name, weight.double())
        return other

    def weights(self):
        return {name: getattr(self, name) for name in ("filters1", "filters2", "kernel", "bias")}

    def __call__(self, x):
        z = x.permute(0, 3, 1, 2)
        z = F.max_pool2d(F.relu(F.conv2d(z, self.filters1.permute(3, 2, 0, 1), padding=1)), 2)
        z = F.max_pool2d(F.relu(F.conv2d(z, self.filters2.permute(3, 2, 0, 1), padding=1)), 2)
        return z.permute(0, 2, 3, 1).reshape(x.shape[0], -1) @ self.kernel + self.bias


templates = F.avg_pool2d(torch.rand(CLASSES, 1, SIDE, SIDE), 3, 1, 1).permute(0, 2, 3, 1)
templates = (templates - 0.5) * 2 + 0.5


def draw(count):
    y = torch.randint(CLASSES, (count,))
    return (templates[y] + 0.15 * torch.randn(count, SIDE, SIDE, 1)).clamp(0, 1), y


net = ConvNet()
parameters = [weight.requires_grad_(True) for weight in net.weights().values()]
optimizer = torch.optim.Adam(parameters, 0.003)
for _ in range(400):
    x, y = draw(64)
    optimizer.zero_grad()
    F.cross_entropy(net(x), y).backward()
    optimizer.step()
for weight in parameters:
    weight.requires_grad_(False)
x, y = draw(500)
print("accuracy", (net(x).argmax(1) == y).float().mean().item())
right = (net(x).argmax(1) == y).nonzero()[:100, 0]
x, y = x[right], y[right]
BALLS, STEPS = {"linf": 0.06, "l2": 0.45, "l1": 3.0}, 20


def pgd(net, x, norm, share=0.01, rounded=lambda points: points):
    epsilon = BALLS[norm]
    adv, fooled = x, torch.zeros(x.shape[0], dtype=torch.bool)
    for _ in range(STEPS):
        g, logits, _ = gradient(net, adv, lambda z: cross_entropy(z, y))
        fooled |= logits.argmax(1) != y
        direction = sparse(g, adv, share) if norm == "l1" else ascent(g, norm)
        adv = rounded(project(adv + 2.5 * epsilon / STEPS * direction, x, epsilon, norm))
    logits = net(adv)
    return {"loss": cross_entropy(logits, y), "fooled": fooled | (logits.argmax(1) != y)}


def is_stable(norm):
    exact = pgd(net.double(), x.double(), norm)["loss"]
    near = [pgd(net, x, norm, rounded=lambda points: jittered(points, seed))["loss"] for seed in range(8)]
    return sum((loss - exact).abs() < 1e-3 * exact for loss in near) == len(near)


stable = (is_stable("linf") & is_stable("l2") & is_stable("l1")).nonzero()[:COUNT, 0]
assert len(stable) == COUNT
x, y = x[stable], y[stable]


def closest(norm):
    fab_walk.STEPS = 12
    ranked = net(x).sort(1, descending=True)[1]
    return torch.stack([fab_walk.fab(net, x, y, norm, ranked[:, rank])["closest"] for rank in (1, 2)]).min(0)[0]


runs = {
    norm: {"epsilon": epsilon, "steps": STEPS, "pgd": pgd(net, x, norm), "closest": closest(norm)}
    for norm, epsilon in BALLS.items()
}
print({norm: found["pgd"]["fooled"].sum().item() for norm, found in runs.items()})
write("outcomes.json", {"weights": net.weights(), "x": x, "y": y, "runs": runs})
