"""PyTorch's side of the bench `attacks`: PGD and APGD-CE in plain eager PyTorch, two threads (OPENBLAS_NUM_THREADS=1 is set by the caller).

The files named in ADVROB_BENCH_WEIGHTS (safetensors of a lenet5) and ADVROB_BENCH_IMAGES (float32 images, then labels) are those of our side.
"""

import json
import os

import numpy as np
import torch
import torch.nn.functional as F

from bench_protocol import serve
from torch_facts import blas
from torch_nets import count, fill, images, resnet18
from torch_weights import lenet5

torch.set_num_threads(2)


def gradient_at(net, x, labels):
    """Loss per example, logits and the gradient of the summed loss: one pass forward and back."""
    x = x.detach().requires_grad_(True)
    logits = net(x)
    losses = F.cross_entropy(logits, labels, reduction="none")
    (gradient,) = torch.autograd.grad(losses.sum(), x)
    return losses.detach(), logits.detach(), gradient


def project(v, x, epsilon):
    return torch.min(torch.max(v, x - epsilon), x + epsilon).clamp_(0, 1)


def pgd(net, x, labels, epsilon, steps, step_size):
    """Madry's PGD in Linf from a random start; returns the last iterate."""
    adv = project(x + torch.empty_like(x).uniform_(-epsilon, epsilon), x, epsilon)
    for _ in range(steps):
        _, _, gradient = gradient_at(net, adv, labels)
        adv = project(adv + step_size * gradient.sign(), x, epsilon)
    return adv


def apgd(net, x, labels, epsilon, steps):
    """APGD-CE in Linf (Croce and Hein 2020, algorithm 1) from a random start; returns the points with the highest loss."""
    rows = len(x)
    noise = torch.empty_like(x).uniform_(-1, 1)
    adv = project(x + epsilon * noise / noise.flatten(1).abs().amax(1).view(-1, 1, 1, 1), x, epsilon)
    losses, _, gradient = gradient_at(net, adv, labels)
    best, best_gradient, best_loss = adv.clone(), gradient.clone(), losses.clone()
    previous = adv
    size = torch.full((rows, 1, 1, 1), 2 * epsilon)
    last_loss, increases = torch.zeros(rows), torch.zeros(rows)
    loss_at_review, was_halved = best_loss.clone(), torch.ones(rows, dtype=torch.bool)
    window, shrink, shortest = (max(int(share * steps), 1) for share in (0.22, 0.03, 0.06))
    since = 0
    for step in range(steps):
        share = 1.0 if step == 0 else 0.75
        stepped = project(adv + size * gradient.sign(), x, epsilon)
        moved = project(adv + share * (stepped - adv) + (1 - share) * (adv - previous), x, epsilon)
        previous, adv = adv, moved
        losses, _, gradient = gradient_at(net, adv, labels)
        increases += losses > last_loss
        last_loss = losses
        better = losses > best_loss
        where = better.view(-1, 1, 1, 1)
        best, best_gradient = torch.where(where, adv, best), torch.where(where, gradient, best_gradient)
        best_loss = torch.where(better, losses, best_loss)
        since += 1
        if since < window:
            continue
        halve = (increases <= 0.75 * window) | (~was_halved & (loss_at_review >= best_loss))
        where = halve.view(-1, 1, 1, 1)
        size = torch.where(where, size / 2, size)
        adv, gradient = torch.where(where, best, adv), torch.where(where, best_gradient, gradient)
        loss_at_review, was_halved = best_loss.clone(), halve
        increases, since, window = torch.zeros(rows), 0, max(window - shrink, shortest)
    return best


def setup_lenet(parameters):
    net = lenet5(os.environ["ADVROB_BENCH_WEIGHTS"]).eval()
    total = parameters["examples"]
    flat = np.fromfile(os.environ["ADVROB_BENCH_IMAGES"], dtype=np.float32)
    x = torch.from_numpy(flat[: total * 784].reshape(total, 1, 28, 28))
    labels = torch.from_numpy(flat[total * 784 :].astype(np.int64))
    return net, x, labels


def setup_resnet(parameters):
    net = fill(resnet18()).eval()
    x = images(parameters["examples"], 32, 32, 3)
    with torch.no_grad():
        return net, x, net(x).argmax(1)


def setup(case, batch):
    """`case` is JSON { net, attack, examples, epsilon, steps, stepSize }; a step attacks the next `batch` examples."""
    torch.manual_seed(0)
    parameters = json.loads(case)
    net, x, labels = {"lenet5": setup_lenet, "resnet18": setup_resnet}[parameters["net"]](parameters)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    params, macs, logits = count(net, x[:batch])
    state = {"at": 0, "fooled": 0, "seen": 0}

    def attack(at, steps):
        part, own = x[at : at + batch], labels[at : at + batch]
        epsilon = parameters["epsilon"]
        if parameters["attack"] == "pgd":
            adv = pgd(net, part, own, epsilon, steps, parameters["stepSize"])
        else:
            adv = apgd(net, part, own, epsilon, steps)
        with torch.no_grad():
            return (net(adv).argmax(1) != own).sum().item()

    def step():
        state["fooled"] += attack(state["at"], parameters["steps"])
        state["seen"] += batch
        state["at"] = (state["at"] + batch) % len(x)

    def facts():
        return {"robust": 1 - state["fooled"] / state["seen"]}

    attack(0, 2)  # warms up
    loss = F.cross_entropy(logits, labels[:batch]).item()
    described = {"params": params, "macs": macs, "logits": logits[0].tolist(), "loss": loss, "blas": blas()}
    return described, step, facts


serve(setup)
