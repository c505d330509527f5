"""The libraries' side of the bench `peers`: torchattacks, foolbox, ART and the authors' AutoAttack (pyautoattack) on the LeNet-5 of our side, two threads.

The case is JSON { library, attack, examples, norm, epsilon, options }; a step attacks the next `batch` examples. Success and distance are measured here,
not taken from the library: an example counts when it is misclassified (within epsilon for an attack of a fixed budget), wrong ones before as well.
"""

import importlib.metadata
import json
import logging
import os
import warnings

import numpy as np
import torch
import torch.nn.functional as F

from bench_protocol import serve
from torch_facts import blas
from torch_nets import count
from torch_weights import lenet5

torch.set_num_threads(2)
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

NORMS = {"linf": np.inf, "l2": 2}


def torchattacks(net, name, epsilon, norm, options):
    import torchattacks as library

    made = {
        "pgd": lambda: library.PGD(net, eps=epsilon, alpha=options["stepSize"], steps=options["steps"], random_start=True),
        # One weight alone: as many steps as the search of the others has in all.
        "cw": lambda: library.CW(net, c=1, steps=options["searches"] * options["steps"], lr=0.01),
        "deepfool": lambda: library.DeepFool(net, steps=options["steps"]),
        "square": lambda: library.Square(net, norm="Linf", eps=epsilon, n_queries=options["queries"]),
    }[name]()
    return lambda x, y: made(x, y)


def foolbox(net, name, epsilon, norm, options):
    import foolbox as library

    model = library.PyTorchModel(net, bounds=(0, 1))
    attacks = library.attacks
    made = {
        "pgd": lambda: attacks.LinfPGD(abs_stepsize=options["stepSize"], steps=options["steps"]),
        "cw": lambda: attacks.L2CarliniWagnerAttack(
            binary_search_steps=options["searches"], steps=options["steps"], stepsize=0.01
        ),
        "deepfool": lambda: attacks.L2DeepFoolAttack(steps=options["steps"]),
        "hopskipjump": lambda: attacks.HopSkipJumpAttack(
            steps=options["steps"], initial_gradient_eval_steps=options["directions"], max_gradient_eval_steps=options["mostDirections"]
        ),
    }[name]()

    def attack(x, y):
        _, clipped, _ = made(model, x, y, epsilons=epsilon if name == "pgd" else None)
        return clipped

    return attack


def art(net, name, epsilon, norm, options):
    from art.attacks import evasion
    from art.estimators.classification import PyTorchClassifier

    model = PyTorchClassifier(net, torch.nn.CrossEntropyLoss(), (1, 28, 28), 10, clip_values=(0, 1), device_type="cpu")

    def attack(x, y):
        shared = {"batch_size": len(x), "verbose": False}
        made = {
            "pgd": lambda: evasion.ProjectedGradientDescent(
                model, eps=epsilon, eps_step=options["stepSize"], max_iter=options["steps"], num_random_init=1, **shared
            ),
            "cw": lambda: evasion.CarliniL2Method(
                model, binary_search_steps=options["searches"], max_iter=options["steps"], initial_const=0.001, **shared
            ),
            "deepfool": lambda: evasion.DeepFool(model, max_iter=options["steps"], nb_grads=10, **shared),
            "square": lambda: evasion.SquareAttack(model, eps=epsilon, max_iter=options["queries"], **shared),
            "hopskipjump": lambda: evasion.HopSkipJump(
                model, max_iter=options["steps"], init_eval=options["directions"], max_eval=options["mostDirections"], **shared
            ),
        }[name]()
        return torch.from_numpy(made.generate(x.numpy(), y.numpy()))

    return attack


def pyautoattack(net, name, epsilon, norm, options):
    from pyautoattack import AutoAttack

    made = AutoAttack(net, norm="Linf", eps=epsilon, version="standard", device="cpu", verbose=False, seed=0)
    return lambda x, y: made.run_standard_evaluation(x, y, bs=len(x))


def setup(case, batch):
    np.random.seed(0)
    torch.manual_seed(0)
    parameters = json.loads(case)
    net = lenet5(os.environ["ADVROB_BENCH_WEIGHTS"]).eval()
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    total = parameters["examples"]
    flat = np.fromfile(os.environ["ADVROB_BENCH_IMAGES"], dtype=np.float32)
    stored = len(flat) // 785
    x = torch.from_numpy(flat[: total * 784].reshape(total, 1, 28, 28))
    labels = torch.from_numpy(flat[stored * 784 :][:total].astype(np.int64))
    params, macs, logits = count(net, x[:batch])
    make = {"torchattacks": torchattacks, "foolbox": foolbox, "art": art, "pyautoattack": pyautoattack}[parameters["library"]]
    attack = make(net, parameters["attack"], parameters["epsilon"], parameters["norm"], parameters["options"])
    found = {"at": 0, "seen": 0, "fooled": 0, "distances": []}

    def step():
        at = found["at"]
        part, own = x[at : at + batch], labels[at : at + batch]
        adv = attack(part, own)
        with torch.no_grad():
            was_right = net(part).argmax(1) == own
            changes = (adv - part).flatten(1)
            distance = changes.abs().amax(1) if parameters["norm"] == "linf" else changes.norm(dim=1)
            fooled = net(adv).argmax(1) != own
        if parameters["epsilon"] is not None:
            fooled &= distance <= parameters["epsilon"] * (1 + 1e-5)
        found["fooled"] += (fooled | ~was_right).sum().item()
        found["distances"] += distance[fooled & was_right].tolist()
        found["seen"] += len(part)
        found["at"] = (at + batch) % len(x)

    def facts():
        distances = found["distances"]
        return {
            "fooled": found["fooled"] / found["seen"],
            "distance": float(np.mean(distances)) if distances else None,
        }

    loss = F.cross_entropy(logits, labels[:batch]).item()
    version = importlib.metadata.version({"art": "adversarial-robustness-toolbox"}.get(parameters["library"], parameters["library"]))
    described = {"params": params, "macs": macs, "logits": logits[0].tolist(), "loss": loss, "blas": blas(), "version": version}
    return described, step, facts


serve(setup)
