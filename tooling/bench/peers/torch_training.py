"""PyTorch's side of the bench `training`: PGD-7 adversarial training with two threads, at its fair best (OPENBLAS_NUM_THREADS=1 is set by the caller)."""

import torch
import torch.nn.functional as F

from bench_protocol import serve
from torch_blas import blas
from torch_nets import count, fill, images, resnet18, small_cnn

torch.set_num_threads(2)

EPSILON, ATTACK_STEPS, LEARNING_RATE, MOMENTUM = 0.1, 7, 0.01, 0.9
STEP_SIZE = 2.5 * EPSILON / ATTACK_STEPS


def adversarial(net, clean, labels, lower, upper):
    """Linf PGD from a uniform start, in eval mode; the weights need no gradient meanwhile, so none is computed."""
    net.eval()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    x = torch.min(torch.max(clean + torch.empty_like(clean).uniform_(-EPSILON, EPSILON), lower), upper)
    for _ in range(ATTACK_STEPS):
        x.requires_grad_(True)
        (gradient,) = torch.autograd.grad(F.cross_entropy(net(x), labels), x)
        with torch.no_grad():
            x = torch.min(torch.max(x + STEP_SIZE * gradient.sign(), lower), upper)
    for parameter in net.parameters():
        parameter.requires_grad_(True)
    net.train()
    return x


def training(net, clean, labels):
    optimizer = torch.optim.SGD(net.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    lower, upper = (clean - EPSILON).clamp_(0, 1), (clean + EPSILON).clamp_(0, 1)

    def step():
        x = adversarial(net, clean, labels, lower, upper)
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def setup(case, batch):
    torch.manual_seed(0)
    name = case.split("/")[0]
    net = fill(small_cnn() if name == "smallcnn" else resnet18()).eval()
    x = images(batch, 28, 28, 1) if name == "smallcnn" else images(batch, 32, 32, 3)
    labels = torch.arange(batch) % 10
    params, macs, logits = count(net, x)
    loss = F.cross_entropy(logits, labels).item()
    described = {"params": params, "macs": macs, "logits": logits[0].tolist(), "loss": loss, "blas": blas()}
    return described, training(net, x, labels)


serve(setup)
