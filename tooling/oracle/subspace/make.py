"""Fixtures of packages/analysis-subspace: a small two-layer ReLU network on a subspace, in float64 with numpy and PyTorch's autograd.

Run from anywhere: python3 tooling/oracle/subspace/make.py
Methods: Melamed, Yehudai, Vardi 2023 (arXiv 2303.00783), theory network without biases and with a fixed second layer.
"""
import json
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)
here = Path(__file__).resolve().parents[3] / "packages/analysis-subspace/test/fixtures"
d, l, m, n = 12, 5, 16, 6
rng = np.random.default_rng(11)


def rounded(array):
    """As float32 sees it, so that both sides start from the same numbers."""
    return np.asarray(array, dtype=np.float32).astype(np.float64)


w = rounded(rng.normal(size=(d, m)) / np.sqrt(d))
u = rounded(np.where(rng.random((m, 1)) < 0.5, 1, -1) / np.sqrt(m))
rotation, _ = np.linalg.qr(rng.normal(size=(d, d)))
basis = rounded(rotation[: d - l])
exact, _ = np.linalg.qr(basis.T)
on, away = exact @ exact.T, np.eye(d) - exact @ exact.T
coordinates = rng.normal(size=(n, d - l))
x = rounded(coordinates @ basis)
y = np.array([0, 1, 0, 1, 1, 0])
sign = 2 * y - 1


def network(weights, points):
    return torch.relu(points @ weights) @ torch.tensor(u)[:, 0]


points = torch.tensor(x, requires_grad=True)
output = network(torch.tensor(w), points)
(gradient,) = torch.autograd.grad(output.sum(), points)
gradient = gradient.numpy()
orthogonal = gradient @ away

# Distance to the sign change along -sign(N) times the unit orthogonal gradient: N is piecewise linear on the ray, so the root is exact between two kinks.
flips = []
for i in range(n):
    direction = -np.sign(output[i].item()) * orthogonal[i] / np.linalg.norm(orthogonal[i])
    start, slope = w.T @ x[i], w.T @ direction
    kinks = sorted(-start[j] / slope[j] for j in range(m) if slope[j] != 0 and -start[j] / slope[j] > 0)
    value = lambda s: float(np.maximum(start + s * slope, 0) @ u[:, 0])
    found = None
    edges = [0.0, *kinks, (kinks[-1] if kinks else 0.0) + 1e4]
    for a, b in zip(edges, edges[1:]):
        if value(a) * value(b) <= 0 and value(a) != 0:
            found = a + (b - a) * value(a) / (value(a) - value(b))
            break
    flips.append(found)

universal = {str(label): (-(2 * label - 1) * (u[:, 0] @ w.T) @ away).tolist() for label in (0, 1)}

# Full-batch gradient descent on the mean logistic loss, with weight decay in the gradient.
rate, decay, steps = 0.5, 0.01, 25
weights = torch.tensor(w, requires_grad=True)
losses = []
for _ in range(steps):
    margin = torch.tensor(sign) * network(weights, torch.tensor(x))
    loss = torch.nn.functional.softplus(-margin).mean()
    losses.append(loss.item())
    (g,) = torch.autograd.grad(loss, weights)
    with torch.no_grad():
        weights = (weights - rate * (g + decay * weights)).requires_grad_(True)
margin = torch.tensor(sign) * network(weights, torch.tensor(x))

# Top principal components without centring: right singular vectors of a matrix with a clear gap.
k, size, count = 3, 8, 40
left, _ = np.linalg.qr(rng.normal(size=(count, size)))
right, _ = np.linalg.qr(rng.normal(size=(size, size)))
data = rounded(left @ np.diag([9, 6, 4, 1, 0.8, 0.5, 0.2, 0.1]) @ right.T)
_, singular, vectors = np.linalg.svd(data, full_matrices=False)

fixture = {
    "comment": "made by tooling/oracle/subspace/make.py",
    "width": m,
    "inputs": d,
    "firstLayer": w.ravel().tolist(),
    "secondLayer": u.ravel().tolist(),
    "basis": basis.tolist(),
    "x": x.ravel().tolist(),
    "y": y.tolist(),
    "output": output.detach().numpy().tolist(),
    "active": (x @ w > 0).sum(1).tolist(),
    "gradientNorm": np.linalg.norm(gradient, axis=1).tolist(),
    "orthogonalNorm": np.linalg.norm(orthogonal, axis=1).tolist(),
    "orthogonalGradient": orthogonal.ravel().tolist(),
    "flipDistance": flips,
    "universal": universal,
    "training": {
        "rate": rate,
        "weightDecay": decay,
        "steps": steps,
        "losses": losses,
        "margin": margin.min().item(),
        "firstLayer": weights.detach().numpy().ravel().tolist(),
    },
    "principal": {
        "count": count,
        "size": size,
        "components": k,
        "data": data.ravel().tolist(),
        "projection": (vectors[:k].T @ vectors[:k]).ravel().tolist(),
        "share": float((singular[:k] ** 2).sum() / (singular**2).sum()),
    },
}
here.mkdir(parents=True, exist_ok=True)
(here / "two-layer.json").write_text(json.dumps(fixture) + "\n")
