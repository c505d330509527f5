"""PGD in the L-infinity ball with random start (Madry et al. 2018), in plain PyTorch: sign steps up the cross-entropy, the last of `steps` points or any
earlier one that fools the model."""
import torch
from torch.nn import functional as F


def batches(x, y, size):
    return zip(x.split(size), y.split(size))


def correct(logits_of, x, y, size=250):
    """Which examples are classified rightly, [n] bool."""
    with torch.no_grad():
        return torch.cat([logits_of(part).argmax(1) == labels for part, labels in batches(x, y, size)])


def withstands(logits_of, x, y, epsilon, steps, step_size, seed, size=250):
    """Which examples are classified rightly at every point that PGD visits, [n] bool."""
    generator = torch.Generator().manual_seed(seed)
    kept = []
    for part, labels in batches(x, y, size):
        noise = (2 * torch.rand(part.shape, generator=generator) - 1) * epsilon
        point = (part + noise).clamp(0, 1)
        is_right = torch.ones(len(part), dtype=torch.bool)
        for _ in range(steps):
            point.requires_grad_(True)
            logits = logits_of(point)
            is_right &= logits.argmax(1) == labels
            gradient, = torch.autograd.grad(F.cross_entropy(logits, labels, reduction="sum"), point)
            point = point.detach() + step_size * gradient.sign()
            point = torch.maximum(torch.minimum(point, part + epsilon), part - epsilon).clamp(0, 1)
        with torch.no_grad():
            is_right &= logits_of(point).argmax(1) == labels
        kept.append(is_right)
    return torch.cat(kept)
