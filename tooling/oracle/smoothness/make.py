"""Fixtures of packages/analysis-smoothness: adversarial losses of the binary linear model and probes of a small tanh network, in float64 with PyTorch's autograd.

Run from anywhere: python3 tooling/oracle/smoothness/make.py
The linear losses are differentiated as log(1 + exp(-y theta.x + eps |theta|)), the maximum itself, not by the closed forms that the package has.
"""
import json
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
here = Path(__file__).resolve().parents[3] / "packages/analysis-smoothness/test/fixtures"
rng = np.random.default_rng(5)


def rounded(array):
    """As float32 sees it, so that both sides start from the same numbers."""
    return torch.tensor(np.asarray(array, dtype=np.float32).astype(np.float64))


d, n = 5, 4
theta, x = rounded(rng.normal(size=d)), rounded(rng.normal(size=(n, d)))
y = torch.tensor([1.0, -1.0, -1.0, 1.0])
linear = []
for attack, epsilon, norm in (("none", 0.0, 2), ("l2", 0.7, 2), ("linf", 0.3, 1)):

    def loss(weights):
        margin = -y * (x @ weights) + epsilon * torch.linalg.vector_norm(weights, norm)
        return torch.nn.functional.softplus(margin).mean()

    point = theta.clone().requires_grad_(True)
    value = loss(point)
    (gradient,) = torch.autograd.grad(value, point)
    hessian = torch.autograd.functional.hessian(loss, theta)
    linear.append(
        {
            "attack": attack,
            "epsilon": epsilon,
            "loss": value.item(),
            "gradient": gradient.tolist(),
            "hessian": hessian.flatten().tolist(),
        }
    )

# A tanh network 4-6-3, its loss on a batch, the gradient in the weights and inputs, and the top eigenvalue of the Hessian in the weights.
shapes = {"fc1.weight": (4, 6), "fc1.bias": (6,), "fc2.weight": (6, 3), "fc2.bias": (3,)}
sizes = [int(np.prod(shape)) for shape in shapes.values()]
start = rounded(rng.normal(size=sum(sizes)) * 0.7)
inputs = rounded(rng.random((7, 4)))
labels = torch.tensor([0, 1, 2, 2, 1, 0, 1])


def network_loss(flat, points):
    w1, b1, w2, b2 = (part.reshape(shape) for part, shape in zip(torch.split(flat, sizes), shapes.values()))
    return torch.nn.functional.cross_entropy(torch.tanh(points @ w1 + b1) @ w2 + b2, labels, reduction="none")


flat, points = start.clone().requires_grad_(True), inputs.clone().requires_grad_(True)
losses = network_loss(flat, points)
(weight_gradient,) = torch.autograd.grad(losses.mean(), flat, retain_graph=True)
(input_gradient,) = torch.autograd.grad(losses.sum(), points)
hessian = torch.autograd.functional.hessian(lambda w: network_loss(w, inputs).mean(), start)
eigenvalues = torch.linalg.eigvalsh(hessian)

gamma = 0.01
moved = start.clone()
offset = 0
for shape, size in zip(shapes.values(), sizes):
    part = slice(offset, offset + size)
    if len(shape) > 1:
        moved[part] += gamma * start[part].norm() / weight_gradient[part].norm() * weight_gradient[part]
    offset += size

fixture = {
    "comment": "made by tooling/oracle/smoothness/make.py",
    "linear": {"theta": theta.tolist(), "x": x.flatten().tolist(), "y": y.tolist(), "cases": linear},
    "network": {
        "weights": {name: part.tolist() for name, part in zip(shapes, torch.split(start, sizes))},
        "x": inputs.flatten().tolist(),
        "y": labels.tolist(),
        "loss": losses.mean().item(),
        "weightGradient": {name: part.tolist() for name, part in zip(shapes, torch.split(weight_gradient, sizes))},
        "inputGradientNorms": input_gradient.norm(dim=1).tolist(),
        "inputGradientL1": input_gradient.abs().sum(1).tolist(),
        "topEigenvalue": eigenvalues[eigenvalues.abs().argmax()].item(),
        "awp": {"gamma": gamma, "increase": (network_loss(moved, inputs).mean() - losses.mean()).item()},
    },
}
here.mkdir(parents=True, exist_ok=True)
(here / "smoothness.json").write_text(json.dumps(fixture) + "\n")
print(eigenvalues[-3:], eigenvalues[:2], fixture["network"]["awp"])
