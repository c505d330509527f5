"""The trained LeNet-5 that the benches share, out of its file of weights."""

import json

import numpy as np
import torch
from torch import nn

from torch_nets import Flatten


def safetensors(path):
    """Names and float32 arrays of a safetensors file."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        data = file.read()
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], dtype=np.float32).reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    }


def lenet5(path):
    """The lenet5 of @advrob/models with the weights of a file in tfjs layout (filters [h, w, in, out], dense kernels [in, out])."""
    weights = {name: torch.from_numpy(values.copy()) for name, values in safetensors(path).items()}
    conv1, conv2, fc1, fc2 = (weights[f"{name}.weight"] for name in ("conv1", "conv2", "fc1", "fc2"))
    net = nn.Sequential(
        nn.Conv2d(1, conv1.shape[3], 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(conv1.shape[3], conv2.shape[3], 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        Flatten(), nn.Linear(*fc1.shape), nn.ReLU(), nn.Linear(*fc2.shape),
    )
    layers = [module for module in net if isinstance(module, (nn.Conv2d, nn.Linear))]
    for layer, name in zip(layers, ("conv1", "conv2", "fc1", "fc2")):
        kernel = weights[f"{name}.weight"]
        layer.weight.data = (kernel.permute(3, 2, 0, 1) if kernel.dim() == 4 else kernel.t()).contiguous()
        layer.bias.data = weights[f"{name}.bias"]
    return net
