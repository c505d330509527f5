"""Two steps of interval bound propagation in PyTorch by hand, in float64: loss, gradients and weights.

The network: images [5, 5, 1], a convolution of 3x3 with stride 2 to 2 channels, ReLU, a dense layer to 3 classes; kernels
stand as [h, w, in, out] and [in, out], images with channels last.

Run with: OMP_NUM_THREADS=1 python3 tooling/oracle/training/ibp.py
Made with PyTorch 2.15. Test: packages/certification/src/training/ibp.test.ts.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
EXAMPLES, KAPPA, RATE, STEPS = 6, 0.3, 0.2, 2
EPSILON, FACTOR = 0.06, 0.6  # of this step, and what the ramp has made of 0.1


def floats(tensor):
    return [float(f"{float(value):.9g}") for value in tensor.detach().reshape(-1)]


generator = torch.Generator().manual_seed(3)
x = torch.rand(EXAMPLES, 5, 5, 1, generator=generator).double()
y = torch.randint(0, 3, (EXAMPLES,), generator=generator)
weights = {
    "filter": 0.5 * torch.randn(3, 3, 1, 2, generator=generator).double(),
    "bias": 0.2 * torch.randn(2, generator=generator).double(),
    "kernel": torch.randn(8, 3, generator=generator).double(),
    "last": 0.2 * torch.randn(3, generator=generator).double(),
}
initial = {name: floats(value) for name, value in weights.items()}
weights = {
    name: torch.tensor(initial[name]).double().reshape(value.shape).requires_grad_() for name, value in weights.items()
}
x = torch.tensor(floats(x)).double().reshape(x.shape)


def conv(w, image, filter):
    out = F.conv2d(image.permute(0, 3, 1, 2), filter.permute(3, 2, 0, 1), stride=2)
    return out.permute(0, 2, 3, 1)


def logits_of(w, image):
    return torch.relu(conv(w, image, w["filter"]) + w["bias"]).reshape(len(image), -1) @ w["kernel"] + w["last"]


def worst_logits(w):
    low, high = (x - EPSILON).clamp(min=0), (x + EPSILON).clamp(max=1)
    center = conv(w, (low + high) / 2, w["filter"]) + w["bias"]
    radius = conv(w, (high - low) / 2, w["filter"].abs())
    low, high = [torch.relu(center + sign * radius).reshape(len(x), -1) for sign in (-1, 1)]
    worst = []
    for i in range(len(x)):
        rows = w["kernel"] - w["kernel"][:, y[i] : y[i] + 1]  # z_k - z_y
        upper = rows.clamp(min=0).T @ high[i] + rows.clamp(max=0).T @ low[i] + w["last"] - w["last"][y[i]]
        worst.append(upper)
    return torch.stack(worst)


steps = []
for _ in range(STEPS):
    worst = worst_logits(weights)
    ce = F.cross_entropy(logits_of(weights, x), y)
    robust = F.cross_entropy(worst, y)
    others = worst.masked_fill(F.one_hot(y, 3).bool(), -1e9).amax(1)
    kappa = 1 - FACTOR * (1 - KAPPA)
    total = kappa * ce + (1 - kappa) * robust
    gradients = torch.autograd.grad(total, list(weights.values()))
    step = {
        "terms": {"ce": float(ce), "robust": float(robust), "certified": float((others < 0).double().mean()), "total": float(total)},
        "gradients": {name: floats(g) for name, g in zip(weights, gradients)},
    }
    weights = {name: (w - RATE * g).detach().requires_grad_() for (name, w), g in zip(weights.items(), gradients)}
    steps.append({**step, "weights": {name: floats(w) for name, w in weights.items()}})

out = {
    "kappa": KAPPA,
    "epsilon": EPSILON,
    "factor": FACTOR,
    "rate": RATE,
    "shapes": {"filter": [3, 3, 1, 2], "bias": [2], "kernel": [8, 3], "last": [3]},
    "x": floats(x),
    "y": y.tolist(),
    "initial": initial,
    "steps": steps,
}
path = pathlib.Path(__file__).parent / "fixtures" / "ibp.json"
path.write_text(json.dumps(out) + "\n")
print(path, [step["terms"] for step in steps])
