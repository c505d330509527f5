"""PyTorch's side of the bench `backend`: two threads, at its fair best (OPENBLAS_NUM_THREADS=1 is set by the caller)."""

import torch
import torch.nn.functional as F

from bench_protocol import serve
from torch_facts import blas
from torch_nets import count, fill, images, resnet18, small_cnn

torch.set_num_threads(2)

EPSILON, STEP_SIZE, LEARNING_RATE, MOMENTUM = 0.1, 0.01, 0.01, 0.9


def pgd(net, clean, labels):
    """One step of Linf PGD per call; the weights need no gradient, so none is computed."""
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    state = {"x": clean.clone()}
    lower, upper = (clean - EPSILON).clamp_(0, 1), (clean + EPSILON).clamp_(0, 1)

    def step():
        x = state["x"].requires_grad_(True)
        (gradient,) = torch.autograd.grad(F.cross_entropy(net(x), labels), x)
        with torch.no_grad():
            state["x"] = torch.min(torch.max(x + STEP_SIZE * gradient.sign(), lower), upper)

    return step


def training(net, x, labels):
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def setup(case, batch):
    torch.manual_seed(0)
    name, work = case.split("/")
    net = fill(small_cnn() if name == "smallcnn" else resnet18()).eval()
    x = images(batch, 28, 28, 1) if name == "smallcnn" else images(batch, 32, 32, 3)
    labels = torch.arange(batch) % 10
    params, macs, logits = count(net, x)
    step = pgd(net, x, labels) if work == "pgd" else training(net, x, labels)
    loss = F.cross_entropy(logits, labels).item()
    return {"params": params, "macs": macs, "logits": logits[0].tolist(), "loss": loss, "blas": blas()}, step


serve(setup)
