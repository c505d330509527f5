"""The small problem that the fixtures of this folder share: 24 examples of 4 inputs, 3 classes, a network with one tanh layer."""
import torch

torch.set_num_threads(1)

INPUTS, HIDDEN, CLASSES, EXAMPLES, BATCH = 4, 3, 3, 24, 8


def floats(tensor):
    """Nine digits give every float32 back."""
    return [float(f"{float(value):.9g}") for value in tensor.detach().reshape(-1)]


def problem():
    """Data and initial weights; kernels stand as [in, out]."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(EXAMPLES, INPUTS, generator=generator)
    y = x[:, :CLASSES].argmax(1)
    weights = {
        "w1": torch.randn(INPUTS, HIDDEN, generator=generator),
        "b1": 0.1 * torch.randn(HIDDEN, generator=generator),
        "w2": torch.randn(HIDDEN, CLASSES, generator=generator),
        "b2": 0.1 * torch.randn(CLASSES, generator=generator),
    }
    return x, y, weights


def logits_of(w, x):
    return torch.tanh(x @ w["w1"] + w["b1"]) @ w["w2"] + w["b2"]


def loss_of(w, x, y):
    return torch.nn.functional.cross_entropy(logits_of(w, x), y)


def double_problem():
    """The same numbers in float64: the rounding is then that of the code under test alone."""
    x, y, weights = problem()
    return x.double(), y, {name: value.double() for name, value in weights.items()}
